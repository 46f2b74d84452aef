"""Operations about expressions: what there is to write them with, and what one would give on what an execution has recorded."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.operations.executions import VERSION_MAX
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.resources import misfit
from api.service import Service
from domain.expressions import SOURCE_CHARS_MAX
from domain.expressions.signatures import signatures
from projections.preview import SHOWN_BYTES_MAX, Asked, Given

ASKED_MAX: Final = 50
"""So many may be asked about at once."""
TEXT_CHARS_MAX: Final = 4 * SOURCE_CHARS_MAX
"""So long a text with templates may be."""


class ExpressionFunction(BaseModel):
    """A function, or what stands behind a dot."""

    name: str
    is_method: bool = Field(description="whether it stands behind the dot of its first argument")
    takes: list[str] = Field(description="kinds: a `?` marks what may be left out, `…` what may come again")
    gives: str = Field(description="the kind of what it gives")
    written: str = Field(description="how it is called", examples=["string.indexOf(string, int?)"])
    says: str
    group: str


class ExpressionFunctions(BaseModel):
    """All there are, by group."""

    functions: list[ExpressionFunction]


class ExpressionRequest(BaseModel):
    """What is asked: an expression without braces, or a text with templates."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["expression", "template"] = "expression"
    text: str = Field(max_length=TEXT_CHARS_MAX)


_EXAMPLE: Final[dict[str, Any]] = {
    "execution": "order-1",
    "node": "charge",
    "expressions": [{"kind": "expression", "text": "input.amount > 100"}, {"kind": "template", "text": "for {{ input.order_id }}"}],
}


class EvaluateRequest(BaseModel):
    """Expressions, and where they are asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    execution: str = Field(min_length=1, max_length=200, description="whose recorded values they see")
    node: str = Field(default="", max_length=2_000, description="`each[]/charge`: its last run; `each[3]/charge`: this one")
    at: int | None = Field(default=None, ge=1, le=VERSION_MAX, description="nothing behind this event counts")
    ended: bool = Field(default=False, description="as the edges of the node see it, with what it gave, instead of as it began")
    expressions: list[ExpressionRequest] = Field(min_length=1, max_length=ASKED_MAX)


class Evaluated(BaseModel):
    """What one gave."""

    value: Any = Field(description="null also where there is none")
    bytes: int = Field(description="how long it is as JSON")
    beginning: str | None = Field(description=f"of what is longer than {SHOWN_BYTES_MAX:,} bytes, which stands in place of the value")
    error: str | None = Field(description="why it gave nothing; it names the part of the expression")


class Evaluation(BaseModel):
    """What all gave, in their order, and where they were asked."""

    at: int = Field(description="after which event")
    path: str | None = Field(description="the run of the node; null where it has not run: then the end of its body was looked at")
    results: list[Evaluated]
    position: int


async def list_functions() -> Reply:
    """The functions and methods that expressions may call, with their signatures."""
    return Reply({
        "functions": [
            {
                "name": one.name, "is_method": one.is_method, "takes": one.takes, "gives": one.gives, "written": one.written,
                "says": one.says, "group": one.group,
            }
            for one in signatures()
        ]
    })  # fmt: skip


async def evaluate_expressions(service: Service, body: Body) -> Reply:
    """What expressions would give on what an execution has recorded, as it was when a node began, or had ended."""
    try:
        asked = EvaluateRequest.model_validate_json(body.json() or b"{}")
    except ValidationError as error:
        raise misfit(error) from None
    wanted = [Asked(one.text, one.kind == "template") for one in asked.expressions]
    found = await service.preview(asked.execution, asked.node, asked.at, wanted, asked.ended)
    there = service.projected_of(asked.execution)
    shown = {
        "at": found.standpoint.version,
        "path": found.standpoint.path,
        "results": [_shown(one) for one in found.given],
        "position": there,
    }
    return Reply(shown, there)


def _shown(given: Given) -> dict[str, Any]:
    value = None if given.value is None else msgspec.Raw(given.value)
    return {"value": value, "bytes": given.size, "beginning": given.beginning, "error": given.error}


EXPRESSIONS: Final = (
    Operation(
        method="GET", path="/v1/expressions/functions", tag="definitions", right="read", do=list_functions,
        answer=ExpressionFunctions, client=ClientMethod("functions", "functions"),
    ),
    Operation(
        method="POST", path="/v1/expressions/evaluate", tag="definitions", right="read", do=evaluate_expressions, answer=Evaluation,
        takes=EvaluateRequest, is_required=True, problems=(404, 409, 415), client=ClientMethod("evaluate"),
    ),
)  # fmt: skip
