"""Reads hostile documents in a sandboxed child process: one file a format."""
