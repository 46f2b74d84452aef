"""The read model `tasks`: what people are asked, who, until when, and what came of it. Lists show the oldest first.

A task that is over stays, also where its execution goes on or has ended; it goes when that is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.events import Event
from contracts.ids import task_id
from contracts.journal import Decision
from contracts.person import GROUP_PREFIX, Person, plain_name
from contracts.ports.read_models import Changes, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, Beside, Field, Is, OneOf, Some, Where, all_of, some_of
from domain.execution.facts.tasks import answer_said, memo_at
from domain.execution.history import Unreadable
from domain.execution.memo import TaskMemo
from domain.execution.state import NodeRun
from domain.expressions.values import Moment
from projections.execution_columns import SEARCH_TABLE
from projections.executions import time_of
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, Search, flag, text, time, whole
from projections.read_model import ReadModel, Visit

TASK_STATUSES: Final = ("open", "answered", "expired", "withdrawn")
NAME_CHARS: Final = 256
"""By so much of a name tasks are found; only one whose plain form is much longer than itself has more."""
NAMES_APART_MAX: Final = 50
"""The tasks of so many names are looked up one after the other; of more all are sorted, or the list is gone through in its order."""
QUESTION_CHARS_MAX: Final = 1_000
"""So much of a question stands in a row."""


class TaskRecord(NamedTuple):
    """A row about a human task. `asked` holds the names of who is asked, in small letters, each between two commas.

    Times are milliseconds since 1970, 0 where there is none.
    """

    number: int
    path: str
    attempt: int
    created_at: int
    execution: str
    root: str
    workflow: str
    version: int
    node: str
    kind: str
    question: str
    status: str
    assignees: str
    asked: str
    claimed_by: str | None = None
    answers: int = 0
    due: int = 0
    ended_at: int = 0
    outcome: str | None = None
    answered_by: str | None = None
    is_test: int = 0

    @property
    def task(self) -> str:
        """Its id."""
        return task_id(self.execution, self.path, self.attempt)


class AskedRecord(NamedTuple):
    """A row about a name by which a task asks somebody: of a person or a group, in one form; empty where anybody may answer."""

    number: int
    path: str
    attempt: int
    name: str
    created_at: int
    is_open: int


ASKED: Final = Table(
    name="task_names",
    row=AskedRecord,
    key=("number", "path", "attempt", "name"),
    fixed=("created_at",),
    indexes=(Index("by_name", ("name",)), Index("by_open", ("name", "is_open"))),
    time="created_at",
)
IS_OPEN: Final = Index("open", (), "status = 'open'")
TASKS: Final = Table(
    name="tasks",
    row=TaskRecord,
    key=("number", "path", "attempt"),
    fixed=("created_at", "execution", "root", "workflow", "version", "node", "kind", "question", "is_test"),
    filters=frozenset({"number"}),
    indexes=(
        IS_OPEN,
        Index("by_time"),
        Index("by_execution", ("execution",)),
        Index("by_root", ("root",)),
        Index("by_workflow", ("workflow",)),
        Index("by_status", ("status",)),
        Index("by_due", ("due",), "status = 'open'"),
    ),
    time="created_at",
)
COLUMNS: Final[Columns] = {
    "execution_id": text("execution", says="the execution that asks"),
    "root": text("root", says="the topmost execution above it, itself where there is none"),
    "workflow": text("workflow", says="the name of its workflow"),
    "version": whole("version", says="the version of its workflow"),
    "path": text("path", says="the path of the node"),
    "node": text("node", says="the id of the node in the definition"),
    "kind": text("kind", says="`confirmation`, `data_input`, `decision`, `review`"),
    "question": text("question", says="what people are asked, up to 1,000 characters"),
    "status": text("status", choices=TASK_STATUSES, says=", ".join(f"`{one}`" for one in TASK_STATUSES)),
    "asked": text("asked", says="who is asked, in small letters, each between commas: `asked.contains(',ada,')`"),
    "claimed_by": text("claimed_by", is_nullable=True, says="who has taken it upon themselves"),
    "answers": whole("answers", says="how many people have answered"),
    "outcome": text("outcome", is_nullable=True, says="the port by which the node left"),
    "answered_by": text("answered_by", is_nullable=True, says="whose answer decided"),
    "created_at": time("created_at", says="when people were asked"),
    "due": time("due", says="until when they may answer"),
    "ended_at": time("ended_at", says="when it was over"),
    "test": flag("is_test", says="whether its execution is a test run; a filter that names this shows those, too"),
    "search": Search(SEARCH_TABLE),
}


def task_filter(source: str, now_ms: int) -> Filter:
    """A filter of tasks; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


