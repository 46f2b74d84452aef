"""Who projects which partition, where all processes share one database of read models: we do what nobody else does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from workers.cluster.members import Members

PROJECTOR: Final = "projector"


def projected_by(node: str, owners: Mapping[int, str], projectors: Sequence[str]) -> frozenset[int]:
    """The partitions that a node is to project: those it owns, and its part of those whose owners do not project.

    `owners` is the assignment in force, `projectors` the living nodes that project. Two who see different members may both
    project a partition for a while; the checkpoint in the database says who is too late.
    """
    if node not in projectors:
        return frozenset()
    others = sorted(projectors)
    return frozenset(
        partition
        for partition, owner in owners.items()
        if node == (owner if owner in projectors else others[partition % len(others)])
    )  # fmt: skip


class Projecting(Protocol):
    """The projector beside this process."""

    def own(self, partitions: Iterable[int] | None) -> None:
        """Keep these up from now on."""


class ProjectionShare:
    """Tells the projector of this process which partitions are its own, whenever that has changed. It begins with none."""

    def __init__(self, members: Members, projector: Projecting) -> None:
        self._members, self._projector = members, projector
        self._own: frozenset[int] = frozenset()
        projector.own(self._own)

    def look_again(self) -> None:
        """The members have changed."""
        membership = self._members.membership
        assignment = membership.in_force or membership.latest
        living = membership.table.living()
        projectors = [name for name, one in living if PROJECTOR in one.said.roles and not one.said.leaving]
        own = projected_by(self._members.who.node, {} if assignment is None else assignment.owners, projectors)
        if own != self._own:
            self._own = own
            self._projector.own(own)
