"""A conversation that ends with one answer: whom it asks in turn, and what it says back to JSON that does not fit.

    for each model of the chain:  ask ─► does it fit the schema? ─► what does not is said back, `repair` times
         └─ overloaded, limited, late, cut off ─► the next model

Each request is noted: what was asked of a provider is known, also where the whole failed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Raw

from contracts.errors import InvalidInput, NoCredential, Problem
from contracts.messages import Message, text_message, text_of
from contracts.models import split_model
from contracts.ports.activities import ActivityContext
from contracts.ports.credentials import Secret
from contracts.values import decode, encode
from domain.definition.input_schema import check
from workers.running.activity_error import ActivityError
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import Answer, Ask, Fault, Options, Tool, Usage

PROBLEMS_SAID: Final = 10
"""So many problems are said back at a time."""
TEXT_SHOWN_MAX: Final = 2_000
_FENCED: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*?)\n?```\s*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked, and of whom."""

    models: Sequence[str]
    messages: Sequence[Message]
    schema: Any = None
    repair: int = 1
    options: Options = field(default_factory=Options)
    stream: bool = True
    shows: bool = True
    """Whether who looks on may see the text as it comes."""
    strict: bool = False
    timeout_s: float = 300.0
    credential: str | None = None
    base_url: str | None = None
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    """Whether an answer without a call of a tool is a failure."""


class Conversation:
    """One attempt of a node that asks a model."""

    def __init__(self, process: AiProcess, context: ActivityContext, wanted: Wanted, checks_address: bool) -> None:
        self._process, self._context, self._wanted = process, context, wanted
        self._checks_address = checks_address and wanted.base_url is not None
        self._secret: Secret | None = None
        self._calls: list[dict[str, Any]] = []
        self._usage = Usage(measured=True)

    def outcome(self) -> dict[str, Any]:
        """The answer. Raises ActivityError with what was asked in its details, Cancelled."""
        models = [split_model(name) for name in self._wanted.models]
        self._secret = self._opened()
        for left in range(len(models) - 1, -1, -1):
            provider, model = models[len(models) - 1 - left]
            found = self._with(provider, model)
            if not isinstance(found, Fault):
                return found
            if not (found.falls_back and left):
                raise self._failure(found)
        raise AssertionError("a chain has a model")

    def _with(self, provider: str, model: str) -> dict[str, Any] | Fault:
        """The answer of one model, or why there is none."""
        wanted, said = self._wanted, list[Message]()
        for left in range(wanted.repair, -1, -1):
            answer = self._ask(provider, model, said)
            if isinstance(answer, Fault):
                return answer
            text = text_of(answer.message)
            if wanted.schema is None or answer.finish_reason == "tool_call":
                return self._outcome(answer, text, None)
            value, problems = fitting(wanted.schema, text)
            if not problems:
                return self._outcome(answer, text, value)
            if answer.finish_reason == "length":
                problems.insert(0, Problem("", "too_long", "the answer was cut off at `max_tokens`"))
            if not left:
                return _unfit(answer, f"{provider}:{model}", text, problems)
            said = [answer.message, text_message("user", feedback(problems))]
        raise AssertionError("the last one is judged")

    def _ask(self, provider: str, model: str, said: Sequence[Message]) -> Answer | Fault:
        """Ask what is wanted; `said` is an answer that did not match, and what is wrong with it."""
        wanted, context = self._wanted, self._context
        ask = Ask(
            number=0,
            provider=provider,
            model=model,
            messages=(*wanted.messages, *said),
            timeout_s=wanted.timeout_s,
            options=wanted.options,
            base_url=wanted.base_url,
            key=None if self._secret is None else key_in(self._secret, wanted.credential or "", provider),
            credential=wanted.credential or "",
            checks_address=self._checks_address,
            schema=Raw(encode(wanted.schema)),
            tools=wanted.tools,
            must_call=wanted.must_call,
            stream=wanted.stream,
            strict=wanted.strict,
            headers={"traceparent": context.traceparent, "idempotency-key": f"{context.idempotency_key}/{len(self._calls)}"},
        )
        pieces = 0

        def heard(text: str) -> None:
            nonlocal pieces
            pieces += 1
            if wanted.shows:
                context.say(text, is_new=pieces == 1)

        answer = self._process.ask(context, ask, heard, is_repair=bool(said))
        self._note(f"{provider}:{model}", answer)
        return answer

    def _note(self, model: str, answer: Answer | Fault) -> None:
        usage = answer.usage
        call: dict[str, Any] = {"model": model}
        if isinstance(answer, Answer):
            call |= {"finish_reason": answer.finish_reason, "took_ms": answer.took_ms, "first_token_ms": answer.first_token_ms}
        else:
            call |= {"error": answer.type}
        self._calls.append({**call, "usage": None if usage is None else msgspec.to_builtins(usage)})
        if usage is not None:
            self._usage = added(self._usage, usage)

    def _outcome(self, answer: Answer, text: str, value: Any) -> dict[str, Any]:
        return {
            "text": text,
            "value": value,
            "model": self._calls[-1]["model"],
            "answered_by": answer.model,
            "finish_reason": answer.finish_reason,
            "usage": msgspec.to_builtins(self._usage),
            "ignored_settings": list(answer.ignored),
            "calls": self._calls,
        }

    def _opened(self) -> Secret | None:
        name = self._wanted.credential
        if name is None:
            return None
        try:
            return self._context.credential(name)
        except NoCredential as error:
            details = {"credential": name}
            raise ActivityError("ai.auth", f"credential `{name}`: {error.why}", details=details, retryable=error.retryable) from None

    def _failure(self, fault: Fault) -> ActivityError:
        details = fault.details if isinstance(fault.details, dict) else {}
        details = {**details, "calls": self._calls, "usage": msgspec.to_builtins(self._usage)}
        if fault.retry_after_s is not None:
            details["retry_after"] = fault.retry_after_s
        return ActivityError(fault.type, fault.message, details=details, retryable=fault.retryable, retry_after_s=fault.retry_after_s)


