"""The soak: documents are indexed while processes, servers and the object store are killed, stopped and wiped."""
