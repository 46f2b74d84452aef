"""Refold: a workflow execution engine whose only memory is a log."""

__version__ = "0.1.0"

__all__ = ["__version__"]
