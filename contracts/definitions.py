"""Workflow definitions: the language users write, as pydantic models. Its meaning stands in `docs/reference/definitions.md`.

A node's `config` is checked against the model of its kind (`domain/nodes/` for control flow, `workers/running/activities/` for
activities); bodies nested in a config are `Body` again. Fields that take an expression or a template are marked, so
that compiling, checking and the JSON Schema follow from the models alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WrapValidator
from pydantic_core import CoreSchema, PydanticCustomError

from contracts.credentials import CredentialName
from contracts.models import CHAIN_MAX, MODELS_MAX, ChainedModel

PRIORITY_DEFAULT: Final = 5
"""Of activities, where nobody says another."""
PRIORITY_MAX: Final = 9
"""The most urgent one."""
LANGUAGE: Final = 2
"""The number of the language that this build publishes; what it changed stands in `domain/definition/rules.py`."""
NESTING_MAX: Final = 32
"""How deep bodies may be nested."""
NODES_MAX: Final = 5_000
"""How many nodes a definition may have, all bodies together."""
TRIGGERS_MAX: Final = 100
"""How many triggers a definition may have."""
AFTER_MAX: Final = 16
"""For how many workflows an execution may wait before it begins."""
DEFINITION_BYTES_MAX: Final = 4 * 1024 * 1024
"""How long a definition may be, as text."""

ID_PATTERN: Final = r"^[a-z][a-z0-9_]{0,62}$"
NAME_PATTERN: Final = r"^(refold\.)?[a-z][a-z0-9_-]{0,62}$"
"""Names with a dot are the engine's own; see `contracts.system`."""
DURATION_PATTERN: Final = r"^(\d+(\.\d+)?(ms|s|m|h|d))+$|^P(\d+[WD])+(T(\d+(\.\d+)?[HMS])+)?$|^PT(\d+(\.\d+)?[HMS])+$"
_KINDS_BEFORE: Final = {"prompt_execution": "prompt"}
"""Kinds by names that others gave them: they are read as these."""
TOOL_PATTERN: Final = r"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$"
"""What the name of a tool is made of: as much as every provider takes."""
RESERVED_IDS: Final = frozenset({"in", "true", "false", "null"})

EdgeType: TypeAlias = Literal[
    "main",
    "error",
    "ai_tool",
    "ai_memory",
    "ai_language_model",
    "ai_embedding",
    "ai_vector_store",
    "ai_document",
    "ai_text_splitter",
    "ai_retriever",
    "ai_reranker",
    "ai_output_parser",
    "ai_agent",
    "ai_chain",
]
AI_EDGE_TYPES: Final = tuple(type_ for type_ in get_args(EdgeType) if type_.startswith("ai_"))
"""The types of edges over which a node is offered something: tools, memory, models."""


class Marker:
    """What a field of a config means to the compiler: an expression without braces, or a value that may hold templates."""

    def __init__(self, role: Literal["expression", "items", "value"]) -> None:
        self.role = role


def _kind_now(kind: Any) -> Any:
    return _KINDS_BEFORE.get(kind, kind) if isinstance(kind, str) else kind


def _not_reserved(text: Any) -> Any:
    if isinstance(text, str) and text in RESERVED_IDS:
        raise PydanticCustomError("reserved", "`{id}` is reserved; choose another name", {"id": text})
    return text


class TemplateOr:
    """Marks a field that takes its own type or a string with a `{{ template }}` that gives one."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The field's own schema, or a string with a template in it."""
        own = handler(schema)
        return {"anyOf": [own, {"type": "string", "pattern": r"\{\{"}]}


def _template_or(value: Any, own: Callable[[Any], Any]) -> Any:
    return value if isinstance(value, str) and "{{" in value else own(value)


_TEMPLATED = (WrapValidator(_template_or), TemplateOr(), Marker("value"))

Identifier = Annotated[str, Field(pattern=ID_PATTERN), BeforeValidator(_not_reserved)]
Duration = Annotated[str, Field(pattern=DURATION_PATTERN, description="`500ms`, `30s`, `5m`, `2h`, `3d`, `1h30m` or ISO 8601 (`PT1H30M`)")]
Expression = Annotated[str, Field(min_length=1, description="a CEL expression without braces"), Marker("expression")]
ExpressionOrBool = Annotated[str | bool, Marker("expression")]
Items = Annotated[str | list[Any] | dict[str, Any], Marker("items")]
Value = Annotated[Any, Marker("value")]
TextValue = Annotated[str, Marker("value")]
DurationValue = Annotated[str, Field(pattern=DURATION_PATTERN), *_TEMPLATED]
CountValue = Annotated[int, Field(ge=0), *_TEMPLATED]
ErrorPattern = Annotated[str, Field(pattern=r"^(\*|[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*)$")]