def key_in(secret: Secret, name: str, provider: str) -> str:
    """The key that a credential has for a provider. Raises ActivityError `ai.auth` for one that has none."""
    values = secret.values
    found = {"bearer": values.get("token"), "oauth2": values.get("token"), "header": values.get("value")}.get(secret.kind)
    if secret.kind == "values":
        found = values.get(provider) or values.get("key") or values.get("token")
    if not found:
        message = f"credential `{name}` has no key for {provider}: it is to be of kind bearer, or of kind values with `{provider}` or `key`"
        raise ActivityError("ai.auth", message, details={"credential": name, "provider": provider}, retryable=False)
    return found


def fitting(schema: Any, text: str) -> tuple[Any, list[Problem]]:
    """The JSON in an answer, and where it does not match."""
    fenced = _FENCED.fullmatch(text)
    try:
        value = decode((fenced[1] if fenced else text).strip().encode())
    except (InvalidInput, UnicodeError) as error:
        return None, [Problem("", "json", f"the answer is not JSON alone: {error}"[:300])]
    try:
        check(schema, value, len(text))
    except InvalidInput as error:
        return None, list(error.problems)
    return value, []


def feedback(problems: Sequence[Problem]) -> str:
    """What is said back."""
    lines = "\n".join(f"- {one.path or '(the whole)'}: {one.message}" for one in problems[:PROBLEMS_SAID])
    return f"Your answer does not match the JSON Schema:\n{lines}\nAnswer again with the corrected JSON alone."


def _unfit(answer: Answer, model: str, text: str, problems: Sequence[Problem]) -> Fault:
    told = [{"pointer": one.path, "message": one.message} for one in problems[:PROBLEMS_SAID]]
    said = "; ".join(f"{one.path or '(the whole)'}: {one.message}" for one in problems[:3])
    details = {"model": model, "problems": told, "text": text[:TEXT_SHOWN_MAX]}
    return Fault(number=answer.number, type="ai.output_invalid", message=f"{model} gave no JSON that matches: {said}", details=details)


def added(one: Usage, other: Usage) -> Usage:
    """Both together."""
    counts = {name: getattr(one, name) + getattr(other, name) for name in Usage.__struct_fields__ if name != "measured"}
    return Usage(**counts, measured=one.measured and other.measured)
