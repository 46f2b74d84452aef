"""Ids: how an execution, a child, an activity and a timer are called, and how the names derive from what caused them.

An execution id that Refold makes is 20 characters of Crockford's base 32: ten of the time in milliseconds, two of the
partition, eight of chance. So ids sort by time and carry their partition. A caller's own id is kept as it is; its
partition comes from its checksum. A child's id is its parent's, a `~` and the path of the node that started it.

Partitions can be added to a log, and no id may ever come to mean another one. So whatever looks at a whole id looks at
the count that the log *began with*, which never changes; ids for partitions that were added since have a mark, a form
that callers may not use:

    01K7QW3D8A 03 9ZK4T7QE        partition 3 of a log that began with more than three
    01K7QW3D8A . 0B 9ZK4T7QE      partition 11 of a log that began with eight
    key.03.5f2c…                  partition 3: by an idempotency key, where all executions of a workflow are counted together
    slot!03!5f2c…                 partition 3: asks for a slot there, in the place of an execution elsewhere
    breaker!00!5f2c…!17           partition 0: a circuit breaker, by its name
    order-7                       checksum, modulo eight
"""

from __future__ import annotations

import re
import zlib
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PARTITIONS_MAX: Final = 32 * 32
ID_LENGTH_MAX: Final = 400

SIGNAL_NAME_LENGTH_MAX: Final = 200

_SIGNAL_NAME = re.compile(r"[^/\x00-\x1f\x7f]+", re.ASCII)
_GENERATED = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{19}\Z")
_MARKED = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{9}\.[0-9A-HJKMNP-TV-Z]{10}\Z")
_PLACED_KEY = re.compile(r"key\.[0-9A-HJKMNP-TV-Z]{2}\.[0-9a-f]{32}\Z")
_KEEPER = re.compile(r"slot![0-9A-HJKMNP-TV-Z]{2}![0-9a-f]{32}\Z")
_BREAKER = re.compile(r"breaker![0-9A-HJKMNP-TV-Z]{2}![0-9a-f]{32}(![0-9]{1,19})?\Z")
_OWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")
_PATH_TO_ID = str.maketrans({"/": ":", "[": "(", "]": ")", "#": "!"})
_ID_TO_PATH = str.maketrans({":": "/", "(": "[", ")": "]", "!": "#"})
_NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)


_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
"""Ten bits as two characters: an id is put together from ten of them, in a quarter of the time."""


def make_execution_id(time_ms: int, partition: int, chance: int, began_with: int) -> str:
    """A new execution id; `chance` is a number of 40 bits that the caller draws, `began_with` the log's first partition count."""
    assert 0 <= partition < PARTITIONS_MAX, f"partition {partition} is not below {PARTITIONS_MAX}"
    pairs, mark = _PAIRS, "" if partition < began_with else "."
    days = f"{pairs[time_ms >> 40 & 1023]}{pairs[time_ms >> 30 & 1023]}{pairs[time_ms >> 20 & 1023]}"
    drawn = f"{pairs[chance >> 30 & 1023]}{pairs[chance >> 20 & 1023]}{pairs[chance >> 10 & 1023]}{pairs[chance & 1023]}"
    return f"{days}{pairs[time_ms >> 10 & 1023]}{pairs[time_ms & 1023]}{mark}{pairs[partition]}{drawn}"


def make_key_id(digest: str, partition: int | None = None) -> str:
    """The id that an idempotency key stands for, by a digest of 32 hex digits; in a partition, or wherever its checksum says."""
    return f"key-{digest}" if partition is None else f"key.{_PAIRS[partition]}.{digest}"


def make_keeper_id(digest: str, partition: int) -> str:
    """The id of who asks for a slot in a partition, in the place of an execution elsewhere, by a digest of 32 hex digits of that one's."""
    return f"slot!{_PAIRS[partition]}!{digest}"


def is_keeper_id(execution: str) -> bool:
    """Whether an execution asks for a slot in the place of another one; callers choose no such id."""
    return execution.startswith("slot!")


def make_breaker_id(digest: str, partition: int, number: int | None = None) -> str:
    """What commands to a circuit breaker are addressed to, by a digest of 32 hex digits of its name; with a number, its execution."""
    return f"breaker!{_PAIRS[partition]}!{digest}" if number is None else f"breaker!{_PAIRS[partition]}!{digest}!{number}"


def is_breaker_id(execution: str) -> bool:
    """Whether it is the address of a circuit breaker, or an execution of one; callers choose no such id."""
    return execution.startswith("breaker!")


