"""What other programs ask about the server itself: its health, its metrics, and what definitions may be made of."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api import server_models
from api.answers import answer
from api.problems import documented
from api.service import Service, Unavailable
from domain.definition.schema import all_schemas, definition_schema


def health_routes(service: Service) -> APIRouter:
    """The routes about the server."""
    router = APIRouter()

    def standing(status: str) -> Response:
        return answer({"status": status, "position": service.position, "projected": service.projected})

    @router.get("/health/live", tags=["health"], response_model=server_models.Health)
    async def check_live() -> Response:
        """Whether the process answers at all."""
        return standing("live")

    @router.get("/health/ready", tags=["health"], responses=documented(), response_model=server_models.Health)
    async def check_ready() -> Response:
        """Whether it takes anything in: 503 while stopping, while another owner is in charge, or while it is short of something."""
        service.check_ready()
        if service.short:
            raise Unavailable("short", f"the server is short of something, and tries again: {service.short}")
        return standing("ready")

    metrics_content: dict[int | str, dict[str, Any]] = {
        200: {"description": "The text format of Prometheus.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    }

    @router.get("/metrics", tags=["health"], responses={**metrics_content, **documented()}, response_class=Response)
    async def get_metrics() -> Response:
        """Counters and gauges for Prometheus."""
        return Response(await service.metrics(), headers={"content-type": CONTENT_TYPE_LATEST})

    @router.get("/v1/node-kinds", tags=["definitions"], responses=documented(), response_model=server_models.NodeKinds)
    async def list_node_kinds() -> Response:
        """The node kinds, each with the JSON Schema of its `config`."""
        return answer({"kinds": service.node_kinds()})

    @router.get("/v1/schemas", tags=["definitions"], responses=documented(), response_model=dict[str, dict[str, Any]])
    async def get_schemas() -> Response:
        """All JSON Schemas by name: of a definition, and of what is stored."""
        return answer(all_schemas(service.activities))

    @router.get("/v1/schemas/definition", tags=["definitions"], responses=documented(), response_model=dict[str, Any])
    async def get_definition_schema() -> Response:
        """The JSON Schema of a definition."""
        return answer(definition_schema(service.activities))

    return router
