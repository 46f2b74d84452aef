"""Credentials: their kinds, and what the values of each are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, NamedTuple, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from contracts.errors import InvalidInput, Problem

NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
"""What a credential may be called."""
VALUES_BYTES_MAX: Final = 64 * 1024
"""So long its values may be together."""
CREDENTIALS_MAX: Final = 10_000
OWN_NAME: Final = "refold.sealed-values"
"""The credential that the engine keeps for itself, to seal what schemas mark as secret."""
SUMMARY_LENGTH_MAX: Final = 500
CLIENT_AUTHS: Final = ("client_secret_basic", "client_secret_post", "none")
"""How a client shows its secret to a token endpoint; the first where there is one, the last where there is none."""
_URL: Final = re.compile(r"https?://[^\s/?#@]+[^\s#]*")
_NAME: Final = re.compile(NAME_PATTERN[1:-1])
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class CredentialKind(NamedTuple):
    """Which values there must be, and which there may be; those that are `open` tell nothing, all others are secret."""

    summary: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    takes_any: bool = False
    open: tuple[str, ...] = ()


KINDS: Final[Mapping[str, CredentialKind]] = {
    "basic": CredentialKind("a user name and a password", ("username", "password"), open=("username",)),
    "bearer": CredentialKind("a token", ("token",)),
    "header": CredentialKind("a header of requests, such as an API key", ("name", "value"), open=("name",)),
    "signing": CredentialKind("what requests are signed with", ("secret",)),
    "oauth2": CredentialKind(
        "a client of an OAuth 2.0 server, whose access tokens are asked for as they are needed",
        ("token_url", "client_id"),
        ("client_secret", "scope", "authorize_url", "refresh_token", "client_auth"),
        open=("token_url", "client_id", "scope", "authorize_url", "client_auth"),
    ),
    "values": CredentialKind("any values", takes_any=True),
}
"""By what a definition or a caller calls them."""


FIELDS: Final[Mapping[str, str]] = {
    "username": "the user name",
    "password": "the password",
    "token": "the token",
    "name": "the name of the header, such as X-Api-Key",
    "value": "what stands in the header",
    "secret": "what requests are signed with",
    "token_url": "where tokens are asked for",
    "client_id": "as it is registered with the server",
    "client_secret": "as it was given with the client id",
    "scope": "what is asked for, with blanks between",
    "authorize_url": "where a person authorizes it; without one the tokens are the client's own",
    "refresh_token": "one that was got elsewhere",
    "client_auth": "how the client shows itself to the server",
}
"""What each value is, for those who write it."""
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"client_auth": CLIENT_AUTHS}
"""Of those that are one of a few, which."""


class VersionRow(NamedTuple):
    """A version of a credential; `until` is when it stops to count beside the next one, 0 for the newest."""

    number: int
    by: str
    at: int
    until: int


class Consent(NamedTuple):
    """How far a person is with authorizing a credential, and who has done so last. Times are in milliseconds since 1970, 0: never.

    `stage` is `none`, `begun` (somebody was sent), `expired` (too long ago), `came_back` (and tokens are asked for), `given`, `refused`.
    """

    stage: str = "none"
    at: int = 0
    by: str = ""
    said: str = ""
    """Why it was refused, in the words of the server."""
    given_at: int = 0
    given_by: str = ""


class CredentialRow(NamedTuple):
    """A credential as everybody may see it. Times are in milliseconds since 1970; `missing` says why it cannot be opened here."""

    name: str
    kind: str
    summary: str
    workflows: Sequence[str]
    master_key: str
    versions: Sequence[VersionRow]
    missing: str = ""
    consent: Consent | None = None
    """None where nobody needs to authorize it."""


class UseRow(NamedTuple):
    """A use of a credential: which version was given when, for an attempt of a node, or for what the engine does by itself."""

    name: str
    version: int
    at: int
    execution: str = ""
    path: str = ""
    attempt: int = 0
    workflow: str = ""
    purpose: str = ""


class CredentialAct(NamedTuple):
    """What somebody did to a credential: `CreateCredential` and so on, with the version that came of it, 0 where none did."""

    command: str
    name: str
    version: int
    by: str
    at: int


class Rotated(NamedTuple):
    """Which master key wraps now, how many credentials it was made to wrap, and which cannot be opened and were left as they are."""

    master_key: str
    rewrapped: int
    missing: Sequence[str] = ()


def _is_literal(found: object) -> object:
    if isinstance(found, str) and _NAME.fullmatch(found) is None:
        raise PydanticCustomError("literal", "expected the name of a credential as it is, no template")
    return found


CredentialName: TypeAlias = Annotated[
    str, BeforeValidator(_is_literal), Field(json_schema_extra={"pattern": NAME_PATTERN, "x-refold-literal": True})
]
"""A field of a config that names one. It takes no template: what needs a credential is to be found, and who starts may not choose."""


def is_credential_name(name: str) -> bool:
    """Whether a credential may be called so."""
    return _NAME.fullmatch(name) is not None


def state_of(name: str, secret: str) -> str:
    """What an authorization is known by when somebody comes back, who may say nothing else: it tells of which credential it is."""
    assert "." not in secret
    return f"{secret}.{name}"


def name_in(state: str) -> str:
    """The name of the credential that a state is of; it is believed by nobody before the whole was compared."""
    return state.partition(".")[2]


def check_values(kind: str, values: Mapping[str, str]) -> None:
    """Raise InvalidInput where these cannot be the values of a credential of the kind. It never says what the values are."""
    problems = list(_problems(kind, values))
    if problems:
        raise InvalidInput(problems)


def _problems(kind: str, values: Mapping[str, str]) -> list[Problem]:
    known = KINDS.get(kind)
    if known is None:
        return [Problem("/kind", "unknown_kind", f"there is no kind of credentials {kind[:100]!r}", f"there are {', '.join(KINDS)}")]
    fields = ", ".join(known.needs + known.takes)
    found = [Problem("/values", "missing", f"{name} is missing", f"{kind} needs {fields}") for name in known.needs if not values.get(name)]
    for name in values:
        if not _FIELD.fullmatch(name):
            found.append(Problem("/values", "name", f"{name[:100]!r} cannot be the name of a value", "small letters, digits and _"))
        elif not known.takes_any and name not in known.needs + known.takes:
            found.append(Problem("/values", "unknown", f"{kind} has no value {name}", f"it has {fields}"))
    if known.takes_any and not values:
        found.append(Problem("/values", "missing", "there are no values", "give at least one"))
    found += [_unfit(name) for name, value in values.items() if not _is_text(value)]
    if kind in _ONE_LINE and not found:
        found += [
            Problem("/values", "line", f"{name} is to be one line", "take the line breaks out") for name in values if _breaks(values[name])
        ]
    if kind == "header" and not found and _HEADER.fullmatch(values["name"]) is None:
        found.append(Problem("/values", "header", "name cannot be that of a header", "write letters, digits and -, as X-Api-Key has them"))
    if kind == "oauth2" and not found:
        found += list(_unfit_client(values))
    if sum(len(value.encode(errors="replace")) for value in values.values()) > VALUES_BYTES_MAX:
        found.append(Problem("/values", "too_large", f"the values have more than {VALUES_BYTES_MAX:,} bytes", "keep a key to them instead"))
    return found


_ONE_LINE: Final = ("basic", "bearer", "header", "oauth2")


def _unfit_client(values: Mapping[str, str]) -> Iterator[Problem]:
    for name in ("token_url", "authorize_url"):
        if name in values and _URL.fullmatch(values[name]) is None:
            yield Problem("/values", "url", f"{name} is no http or https URL", "write it with its scheme and host")
    if values.get("client_auth", CLIENT_AUTHS[0]) not in CLIENT_AUTHS:
        yield Problem("/values", "client_auth", "client_auth is not known", f"there are {', '.join(CLIENT_AUTHS)}")
    if not values.get("client_secret") and not values.get("authorize_url") and not values.get("refresh_token"):
        yield Problem("/values", "missing", "there is nothing to get a token by", "give client_secret, refresh_token or authorize_url")


def _unfit(name: str) -> Problem:
    return Problem("/values", "text", f"{name[:100]} is no text: it has half of a pair of surrogates, or U+0000", "encode it, as base64")


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _breaks(value: str) -> bool:
    return any(ord(sign) < 32 and sign != "\t" for sign in value)
