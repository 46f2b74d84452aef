"""Read models kept in files."""