class Model(BaseModel):
    """What all parts of a definition share: no unknown fields, no changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=False)


class Count(Model):
    """So many of them."""

    count: int = Field(ge=1)


Join = Literal["all", "any"] | Count
Losers: TypeAlias = Literal["cancel", "ignore"]


class Retry(Model):
    """When and how often a failed attempt is tried again."""

    max_attempts: int = Field(default=1, ge=1, le=10_000, description="attempts in all, the first one included")
    initial_delay: Duration = "1s"
    multiplier: float = Field(default=2.0, ge=1, le=100)
    max_delay: Duration = "1h"
    jitter: float = Field(default=0.0, ge=0, le=1, description="the share of a delay that varies")
    retry_on: list[ErrorPattern] | None = None
    never_retry_on: list[ErrorPattern] = Field(default_factory=list)


class Timeouts(Model):
    """Limits in time; passing one is a failure of the type `timeout.<name>`."""

    schedule_to_start: Duration | None = None
    start_to_close: Duration | None = None
    schedule_to_close: Duration | None = None
    heartbeat: Duration | None = None


class Compensation(Model):
    """The node that undoes a completed one."""

    type: str
    config: dict[str, Any] = Field(default_factory=dict)
    retry: Retry | None = None
    timeout: Duration | None = None


class Cache(Model):
    """Results by content: kind, config and input the same, result the same."""

    ttl: Duration
    key: TextValue | None = None


class Position(Model):
    """Where a builder draws the node."""

    x: float
    y: float


class ToolOffer(Model):
    """How a node is offered to a model: by what name, with which arguments, and how often it may be asked for."""

    name: str | None = Field(default=None, pattern=TOOL_PATTERN, description="what the model calls it; without it the node's id")
    description: str | None = Field(default=None, description="what the model is told of it; without it the node's `description`")
    parameters: dict[str, Any] | None = Field(default=None, description="JSON Schema of its arguments, which are the node's data")
    max_calls: int | None = Field(default=None, ge=1, le=10_000, description="how often an agent may ask for it")


class NodeDefinition(Model):
    """A place in the graph: what happens there, and how it behaves when it fails or takes long."""

    id: Identifier
    type: Annotated[str, BeforeValidator(_kind_now)] = Field(min_length=1, max_length=100, description="the node kind")
    config: dict[str, Any] = Field(default_factory=dict)
    name: str | None = None
    description: str | None = None
    position: Position | None = None
    when: ExpressionOrBool | None = None
    join: Join = "all"
    losers: Losers = "cancel"
    aggregate: Literal["merge", "array", "first", "last"] = "merge"
    retry: Retry | None = None
    timeouts: Timeouts | None = None
    timeout: Duration | None = None
    on_error: Literal["fail", "incident", "continue"] = "fail"
    compensate: Compensation | None = None
    mutex: str | None = Field(default=None, min_length=1, max_length=100)
    cache: Cache | None = None
    priority: int | None = Field(default=None, ge=0, le=9)
    queue: str | None = Field(default=None, min_length=1, max_length=100)
    input: Value = None
    tool: ToolOffer | None = None


class EdgeDefinition(Model):
    """A way from a port of one node to another node."""

    source: str = Field(alias="from", pattern=r"^[a-z][a-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]*)?$")
    target: str = Field(alias="to", pattern=ID_PATTERN)
    when: ExpressionOrBool | None = None
    type: EdgeType = "main"
    back: bool = False
    max_iterations: int | None = Field(default=None, ge=1, le=1_000_000)


class Body(Model):
    """A graph nested in a container."""

    nodes: list[NodeDefinition] = Field(default_factory=list)
    edges: list[EdgeDefinition] = Field(default_factory=list)
    variables: dict[Identifier, Any] = Field(default_factory=dict)
    output: Value = None


class Concurrency(Model):
    """How many executions with the same key run at a time, and what happens to one too many."""

    key: Expression | None = None
    limit: int = Field(default=1, ge=1)
    policy: Literal["queue", "reject", "replace", "skip"] = "queue"


def _as_list(value: Any) -> Any:
    if not isinstance(value, dict | list):
        raise PydanticCustomError("one_or_more", "expected one, or a list of them")
    return [value] if isinstance(value, dict) else value


class OneOrMore:
    """Marks a list that takes its only item as it is, too."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A list, or one item of it."""
        own = handler(schema)
        return {"anyOf": [own["items"], own]}


class After(Model):
    """Another workflow that has to have completed: of late, or within a time from now on, and with the same key, where there is one."""

    workflow: str = Field(pattern=NAME_PATTERN)
    within: Duration = "24h"
    key: Expression | None = None
    on_timeout: Literal["fail", "start"] = "fail"


class Quota(Model):
    """How much of a workflow may be started from outside: so many that are open, so many starts a minute. One more is refused, or waits."""

    open: int | None = Field(default=None, ge=1)
    starts_per_minute: int | None = Field(default=None, ge=1)
    on_limit: Literal["refuse", "queue"] = "refuse"


class Budget(Model):
    """How much of models may be used, at most: US dollars, tokens of questions and answers, requests to models, calls of tools."""

    usd: float | None = Field(default=None, ge=0, le=1_000_000, allow_inf_nan=False)
    tokens: int | None = Field(default=None, ge=0, le=2**53)
    model_calls: int | None = Field(default=None, ge=0, le=2**53)
    tool_calls: int | None = Field(default=None, ge=0, le=2**53)


