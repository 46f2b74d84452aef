"""Resources: what is made over the API and is neither a definition nor an execution, such as saved views. This is a storage format.

A record says all that a resource is from then on. It counts if its revision follows on the one before: of two who write at the
same time, each of a revision that it has seen, one is passed over, by whoever reads. Beside them stands how far triggers are.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

import msgspec

from contracts.errors import LogCorrupt, UnknownRecord
from contracts.triggers import Fired

NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
"""What a resource may be called."""
VALUE_BYTES_MAX: Final = 64 * 1024
"""So long its JSON may be."""
RESOURCES_MAX: Final = 10_000
"""So many there may be of a kind."""


class ResourceWritten(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A resource is this from now on: JSON, or None where it was deleted. Revisions count from 1 and go on after a deletion."""

    kind: str
    name: str
    value: bytes | None
    revision: int
    actor: str
    recorded_at: int


class TriggersAdvanced(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Triggers have fired. By what is counted, up to where they are done: the highest that was ever said of it holds.

    A schedule counts the times that it was due, in milliseconds since 1970; those that hear events count offsets of the journal.
    """

    positions: dict[str, int]
    fired: tuple[Fired, ...]
    recorded_at: int


ResourceRecord: TypeAlias = ResourceWritten | TriggersAdvanced


class Resource(NamedTuple):
    """A resource as it is. `value` is JSON, None of one that was deleted; times are in milliseconds since 1970."""

    kind: str
    name: str
    value: bytes | None
    revision: int
    actor: str
    written_at: int


_TAG_MAX: Final = 2
_decoder: Final = msgspec.msgpack.Decoder(ResourceRecord)
_any: Final = msgspec.msgpack.Decoder()
_NAME: Final = re.compile(NAME_PATTERN[1:-1])


def is_resource_name(name: str) -> bool:
    """Whether a resource may be called so."""
    return _NAME.fullmatch(name) is not None


def read_resource_record(content: bytes) -> ResourceRecord:
    """What a record says. Raises UnknownRecord for one of a newer version, LogCorrupt for bytes that are none."""
    try:
        record: ResourceRecord = _decoder.decode(content)
    except msgspec.MsgspecError as error:
        reason = str(error)
    else:
        if isinstance(record, ResourceWritten) and record.revision < 1:
            raise LogCorrupt(f"a record about a resource cannot be read: its revision is {record.revision}")
        return record
    try:
        fields = _any.decode(content)
    except (msgspec.MsgspecError, RecursionError):
        fields = None
    if isinstance(fields, list) and fields and isinstance(fields[0], int) and fields[0] > _TAG_MAX:
        raise UnknownRecord(f"a record about a resource of sort {fields[0]}, which this version of Refold does not know")
    raise LogCorrupt(f"a record about a resource cannot be read: {reason}")
