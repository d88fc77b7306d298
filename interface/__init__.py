"""The driving side: HTTP and command line. It sees the application and the domain only."""
