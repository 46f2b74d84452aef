"""`sub_workflow`: another execution as a node: waited for, or started and left to itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from contracts import values
from contracts.commands import ReportChild
from contracts.definitions import Budget, DurationValue, Model, TextValue, Value
from contracts.errors import ExpressionError
from contracts.events import ChildCancelRequested, ChildStarted, Ending, NodeStarted, TimerStarted
from contracts.failure import Failure
from contracts.ids import ID_LENGTH_MAX, child_id, depth_of
from domain.definition.graph import Graph
from domain.execution.deciding import NODE_STOPPED, Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import ChildMemo
from domain.execution.moves import budget, compensation
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run
from domain.execution.paths import is_undo
from domain.execution.state import Execution, NodeRun
from domain.execution.wait import Wait
from domain.expressions import parse_duration


class SubWorkflow(Kind):
    """Starts a child execution."""

    name = "sub_workflow"
    summary = "runs another workflow as a child"
    category = "flow"
    icon = "workflow"
    wait_sort = "child"
    begins_with = '{"workflow": "another"}'
    is_inline = False
    memo = "child"
    can_undo = True

    class Config(Model):
        """Which workflow, with what, and how parent and child hang together."""

        workflow: TextValue = Field(min_length=1)
        version: int | None = Field(default=None, ge=1)
        input: Value = None
        mode: Literal["wait", "detached"] = "wait"
        timeout: DurationValue | None = None
        on_parent_close: Literal["cancel", "terminate", "abandon"] = "cancel"
        budget: Budget | None = None

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Ask for the child; its id derives from this node, so that asking twice is once."""
        fields, config, frame = ready.node.fields, ready.node.config, ctx.frame(ready)
        workflow = ctx.evaluate(fields["workflow"], frame)
        if not isinstance(workflow, str):
            raise ExpressionError(f"`workflow`: expected a name, found {workflow!r}")
        given = ctx.keep(ctx.evaluate(fields["input"], frame)) if "input" in fields else ready.data
        child = child_id(ctx.state.execution, ready.path, ready.attempt)
        if len(child) > ID_LENGTH_MAX:
            message = f"the child's id would have {len(child)} characters, {ID_LENGTH_MAX} is the limit: children are nested too deep"
            fail(ctx, ready, Failure("child.failed", message))
            return
        if (refusal := _too_many(ctx)) is not None:
            fail(ctx, ready, refusal)
            return
        limit = duration_of(ctx, fields, "timeout", frame)
        detached = config.mode == "detached"
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        budget.grant(ctx, ready, child)
        ctx.emit(ChildStarted(ready.path, child, workflow, config.version or 0, given, detached))
        run = ctx.state.runs[ready.path]
        if detached:
            complete(ctx, run, values.encode({"execution_id": child}))
        elif limit is not None:
            ctx.emit(TimerStarted(f"{ready.path}:child", ctx.now + limit))

    def undo(self, ctx: Deciding, run: NodeRun, config: Any, filled: dict[str, Any]) -> bytes | None:
        """Start the child; without `input` it is given null."""
        workflow = filled["workflow"]
        if not isinstance(workflow, str):
            raise ExpressionError(f"`workflow`: expected a name, found {workflow!r}")
        child = child_id(ctx.state.execution, run.path, run.attempt)
        if len(child) > ID_LENGTH_MAX:
            raise ExpressionError(f"the child's id would have {len(child)} characters, {ID_LENGTH_MAX} is the limit")
        if (refusal := _too_many(ctx)) is not None:
            raise ExpressionError(refusal.message)
        limit = duration_in("timeout", filled["timeout"]) if filled.get("timeout") is not None else None
        detached = config.mode == "detached"
        ctx.emit(ChildStarted(run.path, child, workflow, config.version or 0, ctx.keep(filled.get("input")), detached))
        if detached:
            return values.encode({"execution_id": child})
        if limit is not None:
            ctx.emit(TimerStarted(f"{run.path}:child", ctx.now + limit))
        return None

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """Its child."""
        assert isinstance(run.memo, ChildMemo)
        child = run.memo.child
        return Wait("child", child, {"execution": child}, child in state.children)

    def on_child(self, ctx: Deciding, run: NodeRun, report: ReportChild) -> None:
        """The child has ended: its output is the node's, its failure the cause of the node's."""
        if run.status == "stopping":
            ctx.follow_up(NODE_STOPPED, run.path)
        elif report.status == "completed":
            compensation.complete_run(ctx, run, report.output if report.output is not None else values.NULL)
        else:
            kind = "child.failed" if report.status in ("failed", "quarantined") else "child.cancelled"
            details = {"execution_id": report.child, "status": report.status}
            message = report.failure.message if report.failure is not None else f"the child was {report.status}"
            failure = Failure(kind, message, details)
            compensation.fail_run(ctx, run, failure if report.failure is None else failure.because(report.failure))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """The child took too long."""
        stop_run(ctx, run, Ending("failed", Failure("child.timeout", "the child took too long", None, run.path, run.attempt)))

    def on_cancel(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """The child is stopped first, as `on_parent_close` says."""
        stop_run(ctx, run, ending)
        return True

    def on_stopped(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """With `cancel` the node ends after its child's clean-up."""
        assert isinstance(run.memo, ChildMemo)
        child = run.memo.child
        node = ctx.graph.nodes[run.node]
        policy = (node.undo_config if is_undo(run.path) else node.config).on_parent_close
        if child not in ctx.state.children or policy == "abandon":
            return False
        if policy == "terminate":
            ctx.emit(ChildCancelRequested(run.path, child, True))
            return False
        if child not in ctx.state.children_asked:
            ctx.emit(ChildCancelRequested(run.path, child))
        return True


def duration_of(ctx: Deciding, fields: Any, name: str, frame: Any) -> int | None:
    """A duration in the config in milliseconds, templates filled in; None where it is not given."""
    if name not in fields:
        return None
    return duration_in(name, ctx.evaluate(fields[name], frame))


def duration_in(name: str, text: object) -> int:
    """A duration that was filled in, in milliseconds. Raises ExpressionError where it is none."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ExpressionError(f"`{name}`: {error}") from None


def _too_many(ctx: Deciding) -> Failure | None:
    """The failure of a node that would start a child too deep, or one too many."""
    depth, limits = depth_of(ctx.state.execution), ctx.limits
    if depth >= limits.depth_max:
        return Failure("child.failed", f"sub-workflows are nested {depth + 1} deep with this child; the limit is {limits.depth_max}")
    if len(ctx.state.children) >= limits.children_max:
        return Failure("child.failed", f"{len(ctx.state.children):,} children of the execution are open; that is the limit")
    return None
