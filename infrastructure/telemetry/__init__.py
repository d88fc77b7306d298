"""What operators watch: log lines, figures for Prometheus, traces."""
