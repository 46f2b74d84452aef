"""E-mail: a mail with links to answer by, given to an SMTP server. Where nobody knows whether it was sent, a person looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.ports.activities import ActivityContext
from workers.running.channels.links import link_for
from workers.running.channels.mail import mail_of
from workers.running.channels.sender import UNKNOWN
from workers.running.channels.settings import ChannelSettings
from workers.running.channels.smtp import deliver, mail_server


class EmailSender:
    """Sends one mail."""

    name = "email"

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings

    def send(self, context: ActivityContext, message: Mapping[str, Any]) -> Any:
        """See Sender. Raises ActivityError `channel.setting`, `channel.extra`, `email.…`, `notice.unknown`."""
        sender = mail_server(self._settings).sender
        mail = mail_of(message, sender, link_for(context, self._settings, message, message["target"]))
        deliver(context, self._settings, mail, [message["target"]], UNKNOWN)
        return {"message_id": str(mail["Message-ID"])}
