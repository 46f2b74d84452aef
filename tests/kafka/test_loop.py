"""While the brokers are frozen, a process of a cluster answers whoever asks it, and says that it is there when they thaw."""

from __future__ import annotations

import threading
from pathlib import Path

from brokers.cluster import Cluster
from tests.api.conftest import WAITS
from tests.kafka.played_engine import until
from tests.kafka.test_cluster import PARTITIONS, Engines
from tests.kafka.topics import new_topics

ANSWERS = 200
"""So many requests are answered while one waits: an event loop that stands still answers none."""


def test_a_process_goes_on_while_publishing_waits_for_a_frozen_broker(cluster: Cluster, tmp_path: Path) -> None:
    made = Engines(new_topics(cluster.bootstrap, PARTITIONS), tmp_path)
    try:
        server = made.start("a")
        cluster.nodes[0].freeze()
        published: list[int] = []
        asking = [
            threading.Thread(target=lambda: published.append(server.post("/v1/workflows", WAITS).status)),
            threading.Thread(target=lambda: published.append(server.post("/v1/workflows/nobody/executions", {}).status)),
        ]
        for thread in asking:
            thread.start()
        for _ in range(ANSWERS):
            assert server.get("/health/live").status == 200
        assert published == [], "it did not wait for the broker"
        cluster.nodes[0].thaw()
        for thread in asking:
            thread.join(60)
        assert len(published) == len(asking)
        until(lambda: server.post("/v1/workflows", WAITS).status in (200, 201), "it does not publish any more")
        until(lambda: server.get("/health/ready").status == 200)
    finally:
        cluster.nodes[0].thaw()
        made.close()
