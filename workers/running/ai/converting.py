"""Messages between our form (`contracts/messages.py`) and that of the library: the one place where both are known."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw
from pydantic_ai import messages as theirs

from contracts import messages as ours
from contracts.values import decode
from workers.running.activity_error import ActivityError

_EXTRAS: Final = ("id", "signature", "provider_name", "provider_details")
_encode: Final = msgspec.json.Encoder(enc_hook=str).encode


def sent_id(id_: str) -> str:
    """A call's id as providers take it, who know no paths: short, letters and digits alone, the same for the same."""
    return "call_" + hashlib.sha256(id_.encode()).hexdigest()[:24]


# To the provider.


def to_sent(messages: Sequence[ours.Message], provider: str, more_system: str = "") -> list[theirs.ModelMessage]:
    """What is handed to the library. Requests that follow each other are one: some providers want turns to alternate."""
    found: list[theirs.ModelMessage] = []
    parts: list[Any] = [theirs.SystemPromptPart(content=more_system)] if more_system else []
    for message in messages:
        if message.role == "assistant":
            if parts:
                found.append(theirs.ModelRequest(parts=parts))
                parts = []
            found.append(theirs.ModelResponse(parts=list(_said(message, provider)), provider_name=message.by or None))
        else:
            parts.extend(_asked(message))
    if parts:
        found.append(theirs.ModelRequest(parts=parts))
    return found


def _asked(message: ours.Message) -> Iterator[Any]:
    if message.role == "system":
        yield theirs.SystemPromptPart(content=ours.text_of(message))
        return
    content: list[Any] = []
    for part in message.parts:
        match part:
            case ours.TextPart():
                content.append(part.text)
            case ours.FilePart():
                content.append(_file(part))
            case ours.ToolResultPart():
                outcome: Any = "failed" if part.is_error else "success"
                yield theirs.ToolReturnPart(
                    tool_name=part.name, content=decode(bytes(part.content)), tool_call_id=sent_id(part.id), outcome=outcome
                )
            case _:
                raise AssertionError(f"a message of role {message.role} holds no {type(part).__name__}")
    if content:
        alone = len(content) == 1 and isinstance(content[0], str)
        yield theirs.UserPromptPart(content=content[0] if alone else content)


def _file(part: ours.FilePart) -> Any:
    if part.data:
        try:
            return theirs.BinaryContent(data=base64.b64decode(part.data, validate=True), media_type=part.media_type)
        except (binascii.Error, ValueError):
            raise ActivityError("input.invalid", f"the file {part.name or part.media_type}: `data` is no base64", retryable=False) from None
    kinds = {"image": theirs.ImageUrl, "audio": theirs.AudioUrl, "video": theirs.VideoUrl}
    return kinds.get(part.media_type.partition("/")[0], theirs.DocumentUrl)(url=part.url, media_type=part.media_type)


def _said(message: ours.Message, provider: str) -> Iterator[Any]:
    for part in message.parts:
        extras = _extras(part, message.by == provider)
        match part:
            case ours.TextPart():
                yield theirs.TextPart(content=part.text, **extras)
            case ours.ThoughtPart():
                if extras:  # of another provider it means nothing here
                    yield theirs.ThinkingPart(content=part.text, **extras)
            case ours.ToolCallPart():
                yield theirs.ToolCallPart(tool_name=part.name, args=part.arguments, tool_call_id=sent_id(part.id), **extras)
            case ours.FilePart():
                yield theirs.FilePart(content=_file(part), **extras)
            case ours.ToolResultPart():
                raise AssertionError("a model gives no results of tools")


def _extras(part: ours.Part, is_theirs: bool) -> dict[str, Any]:
    if not is_theirs or part.extras is UNSET:
        return {}
    given = msgspec.json.decode(part.extras)
    return {name: given[name] for name in _EXTRAS if name in given}


# And back.


def from_answer(parts: Iterable[Any], provider: str) -> ours.Message:
    """What a model has said. A call has the id that its provider gave it: the engine gives it one of its own."""
    return ours.Message(role="assistant", parts=tuple(_parts(parts)), by=provider)


def _parts(parts: Iterable[Any]) -> Iterator[ours.Part]:
    for part in parts:
        extras = _kept(part)
        match part:
            case theirs.TextPart():
                if part.content or extras is not UNSET:
                    yield ours.TextPart(text=part.content, extras=extras)
            case theirs.ThinkingPart():
                yield ours.ThoughtPart(text=part.content, extras=extras)
            case theirs.ToolCallPart():
                yield ours.ToolCallPart(id=part.tool_call_id, name=part.tool_name, arguments=_arguments(part.args), extras=extras)
            case theirs.FilePart():
                data = base64.b64encode(part.content.data).decode()
                yield ours.FilePart(media_type=part.content.media_type, data=data, extras=extras)
            case _:  # what a provider's own tools do by themselves: none are offered
                continue


def _kept(part: Any) -> Any:
    found = {name: value for name in _EXTRAS if (value := getattr(part, name, None)) is not None}
    if set(found) <= {"provider_name"}:
        return UNSET
    return Raw(_encode(found))


def _arguments(args: Any) -> str:
    """As it came where it is a text, whatever it says: whether it is JSON is found out before it reaches a tool."""
    if isinstance(args, str):
        return args or "{}"
    return json.dumps({} if args is None else args, ensure_ascii=False)
