"""Dead letters as they are shown: what they hold, as far as it can be read, what became of them, and what sending them again means."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from contracts.codec import decode_envelope
from contracts.commands import Envelope
from contracts.dead_letter import DeadLetter, LetterAct
from contracts.errors import InvalidInput, UnknownRecord
from contracts.times import rfc3339
from contracts.value_check import check
from contracts.values import decode

State: TypeAlias = Literal["open", "sending", "sent", "dropped"]
STATES: Final[tuple[State, ...]] = ("open", "sending", "sent", "dropped")
SENDING_MS: Final = 60_000
"""After so long one that is being sent may be taken up by somebody else: whoever began has died."""
SHOWN_BYTES_MAX: Final = 4_096
"""A list shows the content of a letter up to this size; a longer one is shown alone."""
RECORDS: Final = ("commands", "activities")
"""The topics that take any record: what is not for them becomes a dead letter once more."""

_LAST_MS: Final = 253_402_300_799_999
_ORIGIN: Final = re.compile(r"([\w.-]+)/(\d{1,9})@(\d{1,18})", re.ASCII)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Letter(NamedTuple):
    """A dead letter, by its offset, and what was done about it, the first act first."""

    number: int
    letter: DeadLetter
    acts: tuple[LetterAct, ...] = ()

    @property
    def state(self) -> State:
        """What became of it: one that could not be sent is open again."""
        last = self.acts[-1].act if self.acts else "failed"
        return "open" if last == "failed" else last  # type: ignore[return-value]  # an act of a newer version shows its own name


class Again(NamedTuple):
    """What sending a letter again is: a command that is given, or a record that goes into a topic; or why neither can be."""

    says: str
    envelope: Envelope | None = None
    topic: str = ""
    partition: int = 0

    @property
    def is_possible(self) -> bool:
        """Whether it can be sent at all."""
        return self.envelope is not None or bool(self.topic)


def topic_of(letter: DeadLetter) -> str:
    """The topic that it comes from; empty for a message that never was in one."""
    found = _ORIGIN.fullmatch(letter.origin)
    return found[1] if found is not None else ""


def again(letter: DeadLetter, content_bytes_max: int) -> Again:
    """What it means to send a letter again; content of so many bytes was cut."""
    content = letter.content
    envelope = _envelope(content)
    if envelope is not None:
        name, execution = type(envelope.command).__name__, envelope.execution
        says = f"{name} is given to execution {execution}, and decided as if it came now; what it has done already it does not do twice"
        return Again(says, envelope)
    found = _ORIGIN.fullmatch(letter.origin)
    topic = found[1] if found is not None else ""
    if topic.partition(".")[0] not in RECORDS or found is None:
        where = f"{topic} is written by the engine alone" if topic else f"it is no command, and {letter.origin or 'its origin'} is no topic"
        return Again(f"it cannot be sent again: {where}; drop it, with a reason")
    if len(content) >= content_bytes_max:
        return Again(f"it cannot be sent again: it was longer than a dead letter can be, and was cut to {len(content):,} bytes")
    return Again(
        f"the record is appended to {topic}, partition {found[2]}, as it is; whoever cannot read it there buries it as a new dead letter",
        topic=topic, partition=int(found[2]),
    )  # fmt: skip


def letter_value(letter: Letter, content_bytes_max: int, is_whole: bool = True) -> dict[str, Any]:
    """A letter as JSON shows it; in a list without content that is long."""
    found, meaning = letter.letter, again(letter.letter, content_bytes_max)
    is_shown = is_whole or len(found.content) <= SHOWN_BYTES_MAX
    form, content = readable(found.content) if is_shown else ("", None)
    return {
        "letter": letter.number,
        "state": letter.state,
        "reason": found.reason,
        "origin": found.origin,
        "topic": topic_of(found) or None,
        "recorded_at": time_of(found.recorded_at),
        "size": len(found.content),
        "form": form or None,
        "content": content,
        "can_be_sent": meaning.is_possible,
        "sending": meaning.says,
        "acts": [_act_value(act) for act in letter.acts],
    }


def _act_value(act: LetterAct) -> dict[str, Any]:
    told = {"act": act.act, "at": time_of(act.recorded_at), "actor": act.actor or None}
    return {**told, "correlation_id": act.correlation or None, "reason": act.reason}


def time_of(time_ms: int) -> str:
    """Of what anybody may have written, a time that there is."""
    return rfc3339(min(max(0, time_ms), _LAST_MS))


# What is in it.


def readable(content: bytes) -> tuple[str, Any]:
    """The content as a JSON value, and how it is to be understood: a `command`, `json`, `text`, or else `base64` of the bytes."""
    envelope = _envelope(content)
    if envelope is not None:
        command = envelope.command
        return "command", {"command": type(command).__name__, "execution_id": envelope.execution, "fields": _fields(command)}
    if content.lstrip()[:1] in (b"{", b"["):
        value = _json(content)
        if value is not None:
            return "json", value
    return _text(content)


def _envelope(content: bytes) -> Envelope | None:
    try:
        return decode_envelope(content)
    except (UnknownRecord, RecursionError):
        return None


def _json(content: bytes) -> Any:
    """The value; None where it is none, or holds what JSON has no words for."""
    try:
        return decode(check(content))
    except InvalidInput:
        return None


def _text(content: bytes) -> tuple[str, str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    return ("base64", b64encode(content).decode()) if _CONTROLS.search(text) else ("text", text)


def _fields(value: Any) -> Any:
    """A command as plain values; bytes are most often JSON."""
    if isinstance(value, msgspec.Struct):
        return {name: _fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, bytes):
        found = _json(value)
        return _text(value)[1] if found is None and value != b"null" else found
    if isinstance(value, list | tuple):
        return [_fields(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _fields(item) for key, item in value.items()}
    return value
