"""The one place that picks adapters."""
