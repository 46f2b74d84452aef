"""Who projects which partition, where all processes share one database of read models. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


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
