"""Documents, read and searched: a process of its own with the libraries for it, and what the engine says to it."""
