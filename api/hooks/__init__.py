"""Webhooks that start executions: requests of other systems at `/hooks/PATH`."""
