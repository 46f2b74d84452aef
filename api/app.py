"""The application: all routes over a service, and an OpenAPI document that says all they answer."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.authorize import Authorize, authorize
from api.consent import consent_route
from api.gate import Gate
from api.hooks.route import hook_routes
from api.links.route import link_route
from api.live import live_route
from api.operations import OPERATIONS, offered
from api.parameters import only_known, only_text
from api.problems import Problem, install
from api.requests import Requests
from api.routes import add_routes
from api.service import Service
from api.sites import Sites
from api.slack.route import slack_route
from api.ui import Ui, add_ui
from api.version import build_version
from contracts.ports.workers import TaskEndpoint

BODY_BYTES_MAX_DEFAULT: Final = 16 * 1024 * 1024
REQUESTS_MAX_DEFAULT: Final = 2_000
SUMMARY: Final = "Refold runs workflows and remembers all they did in a log."

_READ_BY_HAND: Final[tuple[type[BaseModel], ...]] = (*dict.fromkeys(one.takes for one in OPERATIONS if one.takes is not None), Problem)


def make_app(
    service: Service,
    sites: Sites,
    body_bytes_max: int = BODY_BYTES_MAX_DEFAULT,
    requests_max: int = REQUESTS_MAX_DEFAULT,
    task_endpoint: TaskEndpoint | None = None,
    is_open: bool = True,
    requests: Requests | None = None,
    authorize: Authorize = authorize,
    ui: Ui | None = None,
) -> Gate:
    """The application over a service, behind its gate; with a task endpoint it has the routes of the worker protocol, too.

    One that is not open tells of itself and of its cluster, and takes nothing. It has a web UI where it is given one.
    """
    app = FastAPI(
        title="Refold", summary=SUMMARY, version=build_version(), docs_url=None, redoc_url=None,
        dependencies=[Depends(only_text), Depends(only_known)], generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    install(app)
    add_routes(app.router, offered(is_open, task_endpoint is not None), service, task_endpoint, authorize)
    if is_open:
        app.router.routes.append(live_route(service, authorize))
        app.router.routes.extend(hook_routes(service))
        app.router.routes.append(link_route(service))
        app.router.routes.append(slack_route(service))
        app.router.routes.append(consent_route(service, ui is not None and ui.is_built))
    if ui is not None:
        add_ui(app, ui)
    _describe(app)
    return Gate(app, sites, body_bytes_max, requests_max, requests=requests)


def _describe(app: FastAPI) -> None:
    """Put in the schemas of what is read by hand; made when somebody asks for the document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            _, schemas = models_json_schema(
                [(model, "validation") for model in _READ_BY_HAND], ref_template="#/components/schemas/{model}"
            )  # fmt: skip
            document.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
