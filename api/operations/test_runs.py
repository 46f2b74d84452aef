"""Operations on test runs: a definition as it stands, tried without publishing it, with results that are given in place of running."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api import models
from api.bodies import given, parse
from api.operations.drafts import KIND as DRAFTS
from api.operations.executions import Id
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.starts import Key
from api.plans import Asked, Sourced, TestRunBody, check_one_source, plan_of, read_pins, sources_of
from api.problems import BadRequest
from api.service import Service, Start
from api.test_start import TestStart
from contracts.caller import Caller
from contracts.commands import ResumeExecution
from contracts.errors import InvalidDefinition, InvalidInput, Problem, Rejected
from contracts.system import is_system
from domain.definition.document import Syntax, parse_document
from domain.definition.graph import Graph
from domain.definition.text_positions import located
from domain.definition.unpublished import Unpublished, graph_of_unpublished, packed
from domain.definition.validate import publishable
from domain.replay.recorded import Recorded

File = Annotated[str | None, Query(max_length=500, description="the file of the definition; `NAME.yaml` without it")]
_EXAMPLE: Final[dict[str, Any]] = {
    "definition": "name: hello\nnodes: [{id: greet, type: noop}]\n",
    "input": {"name": "World"},
    "pins": {"greet": {"output": {"text": "Hello"}}},
    "skip_time": True,
}


class TestRunRequest(BaseModel):
    """What to try, and what to do otherwise than an execution does."""

    __test__ = False
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    definition: str | None = Field(default=None, description="the text of a definition, as it stands")
    syntax: Literal["yaml", "json"] = "yaml"
    draft: str | None = Field(default=None, description="or the name of a draft")
    workflow: str | None = Field(default=None, description="or a workflow, in a `version` or the active one")
    version: int | None = Field(default=None, ge=1, le=2**31)
    input: Any = Field(default=None, description="checked against the definition's `input`")
    variables: dict[str, Any] | None = Field(default=None, description="first values of declared variables")
    pins: dict[str, Any] | None = Field(
        default=None,
        description="by node, what it is given: `{output, port}`, `{error}` or `{from: {execution, node}}`, for an `attempt` or an "
        "`iteration`, or a list of these; `*` is every activity",
    )
    stop_before: list[str] | None = Field(default=None, description="nodes before which it halts")
    skip_time: bool = Field(
        default=False, description="delays, retries and later starts are over at once, in the order in which they are due"
    )
    skip_timeouts: bool = Field(
        default=False, description="so is whatever else is due at some time: timeouts of people, signals, all of it"
    )
    unpinned: Literal["run", "refuse"] = Field(default="run", description="activities that nothing is given for: they run, or fail")


class StepRequest(BaseModel):
    """Where the test run stands, as the caller has seen it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"at": 12}})

    at: int | None = Field(default=None, ge=1, le=2**31, description="the version of its last event: twice is once")


class StepBody(msgspec.Struct, forbid_unknown_fields=True):
    """The same, as it is read."""

    at: int | None = None


class RecordedTest(BaseModel):
    """A file with tests, in which an execution stands as a case."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "workflow": "hello",
                "text": "workflow: hello.yaml\ncases:\n  - name: as execution order-7 went\n    input: {name: World}\n",
                "differences": [],
            }
        }
    )

    workflow: str
    text: str = Field(description="YAML, as `refold test` reads it")
    differences: list[dict[str, Any]] = Field(description="what is otherwise when it is run: `{what, expected, found}`")


class ExecutedDefinition(BaseModel):
    """The definition that an execution goes by."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "workflow": "hello", "version": 3, "hash": "9f86d081884c7d659a2feaa0c55ad015", "is_published": True,
                "definition": {"name": "hello", "nodes": [{"id": "greet", "type": "noop"}]},
            }
        }
    )  # fmt: skip

    workflow: str
    version: int = Field(description="0 where it is not published: of a test run")
    hash: str
    is_published: bool
    definition: Any


async def start_test_run(caller: Caller, service: Service, body: Body, key: Key = None) -> Reply:
    """Try a definition. The same `Idempotency-Key` twice is one test run. Activities that nothing is given for run for real."""
    asked = parse(body.json() or b"{}", TestRunBody)
    check_one_source(asked)
    name, start, graph = await definition_asked(service, asked)
    pins = read_pins(asked.pins or {})
    recorded = await _recorded(service, pins)
    plan = await service.compute(plan_of, asked, pins, graph, recorded, service.compiled)
    wanted = Start(
        name,
        _said(asked.input, "/input") or b"{}",
        _said(asked.variables, "/variables"),
        key=key,
        caller=caller,
        test=start._replace(plan=msgspec.structs.replace(plan, definition=start.plan.definition)),
    )
    started = await service.start(wanted, 0)
    return Reply(started.view, started.view.position, 201 if started.created else 200)


def _said(value: msgspec.Raw, at: str) -> bytes | None:
    """The value of a field; None where it is left out, or null."""
    return None if bytes(value) == b"null" else given(value, at)


