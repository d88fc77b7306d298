"""The only room where wires show: settings, wiring and the embedded stack."""
