"""Odd values: JSON at the edges of what may come in, and beyond them. Clients send what the doors let in, workers whatever they like."""

from __future__ import annotations

from typing import Final

from contracts.errors import InvalidInput
from contracts.value_check import DEPTH_MAX, DIGITS_MAX, check
from simulation.chance import Chance

ODD_PERCENT: Final = 40
ODD: Final = (
    *(b"null", b'""', b"[]", b"{}", b"-0.0", b"1e308", b"1e309", b"1e400", b"5e-324", b"9007199254740993", b"18446744073709551616"),
    *(b"1" + b"0" * digits for digits in (308, 400, DIGITS_MAX - 1, DIGITS_MAX)),
    *(b"[" * depth + b"]" * depth for depth in (DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 968)),
    *(b'{"n":' * depth + b"1" + b"}" * depth for depth in (DEPTH_MAX, 482)),
    *(b'{"n": %s}' % number for number in (b"1e308", b"1e400", b"-0.0", b"18446744073709551615", b"1" + b"0" * 400, b'"\\ud83d"', b"[]")),
    *(b'"\\u0000"', b'"\\ud83d\\ude00"', b'"\\ud83d"', b'{"n": 1, "n": 0}', b'{"": 1, "__proto__": {"n": 1}, "a.b": 1, "\\ud800": 1}'),
    *(b"[" + b"0," * 3_000 + b"0]", b"nothing", b""),
)
"""Numbers, depths, texts and names at every edge; some of it is no JSON."""


def _may_come_in(value: bytes) -> bool:
    try:
        check(value)
    except InvalidInput:
        return False
    return True


LET_IN: Final = tuple(filter(_may_come_in, ODD))
"""Those that a door lets in."""


def odd_value(seed: int, name: str, values: tuple[bytes, ...] = ODD) -> bytes | None:
    """The odd value that whoever has this name sends; most often none. Always the same."""
    chance = Chance(seed, f"odd {name}")
    return chance.one_of(*values) if chance.percent(ODD_PERCENT) else None
