"""Action types that come from other packages."""
