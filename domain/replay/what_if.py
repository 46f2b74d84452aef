"""What if: what another version would have made of a recorded history, compared with what it was.

unchanged      the same nodes ended the same way, with the same end
path           the end is the same, and other nodes ran, or left otherwise
output         only the output is another
outcome        it ends otherwise: another status, outcome or error
new_calls      something is asked of the world whose answer nobody knows: it stops there
not_decided    the version cannot decide over it: it takes no such input, or deciding fails
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.paths import plain_path
from domain.execution.state import Execution
from domain.replay.rerun import CannotRerun, NewCall, Refused, Rerun, Version
from domain.replay.tape import Call, Step, Tape

Verdict: TypeAlias = Literal["unchanged", "path", "output", "outcome", "new_calls", "not_decided"]
VERDICTS: Final[tuple[Verdict, ...]] = ("unchanged", "path", "output", "outcome", "new_calls", "not_decided")
"""From the least to the gravest."""


class End(NamedTuple):
    """Where an execution stands, or how it has ended: `error` is the type of its failure, or of that of its first open incident."""

    status: str
    outcome: str | None
    error: str | None

    def __str__(self) -> str:
        return " ".join(one for one in (self.status, self.outcome, self.error) if one)


class Difference(NamedTuple):
    """The first node that ended otherwise: what its history has, and what the version would do; None where it does not end there."""

    before: Step | None
    after: Step | None

    @property
    def path(self) -> str:
        """The node."""
        step = self.before or self.after
        assert step is not None
        return step.path


class Comparison(NamedTuple):
    """What a version makes of one history. `reason` says why it could not decide, where it could not."""

    execution: str
    verdict: Verdict
    before: End
    after: End | None
    first: Difference | None = None
    new: tuple[NewCall, ...] = ()
    vanished: tuple[Call, ...] = ()
    refused: tuple[Refused, ...] = ()
    reason: str = ""


def what_if(tape: Tape, version: Version, read_blob: ReadBlob = no_blobs) -> Comparison:
    """Decide the history again by the version, and compare."""
    was = tape.state
    try:
        again = Rerun(tape, version, read_blob)
    except CannotRerun as error:
        return Comparison(was.execution, "not_decided", _end(was), None, reason=str(error))
    first = first_difference(tape.steps, again.steps)
    return Comparison(
        was.execution, _verdict(was, again, first), _end(was), _end(again.state), first,
        tuple(again.new), tuple(again.vanished), tuple(again.refused),
    )  # fmt: skip


def _verdict(was: Execution, again: Rerun, first: Difference | None) -> Verdict:
    if again.new:
        return "new_calls"
    if _end(was) != _end(again.state):
        return "outcome"
    if was.output != again.state.output:
        return "output"
    return "unchanged" if first is None and not again.vanished else "path"


def _end(state: Execution) -> End:
    failure = state.failure or next((incident.failure for incident in state.incidents.values()), None)
    return End(state.status, state.outcome, None if failure is None else failure.type)


def first_difference(before: list[Step], after: list[Step]) -> Difference | None:
    """The first step that the other has not, in the order of the first; None where both have the same. Their order does not count."""
    if before == after:
        return None
    missing, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lost = next((step for step in before if step in missing), None)
    if lost is None:
        found = next((step for step in after if step in added), None)
        return None if found is None else Difference(None, found)
    return Difference(lost, next((step for step in after if step in added and step.path == lost.path), None))


class Tally:
    """Adds comparisons up: how many there are of each verdict, and which calls are new or vanish, by node."""

    def __init__(self) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self.new: Counter[tuple[str, str, str]] = Counter()
        """By the path of the node without iterations, what is asked for, and why its answer is not known."""
        self.vanished: Counter[tuple[str, str]] = Counter()

    def add(self, comparisons: Iterable[Comparison]) -> None:
        """Count these, too."""
        for one in comparisons:
            self.verdicts[one.verdict] += 1
            self.new.update((plain_path(new.call.path), new.call.name, new.why) for new in one.new)
            self.vanished.update((plain_path(call.path), call.name) for call in one.vanished)

    @property
    def total(self) -> int:
        """How many histories were compared."""
        return sum(self.verdicts.values())
