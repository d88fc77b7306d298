"""Reports over the corpus: what they say, apart from how they are drawn."""
