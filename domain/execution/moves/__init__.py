"""What moves in an execution: nodes begin, end, fail and are undone; bodies open and close."""
