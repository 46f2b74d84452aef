"""Signatures of requests: how senders prove that a request is theirs, and that it is no old one. Pure: the time comes in.

kind                what is signed                  where it stands
standard_webhooks   id.time.body, sha256, base64    webhook-id, webhook-timestamp, webhook-signature: v1,… v1,…
stripe              time.body, sha256, hex          stripe-signature: t=…,v1=…,v1=…
github              body, sha256, hex               x-hub-signature-256: sha256=…
slack               v0:time:body, sha256, hex       x-slack-request-timestamp, x-slack-signature: v0=…
hmac                body                            the header, algorithm and encoding of the config
basic, bearer       nothing: a password, a token    authorization
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple, NoReturn, TypeAlias

from pydantic import Field, model_validator

from contracts.credentials import CredentialName
from contracts.definitions import Duration, Model
from contracts.webhooks import secret_key
from domain.expressions import parse_duration

TOLERANCE_MAX_MS: Final = 24 * 60 * 60 * 1000
_TIMED: Final = ("standard_webhooks", "stripe", "slack")


class Signature(Model):
    """How senders sign; `secret` names a credential."""

    kind: Literal["standard_webhooks", "stripe", "github", "slack", "hmac", "basic", "bearer"]
    secret: CredentialName
    tolerance: Duration | None = None
    header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    prefix: str | None = Field(default=None, max_length=50)
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] | None = None
    encoding: Literal["hex", "base64"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Signature:
        if self.kind == "hmac" and self.header is None:
            raise ValueError("expected a `header`, in which the signature stands")
        if self.kind != "hmac" and (
            own := [one for one in ("header", "prefix", "algorithm", "encoding") if getattr(self, one) is not None]
        ):
            raise ValueError(f"`{own[0]}` goes with `hmac`: `{self.kind}` says itself how it signs")
        if self.tolerance is not None and self.kind not in _TIMED:
            raise ValueError(f"`tolerance` goes with {', '.join(_TIMED)}: `{self.kind}` signs no time")
        return self

    @property
    def tolerance_s(self) -> float:
        """How far the time of a request may be from ours."""
        return _seconds(self.tolerance or "5m")


@lru_cache(100)
def _seconds(duration: str) -> float:
    return parse_duration(duration) / 1000


class Refused(Exception):
    """A request that is not proved to be its sender's: a word for programs, and why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Signed(NamedTuple):
    """What came: the headers in small letters, and the body."""

    headers: Mapping[str, str]
    body: bytes


Values = Mapping[str, str]