async def step_execution(caller: Caller, service: Service, execution: Id, body: Body) -> Reply:
    """Let a test run that stands before nodes begin these, and stop before whatever is to begin next."""
    at = body.read(StepBody).at
    if at is not None and at < 1:
        raise BadRequest(422, "request.invalid", f"/at: versions count from 1, found {at}")
    done = await service.give(execution, ResumeExecution(True, at or 0), caller)
    return Reply({"execution_id": done.execution, "status": done.status, "position": done.position}, done.position)


async def get_recorded_test(service: Service, execution: Id, file: File = None) -> Reply:
    """An execution as a file with tests: what came from outside, at its moments, and what came of it. Nothing secret stands in it."""
    found = await service.recorded_test(execution, file)
    return Reply({"workflow": found.workflow, "text": found.text, "differences": [one.as_value() for one in found.differences]})


async def get_executed_definition(service: Service, execution: Id) -> Reply:
    """The definition that an execution goes by; of a test run also one that is not published."""
    found = await service.executed_definition(execution)
    return Reply({**found._asdict(), "definition": msgspec.Raw(found.definition)})


async def definition_asked(service: Service, asked: Sourced) -> tuple[str, TestStart, Graph]:
    """The name of what is tried, how it is started, and its graph."""
    if asked.workflow is not None:
        return await _of_version(service, asked.workflow, asked.version)
    if asked.draft is not None:
        value = msgspec.json.decode((await service.resource(DRAFTS, asked.draft)).value or b"{}")
        text, syntax = value.get("text", ""), value.get("syntax", "yaml")
    else:
        text, syntax = asked.definition or "", asked.syntax
    name, carried = await service.compute(_read, service, text, syntax)
    await service.know(name)
    version = service.version_of(name, carried.hash)
    if version:
        return await _of_version(service, name, version)
    graph = await service.compute(graph_of_unpublished, *carried)
    return name, TestStart.of(0, carried.hash, carried.packed), graph


async def _of_version(service: Service, workflow: str, version: int | None) -> tuple[str, TestStart, Graph]:
    if is_system(workflow):
        raise BadRequest(409, "system_workflow", f"workflow {workflow} is the engine's own")
    await service.know(workflow)
    found, hash_ = service.resolve(workflow, version or 0)
    graph = await service.compute(service.compiled, workflow, found)
    if graph is None:
        raise Rejected("unknown_version", f"version {found} of workflow {workflow} is of a newer language", workflow=workflow)
    return workflow, TestStart.of(found, hash_, b""), graph


def _read(service: Service, text: str, syntax: Syntax) -> tuple[str, Unpublished]:
    """The name and the definition of a text. Raises InvalidDefinition with all that is wrong, each at its line."""
    document = parse_document(text, syntax)
    try:
        definition = publishable(document, service.activities, service.strict_kinds)
    except InvalidDefinition as error:
        raise InvalidDefinition(located(error.problems, text, document)) from None
    return definition.name, packed(service.pinned(definition))


async def _recorded(service: Service, pins: list[Asked]) -> dict[str, dict[str, Recorded]]:
    """What the past executions that are asked for have ended by. Raises InvalidInput where there is none of that id."""
    found: dict[str, dict[str, Recorded]] = {}
    for execution in sources_of(pins):
        try:
            found[execution] = await service.recorded(execution)
        except Rejected as rejected:
            at = next(at for one in pins for at, pin in one.pins if pin.from_ is not None and pin.from_.execution == execution)
            problem = Problem(f"{at}/from/execution", rejected.reason, rejected.message, "name an execution that is there")
            raise InvalidInput([problem]) from None
    return found


_NEW: Final[dict[int | str, dict[str, Any]]] = {200: {"model": models.Execution, "description": "It repeats an earlier one."}}

TEST_RUNS: Final = (
    Operation(
        method="POST", path="/v1/test-runs", tag="test runs", right="define", do=start_test_run, answer=models.Execution,
        takes=TestRunRequest, is_required=True, problems=(404, 409, 415), status=201, described={"responses": _NEW},
        client=ClientMethod("test_run", says="Try a definition, with results given in place of running.", is_keyed=True),
    ),
    Operation(
        method="POST", path="/v1/executions/{execution}/step", tag="test runs", right="steer", do=step_execution, answer=models.Given,
        takes=StepRequest, problems=(404, 409, 415),
        client=ClientMethod("step", says="Let a test run go on, and stop before whatever is to begin next."),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/test", tag="test runs", right="read", do=get_recorded_test,
        answer=RecordedTest, problems=(404, 409), client=ClientMethod("recorded_test"),
    ),
    Operation(
        method="GET", path="/v1/executions/{execution}/definition", tag="test runs", right="read", do=get_executed_definition,
        answer=ExecutedDefinition, problems=(404,), client=ClientMethod("executed_definition"),
    ),
)  # fmt: skip
