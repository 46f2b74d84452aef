"""Human tasks: who may do what with one, what an answer leads to, and how a task ends without one.

created ─► claimed, released, delegated, commented ─► answered … ─► answered: enough      the node ends by a port
        ─► reminded                                ─► expired, or escalated: once more    by `timeout`, or what `on_timeout` says
                                                   ─► withdrawn                           the node has ended otherwise
"""

from __future__ import annotations

from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.errors import InvalidInput, Problem, Rejected
from contracts.failure import Failure
from contracts.ids import task_id
from contracts.person import Person, name_problem, plain_name
from contracts.times import rfc3339
from contracts.value_check import DEPTH_MAX, is_deep
from domain.definition.input_schema import check
from domain.execution.deciding import Deciding
from domain.execution.memo import Answer, TaskMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.notices import close, tell
from domain.execution.state import NodeRun

TIMEOUT: Final = "timeout"
COMMENT_LENGTH_MAX: Final = 10_000
COMMENTS_MAX: Final = 1_000
"""So often may something be said about a task."""
ATTACHMENTS_MAX: Final = 50
FILE_NAME_LENGTH_MAX: Final = 200
FILE_BYTES_MAX: Final = 10 * 1024 * 1024
"""How large a file may be that is attached; whoever takes one in looks."""
ANSWERS_BYTES_MAX: Final = 4 * 1024 * 1024
"""How long the data and contents of all answers may be together."""
LEVELS_ABOVE: Final = 4
"""So deep at most a value of a task lies in what is made of it: the output, a notice."""
LEVELS_MAX: Final = DEPTH_MAX - LEVELS_ABOVE


def open_task(ctx: Deciding, path: str, attempt: int) -> tuple[NodeRun, TaskMemo]:
    """The run and the notes of a task that people may act on. Raises Rejected where nobody is asked any more."""
    run = ctx.state.runs.get(path)
    if run is None or run.attempt != attempt or run.status != "active" or not isinstance(run.memo, TaskMemo) or run.memo.closed:
        task = task_id(ctx.state.execution, path, attempt)
        raise Rejected("stale_task", f"nobody is asked any more: the task {task} is not open", path=path, attempt=attempt)
    return run, run.memo


def check_may(memo: TaskMemo, by: Person) -> None:
    """Raise Rejected for somebody who is not asked."""
    if not by.is_among(memo.assignees):
        asked = ", ".join(memo.assignees)
        raise Rejected("not_asked", f"{by.name} is not among those who are asked: {asked}", person=by.name)


def claim(ctx: Deciding, command: c.ClaimTask) -> None:
    """Take a task upon oneself."""
    run, memo = open_task(ctx, command.path, command.attempt)
    check_may(memo, command.by)
    if memo.claimed_by and plain_name(memo.claimed_by) == plain_name(command.by.name):
        return
    _check_unclaimed(memo, command.by)
    config = ctx.graph.nodes[run.node].config
    if max(config.approval_threshold, config.rejection_threshold) > 1:
        raise Rejected("needs_several", "several people are to answer this task, so nobody takes it upon themselves")
    ctx.emit(e.TaskClaimed(run.path, run.attempt))


def _check_unclaimed(memo: TaskMemo, by: Person) -> None:
    if memo.claimed_by and plain_name(memo.claimed_by) != plain_name(by.name):
        message = f"{memo.claimed_by} has claimed the task: until they release it nobody else answers it"
        raise Rejected("claimed", message, claimed_by=memo.claimed_by)


def release(ctx: Deciding, command: c.ReleaseTask) -> None:
    """Give a task back; whoever is asked may do so for whoever has it and is away."""
    run, memo = open_task(ctx, command.path, command.attempt)
    check_may(memo, command.by)
    if memo.claimed_by:
        ctx.emit(e.TaskReleased(run.path, run.attempt))


def check_delegation(ctx: Deciding, command: c.DelegateTask) -> NodeRun:
    """Raise Rejected where the task cannot be handed on so."""
    run, memo = open_task(ctx, command.path, command.attempt)
    check_may(memo, command.by)
    _check_unclaimed(memo, command.by)
    _check_length(command.comment)
    if (problem := name_problem(command.to)) is not None:
        raise InvalidInput([Problem("/to", "name", problem)])
    if memo.answer_of(command.by.name) is not None:
        raise Rejected("already_answered", f"{command.by.name} has answered already, and asks nobody else", person=command.by.name)
    if plain_name(command.to) in map(plain_name, memo.assignees):
        raise Rejected("already_asked", f"{command.to} is asked already", to=command.to)
    return run


