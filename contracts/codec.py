"""Bytes: the only place that knows how records look on the log and how blobs and snapshots are encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from contracts.commands import Envelope
from contracts.errors import KeyGone, LogCorrupt, UnknownRecord
from contracts.journal import (
    RESTORED,
    SCHEMA,
    Closing,
    Decided,
    Decision,
    PartitionClaimed,
    Record,
    Removed,
    Sealed,
    SealedBody,
    Source,
    chain,
)
from contracts.key import NO_KEY
from contracts.ports.keys import Keys
from contracts.upcasters import COMMAND_UPCASTERS, EVENT_UPCASTERS, Upcaster, upcast

_encoder = msgspec.msgpack.Encoder()
_decision_decoder = msgspec.msgpack.Decoder(Decision)
_record_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_envelope_decoder = msgspec.msgpack.Decoder(Envelope)
_sealed_decoder = msgspec.msgpack.Decoder(SealedBody)
_positional_decoder = msgspec.msgpack.Decoder(list[Any])


class _Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every decision of any schema begins with."""

    source: Source
    execution: str
    first: int


_header_decoder = msgspec.msgpack.Decoder(_Header)

_CLAIM_TAG = b"\x02"
_REMOVED_TAG = b"\x05"
NO_DECISIONS = frozenset({_CLAIM_TAG, _REMOVED_TAG})
"""What the second byte of a record may be that says something of the log itself: a claim, or what stands in the place of others."""
RECORD_TAG_MAX = 9
SEALED_HEAD = b"\x97\x06"
"""A sealed decision begins so: an array of seven, and its tag."""

pack = _encoder.encode
"""Any struct as bytes."""


def encode_decision(decision: Decision, nonce: bytes, previous_digest: bytes) -> tuple[bytes, bytes]:
    """The journal record of a decision and its digest, chained to the execution's previous one."""
    body = _encoder.encode(decision)
    digest = chain(previous_digest, body)
    source = decision.source
    return _encoder.encode(Decided(nonce, source.partition, source.offset, body, digest)), digest


def seal_decision(
    decision: Decision, nonce: bytes, previous_digest: bytes, keys: Keys, key: int, definition: str, closing: Closing | None
) -> tuple[bytes, bytes]:
    """The same for a decision that nobody is to read without this key. Raises KeyGone."""
    head = SealedBody(decision.execution, decision.first, len(decision.events), key, b"", definition, closing)
    content = keys.seal(key, _encoder.encode(decision), _encoder.encode(head))
    body = _encoder.encode(msgspec.structs.replace(head, content=content))
    digest = chain(previous_digest, body)
    source = decision.source
    return _encoder.encode(Sealed(nonce, source.partition, source.offset, body, digest)), digest


def open_record(content: bytes, keys: Keys) -> bytes:
    """A record of the journal as it was read; of a sealed decision with what it says in plain, where its key is there."""
    if not content.startswith(SEALED_HEAD):
        return content
    record = read_record(content)
    if not isinstance(record, Sealed):
        return content
    return _encoder.encode(msgspec.structs.replace(record, plain=_opened(record.body, keys)))


def _opened(body: bytes, keys: Keys) -> bytes:
    try:
        sealed = read_sealed(body)
        about = _encoder.encode(msgspec.structs.replace(sealed, content=b""))
        return keys.unseal(sealed.key, sealed.content, about)
    except (KeyGone, LogCorrupt):
        return b""


def read_sealed(body: bytes) -> SealedBody:
    """What a sealed decision says in plain. Raises LogCorrupt where it cannot be read."""
    try:
        return _sealed_decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"a sealed decision cannot be read: {error}") from None


def encode_record(record: Record) -> bytes:
    """A journal record as bytes."""
    return _encoder.encode(record)


def decode_record(content: bytes) -> Record:
    """A journal record. Raises UnknownRecord where this build does not know its kind, LogCorrupt where the bytes are none."""
    try:
        return _record_decoder.decode(content)
    except msgspec.MsgspecError as error:
        reason = str(error)
    fields = _positional(content, "a journal record")
    if fields and isinstance(fields[0], int) and fields[0] > RECORD_TAG_MAX:
        raise UnknownRecord(f"a journal record of kind {fields[0]}, which this version of Refold does not know")
    raise LogCorrupt(f"a journal record cannot be read: {reason}")


