"""Pure rules of Esteira. Standard library only: no I/O, no framework, no clock of its own."""