class Wanted(NamedTuple):
    """Which tasks a list shows: those that are open, overdue, of a workflow, asked of these names or claimed by this person."""

    is_open: bool = True
    overdue_at: int | None = None
    workflow: str | None = None
    below: str | None = None
    """Of this execution, its children, and theirs."""
    names: tuple[str, ...] | None = None
    """Of these people and groups, and what anybody may answer."""


def tasks_where(wanted: Wanted, after: Cursor | None = None, limit: int = 50, filter_: Filter | None = None) -> Query[TaskRecord]:
    """The list of tasks."""
    parts: list[Where] = [ALWAYS if filter_ is None else filter_.where]
    if wanted.is_open and wanted.names is None:
        parts.append(Is(Field("status", True), "=", "open"))
    if wanted.overdue_at is not None:
        parts += [Is(Field("due"), "<>", 0), Is(Field("due"), "<", wanted.overdue_at)]
    if wanted.workflow is not None:
        parts.append(Is(Field("workflow", True), "=", wanted.workflow))
    if wanted.below is not None:
        parts.append(_below(wanted.below))
    if wanted.names is not None:
        parts.append(_asked_of(wanted.names, wanted.is_open))
    within = IS_OPEN if wanted.is_open and wanted.names is None else None
    return Query(TASKS, within=within, after=after, limit=limit, where=all_of(*parts))


def _asked_of(names: Iterable[str], is_open: bool) -> Beside:
    """Of tasks that one of these is asked, or anybody; an index has those of each name in the order of the list."""
    name, all_names = Field("name", True), tuple(dict.fromkeys(("", *map(_stored_name, names))))
    any_ = some_of(*(Is(name, "=", one) for one in all_names)) if len(all_names) <= NAMES_APART_MAX else OneOf(name, all_names)
    where = all_of(Is(Field("is_open"), "=", 1), any_) if is_open else any_
    return Beside(ASKED.name, where, row=TASKS.key)


def _stored_name(name: str) -> str:
    return plain_name(name)[:NAME_CHARS]


def _below(execution: str) -> Some:
    """Of an execution and all below it: these begin with its id and a `~`, which no id of somebody's own has."""
    name = Field("execution", True)
    return Some((Is(name, "=", execution), all_of(Is(name, ">=", execution + "~"), Is(name, "<", execution + "\u007f"))))


def names_of(person: Person, is_own: bool = True, is_of_groups: bool = True) -> tuple[str, ...]:
    """By which names a person is asked."""
    groups = tuple(GROUP_PREFIX + group for group in person.groups) if is_of_groups else ()
    return ((person.name,) if is_own else ()) + groups


def _between(name: str) -> str:
    return f",{name},"


def task_value(record: TaskRecord) -> dict[str, Any]:
    """A task, as JSON shows it in lists."""
    return {
        "task_id": record.task,
        "execution_id": record.execution,
        "root": record.root,
        "workflow": record.workflow,
        "version": record.version,
        "path": record.path,
        "node": record.node,
        "kind": record.kind,
        "question": record.question,
        "status": record.status,
        "assignees": _names_in(record.assignees),
        "claimed_by": record.claimed_by,
        "answers": record.answers,
        "outcome": record.outcome,
        "answered_by": record.answered_by,
        "created_at": time_of(record.created_at),
        "due": time_of(record.due),
        "ended_at": time_of(record.ended_at),
    }


def _names_in(text: str) -> list[str]:
    return text.split(",") if text else []


def task_names(record: TaskRecord) -> dict[str, Any]:
    """The values of the columns of a row, as our language has them; those of `search` stand in the row of its execution."""
    times = {name: getattr(record, name) for name in ("created_at", "due", "ended_at")}
    return {
        **task_value(record),
        "asked": record.asked,
        "test": bool(record.is_test),
        **{name: Moment(at * MS) if at else None for name, at in times.items()},
    }


