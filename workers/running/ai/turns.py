"""A model call of an agent: what was said so far becomes messages, and the answer has the tools that the model asks for.

    {"agent": {config}} and {"tools", "turns"} ─► messages, tools ─► {"message", "value", "model", "finish_reason", "usage", "calls", …}

Models that know no tools are told of them in words, and answer by JSON that a schema holds them to (`tool_mode: schema`): a call of one
tool, or the answer. With `auto` that is done where a provider says that a model takes none, and from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from msgspec import Raw

from contracts.messages import Message, Part, TextPart, ToolCallPart, ToolResultPart, decode_message, encode_message, text_message
from contracts.values import encode
from workers.running.ai.conversation import Conversation, Wanted
from workers.running.ai.wire import Answer, Fault, Tool

NONE: Final = "none"
"""In place of the name of a tool: the model has its answer."""
_TAKES_NONE: Final = ("does not support tools", "does not support tool", "tools is not supported", "tool use is not supported")


@dataclass(frozen=True, kw_only=True)
class Turns:
    """What an agent's model call is made of."""

    path: str
    mode: str
    tools: Sequence[Mapping[str, Any]]
    turns: Sequence[Mapping[str, Any]]
    is_to_call: bool = False
    """Whether a tool is to be called before there is an answer: what another turn follows on has called one."""

    @property
    def must_call(self) -> bool:
        """Whether this answer has to."""
        return self.is_to_call and not self.turns and bool(self.tools)

    @property
    def call_place(self) -> str:
        """The path of the calls of the answer, without their number."""
        return f"{self.path.rpartition('/')[0]}/call"

    @property
    def last(self) -> Mapping[str, Any]:
        """The answer before; empty where there is none."""
        return self.turns[-1]["answer"] if self.turns else {}

    def models(self, chain: Sequence[str]) -> Sequence[str]:
        """Who is asked in turn: whoever has answered before goes first, and none of those before it are asked again."""
        before = self.last.get("model")
        return chain[chain.index(before) :] if before in chain else chain

    def messages(self) -> list[Message]:
        """What was said after the first messages."""
        found = list[Message]()
        for turn in self.turns:
            message = decode_message(encode(turn["answer"]["message"]))
            found.append(message)
            results = zip(_calls(message), turn["results"], strict=True)
            found.append(Message(role="tool", parts=tuple(_result(call, given) for call, given in results)))
        return found


def _calls(message: Message) -> Iterator[ToolCallPart]:
    return (part for part in message.parts if isinstance(part, ToolCallPart))


def _result(call: ToolCallPart, given: Mapping[str, Any]) -> ToolResultPart:
    is_error = "error" in given
    content = Raw(encode(given["error"] if is_error else given.get("ok")))
    return ToolResultPart(id=call.id, name=call.name, content=content, is_error=is_error)


