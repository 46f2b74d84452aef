"""Logs on the shared broker, and brokers of their own for tests that do harm to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers.cluster import Cluster
from brokers.finding import own_cluster
from brokers.jars import NoBroker
from tests.conftest import no_broker
from tests.kafka.test_cluster import PARTITIONS, Engines
from tests.kafka.topics import KafkaLogs, new_topics
from tests.ports.conftest import start

__all__ = ["start"]


@pytest.fixture
def logs(broker: str) -> Iterator[KafkaLogs]:
    """One new log, to be opened as often as a test likes."""
    opener = KafkaLogs(broker)
    yield opener
    opener.close()


@pytest.fixture
def engines(broker: str, tmp_path: Path) -> Iterator[Engines]:
    """Engine processes, to be started, on a log of their own."""
    made = Engines(new_topics(broker, PARTITIONS), tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def _own_cluster() -> Iterator[Cluster | NoBroker]:
    try:
        with own_cluster() as cluster:
            yield cluster
    except NoBroker as error:
        yield error


@pytest.fixture
def cluster(_own_cluster: Cluster | NoBroker) -> Cluster:
    """A broker that may be killed and frozen; whatever a test did to it, the next one finds it running."""
    if isinstance(_own_cluster, NoBroker):
        no_broker(_own_cluster)
    assert isinstance(_own_cluster, Cluster)
    for node in _own_cluster.nodes:
        if node.is_alive:
            node.thaw()
        else:
            node.start()
        node.wait()
    return _own_cluster
