"""What is read: pure functions from events to rows."""
