"""Circuit breakers: how one stands, as the execution of the engine's own that it is. It begins with a failure, or with a person.

    closed ──── so many failures within the window ────► open            the execution ends when its window is empty
    open ────── it has cooled down ────────────────────► half_open       one opened by hand stays open until somebody closes it
    half_open ─ an attempt that waits is offered ──────► half_open       one at a time tries
              ─ it has succeeded ──────────────────────► closed          the execution ends
              ─ it has failed ─────────────────────────► open
              ─ it says nothing, or takes too long ────► half_open       another one is to be offered

Whoever owns a partition holds what goes by a breaker that is not closed (`workers/partition/breakers.py`), and reports
failures to it; each report is a command that the decision it comes from calls for, so it is sent again until it is decided.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal, TypeAlias

import msgspec

from contracts.commands import BreakerLimits
from contracts.events import Trial
from contracts.ids import make_breaker_id
from contracts.system import BREAKER

BREAKER_TIMER: Final = ":breaker"
"""The one timer of a breaker: closed, its window is looked at; open, it has cooled down; half-open, the trial takes too long."""
HOME: Final = 0
"""The partition where breakers live: every log has it."""
BreakerState: TypeAlias = Literal["closed", "open", "half_open"]


class Breaker(msgspec.Struct, omit_defaults=True):
    """How a breaker stands. `failures` are those in its window: when each was counted, and of which attempt.

    `since` is when it came to be so, at the last of so many `changes`; `limits` are those that it was told last.
    """

    name: str
    state: BreakerState = "closed"
    since: int = 0
    until: int = 0
    reason: str = ""
    is_by_hand: bool = False
    trial: Trial | None = None
    failures: list[tuple[int, str]] = msgspec.field(default_factory=list)
    limits: BreakerLimits | None = None
    changes: int = 0

    def in_window(self, now: int, limits: BreakerLimits) -> list[tuple[int, str]]:
        """The failures that the window still holds."""
        return [failure for failure in self.failures if failure[0] > now - limits.window_ms]


_decoder: Final = msgspec.json.Decoder(Breaker)


def begun(given: bytes) -> Breaker:
    """How a breaker begins, by the input of its execution."""
    return _decoder.decode(given)


def breaker_id(name: str) -> str:
    """What commands to a breaker are addressed to; which execution it is by now, the owner of its partition knows."""
    return make_breaker_id(hashlib.sha256(f"{BREAKER}/{name}".encode(errors="surrogatepass")).hexdigest()[:32], HOME)