def removed_record(records: Iterable[bytes], end: int) -> bytes:
    """What stands in the place of these records of a journal, decisions or what stands for such, up to an offset."""
    sources: dict[int, int] = {}
    dispatched_to = 0
    for content in records:
        record = decode_record(content)
        if isinstance(record, Decided):
            found, out_to = {record.source_partition: record.source_offset}, decode_decision(record.body).dispatched_to
        elif isinstance(record, Removed):
            found, out_to = record.sources, record.dispatched_to
        else:
            raise LogCorrupt(f"a record of kind {type(record).__name__} is not to be removed")
        dispatched_to = max(dispatched_to, out_to)
        sources |= {partition: max(highest, sources.get(partition, -1)) for partition, highest in found.items()}
    return _encoder.encode(Removed(end, sources, dispatched_to))


def is_restored(content: bytes) -> bool:
    """Whether a record is the claim behind which a log goes on that was put back; nothing else is decoded."""
    record = read_record(content) if content[1:2] == _CLAIM_TAG else None
    return isinstance(record, PartitionClaimed) and record.generation == RESTORED


def removed_in(content: bytes) -> Removed | None:
    """The record, if it stands in the place of others; nothing else is decoded."""
    record = read_record(content) if content[1:2] == _REMOVED_TAG else None
    return record if isinstance(record, Removed) else None


def read_record(content: bytes) -> Record | None:
    """A journal record; None for bytes that are none. Raises UnknownRecord for a kind that this build does not know."""
    try:
        return _record_decoder.decode(content)
    except msgspec.MsgspecError:
        pass
    try:
        return decode_record(content)  # which says why
    except LogCorrupt:
        return None


def decode_decision(
    body: bytes,
    event_upcasters: Mapping[int, Upcaster] = EVENT_UPCASTERS,
    command_upcasters: Mapping[int, Upcaster] = COMMAND_UPCASTERS,
) -> Decision:
    """The decision in the present shape: the one choke point through which every stored event is read.

    Raises UnknownRecord where a tag or a shape is not known to this build, LogCorrupt where the bytes are no record.
    """
    try:
        decision = _decision_decoder.decode(body)
    except msgspec.MsgspecError as error:
        decision = _decode_old(body, str(error), event_upcasters, command_upcasters)
    if decision.schema > SCHEMA:
        raise UnknownRecord(f"a decision of schema {decision.schema}; this version of Refold reads up to {SCHEMA}")
    return decision


def _decode_old(body: bytes, reason: str, event_upcasters: Mapping[int, Upcaster], command_upcasters: Mapping[int, Upcaster]) -> Decision:
    fields = _positional(body, "a decision")
    try:
        fields[4] = upcast(fields[4], command_upcasters)
        fields[5] = [upcast(event, event_upcasters) for event in fields[5]]
        return msgspec.convert(fields, Decision, strict=True)
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError):
        raise UnknownRecord(f"a decision has a shape that this version of Refold does not know: {reason}") from None


def _positional(content: bytes, what: str) -> list[Any]:
    try:
        return _positional_decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"{what} cannot be read: {error}") from None


def decision_of(record: Decided | Sealed) -> Decision:
    """The decision that a record holds. Raises as `decode_decision` does, UnknownRecord too where its key is not there."""
    if isinstance(record, Decided):
        return decode_decision(record.body)
    if not record.plain:
        raise UnknownRecord(f"it is sealed, and key {read_sealed(record.body).key} is not there")
    return decode_decision(record.plain)


def key_of(record: Decided | Sealed) -> int:
    """The number of the key that a decision was sealed with."""
    return NO_KEY if isinstance(record, Decided) else read_sealed(record.body).key


def execution_in(record: Decided | Sealed) -> str:
    """The execution that a decision is about, whether it can be read or not."""
    return read_header(record.body)[1] if isinstance(record, Decided) else read_sealed(record.body).execution


def read_header(body: bytes) -> tuple[Source, str, int]:
    """Source, execution and first version of a decision; nothing else of it is decoded."""
    try:
        header = _header_decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"a decision has no readable header: {error}") from None
    return header.source, header.execution, header.first


def encode_envelope(envelope: Envelope) -> bytes:
    """A command on its way, as bytes."""
    return _encoder.encode(envelope)


def decode_envelope(content: bytes) -> Envelope:
    """A command from the `commands` topic. Raises UnknownRecord where it has no known shape."""
    try:
        return _envelope_decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise UnknownRecord(f"a command cannot be read: {error}") from None
