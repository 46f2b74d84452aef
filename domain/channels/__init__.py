"""The channels to people: one file each, one line each here."""

from __future__ import annotations

from typing import Final

from domain.channels.channel import Channel, Web

CHANNELS: Final[dict[str, Channel]] = {channel.name: channel for channel in (Web(),)}
"""Each by its name. What is to be sent goes by `domain/execution/moves/notices.py`; who sends it stands in `workers/running/channels/`."""
