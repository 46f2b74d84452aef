"""Who shares the log: processes, partitions with their owners, and workers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import server_models
from api.answers import answer
from api.problems import documented
from api.service import Cluster, PartitionRow, ProcessRow, Service
from api.worker_rows import worker_value
from contracts.times import rfc3339


def cluster_routes(service: Service) -> APIRouter:
    """The route about the cluster."""
    router = APIRouter()

    @router.get("/v1/cluster", tags=["cluster"], responses=documented(), response_model=server_models.Cluster)
    async def get_cluster() -> Response:
        """The processes that share the log, who owns which partition, and the activity workers, as this process knows them."""
        return answer(_value(service.cluster()))

    return router


def _value(cluster: Cluster) -> dict[str, Any]:
    return {
        "node": cluster.node,
        "leader": cluster.leader,
        "generation": cluster.generation,
        "processes": [_process(row) for row in cluster.processes],
        "partitions": [_partition(row) for row in cluster.partitions],
        "workers": [{"node": node, **worker_value(row)} for node, row in cluster.workers],
    }


def _process(row: ProcessRow) -> dict[str, Any]:
    return {**row._asdict(), "since": _time(row.since), "last_heard": _time(row.last_heard)}


def _partition(row: PartitionRow) -> dict[str, Any]:
    return {**row._asdict(), "claimed_at": _time(row.claimed_at)}


def _time(time_ms: int | None) -> str | None:
    return rfc3339(time_ms) if time_ms else None
