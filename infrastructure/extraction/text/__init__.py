"""Texts with and without markup, books, and tables of text."""
