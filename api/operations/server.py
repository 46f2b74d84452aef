"""Operations that look at the server itself: its health, its metrics, the cluster, and what definitions may be made of."""

from __future__ import annotations

import platform
from typing import Any, Final

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST

from api import server_models
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Cluster, PartitionRow, ProcessRow, Service, Unavailable
from api.version import build_version
from api.worker_rows import worker_value
from contracts.about import ExtraRow
from contracts.asyncapi import asyncapi_document
from contracts.ports.workers import TaskEndpoint
from contracts.times import rfc3339
from domain.definition.kind_description import offered_kind
from domain.definition.schema import all_schemas, definition_schema


async def check_live(service: Service) -> Reply:
    """Whether the process answers at all."""
    return _standing(service, "live")


async def check_ready(service: Service) -> Reply:
    """Whether it takes anything in: 503 while stopping, while another owner is in charge, or while it is short of something."""
    service.check_ready()
    if service.short:
        raise Unavailable("short", f"the server is short of something, and tries again: {service.short}")
    return _standing(service, "ready")


def _standing(service: Service, status: str) -> Reply:
    return Reply({"status": status, "position": service.position, "projected": service.projected})


async def get_metrics(service: Service) -> Response:
    """Counters and gauges for Prometheus."""
    return Response(await service.metrics(), headers={"content-type": CONTENT_TYPE_LATEST})


async def list_node_kinds(service: Service, task_endpoint: TaskEndpoint | None) -> Reply:
    """The node kinds, each with what an editor needs to know of it; also those that workers offer now."""
    kinds = service.node_kinds()
    offered = set() if task_endpoint is None else {kind for worker in task_endpoint.workers().workers for kind in worker.kinds}
    return Reply({"kinds": [*kinds, *map(offered_kind, sorted(offered.difference(one["kind"] for one in kinds)))]})


async def get_schemas(service: Service) -> Reply:
    """All JSON Schemas by name: of a definition, and of what is stored."""
    return Reply(all_schemas(service.activities))


async def get_definition_schema(service: Service) -> Reply:
    """The JSON Schema of a definition."""
    return Reply(definition_schema(service.activities))


async def get_asyncapi() -> Reply:
    """The AsyncAPI document of public events: which ways there are to hear of them, and the schema of each type."""
    return Reply(asyncapi_document(build_version()))


async def get_cluster(service: Service) -> Reply:
    """The processes that share the log, who owns which partition, and the activity workers, as this process knows them."""
    return Reply(_cluster(service.cluster()))


async def get_settings(service: Service) -> Reply:
    """The server itself: its version, where its data is, its settings with where each comes from, and the extras that are installed."""
    found = service.about
    return Reply({
        "version": build_version(),
        "python": platform.python_version(),
        "started_at": _time(found.started_at),
        "data": found.data,
        "log": found.log,
        "settings": [{**row._asdict(), "place": row.place or None} for row in found.settings],
        "extras": [_extra(row) for row in await service.compute(found.extras)],
    })  # fmt: skip


def _extra(row: ExtraRow) -> dict[str, Any]:
    libraries = [{"name": name, "version": version} for name, version in row.libraries.items()]
    return {"name": row.name, "is_installed": None not in row.libraries.values(), "libraries": libraries}


def _cluster(cluster: Cluster) -> dict[str, Any]:
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


_METRICS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The text format of Prometheus.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}

SERVER: Final = (
    Operation(
        method="GET", path="/health/live", tag="health", right="observe", offered="always",
        do=check_live, answer=server_models.Health, problems=None,
    ),
    Operation(
        method="GET", path="/health/ready", tag="health", right="observe", offered="always", do=check_ready, answer=server_models.Health,
        client=ClientMethod("ready", says="Whether the server takes anything in, and up to which position journal and read models go."),
    ),
    Operation(
        method="GET", path="/metrics", tag="health", right="observe", offered="always", do=get_metrics,
        described={"responses": _METRICS, "response_class": Response},
    ),
    Operation(
        method="GET", path="/v1/node-kinds", tag="definitions", right="read", offered="always",
        do=list_node_kinds, answer=server_models.NodeKinds,
        client=ClientMethod("node_kinds", "kinds", "All node kinds, each with its ports, its fields and the JSON Schema of its `config`."),
    ),
    Operation(
        method="GET", path="/v1/schemas", tag="definitions", right="read", offered="always",
        do=get_schemas, answer=dict[str, dict[str, Any]],
        client=ClientMethod("schemas", says="The JSON Schemas by name: of a definition, and of what is stored."),
    ),
    Operation(
        method="GET", path="/v1/schemas/definition", tag="definitions", right="read", offered="always",
        do=get_definition_schema, answer=dict[str, Any],
    ),
    Operation(
        method="GET", path="/asyncapi.json", tag="definitions", right="read", offered="always",
        do=get_asyncapi, answer=dict[str, Any],
    ),
    Operation(
        method="GET", path="/v1/settings", tag="cluster", right="observe", do=get_settings, answer=server_models.About,
        client=ClientMethod("server_settings", says="The server itself: `{version, python, started_at, data, log, settings, extras}`."),
    ),
    Operation(
        method="GET", path="/v1/cluster", tag="cluster", right="observe", offered="always", do=get_cluster, answer=server_models.Cluster,
        client=ClientMethod("cluster", says="Who shares the log: `{node, leader, generation, processes, partitions, workers}`."),
    ),
)  # fmt: skip
