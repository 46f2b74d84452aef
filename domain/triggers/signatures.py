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

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Literal, NoReturn, TypeAlias

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


class Refused(Exception):
    """A request that is not proved to be its sender's: a word for programs, and why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


Headers = Mapping[str, str]
Values = Mapping[str, str]
Prove: TypeAlias = Callable[[Headers, bytes, float], None]
"""Asked with the headers of a request, in small letters, its body, and the time in seconds since 1970."""


def prover(signature: Signature, secrets: Sequence[Values]) -> Prove:
    """What proves requests, while these secrets count.

    It raises Refused unless one of them has signed the request, lately; ValueError where a secret is none of this kind.
    """
    return _PROVERS[signature.kind](signature, secrets)


def read_names(signature: Signature | None) -> frozenset[str]:
    """The headers that prove who sends, in small letters: no expression sees them."""
    return _SECRET if signature is None or signature.header is None else _SECRET | {signature.header.lower()}


_SECRET: Final = frozenset({
    "authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "webhook-signature", "stripe-signature",
    "x-hub-signature", "x-hub-signature-256", "x-slack-signature", "x-gitlab-token", "x-telegram-bot-api-secret-token",
})  # fmt: skip


_STANDARD: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


def _standard(signature: Signature, secrets: Sequence[Values]) -> Prove:
    digests, in_time = _signing(secrets, _standard_key, "sha256", _base64), _timely(signature)

    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        name, sent, shown = map(headers.get, _STANDARD)
        if not name or not sent or not shown:
            raise _missing(next(one for one in _STANDARD if not headers.get(one)))
        given = [one[3:].encode("utf-8", "replace") for one in shown.split() if one.startswith("v1,")]
        _any_bytes(digests(f"{name}.{sent}.".encode() + body), given)
        in_time(sent, now_s)

    return prove


def _stripe(signature: Signature, secrets: Sequence[Values]) -> Prove:
    digests, in_time = _signing(secrets, _text_key), _timely(signature)

    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        pairs = [one.strip().partition("=") for one in _header(headers, "stripe-signature").split(",")]
        sent = next((value for name, _, value in pairs if name == "t"), "")
        _any(digests(f"{sent}.".encode() + body), [value for name, _, value in pairs if name == "v1"])
        in_time(sent, now_s)

    return prove


def _github(signature: Signature, secrets: Sequence[Values]) -> Prove:
    digests = _signing(secrets, _text_key)

    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        found = _header(headers, "x-hub-signature-256")
        _any(digests(body), [_without(found, "sha256=")])

    return prove


def _slack(signature: Signature, secrets: Sequence[Values]) -> Prove:
    digests, in_time = _signing(secrets, _text_key), _timely(signature)

    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        sent, found = _header(headers, "x-slack-request-timestamp"), _header(headers, "x-slack-signature")
        _any(digests(f"v0:{sent}:".encode() + body), [_without(found, "v0=")])
        in_time(sent, now_s)

    return prove


def _hmac(signature: Signature, secrets: Sequence[Values]) -> Prove:
    assert signature.header is not None
    header, prefix, is_hex = signature.header.lower(), signature.prefix or "", signature.encoding != "base64"
    digests = _signing(secrets, _text_key, signature.algorithm or "sha256", _hex if is_hex else _base64)

    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        found = _without(_header(headers, header), prefix)
        _any(digests(body), [found.lower() if is_hex else found])

    return prove


def _basic(signature: Signature, secrets: Sequence[Values]) -> Prove:
    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        found = _scheme(headers, "basic")
        try:
            given = b64decode(found, validate=True)
        except (binascii.Error, ValueError):
            raise Refused("bad_signature", "`Authorization: Basic` is followed by base64") from None
        known = [f"{_one(one, 'username')}:{_one(one, 'password')}".encode() for one in secrets]
        _any_bytes(known, [given])

    return prove


def _bearer(signature: Signature, secrets: Sequence[Values]) -> Prove:
    def prove(headers: Headers, body: bytes, now_s: float) -> None:
        known = [_one(one, "token", "secret").encode() for one in secrets]
        _any_bytes(known, [_scheme(headers, "bearer").encode()])

    return prove


_PROVERS: Final[Mapping[str, Callable[[Signature, Sequence[Values]], Prove]]] = {
    "standard_webhooks": _standard,
    "stripe": _stripe,
    "github": _github,
    "slack": _slack,
    "hmac": _hmac,
    "basic": _basic,
    "bearer": _bearer,
}


def _header(headers: Headers, name: str) -> str:
    found = headers.get(name)
    if not found:
        raise _missing(name)
    return found


def _missing(name: str) -> Refused:
    return Refused("no_signature", f"the header `{name}` is missing")


def _scheme(headers: Headers, scheme: str) -> str:
    given, _, rest = _header(headers, "authorization").partition(" ")
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


def _standard_key(values: Values) -> bytes:
    return secret_key(_one(values, "secret"))


def _text_key(values: Values) -> bytes:
    return _one(values, "secret").encode()


def _hex(digest: bytes) -> bytes:
    return digest.hex().encode()


_base64: Final = partial(binascii.b2a_base64, newline=False)


def _signing(
    secrets: Sequence[Values], read: Callable[[Values], bytes], algorithm: str = "sha256", written: Callable[[bytes], bytes] = _hex
) -> Callable[[bytes], list[bytes]]:
    """What signs a content with each of the secrets.

    Their keys are read once, and only when somebody shows a signature: who has none is told that, whatever the secrets are.
    """
    keyed: list[hmac.HMAC] = []

    def digests(content: bytes) -> list[bytes]:
        if not keyed:
            keyed.extend([hmac.new(read(one), digestmod=algorithm) for one in secrets])
        found = []
        for one in keyed:
            signing = one.copy()
            signing.update(content)
            found.append(written(signing.digest()))
        return found

    return digests


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


def _timely(signature: Signature) -> Callable[[str, float], None]:
    """Raises Refused for a time too far from ours. Asked last: whoever cannot sign is not told what our clock says."""
    tolerance = signature.tolerance or "5m"
    tolerance_s = parse_duration(tolerance) / 1000

    def in_time(sent: str, now_s: float) -> None:
        if not sent.isascii() or not sent.isdigit() or len(sent) > 15:
            raise Refused("bad_signature", "the time of the request is no number of seconds since 1970")
        off = now_s - int(sent)
        if not -tolerance_s <= off <= tolerance_s:
            side = "ago" if off > 0 else "in the future"
            raise Refused("too_old", f"the request was signed {abs(off):,.0f} s {side}: {tolerance} either way are allowed")

    return in_time
