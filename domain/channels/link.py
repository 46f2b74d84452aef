"""Links: how somebody who has no account answers one human task, as the person whom the link was made for. Pure: the time comes in.

    PAYLOAD.SIGNATURE    both base64url; the payload is [task, person, channel, until] as JSON, signed with HMAC-SHA256

A link is the same each time it is made for a version of a task, so a repeated message holds the same link. It is good for one
answer, as a person counts once for a task, and until the task's time is up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from contracts.person import plain_name

LINKS: Final = "refold-links"
"""The credential whose `secret` links are signed with."""
PAGES: Final = "/answer/"
"""Below which path the pages stand that links open."""
SECRET_LENGTH_MIN: Final = 32
DAYS: Final = 30
"""So long a link is good for a task that has no time limit."""
TOKEN_LENGTH_MAX: Final = 4_000
_CONTEXT: Final = b"refold.link.1:"


class Link(NamedTuple):
    """What a link says: which task, who answers by it, by which channel it was sent, and until when it is good (ms since 1970)."""

    task: str
    person: str
    channel: str
    until: int


class BadLink(Exception):
    """What is no link of ours, or is one no more."""


class Expired(BadLink):
    """A link of ours whose time is up."""


class WeakSecret(Exception):
    """A secret that somebody could find by trying."""


_payload: Final = msgspec.json.Decoder(tuple[str, str, str, int])


def sign(link: Link, secret: str) -> str:
    """The link as it stands in a URL. Raises WeakSecret."""
    if len(secret) < SECRET_LENGTH_MIN:
        raise WeakSecret(f"the secret of the credential {LINKS} has {len(secret)} characters; expected at least {SECRET_LENGTH_MIN}")
    payload = _encoded(msgspec.json.encode(link))
    return f"{payload}.{_signature(payload, secret)}"


def read(token: str, secrets: Sequence[str], now: int) -> Link:
    """What a link says. Raises BadLink where none of the secrets has signed it, Expired where its time is up."""
    payload, _, signature = token.partition(".")
    given = signature.encode("utf-8", "replace")
    fits = [hmac.compare_digest(_signature(payload, one).encode(), given) for one in secrets if len(one) >= SECRET_LENGTH_MIN]
    if len(token) > TOKEN_LENGTH_MAX or not any(fits):
        raise BadLink("this link is not valid")
    try:
        link = Link(*_payload.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise BadLink("this link is not valid") from error
    if link.until <= now:
        raise Expired("the time for this link is up")
    return link


def id_of(token: str) -> str:
    """The id of a link: what it answers twice is one answer."""
    return "link:" + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]


def is_asked(message: Mapping[str, Any], name: str) -> bool:
    """Whether a task asks this person by name, or anybody: only they get links to answer by."""
    asked = message["assignees"]
    return not asked or plain_name(name) in map(plain_name, asked)


def _signature(payload: str, secret: str) -> str:
    return _encoded(hmac.digest(secret.encode("utf-8", "replace"), _CONTEXT + payload.encode("utf-8", "replace"), "sha256"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
