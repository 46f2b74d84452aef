"""The read model `audit`: who did what, of all that was asked from outside. Lists show the latest first.

a decision whose command somebody has given     ─► a row, by the number of its execution and its first version
a definition published, activated, archived     ─┐
a dead letter sent again or dropped             ─┴► rows made of what the log has of them, when a list is asked for
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from contracts import commands as c
from contracts import events as e
from contracts.catalog import (
    CatalogRecord,
    ConnectorPublished,
    DefinitionActivated,
    DefinitionArchived,
    DefinitionPublished,
    PromptPublished,
)
from contracts.credentials import CredentialAct
from contracts.dead_letter import LetterAct
from contracts.events import Event
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Cursor, Index, Query, Table
from contracts.ports.where import ALWAYS, Field, Is, Where, all_of
from domain.expressions.values import Moment
from projections.executions import time_of
from projections.filter import Filter, compile_filter
from projections.filter.column import MS, Columns, text, time
from projections.read_model import ReadModel, Visit

ABOUT_LENGTH_MAX: Final = 200
OF_CREDENTIALS: Final = "Credential"
"""How a command to one ends."""
OF_CREDENTIAL: Final = "credential "
"""How what is said about one begins."""
DEFINITIONS: Final = 2**32
LETTERS: Final = DEFINITIONS + 1
CREDENTIALS: Final = DEFINITIONS + 2
"""Rows of other topics than the journal count as partitions behind all of its own."""

OUTSIDE: Final = (
    c.CreateExecution, c.StartExecution, c.SendSignal, c.PauseExecution, c.ResumeExecution, c.CancelExecution, c.TerminateExecution,
    c.ResolveIncident, c.ReleaseExecution, c.EraseExecution, c.SteerBreaker, *c.TASK_COMMANDS,
)  # fmt: skip
"""What somebody outside may ask of an execution."""
_HEARD: Final[frozenset[type[Event]]] = frozenset({
    e.ExecutionCreated, e.ExecutionStarted, e.ExecutionQueued, e.SignalReceived, e.CommandHeld, e.ExecutionPaused, e.ExecutionResumed,
    e.ExecutionCancelRequested, e.ExecutionTerminated, e.IncidentResolved, e.ExecutionReleased, e.ExecutionErased,
    e.TaskClaimed, e.TaskReleased, e.TaskDelegated, e.TaskAnswered, e.TaskCommented, e.BreakerChanged,
})  # fmt: skip
"""Of whatever such a command leads to, one of these is part."""


class AuditRecord(NamedTuple):
    """A row about what somebody did; of what is no decision `number` is the offset in its topic, and `version` 0.

    `channel` and `address` are where the person came from, of commands that say so: those that are about a task.
    """

    number: int
    version: int
    at: int
    actor: str
    command: str
    execution: str | None
    workflow: str | None
    about: str
    correlation: str
    channel: str | None = None
    address: str | None = None


AUDIT: Final = Table(
    name="audit",
    row=AuditRecord,
    key=("number", "version"),
    fixed=AuditRecord._fields[2:],
    filters=frozenset({"number"}),
    indexes=(Index("by_time"), Index("by_workflow", ("workflow",)), Index("by_command", ("command",))),
    time="at",
    is_latest_first=True,
)
_COMMANDS: Final = (
    "what was done: a command to an execution, `PublishDefinition`, `ActivateDefinition`, `ArchiveDefinition`, `PublishPrompt`, "
    "`PublishConnector`, `SendDeadLetter`, `DropDeadLetter`, `CreateCredential`, `RotateCredential`, `AuthorizeCredential`, "
    "`RewrapCredential`, `DeleteCredential`"
)
COLUMNS: Final[Columns] = {
    "at": time("at", says="when it was decided, or written down"),
    "actor": text("actor", says="who did it; `anonymous` until there are users"),
    "command": text(
        "command",
        says="what was done: a command, `PublishDefinition`, `ActivateDefinition`, `ArchiveDefinition`, `PublishPrompt`, "
        "`PublishConnector`, `SendDeadLetter`, `DropDeadLetter`",
    ),
    "execution_id": text("execution", is_nullable=True, says="the execution that it was done to"),
    "workflow": text("workflow", is_nullable=True, says="the name of the workflow"),
    "about": text("about", says="the name of a signal, the incident and what became of it, the version, the reason"),
    "correlation_id": text("correlation", says="the id of the request that it was asked in"),
    "channel": text("channel", is_nullable=True, says="of what was done to a task: `web`, `email`, `slack`; else null"),
    "address": text("address", is_nullable=True, says="of what was done to a task: the network address that the request came from"),
}


def audit_filter(source: str, now_ms: int) -> Filter:
    """A filter of the audit; `now` is a name in it. Raises InvalidInput."""
    return compile_filter(source, COLUMNS, {"now": Moment(now_ms * MS)})


class Wanted(NamedTuple):
    """Which rows a list shows; times are milliseconds since 1970."""

    actor: str | None = None
    execution: str | None = None
    workflow: str | None = None
    command: str | None = None
    after: int | None = None
    before: int | None = None
    filter: Filter | None = None

    def takes(self, row: AuditRecord) -> bool:
        """Whether it shows a row."""
        same = ((self.actor, row.actor), (self.execution, row.execution), (self.workflow, row.workflow), (self.command, row.command))
        if any(wanted not in (None, found) for wanted, found in same):
            return False
        is_within = (self.after is None or row.at >= self.after) and (self.before is None or row.at < self.before)
        return is_within and (self.filter is None or self.filter.takes(_names_of(row)))


def audit_where(wanted: Wanted, after: Cursor | None = None, limit: int = 50) -> Query[AuditRecord]:
    """The list of what was done to executions."""
    named = {"actor": wanted.actor, "execution": wanted.execution, "workflow": wanted.workflow, "command": wanted.command}
    asked: list[Where] = [Is(Field(column, True), "=", value) for column, value in named.items() if value is not None]
    asked += [] if wanted.after is None else [Is(Field("at"), ">=", wanted.after)]
    asked += [] if wanted.before is None else [Is(Field("at"), "<", wanted.before)]
    return Query(AUDIT, after=after, limit=limit, where=all_of(*asked, ALWAYS if wanted.filter is None else wanted.filter.where))


def merged(
    rows: Iterable[tuple[AuditRecord, Cursor]],
    others: Mapping[int, Iterable[AuditRecord]],
    wanted: Wanted,
    after: Cursor | None,
    limit: int,
) -> list[tuple[AuditRecord, Cursor]]:
    """Rows of the journal with those of other topics, in the order of the list, each with where the page after it begins."""
    found = list(rows)
    for partition, records in others.items():
        behind = ((record, AUDIT.cursor(record, partition)) for record in records if wanted.takes(record))
        found += [one for one in behind if after is None or _place(one[1]) > _place(after)]
    return sorted(found, key=lambda one: _place(one[1]))[:limit]


def _place(cursor: Cursor) -> tuple[Any, ...]:
    return (-cursor.time, cursor.partition, -cursor.number, tuple(-int(part) for part in cursor.rest))


def audit_value(row: AuditRecord) -> dict[str, Any]:
    """A row as JSON shows it; `version` is that of the first event that came of it."""
    return {
        "at": time_of(row.at),
        "actor": row.actor or None,
        "command": row.command,
        "execution_id": row.execution,
        "version": row.version or None,
        "workflow": row.workflow,
        "about": row.about,
        "correlation_id": row.correlation or None,
        "credential": _credential(row),
        "channel": row.channel,
        "address": row.address,
    }


def _credential(row: AuditRecord) -> str | None:
    is_of_one = row.execution is None and row.command.endswith(OF_CREDENTIALS)
    return row.about.removeprefix(OF_CREDENTIAL).partition(",")[0] if is_of_one else None  # no name has a comma


def _names_of(row: AuditRecord) -> dict[str, Any]:
    return {
        "at": Moment(row.at * MS) if row.at else None,
        "actor": row.actor,
        "command": row.command,
        "execution_id": row.execution,
        "workflow": row.workflow,
        "about": row.about,
        "correlation_id": row.correlation,
        "channel": row.channel,
        "address": row.address,
    }


# Rows.


def audit_of(number: int, decision: Decision, workflow: str, correlation: str) -> AuditRecord | None:
    """The row of a decision; None where nobody outside has asked for it. `correlation` is what its execution goes back to."""
    command = decision.command
    if not decision.actor or not isinstance(command, OUTSIDE):
        return None
    about, name = _about(command), type(command).__name__
    found = decision.correlation or correlation
    row = AuditRecord(number, decision.first, decision.now, decision.actor, name, decision.execution, workflow, about, found)
    return row._replace(channel=_short(command.by.channel), address=_short(command.by.address) or None) if _is_of_task(command) else row


def _is_of_task(command: c.Command) -> TypeGuard[c.ClaimTask | c.ReleaseTask | c.DelegateTask | c.AnswerTask | c.CommentTask]:
    return isinstance(command, c.TASK_COMMANDS)


def _about(command: c.Command) -> str:
    match command:
        case c.CreateExecution():  # most are
            said = f"version {command.version}"
        case c.AnswerTask():
            said = f"{command.path}: {command.port}"
        case c.DelegateTask():
            said = f"{command.path}: {command.to}"
        case c.ClaimTask() | c.ReleaseTask() | c.CommentTask():
            said = command.path
        case c.SendSignal():
            said = command.name
        case c.ResolveIncident():
            said = f"{command.incident}: {command.action}"
        case c.PauseExecution() | c.CancelExecution() | c.TerminateExecution() | c.EraseExecution():
            said = command.reason
        case c.SteerBreaker():
            said = f"{command.action} {command.breaker}" + (f": {command.reason}" if command.reason else "")
        case _:
            said = ""
    return _short(said)


def _short(text_: str) -> str:
    return text_[:ABOUT_LENGTH_MAX].replace("\0", "\ufffd")


def definition_act(offset: int, record: CatalogRecord) -> AuditRecord | None:
    """The row of what was done to a definition; None for what nobody has decided."""
    match record:
        case DefinitionPublished():
            name, about = "PublishDefinition", f"version {record.version}"
        case DefinitionActivated():
            name, about = "ActivateDefinition", f"version {record.version}"
        case DefinitionArchived():
            name, about = "ArchiveDefinition", ""
        case PromptPublished():
            return _kept_act(offset, record, "PublishPrompt", "prompt")
        case ConnectorPublished():
            return _kept_act(offset, record, "PublishConnector", "connector")
        case _:
            return None
    return AuditRecord(offset, 0, record.recorded_at, record.actor, name, None, record.name, about, record.correlation)


def _kept_act(offset: int, record: PromptPublished | ConnectorPublished, name: str, noun: str) -> AuditRecord:
    about = f"{noun} {record.name}, version {record.version}"
    return AuditRecord(offset, 0, record.recorded_at, record.actor, name, None, None, about, record.correlation)


def letter_act(offset: int, act: LetterAct) -> AuditRecord | None:
    """The row of what was done about a dead letter; None for a beginning, and for what could not be sent."""
    name = {"sent": "SendDeadLetter", "dropped": "DropDeadLetter"}.get(act.act)
    if name is None:
        return None
    about = _short(f"letter {act.letter}" + (f": {act.reason}" if act.reason else ""))
    return AuditRecord(offset, 0, max(0, act.recorded_at), act.actor, name, None, None, about, act.correlation)


def credential_act(number: int, act: CredentialAct) -> AuditRecord:
    """The row of what was done to a credential."""
    about = f"{OF_CREDENTIAL}{act.name}" + (f", version {act.version}" if act.version else "")
    return AuditRecord(number, 0, act.at, act.by, act.command, None, None, _short(about), "")


def _take(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    if decision.actor and (visit.trail.number, decision.first) not in changes.rows.get(AUDIT, ()):  # else an event before has told
        state = visit.folded.state
        row = audit_of(visit.trail.number, decision, state.workflow, state.correlation)
        if row is not None:
            changes.put(AUDIT, row)


READ_MODEL: Final = ReadModel(name="audit", version=2, shape="3b4e8705e9634ae1", tables=(AUDIT,), events=_HEARD, take=_take)
