"""What the read models of SQLite and PostgreSQL have in common: the columns of their rows, the conditions of a list, packed offsets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from contracts.ports.read_models import ExecutionRecord, Wanted

OPEN: Final = frozenset({"created", "scheduled", "running", "paused", "incident"})
"""The statuses of executions that have not ended."""
SELDOM: Final = frozenset({"failed", "cancelled", "terminated", "quarantined"})
"""The statuses in which few executions stay: ended otherwise than most, or set aside, which is no end."""
IS_SELDOM: Final = f"status IN ({', '.join(repr(status) for status in sorted(SELDOM))})"
"""The condition of an index, and word for word that of a list that is to be looked up in it."""
ROWS_GENERATION: Final = 1
"""Raised when the same tables are to hold other rows than before."""
FIELDS: Final = ", ".join(ExecutionRecord._fields)
CHANGING: Final = ("status", "outcome", "started_at", "ended_at", "events", "position", "error", "error_message", "waiting_for", "search")
BY_TIME: Final = "created_at DESC, number DESC"
"""The order in which a partition among others is read."""


def conditions(wanted: Wanted, is_by_time: bool) -> tuple[list[str], list[Any]]:
    """The conditions of a list, each value a `?`, and the values."""
    where, values = list[str](), list[Any]()
    asked = (
        ("workflow = ?", wanted.workflow),
        ("parent = ?", wanted.parent),
        ("created_at >= ?", wanted.created_after),
        ("created_at < ?", wanted.created_before),
    )
    for condition, value in asked:
        if value is not None:
            where.append(condition)
            values.append(value)
    if (after := wanted.after) is not None and is_by_time:
        where.append("(created_at, number) < (?, ?)")
        values += (after.created_at, after.number)
    elif after is not None:
        where.append("number < ?")
        values.append(after.number)
    if wanted.statuses:
        where.append(f"status IN ({', '.join('?' * len(wanted.statuses))})")
        values += wanted.statuses
        if OPEN.issuperset(wanted.statuses):
            where.append("ended_at = 0")  # lets the database look through the open ones alone
        elif SELDOM.issuperset(wanted.statuses):
            where.append(IS_SELDOM)
    return where, values


def pack_offsets(number: int, offsets: Iterable[int]) -> bytes:
    """Offsets from `number` on, as differences: seven bits a byte, the low ones first."""
    packed = bytearray()
    before = number
    for offset in offsets:
        left = offset - before
        before = offset
        while left > 127:
            packed.append(left & 127 | 128)
            left >>= 7
        packed.append(left)
    return bytes(packed)


def unpack_offsets(number: int, packed: bytes) -> Iterable[int]:
    """The offsets that were packed."""
    offset, difference, shift = number, 0, 0
    for byte in packed:
        difference |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            offset += difference
            yield offset
            difference = shift = 0
