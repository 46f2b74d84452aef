"""`webhook`: fired by requests of other systems at a path of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, model_validator

from contracts.definitions import Duration, Expression, Marker, Model
from contracts.errors import ExpressionError, Problem
from contracts.triggers import TriggerDefinition
from domain.expressions import parse_duration, value
from domain.triggers.challenges import Challenge
from domain.triggers.kind import EVERY, TriggerKind
from domain.triggers.signatures import TOLERANCE_MAX_MS, Signature

PATH_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,62}(/[A-Za-z0-9][A-Za-z0-9._~-]{0,62}){0,3}$"
BODY_LIMIT: Final = 1024 * 1024
WAIT_MAX_MS: Final = 60_000
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
BODILESS: Final = (204, 205)
"""What is answered with these ends with its head; more would be read as the beginning of the next answer."""
SEES: Final = {"accepted": ("id", "workflow"), "result": ("id", "workflow", "output")}
"""What the answer of a webhook may name of `execution`."""


class Answer(Model):
    """An answer of one's own: templates see `trigger` and `execution`, after the `result` with its `output`."""

    status: int = Field(default=200, ge=200, le=299)
    body: Annotated[Any, Marker("value")] = None
    after: Literal["accepted", "result"] = "accepted"


class WebhookTrigger(TriggerKind):
    """Waits for requests."""

    name = "webhook"
    summary = "is fired by requests of other systems at a path of its own"
    gives = ("body", "headers", "query", "key")

    class Config(TriggerDefinition):
        """Where requests come, how they are proved, which are the same, and what is answered."""

        path: str = Field(pattern=PATH_PATTERN)
        methods: list[Method] = Field(default=["POST"], min_length=1)
        signature: Signature | None = None
        challenge: Challenge | None = None
        content: Literal["auto", "json", "form", "multipart", "raw"] = "auto"
        key: Expression | None = None
        answer: Literal["accepted", "result"] | Answer = "accepted"
        wait: Duration | None = None
        body_limit: int = Field(default=BODY_LIMIT, ge=1, le=16 * BODY_LIMIT)

        @model_validator(mode="after")
        def _waits(self) -> WebhookTrigger.Config:
            if self.wait is not None and not self.waits:
                raise ValueError("`wait` goes with an answer after the `result`")
            return self

        @property
        def waits(self) -> bool:
            """Whether the answer comes after the end of the execution."""
            return (self.answer if isinstance(self.answer, str) else self.answer.after) == "result"

        @property
        def wait_s(self) -> float:
            """How long an answer waits for the end."""
            return parse_duration(self.wait or "30s") / 1000 if self.waits else 0.0

    def problems(self, config: Any) -> Iterator[Problem]:
        """Times that are out of bounds, and an answer that names what there is not."""
        if config.wait is not None and not 0 < parse_duration(config.wait) <= WAIT_MAX_MS:
            yield Problem("wait", "range", f"expected at most 60s, found {config.wait}", "write `30s`, for example")
        signature = config.signature
        if signature is not None and signature.tolerance is not None and not 0 < parse_duration(signature.tolerance) <= TOLERANCE_MAX_MS:
            yield Problem("signature.tolerance", "range", f"expected at most 1d, found {signature.tolerance}", "write `5m`, for example")
        if isinstance(config.answer, Answer):
            if config.answer.status in BODILESS and config.answer.body is not None:
                said = f"an answer with {config.answer.status} has no body"
                yield Problem("answer.body", "no_body", said, "leave `body` out, or write another `status`, like 200")
            yield from _answer_problems(config.answer)

    def claims(self, config: Any) -> tuple[str, str]:
        """Its path."""
        return "path", config.path

    def expressions(self, config: Any) -> Iterator[tuple[str, str]]:
        """What makes two requests the same."""
        if config.key is not None:
            yield "key", config.key


def _answer_problems(answer: Answer) -> Iterator[Problem]:
    try:
        programs = value(answer.body).programs
        for one in programs:
            one.check({})
    except ExpressionError as error:
        yield Problem("answer.body", "expression", str(error), "correct the expression; the reference of expressions lists names")
        return
    known = {"trigger": (*EVERY, *WebhookTrigger.gives), "execution": SEES[answer.after]}
    for reference in (found for one in programs for found in one.references):
        own = known.get(reference.root)
        if own is None:
            message = f"`{reference.root}` is not known in this answer"
            yield Problem("answer.body", "name_not_here", message, "use `trigger` or `execution`")
        elif reference.path and reference.path[0] not in own:
            message = f"`{reference.root}` has no `{reference.path[0]}` in an answer after `{answer.after}`"
            yield Problem("answer.body", "unknown_name", message, f"it has {', '.join(own)}")