def verify(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    """Raise Refused unless one of the secrets has signed the request, lately; ValueError where a secret is none of this kind."""
    _VERIFIERS[signature.kind](signature, request, secrets, now_s)


def read_names(signature: Signature | None) -> frozenset[str]:
    """The headers that prove who sends, in small letters: no expression sees them."""
    return _SECRET if signature is None or signature.header is None else _SECRET | {signature.header.lower()}


_SECRET: Final = frozenset({
    "authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "webhook-signature", "stripe-signature",
    "x-hub-signature", "x-hub-signature-256", "x-slack-signature", "x-gitlab-token", "x-telegram-bot-api-secret-token",
})  # fmt: skip


def _standard(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    name, sent = _header(request, "webhook-id"), _header(request, "webhook-timestamp")
    keys = [secret_key(_one(values, "secret")) for values in secrets]
    given = [one.partition(",") for one in _header(request, "webhook-signature").split()]
    content = f"{name}.{sent}.".encode() + request.body
    _any(_digests(keys, content, "sha256", _base64), [value for version, _, value in given if version == "v1"])
    _in_time(sent, now_s, signature)


def _stripe(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    pairs = [one.strip().partition("=") for one in _header(request, "stripe-signature").split(",")]
    sent = next((value for name, _, value in pairs if name == "t"), "")
    keys = [_one(values, "secret").encode() for values in secrets]
    _any(_digests(keys, f"{sent}.".encode() + request.body, "sha256", _hex), [value for name, _, value in pairs if name == "v1"])
    _in_time(sent, now_s, signature)


def _github(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    found = _header(request, "x-hub-signature-256")
    keys = [_one(values, "secret").encode() for values in secrets]
    _any(_digests(keys, request.body, "sha256", _hex), [_without(found, "sha256=")])


def _slack(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    sent, found = _header(request, "x-slack-request-timestamp"), _header(request, "x-slack-signature")
    keys = [_one(values, "secret").encode() for values in secrets]
    _any(_digests(keys, f"v0:{sent}:".encode() + request.body, "sha256", _hex), [_without(found, "v0=")])
    _in_time(sent, now_s, signature)


def _hmac(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    assert signature.header is not None
    found = _without(_header(request, signature.header.lower()), signature.prefix or "")
    keys = [_one(values, "secret").encode() for values in secrets]
    is_hex = signature.encoding != "base64"
    given = found.lower() if is_hex else found
    _any(_digests(keys, request.body, signature.algorithm or "sha256", _hex if is_hex else _base64), [given])


def _basic(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    found = _scheme(request, "basic")
    try:
        given = base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("bad_signature", "`Authorization: Basic` is followed by base64") from None
    known = [f"{_one(values, 'username')}:{_one(values, 'password')}".encode() for values in secrets]
    _any_bytes(known, [given])


def _bearer(signature: Signature, request: Signed, secrets: Sequence[Values], now_s: float) -> None:
    _any_bytes([_one(values, "token", "secret").encode() for values in secrets], [_scheme(request, "bearer").encode()])


_Verifier: TypeAlias = Callable[[Signature, Signed, Sequence[Values], float], None]
_VERIFIERS: Final[Mapping[str, _Verifier]] = {
    "standard_webhooks": _standard,
    "stripe": _stripe,
    "github": _github,
    "slack": _slack,
    "hmac": _hmac,
    "basic": _basic,
    "bearer": _bearer,
}


def _header(request: Signed, name: str) -> str:
    found = request.headers.get(name)
    if not found:
        raise Refused("no_signature", f"the header `{name}` is missing")
    return found


def _scheme(request: Signed, scheme: str) -> str:
    given, _, rest = _header(request, "authorization").partition(" ")
    if given.lower() != scheme:
        raise Refused("no_signature", f"expected `Authorization: {scheme.capitalize()} …`")
    return rest.strip()


def _one(values: Values, *names: str) -> str:
    """The value that the kind needs. Raises ValueError where the credential has none."""
    for name in names:
        if values.get(name):
            return values[name]
    raise ValueError(f"it has no value `{names[0]}`")


def _without(text: str, prefix: str) -> str:
    if not text.startswith(prefix):
        _refuse()
    return text[len(prefix) :]


def _digests(keys: Iterable[bytes], content: bytes, algorithm: str, written: Callable[[bytes], str]) -> list[bytes]:
    return [written(hmac.digest(key, content, algorithm)).encode() for key in keys]


def _hex(digest: bytes) -> str:
    return digest.hex()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _any(known: Iterable[bytes], given: Iterable[str]) -> None:
    _any_bytes(known, [one.strip().encode("utf-8", "replace") for one in given])


def _any_bytes(known: Iterable[bytes], given: Sequence[bytes]) -> None:
    """Raise Refused unless one of those given is known. How long that takes tells nothing of what is known."""
    found = False
    for one in known:
        for other in given:
            found |= hmac.compare_digest(one, other)
    if not found:
        _refuse()


def _refuse() -> NoReturn:
    raise Refused("bad_signature", "it is not signed with the secret of this webhook")


def _in_time(sent: str, now_s: float, signature: Signature) -> None:
    """Asked last: whoever cannot sign is not told what our clock says."""
    if not sent.isascii() or not sent.isdigit() or len(sent) > 15:
        raise Refused("bad_signature", "the time of the request is no number of seconds since 1970")
    off = now_s - int(sent)
    if abs(off) > signature.tolerance_s:
        side = "ago" if off > 0 else "in the future"
        raise Refused("too_old", f"the request was signed {abs(off):,.0f} s {side}: {signature.tolerance or '5m'} either way are allowed")
