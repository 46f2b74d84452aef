"""Tests of workflows: the format of a `*.test.yaml` file, as pydantic models. Its meaning stands in `docs/reference/tests.md`.

`Case` and `Mock` are read once `${names}` are filled in, so what stands there may be a name in the file, and a value in the model.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from contracts.definitions import Duration, Model

CASES_MAX: Final = 20_000
"""So many cases a file may have, those of `each` included."""
EXECUTION_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:~()!@-]{0,399}$"
TEST_ENDING: Final = ".test"
"""What stands before the ending of a file with tests: `order.test.yaml`."""
BEGIN_DEFAULT: Final = "2026-01-01T00:00:00Z"
"""When a case begins that does not say it."""

Status: TypeAlias = Literal["created", "scheduled", "running", "paused", "incident", "completed", "failed", "cancelled", "terminated"]
Moment = Annotated[
    Duration | None, Field(default=None, description="how long after the case begins; without it as soon as it is waited for")
]
NodePath = Annotated[str, Field(min_length=1, description="the path of a node")]


class MockError(Model):
    """A failure that an attempt has."""

    type: str = Field(default="mocked", min_length=1, description="the type of the error")
    message: str = "this failure was mocked"
    details: Any = Field(default=None, description="any value")
    retryable: bool = Field(default=True, description="whether trying again may help")


class Mock(Model):
    """How an attempt of a node ends, in place of running."""

    output: Any = Field(default=None, description="what it gives")
    port: str | None = Field(default=None, description="the port it leaves by")
    error: str | MockError | None = Field(default=None, description="the failure it has: its type, or all of it")
    after: Duration | None = Field(default=None, description="how long it takes; activities and children only")
    never: Literal["starts", "ends", "stops"] | None = Field(
        default=None, description="no worker takes it; or it is never heard of again; or of a child not even when it is cancelled"
    )
    lost: bool = Field(default=False, description="its worker is lost, and it is tried again")
    attempt: int | None = Field(default=None, ge=1, description="for which attempt it holds; without it for all")
    iteration: int | None = Field(default=None, ge=0, description="for which iteration of the innermost loop; without it for all")


Mocks: TypeAlias = dict[str, Mock | list[Mock]]


class SentSignal(Model):
    """A signal that is sent."""

    name: str = Field(min_length=1, description="the name of the signal")
    payload: Any = Field(default=None, description="what it brings")
    at: Moment


class GivenAnswer(Model):
    """The answer of a person to a human task."""

    node: NodePath
    port: str = Field(min_length=1, description="the port it leaves by, such as `approved`")
    by: str | None = Field(default=None, min_length=1, description="who answers; without it the next one who is asked")
    groups: list[str] = Field(default_factory=list, description="the groups of whoever answers")
    data: Any = Field(default=None, description="what the form asks for")
    comment: str = ""
    content: Any = Field(default=None, description="of a review: the edited content")
    at: Moment


class GivenCommand(Model):
    """What somebody does with the execution."""

    do: Literal["start", "pause", "resume", "cancel", "terminate", "resolve", "delegate"] = Field(description="what is done")
    at: Moment
    reason: str = ""
    node: str | None = Field(default=None, description="of `resolve` and `delegate`: which node")
    action: Literal["retry", "skip", "fail"] | None = Field(default=None, description="of `resolve`: how the path goes on")
    output: Any = Field(default=None, description="of `resolve` with `skip`: the output of the node")
    port: str | None = Field(default=None, description="of `resolve` with `skip`: the port it leaves by")
    variables: dict[str, Any] | None = Field(default=None, description="of `resolve`: variables that are set first")
    to: str | None = Field(default=None, description="of `delegate`: who is asked instead")
    by: str = Field(default="somebody@example.com", min_length=1, description="of `delegate`: in whose place")
    groups: list[str] = Field(default_factory=list, description="of `delegate`: the groups of whoever does it")


class ExpectedError(Model):
    """A failure; what is left out may be anything."""

    type: str | None = None
    message: str | None = None
    node: str | None = None
    attempt: int | None = None
    details: Any = None


class ExpectedCall(Model):
    """A call to the world; what is left out may be anything, and so may be further fields of `config` and `input`."""

    node: str | None = Field(default=None, description="the path of the node; without iterations any of them")
    kind: str | None = Field(default=None, description="the kind of activity")
    attempt: int | None = Field(default=None, ge=1)
    config: Any = Field(default=None, description="what the config holds, among other things")
    input: Any = Field(default=None, description="what the input holds, among other things")


class Expect(Model):
    """What a case expects. Without `status`, `error` and `waiting` that it completes."""

    status: Status | None = None
    outcome: str | None = None
    output: Any = Field(default=None, description="the whole output")
    has: Any = Field(default=None, description="what the output holds, among other things")
    error: str | ExpectedError | None = Field(default=None, description="how it failed, or its first incident: the type, or more")
    variables: dict[str, Any] | None = Field(default=None, description="variables of the workflow; others may have any value")
    ran: list[NodePath] | None = Field(default=None, description="nodes that ran, among others")
    did_not_run: list[NodePath] | None = Field(default=None, description="nodes that did not run")
    order: list[NodePath] | None = Field(default=None, description="nodes that began in this order; others may stand between")
    path: list[NodePath] | None = Field(default=None, description="all nodes that ran, in the order in which they began")
    calls: list[ExpectedCall] | None = Field(
        default=None, description="calls in this order; others may stand between, unless there is none"
    )
    called: dict[str, int] | None = Field(default=None, description="how often each node called the world")
    events: list[str | dict[str, Any]] | None = Field(default=None, description="events in this order; others may stand between")
    waiting: list[str] | None = Field(default=None, description="what it waits for in the end, such as `signal approval`")
    lasted: Duration | None = Field(default=None, description="how long it took from beginning to end")
    holds: list[str] | None = Field(default=None, description="expressions that are true")


class Case(Model):
    """One execution: what it is given, and what is expected of it."""

    name: str = Field(min_length=1, description="what it is about; `${names}` of `each` are filled in")
    description: str | None = None
    execution: str = Field(default="test", pattern=EXECUTION_PATTERN, description="the id of the execution")
    input: Any = Field(default=None, description="what the execution is started with")
    variables: dict[str, Any] | None = Field(default=None, description="first values of declared variables")
    trigger: Any = Field(default=None, description="what expressions see as `trigger`")
    mocks: Mocks = Field(default_factory=dict, description="by the path of a node: how its attempts end; `*` is every activity")
    real: list[str] = Field(default_factory=list, description="activities that run for real; `*` is every one that touches nothing")
    signals: list[SentSignal] = Field(default_factory=list)
    answers: list[GivenAnswer] = Field(default_factory=list)
    commands: list[GivenCommand] = Field(default_factory=list)
    at: str | None = Field(default=None, description="when it begins (RFC 3339); 2026-01-01T00:00:00Z without it")
    until: Duration | None = Field(default=None, description="how long it is looked at; without it until nothing moves any more")
    expect: Expect = Expect()


class TestFile(Model):
    """A file with tests of one workflow."""

    __test__ = False

    workflow: str = Field(min_length=1, description="the file of the definition, from where this file is")
    with_: list[str] = Field(default_factory=list, alias="with", description="files of further definitions, for `sub_workflow`")
    description: str | None = None
    fixtures: dict[str, Any] = Field(default_factory=dict, description="values by name: `${name}` and `${name.field}` stand for them")
    mocks: Any = Field(default=None, description="mocks of all cases; those of a case come first")
    real: Any = Field(default=None, description="what runs for real in all cases")
    at: Any = Field(default=None, description="when cases begin that do not say it")
    cases: list[Any] = Field(min_length=1, description="each one execution")
