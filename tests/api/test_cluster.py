"""The cluster as a server shows it; an embedded one is a cluster of one."""

from __future__ import annotations

from tests.api.conftest import Server


def test_a_server_of_its_own_log_is_a_cluster_of_one(server: Server) -> None:
    server.start("waits", {"order": 1})
    found = server.get("/v1/cluster").json
    (process,) = found["processes"]
    assert process["node"] == found["node"] == found["leader"]
    assert (process["state"], process["address"]) == ("alive", server.url)
    assert process["roles"] == ["api", "owner", "projector", "worker"]
    assert process["since"] <= process["last_heard"]
    (partition,) = found["partitions"]
    assert partition["owner"] == partition["assigned_to"] == found["node"]
    assert partition["position"] > partition["epoch"] >= 1
    assert partition["open"] >= 1
    assert partition["claimed_at"]
    assert partition["takeover_ms"] >= 0
    assert found["workers"] == []


def test_metrics_tell_of_takeovers_batches_and_appends(server: Server) -> None:
    server.start("hello", {"name": "Ada"}, wait=10)
    text = server.get("/metrics").content.decode()
    assert "refold_takeover_seconds_count 1.0" in text
    assert 'refold_append_seconds_bucket{le="+Inf"}' in text
    assert 'refold_stand_downs_total{reason="fenced"} 0.0' in text
