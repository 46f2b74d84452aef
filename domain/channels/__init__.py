"""The channels to people: one file each, one line each here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from contracts.definitions import WorkflowDefinition
from domain.channels.channel import Channel, Web, read_route
from domain.channels.email import Email
from domain.channels.slack import Slack

CHANNELS: Final[dict[str, Channel]] = {channel.name: channel for channel in (Web(), Email(), Slack())}
"""Each by its name. What is to be sent goes by `domain/execution/moves/notices.py`; who sends it stands in `workers/running/channels/`."""


def sends_notices(definition: WorkflowDefinition) -> bool:
    """Whether people are told of a task of this workflow by something that is sent."""
    for channels in _channels_in(definition.model_dump(include={"nodes", "settings"})):
        routes = [read_route(one) for one in channels]
        if any(route is not None and route.channel in CHANNELS and CHANNELS[route.channel].is_sent for route in routes):
            return True
    return False


def _channels_in(value: Any) -> Iterator[list[Any]]:
    """The channels of all human tasks, however deep their bodies are nested."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("type") == "human_task" and isinstance(one.get("config"), dict):
                yield one["config"].get("channels") or []
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
