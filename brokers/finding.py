"""A broker for tests: the one that REFOLD_KAFKA names, else one that is started here and ends with them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brokers.cluster import Cluster

VARIABLE = "REFOLD_KAFKA"


@contextmanager
def some_broker() -> Iterator[str]:
    """The address of a broker that may be shared. Raises NoBroker where there is none to be had."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    with own_cluster() as cluster:
        yield cluster.bootstrap


@contextmanager
def own_cluster(brokers: int = 1, **more: Any) -> Iterator[Cluster]:
    """Brokers that nobody else uses: they may be killed and frozen. `more` is for `Cluster`. Raises NoBroker without Java."""
    with tempfile.TemporaryDirectory(prefix="refold-kafka-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder), brokers, **more)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
