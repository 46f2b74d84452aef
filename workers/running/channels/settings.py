"""How people are told of human tasks: the settings that the senders of channels are made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ChannelSettings:
    """Where mail and Slack are, and where people reach the server. What a channel needs and lacks it says when something is to be sent."""

    public_url: str | None = None
    """What links in messages begin with."""
    smtp: str | None = None
    """The mail server, as HOST:PORT."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How mail is kept secret on its way."""
    smtp_credential: str | None = None
    """The credential that is shown to the mail server; None shows none."""
    mail_from: str | None = None
    """The address that mail comes from."""
    slack_url: str = "https://slack.com/api"
    """What the addresses of Slack's methods begin with."""
    slack_token: str | None = None
    """The credential whose token is shown to Slack."""
