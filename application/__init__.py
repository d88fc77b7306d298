"""What Esteira does: the use cases, and the ports through which they reach the outside."""
