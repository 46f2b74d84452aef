"""Those who tell people of human tasks, by something that is sent: one file a channel, one line each here.

A channel has two halves: what a definition may say of it (`domain/channels/`), and who sends, here. Both have its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workers.running.channels.email import EmailSender
from workers.running.channels.sender import Sender
from workers.running.channels.settings import ChannelSettings
from workers.running.channels.slack import SlackSender

SENDERS: Final[dict[str, Callable[[ChannelSettings], Sender]]] = {EmailSender.name: EmailSender, SlackSender.name: SlackSender}
"""What makes each, by its channel."""
