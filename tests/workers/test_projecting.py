"""Who projects what, where all share one database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.cluster.projection_share import projected_by

NODES = st.sampled_from("abcde")


@given(st.dictionaries(st.integers(0, 30), NODES), st.sets(NODES, min_size=1))
def test_each_partition_is_projected_by_one_node_its_owner_if_that_projects(owners: dict[int, str], projectors: set[str]) -> None:
    shares = {node: projected_by(node, owners, sorted(projectors)) for node in "abcde"}
    assert sorted(partition for share in shares.values() for partition in share) == sorted(owners)
    for partition, owner in owners.items():
        if owner in projectors:
            assert partition in shares[owner]
    assert all(node in projectors for node, share in shares.items() if share)
