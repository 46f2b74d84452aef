"""`try`: a body whose failures may be caught, and a clean-up that runs however it ends.

body ──ok──────────────► finally ──► out
  └──failed──► catch ──► finally ──► out, or the failure goes on
  └──cancel, break ────► finally ──► as it was to end
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from contracts.definitions import Body, ErrorPattern, Model
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure, matches
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import TryMemo
from domain.execution.moves.completion import complete
from domain.execution.moves.entry import enter_scope
from domain.execution.moves.failure import fail
from domain.execution.moves.stop import stop_run
from domain.execution.state import NodeRun, Scope


class Catch(Model):
    """What is done about which errors."""

    errors: list[ErrorPattern] = Field(default_factory=lambda: ["*"], min_length=1)
    body: Body


class Try(Kind):
    """Runs a body, catches its failures, and cleans up."""

    name = "try"
    summary = "catches failures and cleans up"
    category = "errors"
    icon = "shield"
    begins_with = '{"body": {"nodes": []}, "catch": [{"errors": ["*"], "body": {"nodes": []}}]}'
    is_container = True
    is_inline = False
    memo = "try"

    class Config(Model):
        """The body, what is caught, and the clean-up."""

        body: Body
        catch: list[Catch] = Field(default_factory=list)
        finally_: Body | None = Field(default=None, alias="finally")

    def bodies(self, config: Any) -> dict[str, Body]:
        """`body`, `catch[i]`, `finally`."""
        bodies = {"body": config.body}
        bodies.update({f"catch[{index}]": catch.body for index, catch in enumerate(config.catch)})
        if config.finally_ is not None:
            bodies["finally"] = config.finally_
        return bodies

    def body_path(self, label: str) -> str:
        """`body`, `catch[0].body`, `finally`."""
        return f"{label}.body" if label.startswith("catch") else label

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """The body begins."""
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded))
        enter_scope(ctx, ready.path, "body")

    def handles(self, ctx: Deciding, run: NodeRun, scope: Scope, failure: Failure) -> bool:
        """A failure of the body that a catch matches."""
        return scope.label == "body" and self._catch_for(ctx, run, failure) is not None

    def _catch_for(self, ctx: Deciding, run: NodeRun, failure: Failure | None) -> int | None:
        if failure is None or (failure.type == "cancelled" and not ctx.graph.rules.cancelled_is_a_failure):
            return None
        for index, catch in enumerate(ctx.graph.nodes[run.node].config.catch):
            if any(matches(pattern, failure.type) for pattern in catch.errors):
                return index
        return None

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """On to the catch, to the finally, or to the end."""
        if scope.label == "finally":
            self._end(ctx, run, ending if ending.status != "completed" else self._pending(run))
            return
        if scope.label == "body" and ending.status == "failed":
            index = self._catch_for(ctx, run, ending.failure)
            if index is not None and ending.failure is not None and not ending.final:
                enter_scope(ctx, run.path, f"catch[{index}]", 0, ctx.keep(ending.failure.as_value()))
                return
        if "finally" in ctx.graph.nodes[run.node].bodies:
            enter_scope(ctx, run.path, "finally")
        else:
            self._end(ctx, run, self._pending(run))

    def _pending(self, run: NodeRun) -> Ending:
        assert isinstance(run.memo, TryMemo)
        assert run.memo.ending is not None
        return run.memo.ending

    def _end(self, ctx: Deciding, run: NodeRun, ending: Ending) -> None:
        if ending.status == "completed":
            complete(ctx, run, ending.output)
        elif ending.status == "failed" and ending.failure is not None:
            fail(ctx, run, ending.failure, final=ending.final)
        else:
            stop_run(ctx, run, ending)

    def on_stopped(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """The clean-up of a try that is being stopped; not a second time."""
        assert isinstance(run.memo, TryMemo)
        if run.memo.phase == "finally" or "finally" not in ctx.graph.nodes[run.node].bodies:
            return False
        enter_scope(ctx, run.path, "finally")
        return True
