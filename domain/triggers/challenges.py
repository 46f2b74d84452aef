"""Challenges: what senders ask before they send anything, to see that whoever is asked wants it. Nothing is started by them.

kind              the request                                              the answer
meta              GET ?hub.mode=subscribe&hub.verify_token=T&hub.challenge=C     C, where T is the secret
dropbox           GET ?challenge=C                                               C
x                 GET ?crc_token=C                                               {"response_token": "sha256=" + base64 of C signed}
microsoft_graph   POST ?validationToken=C                                        C
slack             POST {"type": "url_verification", "challenge": C}, signed      C
zoom              POST {"event": "endpoint.url_validation", …}, signed           {"plainToken": C, "encryptedToken": C signed, in hex}
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote_plus

import msgspec
from pydantic import model_validator

from contracts.credentials import CredentialName
from contracts.definitions import Model

CHALLENGE_LENGTH_MAX: Final = 1_000
_META_TOKEN: Final = "hub.verify_token"
_META_CHALLENGE: Final = "hub.challenge"
_NEEDS_SECRET: Final = ("meta", "x", "zoom")


class Challenge(Model):
    """Which challenges are answered; `secret` names a credential."""

    kind: Literal["meta", "dropbox", "x", "microsoft_graph", "slack", "zoom"]
    secret: CredentialName | None = None

    @model_validator(mode="after")
    def _fits(self) -> Challenge:
        if (self.kind in _NEEDS_SECRET) != (self.secret is not None):
            raise ValueError(f"`{self.kind}` {'needs a' if self.kind in _NEEDS_SECRET else 'has no'} `secret`")
        return self


class Asked(NamedTuple):
    """What came; the body is a value where it is JSON, else None."""

    method: str
    query: Mapping[str, Any]
    body: Any


class Unanswered(Exception):
    """A challenge that is not answered; `is_proved` says that only what it asks for is wrong."""

    def __init__(self, message: str, *, is_proved: bool) -> None:
        super().__init__(message)
        self.is_proved = is_proved


class Answered(NamedTuple):
    """What is answered: a text, or JSON."""

    content: bytes
    is_json: bool = False


def is_open(kind: str) -> bool:
    """Whether the challenge itself is not signed."""
    return kind not in ("slack", "zoom")


def without_secret(challenge: Challenge | None, query: str) -> str:
    """The query without what only the sender knows: no expression sees it, and nobody who looks at deliveries."""
    if challenge is None or challenge.kind != "meta":
        return query
    return "&".join(one for one in query.split("&") if unquote_plus(one.partition("=")[0]) != _META_TOKEN)


def answered(kind: str, asked: Asked, secrets: Sequence[str]) -> Answered | None:
    """The answer to a challenge of that kind; None for any other request.

    Raises Unanswered for a challenge that does not know the secret, or has nothing that could be answered.
    """
    return _KINDS[kind](asked, secrets)


def _meta(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    query = asked.query
    if asked.method != "GET" or not {_META_TOKEN, _META_CHALLENGE} & query.keys():
        return None
    token = query.get(_META_TOKEN)
    if not isinstance(token, str) or not any(_same(token, one) for one in secrets):
        raise Unanswered(f"a challenge whose `{_META_TOKEN}` is not the secret of this webhook", is_proved=False)
    return Answered(_text(query[_META_CHALLENGE])) if _META_CHALLENGE in query else None


def _dropbox(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    return Answered(_text(asked.query["challenge"])) if asked.method == "GET" and "challenge" in asked.query else None


def _x(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    if asked.method != "GET" or "crc_token" not in asked.query:
        return None
    signed = base64.b64encode(_digest(secrets[0], _text(asked.query["crc_token"]))).decode()
    return Answered(msgspec.json.encode({"response_token": f"sha256={signed}"}), is_json=True)


def _microsoft(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    return Answered(_text(asked.query["validationToken"])) if asked.method == "POST" and "validationToken" in asked.query else None


def _slack(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    body = asked.body
    return Answered(_text(body.get("challenge"))) if isinstance(body, dict) and body.get("type") == "url_verification" else None


def _zoom(asked: Asked, secrets: Sequence[str]) -> Answered | None:
    body = asked.body
    if not isinstance(body, dict) or body.get("event") != "endpoint.url_validation":
        return None
    payload = body.get("payload")
    given = _text(payload.get("plainToken") if isinstance(payload, dict) else None)
    return Answered(msgspec.json.encode({"plainToken": given.decode(), "encryptedToken": _digest(secrets[0], given).hex()}), is_json=True)


_KINDS: Final[Mapping[str, Callable[[Asked, Sequence[str]], Answered | None]]] = {
    "meta": _meta, "dropbox": _dropbox, "x": _x, "microsoft_graph": _microsoft, "slack": _slack, "zoom": _zoom,
}  # fmt: skip


def _text(given: Any) -> bytes:
    """What is to be answered. Raises Unanswered where it is no text, or a long one."""
    if not isinstance(given, str) or not 0 < len(given) <= CHALLENGE_LENGTH_MAX:
        raise Unanswered(f"a challenge has a text of 1 to {CHALLENGE_LENGTH_MAX:,} characters to be answered", is_proved=True)
    return given.encode("utf-8", "replace")


def _digest(secret: str, given: bytes) -> bytes:
    return hmac.digest(secret.encode(), given, "sha256")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())
