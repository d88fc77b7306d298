"""What goes over the wire, checked and bounded: one file a resource."""