def breaker_address(execution: str) -> str:
    """The address of the circuit breaker that an execution is of."""
    return "!".join(execution.split("!")[:3])


def counted_in(workflow: str, began_with: int) -> int:
    """The partition whose owner counts the executions of a workflow with `settings.concurrency`: one for all of them, for ever."""
    return zlib.crc32(workflow.encode()) % began_with


def is_execution_id(text: str) -> bool:
    """Whether a caller may use the text as the id of an execution; what only Refold makes is not for callers."""
    return execution_id_problem(text) is None


def execution_id_problem(text: str) -> str | None:
    """Why a caller may not use the text as the id of an execution; None where nothing speaks against it."""
    if not _OWN.match(text):
        rule = "letters, digits, `.`, `_`, `:`, `-`, beginning with a letter or digit, at most 128"
        found = f"{len(text)} characters" if len(text) > 128 else repr(text)
        return f"expected {rule}, found {found}"
    if _MARKED.match(text) or _PLACED_KEY.match(text):
        return (
            f"{text!r} looks like an id that Refold makes, and that form is Refold's own: choose another, like {text.replace('.', '-')!r}"
        )
    return None


def partition_of(execution: str, began_with: int) -> int:
    """The partition where an execution lives, now and for ever; `began_with` is the log's first partition count.

    An id that only looks like one that Refold made, and names a partition that the log did not begin with, is a caller's
    own. The answer may lie beyond the partitions that somebody knows of: then there are more by now, or no such execution.
    """
    root = root_of(execution)
    if _MARKED.match(root):
        return _carried(root[11:13])
    if _PLACED_KEY.match(root):
        return _carried(root[4:6])
    if _GENERATED.match(root) and (carried := _carried(root[10:12])) < began_with:
        return carried
    if _KEEPER.match(root):
        return _carried(root[5:7])
    if _BREAKER.match(root):
        return _carried(root[8:10])
    return zlib.crc32(root.encode()) % began_with


def _carried(digits: str) -> int:
    return ALPHABET.index(digits[0]) * 32 + ALPHABET.index(digits[1])


def child_id(execution: str, path: str, attempt: int) -> str:
    """The id of the child that a `sub_workflow` node starts: derived, so that starting it twice is once."""
    suffix = f"@{attempt}" if attempt > 1 else ""
    return f"{execution}~{path.translate(_PATH_TO_ID)}{suffix}"


def task_id(execution: str, path: str, attempt: int) -> str:
    """The id of the human task that an attempt of a node is; it stands in an address as it is."""
    return f"{execution}~{path.translate(_PATH_TO_ID)}@{attempt}"


def task_of(task: str) -> tuple[str, str, int] | None:
    """The execution, the path and the attempt of a human task; None for what is the id of none."""
    execution, _, rest = task.rpartition("~")
    path, _, attempt = rest.rpartition("@")
    if not execution or not path or not _NUMBER.match(attempt):
        return None
    return execution, path.translate(_ID_TO_PATH), int(attempt)


def depth_of(execution: str) -> int:
    """How deep an execution is nested: 0 for one that was started from outside, 1 for its children."""
    return execution.count("~")


def root_of(execution: str) -> str:
    """The execution that was started from outside, and of which this one is a child, or a child's child; itself where it was."""
    return execution.partition("~")[0]


def is_below(execution: str, above: str) -> bool:
    """Whether an execution is a child of another one, or a child's child."""
    return execution.startswith(f"{above}~")


def activity_key(execution: str, path: str, attempt: int) -> str:
    """Which attempt of which activity: the key of leases and of late results."""
    return f"{execution}/{path}@{attempt}"


def idempotency_key(execution: str, path: str) -> str:
    """The key an activity hands to the outside: stable over retries, another one in each iteration."""
    return f"{execution}/{path}"


def signal_name_problem(name: str) -> str | None:
    """What is wrong with the name of a signal, which stands in an address when it is sent over HTTP; None where nothing is."""
    if 0 < len(name) <= SIGNAL_NAME_LENGTH_MAX and _SIGNAL_NAME.fullmatch(name) and name not in (".", ".."):
        return None
    found = f"{len(name)} characters" if len(name) > SIGNAL_NAME_LENGTH_MAX else repr(name)
    rule = f"1 to {SIGNAL_NAME_LENGTH_MAX} characters, no `/` and no control characters, and is not `.` or `..`"
    return f"a signal's name has {rule}, found {found}"
