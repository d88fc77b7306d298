"""Adapters of the port Embedder: the default encoder on OpenVINO, and sentence-transformers."""
