"""The verbs of the command line that steer one execution."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from refold.cli.options import Execution, Going, Json, Reason, Where, asking, going, takes


@takes(steering=going)
def signal(
    steering: Going,
    execution: Execution,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the signal.")],
    payload: Annotated[str | None, typer.Argument(metavar="JSON", help="The payload, or @FILE; `null` without it.")] = None,
    signal_id: Annotated[str | None, typer.Option("--id", help="An id of your own; the same signal twice is once.")] = None,
    as_json: Json = False,
) -> int:
    """Send a signal to an execution."""
    from refold.cli.commands import steer

    return steer.signal(steering, as_json, execution, name, payload, signal_id)


@takes(where=asking)
def pause(where: Where, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Hold an execution: nothing new begins until it is resumed."""
    from refold.cli.commands import steer

    return steer.pause(Going(where=where), as_json, execution, reason)


@takes(steering=going)
def resume(steering: Going, execution: Execution, as_json: Json = False) -> int:
    """Let a paused execution go on."""
    from refold.cli.commands import steer

    return steer.resume(steering, as_json, execution)


@takes(steering=going)
def release(steering: Going, execution: Execution, as_json: Json = False) -> int:
    """Let a quarantined execution go on. Once the cause is mended."""
    from refold.cli.commands import steer

    return steer.release(steering, as_json, execution)


@takes(steering=going)
def cancel(steering: Going, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Stop an execution with clean-up and compensation."""
    from refold.cli.commands import steer

    return steer.cancel(steering, as_json, execution, reason)


@takes(where=asking)
def terminate(where: Where, execution: Execution, reason: Reason = "", as_json: Json = False) -> int:
    """Stop an execution now; nothing more runs."""
    from refold.cli.commands import steer

    return steer.terminate(Going(where=where), as_json, execution, reason)


@takes(steering=going)
def resolve(
    steering: Going,
    execution: Execution,
    action: Annotated[Literal["retry", "skip", "fail"], typer.Argument(help="Try again, go on as if it had completed, or let it fail.")],
    incident: Annotated[str | None, typer.Option("--incident", help="Which one, where several are open.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="JSON|@FILE", help="With skip: the node's output.")] = None,
    port: Annotated[str | None, typer.Option("--port", help="With skip: the port to leave by.")] = None,
    variables: Annotated[str | None, typer.Option("--variables", metavar="JSON|@FILE", help="Variables to set first.")] = None,
    budget: Annotated[str | None, typer.Option("--budget", metavar="JSON", help="Of an incident ai.budget: other limits.")] = None,
    as_json: Json = False,
) -> int:
    """Resolve an incident, and let its path go on."""
    from refold.cli.commands import steer

    return steer.resolve(steering, as_json, execution, action, incident, output, port, variables, budget)
