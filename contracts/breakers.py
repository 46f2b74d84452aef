"""Circuit breakers as resources: what goes by one, when it opens, and how it stands. This is a storage format."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

BREAKERS: Final = "breakers"
"""The kind of resource that a breaker is: a `BreakerRule`."""
STATES: Final = "breaker-states"
"""The kind of resource by which the owner of the breakers tells all processes how one stands: a `BreakerTold`. Nobody else writes it."""


STATES_THERE_ARE: Final = ("closed", "open", "half_open")


class BreakerMatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes by a breaker: activities of a kind, to a host, with a credential; of what is named, all."""

    kind: str | None = None
    host: str | None = None
    credential: str | None = None


class BreakerRule(msgspec.Struct, frozen=True):
    """A breaker as somebody has made it: what goes by it, after how many failures within which window it opens, and for how long."""

    match: BreakerMatch
    failures: int = 5
    window: str = "1m"
    cool_down: str = "30s"


class BreakerTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a breaker stands: since when, until when by itself, and why; times in milliseconds since 1970. `changes` counts them."""

    state: Literal["closed", "open", "half_open"] = "closed"
    since: int = 0
    until: int = 0
    reason: str = ""
    is_by_hand: bool = False
    changes: int = 0


CLOSED: Final = BreakerTold()
"""One that nothing was ever told of."""


class Place(NamedTuple):
    """Where an activity goes: the host and the credential that its config names."""

    host: str = ""
    credential: str = ""


rules: Final = msgspec.json.Decoder(BreakerRule)
tolds: Final = msgspec.json.Decoder(BreakerTold)
encode: Final = msgspec.json.Encoder().encode
