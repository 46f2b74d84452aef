"""Ids: how an execution, a child, an activity and a timer are called, and how the names derive from what caused them.

An execution id that Refold makes is 20 characters of Crockford's base 32: ten of the time in milliseconds, two of the
partition, eight of chance. So ids sort by time and carry their partition. A caller's own id is kept as it is; its
partition comes from its checksum. A child's id is its parent's, a `~` and the path of the node that started it.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PARTITIONS_MAX: Final = 32 * 32
ID_LENGTH_MAX: Final = 400

_GENERATED = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{19}\Z")
_OWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
_PATH_TO_ID = str.maketrans({"/": ":", "[": "(", "]": ")", "#": "!"})


_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
"""Ten bits as two characters: an id is put together from ten of them, in a quarter of the time."""


def make_execution_id(time_ms: int, partition: int, chance: int) -> str:
    """A new execution id; `chance` is a number of 40 bits that the caller draws."""
    assert 0 <= partition < PARTITIONS_MAX, f"partition {partition} is not below {PARTITIONS_MAX}"
    time = "".join([_PAIRS[(time_ms >> shift) & 1023] for shift in (40, 30, 20, 10, 0)])
    return time + _PAIRS[partition] + "".join([_PAIRS[(chance >> shift) & 1023] for shift in (30, 20, 10, 0)])


def is_execution_id(text: str) -> bool:
    """Whether a caller may use the text as the id of an execution."""
    return bool(_OWN.match(text))


def partition_of(execution: str, partitions: int) -> int:
    """The partition where an execution lives; `partitions` is how many there are.

    An id that only looks like one that Refold made, and names a partition that does not exist, is a caller's own.
    """
    root = execution.split("~", 1)[0]
    if _GENERATED.match(root):
        carried = ALPHABET.index(root[10]) * 32 + ALPHABET.index(root[11])
        if carried < partitions:
            return carried
    return zlib.crc32(root.encode()) % partitions


def child_id(execution: str, path: str, attempt: int) -> str:
    """The id of the child that a `sub_workflow` node starts: derived, so that starting it twice is once."""
    suffix = f"@{attempt}" if attempt > 1 else ""
    return f"{execution}~{path.translate(_PATH_TO_ID)}{suffix}"


def activity_key(execution: str, path: str, attempt: int) -> str:
    """Which attempt of which activity: the key of leases and of late results."""
    return f"{execution}/{path}@{attempt}"


def idempotency_key(execution: str, path: str) -> str:
    """The key an activity hands to the outside: stable over retries, another one in each iteration."""
    return f"{execution}/{path}"
