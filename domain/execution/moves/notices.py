"""Notices: people are told of a human task by its channels, and told again when it is another one by then.

A channel that people look at by themselves has told them at once. What is to be sent is sent by an execution of `refold.notify`:
a child, whose id says which task it is about, which version of it and which channel, so that no version is told twice. It
retries, and needs a person where nothing helps, like any execution; the task stays open all the while.
"""

from __future__ import annotations

from typing import Any, Final

from contracts.commands import ReportChild
from contracts.events import ChildCancelRequested, ChildStarted, TaskNoticeStarted, TaskNotified
from contracts.ids import ID_LENGTH_MAX, child_id, task_id
from contracts.system import NOTIFY
from contracts.times import rfc3339
from domain.channels import CHANNELS
from domain.execution.deciding import Deciding
from domain.execution.memo import TaskMemo
from domain.execution.state import NodeRun

VERSIONS_MAX: Final = 99_999
"""So many versions of a task are told of."""
CLOSED: Final = frozenset({"answered", "withdrawn", "expired"})
"""What those hear of who were told that they are asked: nobody is any more."""


def is_too_deep(execution: str, path: str, attempt: int) -> bool:
    """Whether ids of notices would be too long."""
    return len(_notice(execution, path, attempt, VERSIONS_MAX, 99)) > ID_LENGTH_MAX


def _notice(execution: str, path: str, attempt: int, version: int, place: int) -> str:
    return child_id(execution, f"{path}.notice[{version}.{place}]", attempt)


def notice_before(notice: str, version: int) -> str:
    """The id of the notice by the same channel about another version of the same task."""
    head, _, tail = notice.rpartition("(")
    return f"{head}({version}.{tail.partition('.')[2]}"


def tell(ctx: Deciding, run: NodeRun, about: str) -> None:
    """Tell people of a task as it is now."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    for place, route in enumerate(ctx.parse(memo.channels)):
        if not CHANNELS[route["channel"]].is_sent:
            if about not in CLOSED:
                ctx.emit(TaskNotified(run.path, run.attempt, route["channel"], memo.version, about))
        elif ctx.state.test is not None and ctx.state.test.plan.refuses:
            continue  # nothing goes out into the world
        elif memo.version <= VERSIONS_MAX and (about not in CLOSED or _may_have_heard(memo, place, route["channel"])):
            notice = _notice(ctx.state.execution, run.path, run.attempt, memo.version, place)
            ctx.emit(TaskNoticeStarted(run.path, run.attempt, notice, place, memo.version, about))
            ctx.emit(ChildStarted(run.path, notice, NOTIFY, 0, ctx.keep(_message(ctx, run, memo, place, about)), True))


def _may_have_heard(memo: TaskMemo, place: int, channel: str) -> bool:
    """Whether a channel was told of the task; and where what it is sent stands, also whether it is being told just now."""
    return place in memo.notices or (CHANNELS[channel].stands and any(one.place == place for one in memo.telling.values()))


def close(ctx: Deciding, run: NodeRun, about: str) -> None:
    """Nobody is asked any more: what has not been told need not be, and those who were told hear of it."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    for child in memo.telling:
        if child in ctx.state.children:
            ctx.emit(ChildCancelRequested(run.path, child, True))
    tell(ctx, run, about)


def told(ctx: Deciding, run: NodeRun, report: ReportChild) -> None:
    """A channel has told people; or never will, and its execution says why."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    telling = memo.telling.get(report.child)
    if telling is None or report.status != "completed":
        return
    channel = ctx.parse(memo.channels)[telling.place]["channel"]
    output = None if report is ctx.command else report.output
    ctx.emit(TaskNotified(run.path, run.attempt, channel, telling.version, telling.about, report.child, output))


def _message(ctx: Deciding, run: NodeRun, memo: TaskMemo, place: int, about: str) -> dict[str, Any]:
    """All that a channel is to say, and where."""
    state, config, route = ctx.state, ctx.graph.nodes[run.node].config, ctx.parse(memo.channels)[place]
    due = state.timers.get(f"{run.path}:timeout")
    labels = {option.port: option.label or option.port for option in config.options or ()}
    return {
        "task": task_id(state.execution, run.path, run.attempt),
        "execution_id": state.execution,
        "workflow": state.workflow,
        "path": run.path,
        "attempt": run.attempt,
        "version": memo.version,
        "about": about,
        "at": rfc3339(ctx.now),
        "channel": route["channel"],
        "target": route["target"],
        "kind": config.kind,
        "question": memo.question,
        "details": None if memo.details is None else ctx.parse(memo.details),
        "content": None if memo.content is None else ctx.parse(memo.content),
        "form": config.form,
        "answers": [{"port": port, "label": labels.get(port, port.replace("_", " "))} for port in config.answers],
        "assignees": memo.assignees,
        "due": None if due is None else rfc3339(due),
        "answered": [{"by": one.by.name, "port": one.port, "at": rfc3339(one.at), "comment": one.comment} for one in memo.answers],
        "sent": ctx.parse(memo.notices[place]) if place in memo.notices else None,
    }
