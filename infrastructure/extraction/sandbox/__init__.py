"""Reading in a child process: the parent's side, the child's side, and what they say to each other."""
