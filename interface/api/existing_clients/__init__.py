"""Paths that clients of other services call already, with their own words, over the same use cases."""
