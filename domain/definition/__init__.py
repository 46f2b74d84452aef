"""Workflow definitions: the graph a user wrote, checked and made ready to run."""
