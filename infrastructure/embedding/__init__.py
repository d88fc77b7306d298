"""Embedding models: the default encoder without torch, and sentence-transformers."""
