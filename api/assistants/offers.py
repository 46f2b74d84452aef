"""Which operations are tools of assistants, and how: the name, the arguments and the request come of the operation itself.

A new tool is a line in `OFFERS`. What removes for ever, holds secrets or is about the server itself is no tool.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from fastapi.params import Header, Path, Query
from pydantic import BaseModel, TypeAdapter

from api.operations import OPERATIONS
from api.operations.operation import Operation
from api.routes import SUPPLIED

KEY: Final = "idempotency_key"
"""The argument for the head `Idempotency-Key`."""


class Offer(NamedTuple):
    """An operation as a tool: `body` is the argument whose value is the whole body, as JSON or as the text of a definition."""

    operation: str
    body: str = ""
    body_is: Literal["json", "definition"] = "json"
    says: str = ""
    """What a model is told beyond what the operation says."""
    page: int = 20
    """How many rows of a list a model is given that asks for no other number."""


_FILTERS: Final = "`filter` is an expression like `status == 'failed' && workflow == 'orders'`."
_TEXT: Final = (
    "Give the definition as text, YAML or JSON. `get_definition_schema` says what may stand in it, `list_node_kinds` which kinds."
)

OFFERS: Final[tuple[Offer, ...]] = (
    # Definitions.
    Offer("list_workflows"),
    Offer("get_workflow"),
    Offer("get_source"),
    Offer("list_versions"),
    Offer("get_difference"),
    Offer("list_node_kinds"),
    Offer("get_definition_schema"),
    Offer("validate_workflow", body="definition", body_is="definition", says=_TEXT),
    Offer("publish_workflow", body="definition", body_is="definition", says=_TEXT),
    Offer("activate_workflow"),
    Offer("list_drafts"),
    Offer("get_draft"),
    Offer("put_draft"),
    # Executions.
    Offer("list_executions", says=_FILTERS),
    Offer("get_execution"),
    Offer("get_state"),
    Offer("list_nodes"),
    Offer("get_history", page=50),
    Offer("get_why"),
    Offer("get_execution_diff"),
    Offer("list_node_runs", says=_FILTERS),
    Offer("list_waiting", says=_FILTERS),
    Offer("list_incidents", says=_FILTERS),
    Offer("list_incident_causes"),
    Offer("get_costs"),
    # What changes an execution.
    Offer("start_execution"),
    Offer("signal_execution", body="payload"),
    Offer("pause_execution"),
    Offer("cancel_execution"),
    Offer("resolve_incident"),
    Offer("retry_execution"),
    # What people are asked.
    Offer("list_tasks", says=_FILTERS),
    Offer("get_task"),
    Offer("claim_task"),
    Offer("answer_task"),
    Offer("comment_task"),
)


class Request(NamedTuple):
    """A request that a call of a tool is: to a path, with a query, a body, and a key by which it is the same when it is sent again."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any = None
    text: str | None = None
    """In place of a body: the text of a definition."""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tool:
    """An operation, as an assistant is offered it.

    `places` says of each argument where it stands: `path`, `query`, `body`, `key` (the head), or `whole` (it is the body).
    """

    offer: Offer
    operation: Operation
    schema: Mapping[str, Any]
    places: Mapping[str, str]

    @property
    def name(self) -> str:
        """That of the operation."""
        return self.operation.name

    @property
    def description(self) -> str:
        """What the operation says of itself, and what a model has to know beyond that."""
        return f"{inspect.cleandoc(self.operation.do.__doc__ or '')}\n\n{self.offer.says}".strip()

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.method == "GET" or self.operation.right == "read" or self.name == "validate_workflow"

    @property
    def is_keyed(self) -> bool:
        """Whether the same request sent twice is once, by a key."""
        return "key" in self.places.values()

    def request(self, arguments: Mapping[str, Any], quoted: Callable[[str], str]) -> Request:
        """The request for these arguments; `quoted` makes a text a part of a path. Arguments that are null are left out."""
        found: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}, "key": {}, "whole": {}}
        for name, value in arguments.items():
            if value is not None or self.places[name] == "whole":
                found[self.places[name]][name] = value
        if "limit" in self.places and "limit" not in found["query"]:
            found["query"]["limit"] = self.offer.page
        path = self.operation.path
        for name, value in found["path"].items():
            path = path.replace(f"{{{name}}}", quoted(str(value)))
        whole = next(iter(found["whole"].values()), None)
        is_text = self.offer.body_is == "definition" and bool(self.offer.body)
        body = whole if self.offer.body else found["body"]
        return Request(
            self.operation.method, path, found["query"], None if is_text else body, whole if is_text else None, found["key"].get(KEY)
        )


def made() -> tuple[Tool, ...]:
    """The tools, in the order of `OFFERS`."""
    operations = {one.name: one for one in OPERATIONS}
    return tuple(_tool(offer, operations[offer.operation]) for offer in OFFERS)


def _tool(offer: Offer, operation: Operation) -> Tool:
    properties: dict[str, Any] = {}
    required: list[str] = []
    places: dict[str, str] = {}
    definitions: dict[str, Any] = {}

    def add(name: str, schema: dict[str, Any], place: str, is_required: bool) -> None:
        assert name not in properties, f"{operation.name}: `{name}` stands in two places of the request"
        definitions.update(schema.pop("$defs", {}))
        properties[name], places[name] = schema, place
        if is_required:
            required.append(name)

    for parameter in inspect.signature(operation.do, eval_str=True).parameters.values():
        if parameter.name not in SUPPLIED:
            _add_parameter(parameter, add)
    if operation.waits_for_position:
        says = "`position` of an answer before: what it has written is read then; lists may be a moment behind without it"
        add("min_position", {"type": "integer", "minimum": 0, "description": says}, "query", False)
    if operation.takes is not None and not offer.body:
        _add_body(operation.takes, add)
    if offer.body:
        is_text = offer.body_is == "definition"
        said = {"type": "string", "description": "the text of a definition, YAML or JSON"} if is_text else {"description": "any JSON value"}
        add(offer.body, said, "whole", is_text)
    if "limit" in properties:
        properties["limit"] = {**properties["limit"], "default": offer.page}
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    schema |= {"required": required} if required else {}
    schema |= {"$defs": definitions} if definitions else {}
    return Tool(offer=offer, operation=operation, schema=schema, places=places)


def _add_parameter(parameter: inspect.Parameter, add: Callable[[str, dict[str, Any], str, bool], None]) -> None:
    """Add a parameter of the path or the query; of heads only the key, as who asks is said once for all calls."""
    said = next((one for one in getattr(parameter.annotation, "__metadata__", ()) if isinstance(one, Path | Query | Header)), None)
    if said is None:
        return
    schema = TypeAdapter(parameter.annotation).json_schema(ref_template="#/$defs/{model}")
    is_required = parameter.default is inspect.Parameter.empty
    if isinstance(said, Header):
        if said.alias == "Idempotency-Key":
            add(KEY, schema, "key", False)
    elif isinstance(said, Path):
        add(parameter.name, schema, "path", True)
    else:
        if not is_required and parameter.default is not None:
            schema["default"] = parameter.default
        add(said.alias or parameter.name, schema, "query", is_required)


def _add_body(body: type[BaseModel], add: Callable[[str, dict[str, Any], str, bool], None]) -> None:
    schema = body.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.get("$defs", {})
    for name, one in schema.get("properties", {}).items():
        add(name, {**one, **({"$defs": definitions} if definitions else {})}, "body", name in schema.get("required", ()))
