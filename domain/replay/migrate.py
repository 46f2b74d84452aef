"""Migrate: what would become of an execution that goes on by another version of its workflow. Nothing is changed, nobody is called.

plan       could it, as it is now?                     obstacles, each with what it is about and the way out
rehearse   what would the version have made of it      the whole history decided again, with the results that it holds
           from the beginning on?
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from contracts.commands import ChangeDefinition
from domain.execution.deciding import Deciding, ReadBlob, no_blobs
from domain.execution.obstacles import Obstacle, carried
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from domain.replay.what_if import Comparison, what_if

Names: TypeAlias = tuple[tuple[str, str], ...]
Readiness: TypeAlias = Literal["ready", "mapping", "blocked"]


class Planned(NamedTuple):
    """What would become of one execution; `rehearsal` where that was asked for."""

    execution: str
    obstacles: tuple[Obstacle, ...] = ()
    rehearsal: Comparison | None = None

    @property
    def readiness(self) -> Readiness:
        """Whether it can go on by the version as it is, once its nodes have a name there, or not yet."""
        if not self.obstacles:
            return "ready"
        return "blocked" if any(one.sort == "blocked" for one in self.obstacles) else "mapping"


def plan(tape: Tape, version: Version, names: Names = (), rehearses: bool = False, read_blob: ReadBlob = no_blobs) -> Planned:
    """Whether the execution on the tape could go on by the version, from where it is."""
    state = tape.state
    command = ChangeDefinition(version.version, version.definition, state.definition, names)
    found = carried(Deciding(tape.now_by, state, command, state.now, read_blob), version.graph, names)
    return Planned(state.execution, found.obstacles, what_if(tape, version, read_blob) if rehearses else None)
