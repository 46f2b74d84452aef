"""Webhooks: who is sent public events over HTTP, what is still to be sent, and how it is signed. This is a storage format (JSON).

A request carries one event, and three headers by the scheme of Standard Webhooks (https://www.standardwebhooks.com):

    webhook-id         EXECUTION/VERSION, the same when it is sent again
    webhook-timestamp  seconds since 1970
    webhook-signature  v1,<base64 of HMAC-SHA256 over "id.timestamp.body" under the secret>
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import quote

import msgspec

KIND: Final = "webhooks"
STATE: Final = "webhook-states"
"""The kinds of resources that hold webhooks, and what is still to be sent to them."""
Status: TypeAlias = Literal["active", "failing", "disabled"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES_MIN: Final = 24
SECRET_BYTES_MAX: Final = 64
WEBHOOKS_MAX: Final = 100
PENDING_MAX: Final = 100
"""So many events may wait to be sent again; then nothing further is tried until one is through."""
ERROR_LENGTH_MAX: Final = 200
SENT_MAX: Final = 50
"""So many requests to a webhook are remembered at most."""
SENT_BYTES_MAX: Final = 3_500
"""In so many bytes: Kafka keeps 4,096 beside the offset of a group."""
_MINUTE: Final = 60
_HOUR: Final = 3600
DELAYS_S: Final = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
"""So long after each failure an event is sent again: over three days in all. After the last one the webhook is disabled."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where events go, and which: all, or those of some types, of a workflow, that a filter takes.

    `begun` is when it was made (milliseconds since 1970), `after` by partition the offset from which on events are sent.
    """

    url: str
    secret: str
    """As it is stored: sealed about `secret_place`, unless no credentials can be kept."""
    begun: int
    after: dict[int, int]
    types: tuple[str, ...] = ()
    workflow: str | None = None
    filter: str = ""


class Pending(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event that is to be sent again: where its decision stands, how often it was tried, since when, when next (milliseconds)."""

    event: str
    partition: int
    offset: int
    since: int
    due: int
    attempts: int = 0
    error: str = ""


class WebhookState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is still to be sent to a webhook that was made at `begun`; `disabled_at` says since when nothing is, and why."""

    begun: int
    pending: list[Pending] = []
    disabled_at: int = 0
    reason: str = ""


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A request that was made: the event in it, when (milliseconds since 1970), the status of the answer, None without one, how long it
    took, and why it failed, empty where the receiver has taken the event."""

    event: str
    at: int
    status: int | None
    duration_ms: int
    error: str = ""


encode_json: Final = msgspec.json.Encoder().encode
decode_webhook: Final = msgspec.json.Decoder(Webhook).decode
decode_state: Final = msgspec.json.Decoder(WebhookState).decode
_decode_sent: Final = msgspec.json.Decoder(list[Sent]).decode


def encode_sent(sent: Sequence[Sent]) -> str:
    """The last of these that are remembered."""
    texts: list[str] = []
    left = SENT_BYTES_MAX - 2
    for one in reversed(sent[-SENT_MAX:]):
        text = encode_json(one).decode()
        left -= len(text.encode()) + 1
        if left < 0:
            break
        texts.insert(0, text)
    return f"[{','.join(texts)}]"


def decode_sent(text: str) -> list[Sent]:
    """What was encoded; nothing where it is something else."""
    try:
        return _decode_sent(text)
    except msgspec.MsgspecError:
        return []


def checkpoint_name(name: str, webhook: Webhook) -> str:
    """What a webhook's checkpoint is kept under: one that was deleted and made again begins anew."""
    return f"{name}.{webhook.begun}"


def status_of(state: WebhookState) -> Status:
    """How a webhook stands: `failing` where an event waits to be sent again, `disabled` where nothing is sent."""
    return "disabled" if state.disabled_at else "failing" if any(one.attempts for one in state.pending) else "active"


def state_of(webhook: Webhook, stored: bytes | None) -> WebhookState:
    """The state that is stored of this webhook; an empty one where that is of another that was called so."""
    state = WebhookState(begun=webhook.begun) if stored is None else decode_state(stored)
    return state if state.begun == webhook.begun else WebhookState(begun=webhook.begun)


def secret_place(name: str) -> str:
    """What the secret of a webhook is sealed for; no execution is called so."""
    return f"{KIND}/{name}"


def secret_key(secret: str) -> bytes:
    """The key that a secret stands for, in either alphabet of base64, with `whsec_` before it or not. Raises ValueError."""
    text = secret.strip().removeprefix(SECRET_PREFIX).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is base64, with `whsec_` before it or not") from None
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"a secret is {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64, found {len(key)}")
    return key


def written_secret(key: bytes) -> str:
    """The key as receivers are given it: the alphabet that all verifiers read."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signed(secret: str, event: str, time_s: int, body: bytes) -> dict[str, str]:
    """The headers of a request."""
    name = quote(event, safe="/~:()!@")
    content = f"{name}.{time_s}.".encode() + body
    signature = base64.b64encode(hmac.new(secret_key(secret), content, hashlib.sha256).digest()).decode()
    return {"webhook-id": name, "webhook-timestamp": str(time_s), "webhook-signature": f"v1,{signature}"}
