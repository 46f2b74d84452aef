"""Asking a model once: one request on the wire, a whole answer or a failure, whatever the library would make of half of one.

The libraries' own retries are off, and the limit of time is one of the whole call: theirs is the longest gap between two pieces.
"""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import ModelResponse, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from contracts.messages import Message, ToolCallPart, encode_message
from workers.running.ai.converting import from_answer, to_sent
from workers.running.ai.estimate import estimated
from workers.running.ai.faults import fault_of, incomplete, refused
from workers.running.ai.places import key_of, url_of
from workers.running.ai.providers import PROVIDERS
from workers.running.ai.transport import SENT, Sent, client
from workers.running.ai.wire import Answer, Ask, Fault, Usage

if TYPE_CHECKING:
    import httpx2

CLIENTS_MAX: Final = 64


class Models:
    """The models that were asked, with their connections. Lives in one event loop."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], tuple[Any, httpx2.AsyncClient]] = {}
        self._busy: dict[tuple[Any, ...], int] = {}

    async def ask(self, ask: Ask, on_text: Callable[[str], None]) -> Answer | Fault:
        """The answer. Raises CancelledError where the present task is cancelled, and only there."""
        sent = Sent(ask.options.asked(), PROVIDERS[ask.provider].places, ask.strict)
        SENT.set(sent)
        began = time.monotonic()
        so_far: list[str] = []

        def heard(text: str) -> None:
            so_far.append(text)
            on_text(text)

        try:
            answer = await self._asked(ask, heard, sent, began)
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            fault = fault_of(ask, sent.refusal or error)
            status = getattr(error, "status_code", 0)
            is_free = not sent.requests or (isinstance(status, int) and 400 <= status < 500)
            answer = msgspec.structs.replace(fault, usage=None if is_free else estimated(ask.messages, "".join(so_far)))
        finally:
            await sent.close()
        return answer

    async def _asked(self, ask: Ask, heard: Callable[[str], None], sent: Sent, began: float) -> Answer | Fault:
        place = _place(ask)
        self._busy[place] = self._busy.get(place, 0) + 1
        try:
            model = await self._model(ask, place)
            response, first = await _respond(model, ask, heard)
        finally:
            self._busy[place] -= 1
        first_ms = None if first is None else round((first - began) * 1000)
        return _judged(ask, response, sent, round((time.monotonic() - began) * 1000), first_ms)

    async def _model(self, ask: Ask, place: tuple[Any, ...]) -> Any:
        if place not in self._made:
            provider = PROVIDERS[ask.provider]
            await asyncio.to_thread(provider.load)
            await self._make_room()
            if place not in self._made:  # by another call meanwhile
                connections = client(ask.checks_address)
                self._made[place] = provider.model(ask.model, connections, place[2], place[3]), connections
        return self._made[place][0]

    async def _make_room(self) -> None:
        idle = [key for key in self._made if not self._busy.get(key)]
        for key in idle[: max(0, len(self._made) - CLIENTS_MAX + 1)]:
            _, connections = self._made.pop(key)
            self._busy.pop(key, None)
            await connections.aclose()


def _place(ask: Ask) -> tuple[Any, ...]:
    """What tells one model from another: provider, name, where it is asked, by what key, whether addresses are checked."""
    url = url_of(ask.provider, ask.base_url)
    return ask.provider, ask.model, url, ask.key or key_of(ask.provider, ask.base_url), ask.checks_address


async def _respond(model: Any, ask: Ask, heard: Callable[[str], None]) -> tuple[ModelResponse, float | None]:
    """The response, and when its first text came."""
    schema = msgspec.json.decode(ask.schema)
    is_native = schema is not None and _takes_schema(model, schema)
    more = "" if schema is None or is_native else _schema_in_words(schema)
    messages = to_sent(ask.messages, ask.provider, more)
    settings, parameters = _settings(ask), _parameters(ask, schema if is_native else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not ask.stream:
            return await model_request(model, messages, model_settings=settings, model_request_parameters=parameters), None
        first: float | None = None
        async with model_request_stream(model, messages, model_settings=settings, model_request_parameters=parameters) as stream:
            async for event in stream:
                text = _text_in(event)
                if text:
                    first = first or time.monotonic()
                    heard(text)
            return stream.get(), first


def _text_in(event: Any) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
    return ""


def _settings(ask: Ask) -> ModelSettings:
    settings = ModelSettings(max_retries=0, request_timeout=ask.timeout_s, timeout=ask.timeout_s, extra_headers=dict(ask.headers))
    options = ask.options
    if options.temperature is not None:
        settings["temperature"] = options.temperature
    if options.max_tokens is not None:
        settings["max_tokens"] = options.max_tokens
    if options.seed is not None:
        settings["seed"] = options.seed
    if options.stop:
        settings["stop_sequences"] = list(options.stop)
    if ask.tools and ask.must_call:
        settings["tool_choice"] = "required"
    return settings


def _parameters(ask: Ask, schema: Any) -> ModelRequestParameters:
    tools = [
        ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=msgspec.json.decode(tool.parameters))
        for tool in ask.tools
    ]
    if schema is None:
        return ModelRequestParameters(function_tools=tools)
    wanted = OutputObjectDefinition(json_schema=schema, name="answer")
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=wanted)


def _takes_schema(model: Any, schema: Any) -> bool:
    """Whether the provider is told the schema itself: they take objects alone. Else it is told in words, and only we check."""
    return isinstance(schema, dict) and schema.get("type") == "object" and bool(model.profile.get("supports_json_schema_output", False))


def _schema_in_words(schema: Any) -> str:
    return f"Answer with JSON alone, without any other text, that matches this JSON Schema:\n{msgspec.json.encode(schema).decode()}"


# Judging what came.


def _judged(ask: Ask, response: ModelResponse, sent: Sent, took_ms: int, first_ms: int | None) -> Answer | Fault:
    message = from_answer(response.parts, ask.provider)
    usage = _usage(ask, response, message)
    verdict = _verdict(ask, response, message)
    if isinstance(verdict, Fault):
        return msgspec.structs.replace(verdict, usage=usage)
    return Answer(
        number=ask.number,
        message=message,
        model=response.model_name or ask.model,
        finish_reason=verdict,
        usage=usage,
        ignored=sent.ignored,
        took_ms=took_ms,
        first_token_ms=first_ms,
    )


def _verdict(ask: Ask, response: ModelResponse, message: Message) -> Any:
    """How it finished, or the fault that it is.

    The library fills in `stop` where a stream was cut; the provider's own word is in the details.
    """
    details = response.provider_details or {}
    if details.get("refusal"):
        return refused(ask, str(details["refusal"])[:500])
    if not details.get("finish_reason"):
        return incomplete(ask, "the answer ended without its end mark, so it may be a part of one")
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    match response.finish_reason:
        case "content_filter":
            return refused(ask, f"it ended by {details['finish_reason']}")
        case "error":
            return incomplete(ask, f"the provider ended the answer by {details['finish_reason']}")
        case "length":
            return "length"
    if ask.must_call and not calls:
        fault = incomplete(ask, "a tool was to be called, and none is")
        return msgspec.structs.replace(fault, type="ai.no_tool_call", falls_back=False)
    return "tool_call" if calls else "stop"


def _usage(ask: Ask, response: ModelResponse, message: Message) -> Usage:
    found = response.usage
    if not found.input_tokens and not found.output_tokens:
        return estimated(ask.messages, encode_message(message).decode())
    return Usage(
        input_tokens=found.input_tokens,
        output_tokens=found.output_tokens,
        cached_tokens=found.cache_read_tokens,
        cache_written_tokens=found.cache_write_tokens,
        reasoning_tokens=int((found.details or {}).get("reasoning_tokens", 0)),
        measured=not getattr(found, "unmeasured_requests", 0),
    )