class ModelPrice(Model):
    """What a model costs, in US dollars for a million tokens; without `cached` what is read from a cache costs as much as other input."""

    input: float = Field(ge=0, le=1_000_000, allow_inf_nan=False)
    output: float = Field(ge=0, le=1_000_000, allow_inf_nan=False)
    cached: float | None = Field(default=None, ge=0, le=1_000_000, allow_inf_nan=False)


class ModelUse(Model):
    """Models by a name of the definition's own: the first that can is asked. What else it says counts where a node does not say it."""

    use: ChainedModel | Annotated[list[ChainedModel], Field(min_length=1, max_length=CHAIN_MAX)]
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    stop: list[str] | None = None
    timeout: Duration | None = None
    credential: CredentialName | None = None
    base_url: str | None = None
    price: ModelPrice | None = None


HealKind: TypeAlias = Literal["retry", "timeout", "config", "definition"]
"""What a suggestion changes: how often, or how long; what a node is told; anything else."""


class Heal(Model):
    """What is done when an execution fails or needs a person: who suggests a change, and which kinds are made without asking anybody.

    Without a `model` rules suggest. `auto` are made by themselves, `per_day` at most; all others a person has to approve.
    """

    model: str | Annotated[list[ChainedModel], Field(min_length=1, max_length=CHAIN_MAX)] | None = None
    budget: Budget | None = None
    auto: list[HealKind] = Field(default_factory=list, max_length=4)
    per_day: int = Field(default=5, ge=0, le=1_000)
    assignees: list[str] = Field(default_factory=list, max_length=100)
    last: int = Field(default=50, ge=1, le=100, description="with so many recorded executions a suggestion is compared")


class PinnedPrompt(Model):
    """A prompt that a published workflow uses: which version of it, its hash, and all that it says."""

    version: int = Field(ge=1)
    hash: str
    content: dict[str, Any]


class PinnedConnector(Model):
    """An action of a connector that a published workflow uses: which version of it, its hash, and all that a node needs of it."""

    version: int = Field(ge=1)
    hash: str
    content: dict[str, Any]


class Settings(Model):
    """How the whole execution behaves."""

    timeout: Duration | None = None
    retry: Retry | None = None
    on_failure: Literal["incident", "fail"] = "incident"
    on_error: Body | None = None
    compensate_on_failure: bool = False
    concurrency: Concurrency | None = None
    while_paused: Literal["start", "skip", "queue"] = "start"
    priority: int = Field(default=PRIORITY_DEFAULT, ge=0, le=9)
    retention: Duration | None = None
    erasable: bool = False
    search: dict[Identifier, Expression] = Field(default_factory=dict)
    quota: Quota | None = None
    after: Annotated[list[After], BeforeValidator(_as_list), OneOrMore()] = Field(default_factory=list, max_length=AFTER_MAX)
    models: dict[Identifier, ModelUse] = Field(default_factory=dict, max_length=MODELS_MAX)
    budget: Budget | None = None
    heal: Heal | None = None

    @property
    def is_counted(self) -> bool:
        """Whether executions are counted, all in one partition."""
        return self.concurrency is not None or self.lets_in

    @property
    def lets_in(self) -> bool:
        """Whether a start from outside may have to wait to be let in, or be refused."""
        return self.quota is not None or self.heeds_pauses

    @property
    def heeds_pauses(self) -> bool:
        """Whether triggers look at what is paused, or waits for a person."""
        return self.while_paused != "start"


class ExposedTool(Model):
    """A workflow as a tool of assistants."""

    description: str = Field(min_length=1, max_length=2_000, description="what a model is told of it")


class Expose(Model):
    """How else than by its name a workflow can be started."""

    mcp: ExposedTool | None = Field(default=None, description="as a tool of `refold mcp`")


class WorkflowDefinition(Body):
    """The graph a user writes; versioned by its content."""

    name: str = Field(pattern=NAME_PATTERN)
    description: str | None = None
    tags: list[str] = Field(default_factory=list)
    input: dict[str, Any] | bool | None = Field(default=None, description="JSON Schema 2020-12 of the input")
    settings: Settings = Field(default_factory=Settings)
    triggers: list[dict[str, Any]] = Field(default_factory=list, max_length=TRIGGERS_MAX, description="what starts executions by itself")
    expose: Expose | None = Field(default=None, description="as what else it can be started: a tool of assistants")
    prompts: dict[str, PinnedPrompt] = Field(
        default_factory=dict, description="the prompts that nodes name, as they were; written anew when the definition is published"
    )
    connectors: dict[str, PinnedConnector] = Field(
        default_factory=dict, description="the actions of connectors that nodes name, as they were; written anew like `prompts`"
    )
    language: int | None = Field(default=None, ge=1, description="the number of the language; it is added when the definition is published")


def has_output(body: Body) -> bool:
    """Whether the body says what its output is (`output: null` says so too)."""
    return "output" in body.model_fields_set
