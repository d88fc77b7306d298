"""Adapters: one folder a technology, each answering a port of the application."""
