"""Bytes: the only place that knows how records look on the log and how blobs and snapshots are encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.commands import Envelope
from contracts.errors import LogCorrupt, UnknownRecord
from contracts.events import EVENTS
from contracts.journal import Decided, Decision, Record, Source, chain
from contracts.upcasters import COMMAND_UPCASTERS, EVENT_UPCASTERS, Upcaster, upcast

_encoder = msgspec.msgpack.Encoder()
_decision_decoder = msgspec.msgpack.Decoder(Decision)
_record_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_envelope_decoder = msgspec.msgpack.Decoder(Envelope)
_positional_decoder = msgspec.msgpack.Decoder(list[Any])

pack = _encoder.encode
"""Any struct as bytes."""

_KNOWN_TAGS = {event.__struct_config__.tag for event in EVENTS}


def encode_decision(decision: Decision, nonce: bytes, previous_digest: bytes) -> tuple[bytes, bytes]:
    """The journal record of a decision and its digest, chained to the execution's previous one."""
    body = _encoder.encode(decision)
    digest = chain(previous_digest, body)
    source = decision.source
    return _encoder.encode(Decided(nonce, source.partition, source.offset, body, digest)), digest


def encode_record(record: Record) -> bytes:
    """A journal record as bytes."""
    return _encoder.encode(record)


def decode_record(content: bytes) -> Record:
    """A journal record. Raises LogCorrupt where the bytes are none."""
    try:
        return _record_decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise LogCorrupt(f"a journal record cannot be read: {error}") from None


def decode_decision(
    body: bytes,
    event_upcasters: Mapping[int, Upcaster] = EVENT_UPCASTERS,
    command_upcasters: Mapping[int, Upcaster] = COMMAND_UPCASTERS,
) -> Decision:
    """The decision in the present shape: the one choke point through which every stored event is read.

    Raises UnknownRecord where a tag or a shape is not known to this build.
    """
    try:
        return _decision_decoder.decode(body)
    except msgspec.MsgspecError as error:
        reason = str(error)
    try:
        fields = _positional_decoder.decode(body)
        fields[4] = upcast(fields[4], command_upcasters)
        fields[5] = [upcast(event, event_upcasters) for event in fields[5]]
        return msgspec.convert(fields, Decision, strict=True)
    except (msgspec.MsgspecError, IndexError, TypeError):
        raise UnknownRecord(f"a decision has a shape that this version of Refold does not know: {reason}") from None


def read_header(body: bytes) -> tuple[Source, str, int]:
    """Source, execution and first version of a decision that cannot be decoded whole."""
    try:
        fields = _positional_decoder.decode(body)
        return msgspec.convert(fields[0], Source), str(fields[1]), int(fields[2])
    except (msgspec.MsgspecError, IndexError, TypeError, ValueError) as error:
        raise LogCorrupt(f"a decision has no readable header: {error}") from None


def encode_envelope(envelope: Envelope) -> bytes:
    """A command on its way, as bytes."""
    return _encoder.encode(envelope)


def decode_envelope(content: bytes) -> Envelope:
    """A command from the `commands` topic. Raises UnknownRecord where it has no known shape."""
    try:
        return _envelope_decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise UnknownRecord(f"a command cannot be read: {error}") from None