def delegate(ctx: Deciding, command: c.DelegateTask) -> None:
    """Let somebody else be asked."""
    run = check_delegation(ctx, command)
    is_own = command is ctx.command
    ctx.emit(e.TaskDelegated(run.path, run.attempt, command.to, None if is_own else command.by, "" if is_own else command.comment))
    tell(ctx, run, "delegated")


def comment(ctx: Deciding, command: c.CommentTask) -> None:
    """Say something, or attach a file."""
    run, memo = open_task(ctx, command.path, command.attempt)
    check_may(memo, command.by)
    _check_length(command.comment)
    if command.id in memo.commented:
        return
    if not command.comment and command.content is None:
        raise Rejected("nothing_said", "expected a comment or a file, found neither")
    if len(memo.commented) >= COMMENTS_MAX:
        raise Rejected("too_many_comments", f"{COMMENTS_MAX:,} things were said about this task; that is the limit")
    if command.content is not None and len(memo.attachments) >= ATTACHMENTS_MAX:
        raise Rejected("too_many_attachments", f"{ATTACHMENTS_MAX} files are attached to this task; that is the limit")
    ctx.emit(e.TaskCommented(run.path, run.attempt, 0 if command.content is None else len(memo.attachments) + 1))


def _check_length(text: str) -> None:
    if len(text) > COMMENT_LENGTH_MAX:
        raise InvalidInput([Problem("/comment", "too_long", f"expected at most {COMMENT_LENGTH_MAX:,} characters, found {len(text):,}")])


# Answers.


def check_answer(ctx: Deciding, command: c.AnswerTask) -> NodeRun:
    """Raise Rejected for an answer that comes late, twice, or from somebody who may not; InvalidInput for one that does not fit."""
    run, memo = open_task(ctx, command.path, command.attempt)
    check_may(memo, command.by)
    before = memo.answer_of(command.by.name)
    if before is not None:
        message = f"{command.by.name} has answered already: {before.port}, at {rfc3339(before.at)}"
        raise Rejected("already_answered", message, person=command.by.name, port=before.port)
    _check_not_held(ctx, command)
    _check_unclaimed(memo, command.by)
    _check_length(command.comment)
    _check_fits(ctx, run, command)
    return run


def _check_not_held(ctx: Deciding, command: c.AnswerTask) -> None:
    """In a pause answers are kept: a second one of the same person is told at once."""
    for held in ctx.state.held if ctx.state.paused else ():
        if isinstance(held, c.AnswerTask) and held.path == command.path and plain_name(held.by.name) == plain_name(command.by.name):
            message = f"{command.by.name} has answered already: {held.port}; it counts when the execution is resumed"
            raise Rejected("already_answered", message, person=command.by.name, port=held.port)


def _check_fits(ctx: Deciding, run: NodeRun, command: c.AnswerTask) -> None:
    config = ctx.graph.nodes[run.node].config
    ports = config.answers
    if command.port not in ports:
        message = f"expected one of {', '.join(ports)}, found {command.port[:100]!r}"
        raise InvalidInput([Problem("/port", "port", message)])
    if command.content is not None and config.kind != "review":
        raise InvalidInput([Problem("/content", "no_content", f"a {config.kind} has no content that one could edit")])
    data = None if command.data is None else ctx.load(command.data)
    needs_data = config.kind == "data_input" and command.port == ports[0]
    _check_size(ctx, run, command)
    if config.form is None or (data is None and not needs_data):
        return
    try:
        check(config.form, values.decode(data or values.NULL), len(data or values.NULL))
    except InvalidInput as error:
        raise InvalidInput([problem._replace(path=f"/data{problem.path}") for problem in error.problems]) from None


def _check_size(ctx: Deciding, run: NodeRun, command: c.AnswerTask) -> None:
    """All answers become one output."""
    memo, own = run.memo, [("data", command.data), ("content", command.content)]
    assert isinstance(memo, TaskMemo)
    for name, value in own:
        if value is not None and is_too_deep(ctx, value):
            raise InvalidInput([Problem(f"/{name}", "too_deep", f"expected at most {LEVELS_MAX} levels, found more")])
    total = sum(_length(value) for one in memo.answers for value in (one.data, one.content)) + sum(_length(value) for _, value in own)
    if total > ANSWERS_BYTES_MAX:
        raise Rejected("too_large", f"the answers would have {total:,} bytes together; the limit is {ANSWERS_BYTES_MAX:,}")


def is_too_deep(ctx: Deciding, value: bytes) -> bool:
    """Whether a value would make what it becomes a part of too deep."""
    return is_deep(b"%s%s%s" % (b"[" * LEVELS_ABOVE, ctx.load(value), b"]" * LEVELS_ABOVE))


