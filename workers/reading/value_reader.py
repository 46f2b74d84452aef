"""Big values of an execution, one at a time: found by their content hash in its decisions, and read whole."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from contracts import values
from contracts.codec import pack
from contracts.commands import RollHistory
from contracts.errors import Rejected
from contracts.key import NO_KEY
from domain.execution.history import Entry
from projections.executions import ERASED
from workers.reading.execution_reader import ExecutionReader
from workers.reading.trails import window_of

STEP_S: Final = 0.01
"""So long is looked at a time: then others who read have their turn."""
CHUNK: Final = 256
"""So many decisions are read at a time, at least."""


class Sought(NamedTuple):
    """Which value is looked for, by 64 hex digits; in the decision of an event, or from one of all decisions on."""

    content_hash: str
    version: int | None = None
    start: int = 0


def find_value(reader: ExecutionReader, execution: str, sought: Sought) -> bytes | Sought:
    """The JSON of a big value, or where to look on. Raises Rejected where the execution has none of that hash, or it is gone."""
    record = reader.record(execution)
    if record.error == ERASED:
        raise Rejected("erased", f"execution {execution} was erased: what its values were is not known any more", execution=execution)
    offsets: Sequence[int]
    if sought.version is not None:
        offsets = window_of(reader.models, record, sought.version, sought.version + 1)
    else:
        offsets = reader.trail(record)[sought.start :]
    end, looked = time.monotonic() + STEP_S, 0
    while looked < len(offsets):
        for entry in reader.at(offsets[looked : looked + CHUNK]):
            looked += 1
            if (reference := _reference_in(entry, sought.content_hash)) is not None:
                return _content(reader, execution, reference)
        if time.monotonic() >= end and looked < len(offsets) and sought.version is None:
            return sought._replace(start=sought.start + looked)
    raise Rejected("unknown_value", f"execution {execution} has no value sha256:{sought.content_hash}", execution=execution)


def _reference_in(entry: Entry, content_hash: str) -> bytes | None:
    """The reference to a value, where the decision has one; what only looks so, within a value of a user, is none."""
    if isinstance(entry.decision.command, RollHistory):
        return None
    body = entry.body if entry.key == NO_KEY else pack(entry.decision)
    if content_hash.encode() not in body:
        return None
    waiting = [msgspec.msgpack.decode(body)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes) and values.is_reference(one) and values.blob_of(one).partition(":")[0] == content_hash:
            return one
        waiting += one if isinstance(one, list) else one.values() if isinstance(one, dict) else ()
    return None


def _content(reader: ExecutionReader, execution: str, reference: bytes) -> bytes:
    try:
        return reader.blobs.get(values.blob_of(reference))
    except KeyError:
        message = f"execution {execution} has this value ({values.described(reference)['blob']}), and its content is lost"
        raise Rejected("lost_value", message, execution=execution) from None
