"""Rows of which records were removed: what stands in their place keeps offsets and chain as they were.

    ┌─────────┬─────────────────┬────────────────┬───────┬──────┬───────────────────┬──────┐
    │ REMOVED │ digest of the   │ digest of this │ check │ runs │ per run: where it │ body │
    │         │ row before      │ row as it was  │       │      │ begins, how long  │      │
    └─────────┴─────────────────┴────────────────┴───────┴──────┴───────────────────┴──────┘

The row behind it still carries the digest of the row as it was, so the chain goes on. `check` is over all the rest, as the
chain says nothing of these bytes any more. The body holds what is left, and one record for each run. Rows of which nothing
is left become one, however many they were: it carries the digest of the last of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

from infra.log.body import Body, DamagedBody
from infra.log.links import DIGEST_BYTES, REMOVED

_head: Final = Struct("<qq")
_runs: Final = Struct("<I")
_run: Final = Struct("<QQ")
_CHECK_FROM: Final = 1 + 2 * DIGEST_BYTES
_RUNS_FROM: Final = _CHECK_FROM + DIGEST_BYTES


class Run(NamedTuple):
    """Records that follow on each other and were removed: the first one, counted within the row, and how many."""

    first: int
    length: int

    @property
    def end(self) -> int:
        """The first one after them."""
        return self.first + self.length


class Left(NamedTuple):
    """What is left of a row: the digests that it keeps, its runs, and its records, of which one stands for each run."""

    before: bytes
    was: bytes
    runs: Sequence[Run]
    records: Sequence[bytes]


def encode_left(key: int, count: int, left: Left, body: Body) -> bytes:
    """A row of `count` offsets, as it is stored."""
    runs = b"".join((_runs.pack(len(left.runs)), *(_run.pack(*run) for run in left.runs)))
    rest = runs + body.encode(left.records)
    head = b"".join((REMOVED, left.before, left.was))
    return b"".join((head, _check(key, count, head, rest), rest))


def decode_left(key: int, count: int, stored: bytes, body: Body) -> Left:
    """The same, read. Raises DamagedBody where it is not what was written."""
    head, check, rest = stored[:_CHECK_FROM], stored[_CHECK_FROM:_RUNS_FROM], stored[_RUNS_FROM:]
    if check != _check(key, count, head, rest):
        raise DamagedBody("what is left of it, after some of its records were removed, does not match its digest")
    try:
        runs = [Run(*_run.unpack_from(rest, _runs.size + index * _run.size)) for index in range(_runs.unpack_from(rest)[0])]
    except StructError:
        raise DamagedBody("it does not say which of its records were removed") from None
    kept = count - sum(run.length - 1 for run in runs)
    records = body.decode(rest[_runs.size + len(runs) * _run.size :], kept)
    return Left(head[1 : 1 + DIGEST_BYTES], head[1 + DIGEST_BYTES :], runs, records)


def placed(first: int, left: Left) -> list[tuple[int, int, bytes]]:
    """The records with the offset that each begins at, and the one after it, of a row that begins at `first`."""
    ends = {run.first: run.end for run in left.runs}
    found: list[tuple[int, int, bytes]] = []
    at = 0
    for record in left.records:
        end = ends.get(at, at + 1)
        found.append((first + at, first + end, record))
        at = end
    return found


def _check(key: int, count: int, head: bytes, rest: bytes) -> bytes:
    hasher = hashlib.sha256(_head.pack(key, count))
    hasher.update(head)
    hasher.update(rest)
    return hasher.digest()[:DIGEST_BYTES]
