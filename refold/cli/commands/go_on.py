"""`continue`: an engine takes up all that is open in a data folder. A server does so by itself."""

from __future__ import annotations

from domain.execution.state import Execution
from projections.execution_list import row_of
from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.interrupt import interruptible
from refold.cli.commands.moving import Mover
from refold.cli.commands.outcome import what_it_waits_for
from refold.cli.commands.output import FAILED, OK, say, say_json
from refold.cli.commands.progress import make_progress
from refold.cli.commands.target import Value, row_value
from refold.cli.commands.where import folder_of
from refold.cli.options import Where


def continue_all(where: Where, timeout_s: float | None, as_json: bool) -> int:
    """Take up what is open until all has ended or waits for the outside."""
    target = folder_of(where, "a server takes up by itself what is open")
    ended: list[Execution] = []
    with interruptible() as interrupt, target.engine(must_exist=True) as engine, make_progress(as_json) as progress:
        taken_up = [folded.state.execution for folded in engine.owner.executions.open()]
        for name in taken_up:
            engine.owner.watchers.add(name, ended.append)
        mover = Mover(engine, progress, interrupt)
        mover.mean(None)
        stop = mover.move(lambda: not len(engine.owner.executions), timeout_s)
        rows = [row_value(row_of(folded.state, folded.graph).as_value()) for folded in engine.owner.executions.open()]
        waiting = mover.waiting()
    _say(target, len(taken_up), ended, rows, as_json)
    if not as_json:
        for line in what_it_waits_for(waiting, target):
            say(f"  {line}")
    return interrupt.exit_code if stop == "interrupted" else FAILED if stop == "timeout" else OK


def _say(target: FolderTarget, taken_up: int, ended: list[Execution], rows: list[Value], as_json: bool) -> None:
    if as_json:
        done = [{"execution_id": state.execution, "status": state.status} for state in ended]
        say_json({"taken_up": taken_up, "ended": done, "open": rows})
        return
    say(f"{taken_up} open, {len(ended)} of them ended, {len(rows)} still open")
    for state in ended:
        say(f"  execution {state.execution} ({state.workflow}) {state.status}: {state.version} events")
