"""What the facts about human tasks mean. Each is about a run that is there, or about one that has ended since; then it means nothing."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts import events as e
from contracts.events import carried
from contracts.person import Person, plain_name
from contracts.values import NULL
from domain.definition.graph import Graph
from domain.execution.facts.runs import Applier, Cause
from domain.execution.memo import Answer, Attachment, TaskMemo, Telling
from domain.execution.state import Execution


def memo_at(state: Execution, path: str) -> TaskMemo | None:
    """The notes of the task at a path, while its node runs."""
    run = state.runs.get(path)
    return run.memo if run is not None and isinstance(run.memo, TaskMemo) else None


def answer_said(event: e.TaskAnswered, command: c.Command, at: int) -> Answer:
    """What was answered, as the event or its command says it."""
    if event.by is not None:
        return Answer(event.by, event.port, at, event.data, event.comment, event.content)
    assert isinstance(command, c.AnswerTask), f"an answer came by {type(command).__name__}"
    return Answer(command.by, command.port, at, command.data, command.comment, command.content)


def person_said(event: e.TaskDelegated, command: c.Command) -> Person:
    """Who has delegated, as the event or its command says it."""
    if event.by is not None:
        return event.by
    assert isinstance(command, c.DelegateTask), f"a task was delegated by {type(command).__name__}"
    return command.by


def _created(graph: Graph, state: Execution, event: e.TaskCreated, cause: Cause) -> None:
    memo = memo_at(state, event.path)
    assert memo is not None, f"{event.path} is created as a task, and runs as none"
    memo.question, memo.assignees, memo.details, memo.content = event.question, list(event.assignees), event.details, event.content
    memo.channels, memo.limit, memo.reminders = event.channels, event.limit, event.reminders
    memo.asked_at, memo.version = cause.now, 1


def _notified(graph: Graph, state: Execution, event: e.TaskNotified, cause: Cause) -> None:
    """What a channel gave is kept for the next time that it tells people."""
    memo = memo_at(state, event.path)
    telling = None if memo is None else memo.telling.pop(event.child, None)
    if memo is not None and telling is not None:
        memo.notices[telling.place] = event.output or carried(cause.command) or NULL


def _notice_started(graph: Graph, state: Execution, event: e.TaskNoticeStarted, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        memo.telling[event.child] = Telling(event.place, event.version, event.about)


def _claimed(graph: Graph, state: Execution, event: e.TaskClaimed, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, c.ClaimTask)
    if (memo := memo_at(state, event.path)) is not None:
        memo.claimed_by = command.by.name


def _released(graph: Graph, state: Execution, event: e.TaskReleased, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        memo.claimed_by = ""


def _delegated(graph: Graph, state: Execution, event: e.TaskDelegated, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        by = plain_name(person_said(event, cause.command).name)
        memo.assignees = [*(one for one in memo.assignees if plain_name(one) != by), event.to]
        memo.claimed_by = ""
        memo.version += 1


def _reminded(graph: Graph, state: Execution, event: e.TaskReminded, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        memo.reminded = event.number
        memo.version += 1


def _answered(graph: Graph, state: Execution, event: e.TaskAnswered, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        memo.answers.append(answer_said(event, cause.command, cause.now))
        if event.decides:
            _close(state, event.path, memo)


def _escalated(graph: Graph, state: Execution, event: e.TaskEscalated, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        memo.assignees, memo.is_escalated, memo.claimed_by = list(event.to), True, ""
        memo.asked_at, memo.reminded = cause.now, 0
        memo.version += 1


def _over(graph: Graph, state: Execution, event: e.TaskWithdrawn | e.TaskExpired, cause: Cause) -> None:
    if (memo := memo_at(state, event.path)) is not None:
        _close(state, event.path, memo)


def _close(state: Execution, path: str, memo: TaskMemo) -> None:
    """Nobody is asked any more, whatever becomes of the node."""
    memo.closed = True
    memo.version += 1
    for purpose in ("timeout", "reminder"):
        state.timers.pop(f"{path}:{purpose}", None)


def _commented(graph: Graph, state: Execution, event: e.TaskCommented, cause: Cause) -> None:
    command = cause.command
    assert isinstance(command, c.CommentTask)
    if (memo := memo_at(state, event.path)) is not None:
        memo.commented.append(command.id)
        if command.content is not None:
            memo.attachments.append(Attachment(event.number, command.name, command.media_type, command.content))


APPLIERS: Final[dict[type, Applier]] = {
    e.TaskCreated: _created,
    e.TaskNotified: _notified,
    e.TaskClaimed: _claimed,
    e.TaskReleased: _released,
    e.TaskDelegated: _delegated,
    e.TaskReminded: _reminded,
    e.TaskAnswered: _answered,
    e.TaskWithdrawn: _over,
    e.TaskExpired: _over,
    e.TaskEscalated: _escalated,
    e.TaskCommented: _commented,
    e.TaskNoticeStarted: _notice_started,
}
