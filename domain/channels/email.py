"""E-mail, as a definition knows it: `{email: ada@example.com}`."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.channels.channel import Channel

ADDRESS_LENGTH_MAX: Final = 254
"""So long an address may be (RFC 5321)."""
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


class Email(Channel):
    """A mail to one address."""

    name = "email"
    summary = "a mail, with links to answer by"

    def target_problem(self, target: Any) -> str | None:
        """It is an address, without a name and without letters beyond ASCII, which not every mail server takes."""
        return super().target_problem(target) or address_problem(target)


def address_problem(text: str) -> str | None:
    """Why something is no address of mail; None where it is one."""
    if len(text) > ADDRESS_LENGTH_MAX or _ADDRESS.fullmatch(text) is None:
        return f"expected one address like ada@example.com, found {text[:100]!r}"
    return None
