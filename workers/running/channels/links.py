"""The links that a message about a human task holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from contracts.ports.activities import ActivityContext
from domain.channels.link import DAYS, LINKS, PAGES, Link, WeakSecret, is_asked, sign
from domain.execution.moves.notices import CLOSED
from workers.running.activity_error import ActivityError
from workers.running.channels.settings import ChannelSettings


def link_for(context: ActivityContext, settings: ChannelSettings, message: Mapping[str, Any], person: str) -> str | None:
    """Where this person answers the task; None for somebody who is not asked by name, and where nobody is asked any more.

    Raises ActivityError `channel.setting` without a public URL, `channel.weak_secret`, and NoCredential.
    """
    if message["about"] in CLOSED or not is_asked(message, person):
        return None
    if settings.public_url is None:
        why = "a link needs the URL that people reach this server by: set `public_url` (REFOLD_PUBLIC_URL=https://refold.example)"
        raise ActivityError("channel.setting", why, retryable=False)
    link = Link(message["task"], person, message["channel"], until(message))
    try:
        token = sign(link, context.credential(LINKS).values.get("secret", ""))
    except WeakSecret as weak:
        raise ActivityError("channel.weak_secret", str(weak), retryable=False) from None
    return f"{settings.public_url.rstrip('/')}{PAGES}{token}"


def until(message: Mapping[str, Any]) -> int:
    """Until when links of a message are good, in milliseconds since 1970: as long as the task, or some days."""
    if message["due"] is not None:
        return _ms(datetime.fromisoformat(message["due"]))
    return _ms(datetime.fromisoformat(message["at"]) + timedelta(days=DAYS))


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
