"""Running a case: what it leads to, and what of that is otherwise than expected."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, TypeAlias

from domain.testing.compare import Difference, differences
from domain.testing.found import Found
from domain.testing.suite import Planned, Suite
from domain.testing.world import CannotRun, Perform, World, nobody

Verdict: TypeAlias = Literal["passed", "failed", "error"]
VERDICTS: Final[tuple[Verdict, ...]] = ("passed", "failed", "error")


class Result(NamedTuple):
    """How a case went. An `error` could not be run to its end, for the one difference that is told."""

    name: str
    at: str
    verdict: Verdict
    differences: list[Difference]
    found: Found | None

    def as_value(self) -> dict[str, Any]:
        """The result as JSON shows it."""
        told = [one.as_value() for one in self.differences]
        found = self.found and self.found.as_value()
        return {"name": self.name, "status": self.verdict, "differences": told, "found": found}


def run_case(suite: Suite, planned: Planned, perform: Perform = nobody) -> Result:
    """Run one case."""
    try:
        found = World(suite.graphs, planned.case, planned.pins, perform).run()
    except CannotRun as error:
        at = f"{error.at}: " if error.at else ""
        told = Difference("run", "that it runs", f"{at}{error.message}; {error.fix}", is_value=False)
        return Result(planned.name, planned.at, "error", [told], None)
    told_of = differences(planned.case.expect, found)
    return Result(planned.name, planned.at, "failed" if told_of else "passed", told_of, found)