class TurnConversation(Conversation):
    """One attempt of a model call of an agent."""

    def __init__(self, process: Any, context: Any, wanted: Wanted, checks_address: bool, turns: Turns) -> None:
        self._turns = turns
        self._first = wanted
        before = turns.last.get("tool_mode")
        self._mode = turns.mode if turns.mode != "auto" or before is None else before
        super().__init__(process, context, self._in_schema() if self._mode == "schema" else self._native(), checks_address)

    def _native(self) -> Wanted:
        first, told = self._first, tuple(map(_tool, self._turns.tools))
        messages = [*first.messages, *self._turns.messages()]
        return replace(first, models=self._turns.models(first.models), messages=messages, tools=told, must_call=self._turns.must_call)

    def _in_schema(self) -> Wanted:
        first, tools = self._first, self._turns.tools
        words = text_message("system", _in_words(tools))
        said = [_plain(message) for message in self._turns.messages()]
        schema = _choice([one["name"] for one in tools], first.schema, self._turns.must_call)
        return replace(first, models=self._turns.models(first.models), messages=[*first.messages, words, *said], schema=schema)

    def _with(self, provider: str, model: str) -> dict[str, Any] | Fault:
        found = super()._with(provider, model)
        if isinstance(found, Fault) and self._mode == "auto" and self._wanted.tools and _takes_no_tools(found):
            self._mode, self._wanted = "schema", self._in_schema()
            found = super()._with(provider, model)
        if isinstance(found, Fault) and found.type == "ai.output_invalid" and self._mode == "schema" and self._turns.must_call:
            message = f"a tool was to be called, and none is: {found.message}"
            return msgspec.structs.replace(found, type="ai.no_tool_call", message=message, retryable=True)
        return found

    def _outcome(self, answer: Answer, text: str, value: Any) -> dict[str, Any]:
        """The answer without its text, which stands in the message."""
        found = super()._outcome(answer, text, value)
        del found["text"]
        message = answer.message
        if self._mode == "schema":
            message, found["value"] = _from_choice(message, value, self._first.schema is not None)
            found["tool_mode"] = "schema"
        parts, calls = list[Part](), 0
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                part = msgspec.structs.replace(part, id=f"{self._turns.call_place}[{calls}]")
                calls += 1
            parts.append(part)
        if calls:
            found["finish_reason"] = "tool_call"
        named = msgspec.structs.replace(message, parts=tuple(parts))
        return {"message": msgspec.json.decode(encode_message(named)), **found}


def _tool(one: Mapping[str, Any]) -> Tool:
    return Tool(name=one["name"], description=one["description"], parameters=Raw(encode(one["parameters"])))


def _takes_no_tools(fault: Fault) -> bool:
    return fault.type.startswith("http.4") and any(words in fault.message.lower() for words in _TAKES_NONE)


# Calls as JSON that a schema holds to.


def _in_words(tools: Sequence[Mapping[str, Any]]) -> str:
    lines = "\n".join(f"- {one['name']}: {one['description']} Arguments: {encode(one['parameters']).decode()}" for one in tools)
    return (
        f"You can use these tools, one at a time:\n{lines}\n"
        f'Answer with JSON alone: {{"tool": NAME, "arguments": {{…}}}} to use one, or {{"tool": "{NONE}", "answer": …}} when you are done.'
    )


def _choice(names: Sequence[str], schema: Any, must_call: bool) -> dict[str, Any]:
    """A call of one tool, or the answer, which is not left out."""
    call = {"type": "object", "properties": {"tool": {"enum": list(names)}, "arguments": {"type": "object"}}, "required": ["tool"]}
    if must_call:
        return call
    answer = {"type": "string"} if schema is None else schema
    done = {"type": "object", "properties": {"tool": {"enum": [NONE]}, "answer": answer}, "required": ["tool", "answer"]}
    return {"type": "object", "anyOf": [call, done]}


def _from_choice(message: Message, value: Any, is_structured: bool) -> tuple[Message, Any]:
    """The message as it would be of a model that knows tools, and the value of an answer that was to match a schema."""
    if value["tool"] != NONE:
        arguments = encode(value.get("arguments", {})).decode()
        return msgspec.structs.replace(message, parts=(ToolCallPart(id="", name=value["tool"], arguments=arguments),)), None
    answer = value["answer"]
    text = answer if isinstance(answer, str) else encode(answer).decode()
    return msgspec.structs.replace(message, parts=(TextPart(text=text),)), answer if is_structured else None


def _plain(message: Message) -> Message:
    """The message for a model that knows no tools: its calls as the JSON that it wrote, their results as what it is told."""
    if message.role == "assistant":
        texts = [f'{{"tool":{encode(call.name).decode()},"arguments":{call.arguments}}}' for call in _calls(message)]
        return message if not texts else text_message("assistant", "\n".join(texts))
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    said = (f"{part.name} {'failed' if part.is_error else 'gave'}: {bytes(part.content).decode()}" for part in results)
    return text_message("user", "\n".join(said))
