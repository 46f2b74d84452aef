"""What the engine and its AI process say to each other, over its stdin and stdout: JSON, each with its length before it.

    engine ─► Ask, Call, Stop    AI process ─► Piece … Piece, then one Answer or Fault for each Ask, a Called or Fault for each Call
    engine ─► Work, Stop         RAG process ─► Piece … Piece (how far it is), then one Done or Fault for each Work

The process says nothing by itself. It ends when its stdin does, so it outlives no engine.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Raw

from contracts.messages import Message

FRAME_BYTES_MAX: Final = 256 * 1024 * 1024
LENGTH_BYTES: Final = 4
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
"""So long an MCP server's answer, or a line of it, may be."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as a model is told of it; `parameters` is the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: Raw


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said about how to answer; what was not, is the provider's own choice."""

    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()

    def asked(self) -> list[str]:
        """The names of what was said."""
        return [name for name in self.__struct_fields__ if getattr(self, name) not in (None, ())]


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """One request to one model. `key` None: the one in the environment, if the place is the provider's own."""

    number: int
    provider: str
    model: str
    messages: tuple[Message, ...]
    timeout_s: float
    options: Options = Options()
    base_url: str | None = None
    key: str | None = None
    credential: str = ""
    checks_address: bool = False
    """Whether `base_url` may lead to public addresses only."""
    schema: Raw = Raw(b"null")
    """JSON Schema of the answer, null for any text."""
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    stream: bool = True
    strict: bool = False
    """Whether options that would not be sent are a failure, before anything is sent."""
    headers: dict[str, str] = {}


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """Nobody waits for the answer any more."""

    number: int


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """More of the text."""

    number: int
    text: str


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one request: `cached` and `cache_written` are among the input, `reasoning` among the output.

    Not `measured`: the provider has not said, and it is an estimate from the lengths of the texts.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0
    measured: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """A whole answer."""

    number: int
    message: Message
    model: str
    """As the provider calls what has answered."""
    finish_reason: Literal["stop", "length", "tool_call"]
    usage: Usage
    ignored: tuple[str, ...] = ()
    """Options that were asked for and did not reach the wire."""
    took_ms: int = 0
    first_token_ms: int | None = None


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """There is no answer. `falls_back`: another model may be asked. `usage` is what the provider has done all the same."""

    number: int
    type: str
    message: str
    details: Any = None
    retryable: bool = True
    retry_after_s: float | None = None
    falls_back: bool = False
    usage: Usage | None = None


class McpServer(msgspec.Struct, frozen=True, kw_only=True):
    """An MCP server as the settings declare it: a command that starts it, or where it is."""

    name: str
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    checks_address: bool = False
    """Whether `url` may lead to public addresses only."""


class Call(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """One call of a tool of an MCP server; without `tool` the tools that it has."""

    number: int
    server: McpServer
    timeout_s: float
    tool: str = ""
    arguments: Raw = Raw(b"{}")


class Called(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """What a server has said: `{content, value, is_error}`, or `{tools: [{name, description, parameters}]}`."""

    number: int
    content: Raw


class Work(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """Something to be done with documents: what (`workers/running/rag/works.py`), and with what."""

    number: int
    name: str
    given: Raw
    timeout_s: float


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=True):
    """What has come of it."""

    number: int
    content: Raw


Asked: TypeAlias = Ask | Call | Work | Stop
Said: TypeAlias = Piece | Answer | Called | Done | Fault

_encode: Final = msgspec.json.Encoder().encode
read_asked: Final = msgspec.json.Decoder(Asked).decode
read_said: Final = msgspec.json.Decoder(Said).decode


def frame(said: Asked | Said) -> bytes:
    """What is written to say it."""
    content = _encode(said)
    if len(content) > FRAME_BYTES_MAX:
        raise ValueError(f"{len(content):,} bytes are more than one request may have ({FRAME_BYTES_MAX:,})")
    return len(content).to_bytes(LENGTH_BYTES, "big") + content
