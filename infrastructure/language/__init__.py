"""Languages: detection, stemming and the terms of keyword search."""
