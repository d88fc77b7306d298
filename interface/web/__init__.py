"""The page for people: what browsers load stands in `static` as it is, nothing is built."""