def _length(value: bytes | None) -> int:
    return 0 if value is None else values.blob_length(value) if values.is_reference(value) else len(value)


def answer(ctx: Deciding, command: c.AnswerTask) -> None:
    """Note an answer; where it is enough the node ends by its port."""
    run = check_answer(ctx, command)
    memo, config = run.memo, ctx.graph.nodes[run.node].config
    assert isinstance(memo, TaskMemo)
    decides = memo.count(command.port) + 1 >= config.threshold_of(command.port)
    if command is ctx.command:
        ctx.emit(e.TaskAnswered(run.path, run.attempt, decides))
    else:
        ctx.emit(e.TaskAnswered(run.path, run.attempt, decides, command.by, command.port, command.data, command.comment, command.content))
    if decides:
        close(ctx, run, "answered")
        complete(ctx, run, output_of(ctx, memo, command.port), (command.port,))


def output_by_itself(ctx: Deciding, content: bytes | None, port: str, why: str) -> bytes:
    """The output of a node that nobody was asked about."""
    return output_of(ctx, TaskMemo(content=content), port, why)


def output_of(ctx: Deciding, memo: TaskMemo, outcome: str, by_itself: str | None = None) -> bytes:
    """The output of the node: its outcome, the data and the content of the answer that decided, and all answers."""
    last = memo.answers[-1] if memo.answers and by_itself is None else None
    content = last.content if last is not None and last.content is not None else memo.content
    output = {
        "outcome": outcome,
        "by_itself": by_itself,
        "data": _parsed(ctx, None if last is None else last.data),
        "comment": "" if last is None else last.comment,
        "content": _parsed(ctx, content),
        "answers": [_as_value(ctx, one) for one in memo.answers],
    }
    return ctx.keep(output)


def _as_value(ctx: Deciding, answer: Answer) -> dict[str, Any]:
    return {
        "by": answer.by.name,
        "port": answer.port,
        "at": rfc3339(answer.at),
        "channel": answer.by.channel,
        "data": _parsed(ctx, answer.data),
        "comment": answer.comment,
        "content": _parsed(ctx, answer.content),
    }


def _parsed(ctx: Deciding, value: bytes | None) -> Any:
    return None if value is None else ctx.parse(value)


# Without an answer.


def start_timers(ctx: Deciding, run: NodeRun) -> None:
    """The time limit of a task, and its next reminder."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    if memo.limit is not None:
        ctx.emit(e.TimerStarted(f"{run.path}:timeout", ctx.now + memo.limit))
    start_reminder(ctx, run)


def start_reminder(ctx: Deciding, run: NodeRun) -> None:
    """The next reminder that has not been missed: of several that were, one is told."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    due = next((memo.asked_at + after for after in sorted(memo.reminders) if memo.asked_at + after > ctx.now), None)
    if due is not None:
        ctx.emit(e.TimerStarted(f"{run.path}:reminder", due))


def remind(ctx: Deciding, run: NodeRun) -> None:
    """Those who are asked are told once more."""
    memo = run.memo
    assert isinstance(memo, TaskMemo)
    ctx.emit(e.TaskReminded(run.path, run.attempt, memo.reminded + 1))
    tell(ctx, run, "reminded")
    start_reminder(ctx, run)


def expire(ctx: Deciding, run: NodeRun) -> None:
    """Nobody has answered in time: others are asked once, then the node leaves as `on_timeout` says."""
    memo, node = run.memo, ctx.graph.nodes[run.node]
    assert isinstance(memo, TaskMemo)
    config = node.config
    if config.on_timeout == "escalate" and not memo.is_escalated:
        others = config.escalation(ctx, node, ctx.frame_of(run))
        ctx.emit(e.TaskEscalated(run.path, run.attempt, tuple(others)))
        start_timers(ctx, run)
        tell(ctx, run, "escalated")
        return
    port = config.port_of_timeout
    if port is None and config.on_timeout != "fail" and any(edge.port == TIMEOUT for edge in node.outgoing):
        port = TIMEOUT
    if port is None:
        ctx.emit(e.TaskExpired(run.path, run.attempt))
        close(ctx, run, "expired")
        asked = ", ".join(memo.assignees) or "anybody"
        fail(ctx, run, Failure("task.timeout", f"nobody of {asked} has answered in time", {"answers": len(memo.answers)}))
        return
    ctx.emit(e.TaskExpired(run.path, run.attempt, port))
    close(ctx, run, "expired")
    complete(ctx, run, output_of(ctx, memo, port, "timeout"), (port,))
