"""Assigning: which node gets which partition. Pure; as few partitions as possible move, and counts stay within one of each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def is_fair(owners: Mapping[int, str], partitions: int, nodes: Collection[str]) -> bool:
    """Whether every partition is owned by one of the nodes, and none has two more than another."""
    if set(owners) != set(range(partitions)) or not set(owners.values()) <= set(nodes):
        return False
    counts = dict.fromkeys(nodes, 0)
    for node in owners.values():
        counts[node] += 1
    return max(counts.values(), default=0) - min(counts.values(), default=0) <= 1


def assign(before: Mapping[int, str], partitions: int, nodes: Collection[str]) -> dict[int, str]:
    """A fair assignment of `partitions` to `nodes`, of which there is at least one; what need not move stays where it was."""
    assert nodes, "partitions need somebody to own them"
    kept: dict[str, list[int]] = {node: [] for node in sorted(nodes)}
    for partition in range(partitions):
        if (node := before.get(partition, "")) in kept:
            kept[node].append(partition)
    _cut(kept, partitions)
    owners = {partition: node for node, own in kept.items() for partition in own}
    for partition in range(partitions):
        if partition not in owners:
            least = min(kept, key=lambda node: (len(kept[node]), node))
            kept[least].append(partition)
            owners[partition] = least
    return dict(sorted(owners.items()))


def _cut(kept: dict[str, list[int]], partitions: int) -> None:
    """Take from each what is over its share. Where it does not come out even, those with most keep one more."""
    share, more = divmod(partitions, len(kept))
    for place, node in enumerate(sorted(kept, key=lambda node: (-len(kept[node]), node))):
        del kept[node][share + (place < more) :]
