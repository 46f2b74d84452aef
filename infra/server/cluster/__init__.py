"""A server that is one of several on one log."""
