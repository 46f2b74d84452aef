"""Messages: what is said to a model and by it, in a form of our own that no provider's is. This is a storage format.

    {"role": "user", "parts": [{"type": "text", "text": "…"}, {"type": "file", "media_type": "image/png", "data": "…"}]}
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "helper[2]/call[0]", "name": "add", "arguments": "{\"a\": 2}"}], "by": …}
    {"role": "tool", "parts": [{"type": "tool_result", "id": "helper[2]/call[0]", "name": "add", "content": 5}]}

It is converted at the edge (`workers/running/ai/converting.py`), nowhere else. Ids of calls are made from paths: providers repeat, omit
or invent them. What a provider wants back as it was (signatures of thoughts) rides in `extras`, and goes to the provider in `by` alone.
A message is known by the hash of its bytes: who has it needs it sent no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from contracts.errors import InvalidInput, Problem

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
MESSAGES_MAX: Final = 10_000
"""So many may be sent at once."""


class _Part(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts share. `extras` is JSON of the provider's own, to be sent back as it is."""

    extras: Raw | UnsetType = UNSET


class TextPart(_Part, frozen=True, tag="text", kw_only=True):
    """Something said."""

    text: str


class ThoughtPart(_Part, frozen=True, tag="thought", kw_only=True):
    """What a model has thought, where its provider wants it back; it may be empty, and its signature in `extras`."""

    text: str = ""


class FilePart(_Part, frozen=True, tag="file", kw_only=True):
    """A file: its content in base64, or where it can be fetched. One of both."""

    media_type: str
    data: str = ""
    url: str = ""
    name: str = ""


class ToolCallPart(_Part, frozen=True, tag="tool_call", kw_only=True):
    """A model asks for a tool. `arguments` is the text as it came: whether it is JSON at all is looked at before it reaches a tool."""

    id: str
    name: str
    arguments: str


class ToolResultPart(_Part, frozen=True, tag="tool_result", kw_only=True):
    """What a tool gave for the call of that id, or why it gave nothing (`is_error`)."""

    id: str
    name: str
    content: Raw
    is_error: bool = False


Part: TypeAlias = TextPart | ThoughtPart | FilePart | ToolCallPart | ToolResultPart


class Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What one side says. `by` is the provider whose model said it: nobody else gets its `extras`."""

    role: Role
    parts: tuple[Part, ...]
    by: str = ""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Message)
_MAY_HOLD: Final[dict[Role, tuple[type, ...]]] = {
    "system": (TextPart,),
    "user": (TextPart, FilePart),
    "assistant": (TextPart, ThoughtPart, FilePart, ToolCallPart),
    "tool": (ToolResultPart,),
}
"""Which parts a message of each role may have."""


def text_message(role: Role, text: str) -> Message:
    """A message that is a text."""
    return Message(role=role, parts=(TextPart(text=text),))


def text_of(message: Message) -> str:
    """What is said in it, without thoughts."""
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def encode_message(message: Message) -> bytes:
    """Its JSON: the same message gives the same bytes."""
    return _encoder.encode(message)


def decode_message(content: bytes) -> Message:
    """The message again. Raises msgspec.ValidationError for what is none."""
    return _decoder.decode(content)


def message_key(message: Message) -> str:
    """The message's name among all: SHA-256 of its bytes, in hex."""
    return hashlib.sha256(encode_message(message)).hexdigest()


# As people write them.


def read_messages(written: Any, where: str = "messages") -> list[Message]:
    """Messages as people write them: a text for the parts (`content`) is one part. Raises InvalidInput that names each place."""
    if not isinstance(written, list) or len(written) > MESSAGES_MAX:
        raise InvalidInput([Problem(where, "messages", f"expected a list of up to {MESSAGES_MAX:,} messages", '[{"role": "user", …}]')])
    found, problems = list[Message](), list[Problem]()
    for index, one in enumerate(written):
        try:
            found.append(_read_message(one))
        except (msgspec.ValidationError, msgspec.MsgspecError, ValueError, RecursionError, TypeError) as error:
            fix = 'write {"role": "user", "content": "…"}'
            problems.append(Problem(f"{where}[{index}]", "message", f"no message: {error}"[:500], fix))
    if not problems:
        problems = [Problem(f"{where}[{index}]", "message", said, fix) for index, said, fix in unanswered(found)]
    if problems:
        raise InvalidInput(problems)
    return found


def _read_message(one: Any) -> Message:
    if isinstance(one, dict) and "content" in one and "parts" not in one:
        content = one["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        one = {name: value for name, value in one.items() if name != "content"} | {"parts": parts}
    message = _decoder.decode(_encoder.encode(one))
    for part in message.parts:
        if not isinstance(part, _MAY_HOLD[message.role]):
            raise ValueError(f"a message of role {message.role} has no part of type {part.__struct_config__.tag}")
        if isinstance(part, FilePart) and bool(part.data) == bool(part.url):
            raise ValueError("a file has its content (`data`, base64) or a `url`")
    return message


def unanswered(messages: Sequence[Message]) -> Iterator[tuple[int, str, str]]:
    """Where a call of a tool has no result before the next turn, or a result no call: providers refuse such for good."""
    waiting: dict[str, int] = {}
    for index, message in enumerate(messages):
        if message.role == "assistant" and waiting:
            break
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                waiting[part.id] = index
            elif isinstance(part, ToolResultPart) and waiting.pop(part.id, None) is None:
                yield index, f"the result {part.id!r} answers no call before it", "remove it, or add the call before it"
    for name, index in waiting.items():
        yield index, f"the call {name!r} has no result after it", "add a message of role tool with its result"
