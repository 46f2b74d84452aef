"""The verb of the command line that shows where an execution's time went."""

from __future__ import annotations

from refold.cli.options import Execution, Json, Where, asking, takes


@takes(where=asking)
def trace(where: Where, execution: Execution, as_json: Json = False) -> int:
    """Show where the time of an execution went. Its nodes and their attempts are spans of its trace."""
    from refold.cli.commands import trace as command

    return command.trace(where, execution, as_json)
