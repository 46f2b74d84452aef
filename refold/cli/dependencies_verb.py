"""The verb of the command line about dependencies between workflows."""

from __future__ import annotations

from refold.cli.options import Json, Where, asking, takes


@takes(where=asking)
def dependencies(where: Where, as_json: Json = False) -> int:
    """Show which workflows start which others. As sub-workflows, or by their events, with the cycles."""
    from refold.cli.commands import dependencies as command

    return command.dependencies(where, as_json)
