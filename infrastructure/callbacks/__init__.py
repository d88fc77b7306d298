"""Sends callbacks by HTTP, to addresses that are allowed."""
