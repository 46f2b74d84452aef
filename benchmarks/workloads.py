"""The five workloads: how many executions, how many at a time, and of how many steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Workload:
    """So many executions, `outstanding` of them at a time, each of so many steps."""

    name: str
    title: str
    executions: int
    outstanding: int
    steps: int

    def __str__(self) -> str:
        return f"{self.name.upper()}  {self.executions:,} {self.title}, {self.outstanding:,} at a time"

    def scaled(self, scale: float) -> Workload:
        """The same with more or fewer executions; at least ten, and never fewer than a few rounds of those outstanding."""
        executions = max(10, round(self.executions * scale))
        return replace(self, executions=executions, outstanding=min(self.outstanding, executions))


WORKLOADS = (
    Workload(name="w1", title="sequences of ten steps", executions=5_000, outstanding=100, steps=10),
    Workload(name="w2", title="fan-outs of fifty steps, and a join", executions=100, outstanding=100, steps=50),
    Workload(name="w3", title="sequences of five steps", executions=200, outstanding=1, steps=5),
    Workload(name="w4", title="that wait for a signal; then all are signalled", executions=500, outstanding=500, steps=0),
    Workload(name="w5", title="sequences of ten steps, the server killed -9 half-way", executions=1_000, outstanding=1_000, steps=10),
)


def chosen(only: Iterable[str], scale: float) -> list[Workload]:
    """The workloads of these names, or all. Raises ValueError for a name that is none."""
    names = list(only)
    unknown = set(names) - {workload.name for workload in WORKLOADS}
    if unknown:
        known = ", ".join(workload.name for workload in WORKLOADS)
        raise ValueError(f"there is no workload {', '.join(sorted(unknown))}; expected some of {known}")
    return [workload.scaled(scale) for workload in WORKLOADS if not names or workload.name in names]
