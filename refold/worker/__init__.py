"""The worker: runs a program's activities."""
