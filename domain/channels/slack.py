"""Slack, as a definition knows it: `{slack: "#finance"}`."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.channels.channel import Channel

_TARGET: Final = re.compile(r"#[^\s#@,.:;<>&'\"A-Z]{1,80}|[CGDUW][A-Z0-9]{2,30}")


class Slack(Channel):
    """A message in a channel, or to one person."""

    name = "slack"
    summary = "a message with buttons to answer by"
    stands = True

    def target_problem(self, target: Any) -> str | None:
        """It is the name of a channel, or the id of a channel or a person."""
        return super().target_problem(target) or _problem(target)


def _problem(target: str) -> str | None:
    if _TARGET.fullmatch(target) is None:
        return f"expected a channel like `#finance`, or the id of a channel (C…) or a person (U…), found {target[:100]!r}"
    return None
