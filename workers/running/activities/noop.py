"""`noop`: does nothing and gives its data; a place to join, to branch from or to try things out."""

from __future__ import annotations

from typing import Any

from contracts.ports.activities import ActivityContext
from workers.running.activities import config as configs
from workers.running.activity_settings import ActivitySettings


class NoopConfig(configs.Config):
    """No fields."""


class Noop:
    """Gives its data."""

    name = "noop"
    summary = "Does nothing and gives its data."
    category = "activities"
    icon = "circle"
    Config = NoopConfig
    is_instant = True
    passes_data = True

    def __init__(self, settings: ActivitySettings) -> None:
        pass

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Give the data."""
        if config:
            configs.read_config(NoopConfig, config)
        return data
