"""The catalog: what is recorded about published workflow definitions. This is a storage format.

A published version never changes and is named by the hash of its canonical content. Rolling back is activating an old one.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from contracts.errors import LogCorrupt, UnknownRecord


class SourceText(NamedTuple):
    """The text of a definition as somebody wrote it, byte for byte, and what it is written in."""

    syntax: Literal["yaml", "json"]
    text: bytes


class DefinitionPublished(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A new version of a workflow exists, and is the active one. `content` is the canonical JSON."""

    name: str
    version: int
    hash: str
    content: bytes
    recorded_at: int
    actor: str = ""
    correlation: str = ""


class DefinitionActivated(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """From here on, executions start with this version."""

    name: str
    version: int
    recorded_at: int
    actor: str = ""
    correlation: str = ""


class DefinitionArchived(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """No execution starts with any version of this workflow any more; those that run go on."""

    name: str
    recorded_at: int
    actor: str = ""
    correlation: str = ""


class DefinitionSource(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The text that the version of this hash was published from. It stands beside the version, which is the same in other words."""

    name: str
    hash: str
    syntax: Literal["yaml", "json"]
    text: bytes
    recorded_at: int
    actor: str = ""
    correlation: str = ""


class PromptPublished(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A new version of a prompt exists. `content` is JSON; the `hash` of it is what workflows pin."""

    name: str
    version: int
    hash: str
    content: bytes
    recorded_at: int
    actor: str = ""
    correlation: str = ""


class ConnectorPublished(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A new version of a connector exists. `content` is JSON; the `hash` of it is what workflows pin."""

    name: str
    version: int
    hash: str
    content: bytes
    recorded_at: int
    actor: str = ""
    correlation: str = ""


CatalogRecord: TypeAlias = (
    DefinitionPublished | DefinitionActivated | DefinitionArchived | DefinitionSource | PromptPublished | ConnectorPublished
)

_TAG_MAX: Final = 6
_decoder: Final = msgspec.msgpack.Decoder(CatalogRecord)
_any: Final = msgspec.msgpack.Decoder()


def read_catalog_record(content: bytes) -> CatalogRecord:
    """What a record says. Raises UnknownRecord for one of a newer version, LogCorrupt for bytes that are none."""
    try:
        record: CatalogRecord = _decoder.decode(content)
        return record
    except msgspec.MsgspecError as error:
        reason = str(error)
    try:
        fields = _any.decode(content)
    except (msgspec.MsgspecError, RecursionError):
        fields = None
    if isinstance(fields, list) and fields and isinstance(fields[0], int) and fields[0] > _TAG_MAX:
        raise UnknownRecord(f"a record about a definition of kind {fields[0]}, which this version of Refold does not know")
    raise LogCorrupt(f"a record about a definition cannot be read: {reason}")