def _take(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    state, number = visit.folded.state, visit.trail.number
    if isinstance(event, e.PastTakenUp):  # a fork asks people what its source asked them
        for run in () if state.is_ended else state.runs.values():
            if isinstance(run.memo, TaskMemo) and not run.memo.closed:
                _open(changes, visit, run, run.memo, run.started_at)
        return
    if isinstance(event, e.DefinitionChanged):
        for run in state.runs.values():
            if isinstance(run.memo, TaskMemo) and not run.memo.closed:
                changes.change(TASKS, (number, run.path, run.attempt), version=state.workflow_version)
        return
    memo = memo_at(state, event.path)
    if memo is None:  # of a node that has ended since
        return
    key = (number, event.path, event.attempt)
    match event:
        case e.TaskCreated():
            _open(changes, visit, state.runs[event.path], memo, decision.now)
        case e.TaskClaimed() | e.TaskReleased():
            changes.change(TASKS, key, claimed_by=memo.claimed_by or None)
        case e.TaskDelegated():
            changes.change(TASKS, key, claimed_by=None, **_asked(memo))
            _put_names(changes, key, visit)
        case e.TaskEscalated():
            changes.change(TASKS, key, claimed_by=None, due=_due(memo), **_asked(memo))
            _put_names(changes, key, visit)
        case e.TaskAnswered():
            changes.change(TASKS, key, answers=len(memo.answers))
            if event.decides:
                said = answer_said(event, decision.command, decision.now)
                changes.change(TASKS, key, status="answered", ended_at=decision.now, outcome=said.port, answered_by=said.by.name)
                _put_names(changes, key, visit)
        case e.TaskExpired():
            changes.change(TASKS, key, status="expired", ended_at=decision.now, outcome=event.port or None)
            _put_names(changes, key, visit)
        case e.TaskWithdrawn():
            changes.change(TASKS, key, status="withdrawn", ended_at=decision.now)
            _put_names(changes, key, visit)


def _open(changes: Changes, visit: Visit, run: NodeRun, memo: TaskMemo, now: int) -> None:
    """The rows of a task that people are asked; of a fork with what they have said to its source."""
    state, node = visit.folded.state, visit.folded.graph.nodes[run.node]
    root = state.execution if state.parent is None else state.parent.topmost
    asked = _asked(memo)
    row = TaskRecord(
        visit.trail.number, run.path, run.attempt, now, state.execution, root, state.workflow, state.workflow_version,
        node.definition.id, node.config.kind, memo.question[:QUESTION_CHARS_MAX].replace("\0", "\ufffd"), "open",
        asked["assignees"], asked["asked"], claimed_by=memo.claimed_by or None, answers=len(memo.answers), due=_due(memo),
        is_test=int(state.test is not None),
    )  # fmt: skip
    changes.put(TASKS, row)
    _put_names(changes, (visit.trail.number, run.path, run.attempt), visit)


def _take_before(changes: Changes, visit: Visit, event: Any, decision: Decision) -> None:
    """Others are about to be asked: those who were until now are, by the names that they were asked by."""
    memo = memo_at(visit.folded.state, event.path)
    if memo is not None:
        for name in _names_of(memo):
            changes.remove(ASKED, (visit.trail.number, event.path, event.attempt, name))


def _put_names(changes: Changes, key: tuple[int, str, int], visit: Visit) -> None:
    """The rows of who is asked now, which have the time of the task: a node has begun when it asks."""
    run = visit.folded.state.runs[key[1]]
    assert isinstance(run.memo, TaskMemo)
    for name in _names_of(run.memo):
        changes.put(ASKED, AskedRecord(*key, name, run.started_at, int(not run.memo.closed)))


def _names_of(memo: TaskMemo) -> list[str]:
    return list(dict.fromkeys(_stored_name(name) for name in memo.assignees)) or [""]


def _asked(memo: TaskMemo) -> dict[str, str]:
    return {"assignees": ",".join(memo.assignees), "asked": _all_between(memo.assignees)}


def _all_between(names: Iterable[str]) -> str:
    plain = [plain_name(name) for name in names]
    return _between(",".join(plain)) if plain else ""


def _due(memo: TaskMemo) -> int:
    return 0 if memo.limit is None else memo.asked_at + memo.limit


def set_aside(changes: Changes, number: int, found: Unreadable, is_new: bool) -> None:
    """What people are asked by an execution whose history cannot be read on, nobody knows."""
    changes.clear(TASKS, number)
    changes.clear(ASKED, number)


_HEARD: Final[frozenset[type[Event]]] = frozenset(
    {
        e.TaskCreated,
        e.TaskClaimed,
        e.TaskReleased,
        e.TaskDelegated,
        e.TaskEscalated,
        e.TaskAnswered,
        e.TaskExpired,
        e.TaskWithdrawn,
        e.PastTakenUp,
        e.DefinitionChanged,
    }
)

READ_MODEL: Final = ReadModel(
    name="tasks", version=3, shape="e1c7b7d0eabf854f", tables=(TASKS, ASKED), events=_HEARD, take=_take, set_aside=set_aside,
    take_before={e.TaskDelegated: _take_before, e.TaskEscalated: _take_before},
)  # fmt: skip
