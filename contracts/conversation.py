"""What a model call of an agent is given: the turns so far, put together from what was recorded. It is derived, and stored nowhere.

    {"tools": [{name, description, parameters}, …], "turns": [{"answer": {"message": …, …}, "results": [{"ok": 5}, {"error": …}]}, …]}

Where MCP servers are among the tools, what each has listed stands beside them, with the tools that are `wanted`:
`"servers": [{"name": "docs", "list": {"tools": […]}}]`.

Where a value is a blob, its name stands in its place under another key (`answer_blob`, `ok_blob`, `list_blob`), until whoever hands the
call out, or runs it, puts it in (`whole`). What a tool gives can say nothing of the kind: it stands a level further in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from contracts.errors import InvalidInput
from contracts.values import decode, encode, is_reference

MODEL_KIND: Final = "llm"
"""The kind of activity that a model call of an agent is."""
CALLS_MAX: Final = 64
"""So many tools may be called in one answer of a model."""


class Call(NamedTuple):
    """A tool that a model asks for: by which name, and with which arguments, as it wrote them."""

    name: str
    arguments: str


class _Part(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    name: str = ""
    arguments: str = ""


class _Message(msgspec.Struct, frozen=True):
    parts: tuple[_Part, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    message: _Message = _Message()


_read: Final = msgspec.json.Decoder(_Answer).decode


@lru_cache(maxsize=256)
def calls_in(answer: bytes) -> tuple[Call, ...]:
    """The tools that an answer asks for, in its order; none where it is no answer of a model, or a blob."""
    if is_reference(answer):
        return ()
    try:
        parts = _read(answer).message.parts
    except msgspec.MsgspecError:
        return ()
    return tuple(Call(part.name, part.arguments) for part in parts if part.type == "tool_call")


def arguments_of(call: Call) -> bytes:
    """The arguments as JSON. Raises InvalidInput for what is none."""
    return encode(decode(call.arguments.strip().encode("utf-8", "surrogatepass") or b"{}"))


def given_by(answer: bytes, index: int) -> bytes | None:
    """The arguments of a call that was found readable when it was decided to run it; None where they do not stand in the answer itself."""
    calls = calls_in(answer)
    if index >= len(calls):
        return None
    try:
        return arguments_of(calls[index])
    except InvalidInput:
        return None


class Result(NamedTuple):
    """What a call came to: a value, or the failure that the model is told."""

    ok: bool
    value: bytes


class Servers(NamedTuple):
    """The MCP servers among an agent's tools: the name of each node, with what that has listed; and which tools are wanted (None: all)."""

    lists: tuple[tuple[str, bytes], ...]
    wanted: tuple[str, ...] | None = None


class _Given(msgspec.Struct, frozen=True, omit_defaults=True):
    ok: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    ok_blob: str | UnsetType = UNSET


class _Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    answer: Raw | UnsetType = UNSET
    results: list[_Given] | UnsetType = UNSET
    answer_blob: str | UnsetType = UNSET


class _Server(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    list: Raw | UnsetType = UNSET
    list_blob: str | UnsetType = UNSET


class _Whole(msgspec.Struct, frozen=True, omit_defaults=True):
    tools: Raw
    turns: list[_Turn]
    servers: list[_Server] | UnsetType = UNSET
    wanted: Raw | UnsetType = UNSET


_whole: Final = msgspec.json.Decoder(_Whole).decode


def conversation(tools: bytes, turns: Iterable[tuple[bytes, Iterable[tuple[bool, bytes]]]], servers: Servers | None = None) -> bytes:
    """The whole as JSON, blobs by their names."""
    written = (b'{%s,"results":[%s]}' % (_placed(b"answer", answer), b",".join(map(_result, results))) for answer, results in turns)
    if servers is None:
        return b'{"tools":%s,"turns":[%s]}' % (tools, b",".join(written))
    lists = b",".join(b'{"name":%s,%s}' % (encode(name), _placed(b"list", content)) for name, content in servers.lists)
    return b'{"tools":%s,"servers":[%s],"wanted":%s,"turns":[%s]}' % (tools, lists, encode(servers.wanted), b",".join(written))


def _result(result: tuple[bool, bytes]) -> bytes:
    return b"{%s}" % _placed(b"ok" if result[0] else b"error", result[1])


def _placed(key: bytes, value: bytes) -> bytes:
    return b'"%s_blob":"%s"' % (key, value) if is_reference(value) else b'"%s":%s' % (key, value)


def whole(given: bytes, load: Callable[[bytes], bytes]) -> bytes:
    """The same with the blobs put in; what is given to another model call is left as it is. Raises what `load` does."""
    if b'_blob":"@' not in given:
        return given
    try:
        read = _whole(given)
    except msgspec.MsgspecError:
        return given

    def put_in(said: Raw | UnsetType, blob: str | UnsetType) -> Raw | UnsetType:
        return said if blob is UNSET else Raw(load(blob.encode()))

    turns = [
        _Turn(put_in(turn.answer, turn.answer_blob), [_Given(put_in(one.ok, one.ok_blob), one.error) for one in turn.results or ()])
        for turn in read.turns
    ]
    servers = UNSET if read.servers is UNSET else [_Server(one.name, put_in(one.list, one.list_blob)) for one in read.servers]
    return encode(_Whole(read.tools, turns, servers, read.wanted))
