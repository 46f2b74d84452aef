"""The route of Slack's requests: `POST /slack/interactions`. Whoever sends proves by a signature that it is Slack."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.caller import caller_in
from api.hooks.route import joined
from api.problems import problem
from api.service import Service
from api.slack.desk import Interactions, Malformed
from contracts.errors import LogError, NoCredential
from domain.triggers.signatures import Refused, Signature, prover

PATH: Final = "/slack/interactions"
_SIGNATURE: Final = Signature(kind="slack", secret="slack")
"""With the tolerance that Slack asks for: five minutes either way."""
_log: Final = logging.getLogger("refold.slack")


class SlackDoor:
    """Lets in what Slack has signed."""

    def __init__(self, service: Service) -> None:
        self._service, self._interactions = service, Interactions(service)

    async def take(self, request: Request) -> Response:
        """The answer to a request."""
        if not self._service.slack.is_set:
            return problem(404, "not_found", "there is nothing at this path")
        body = await request.body()
        try:
            prove = prover(_SIGNATURE, await self._service.slack.secrets())
            prove(joined(request.headers.raw), body, self._service.now() / 1000)
        except Refused as refused:
            return problem(401, refused.reason, str(refused), {"WWW-Authenticate": "Signature"})
        except (NoCredential, LogError, ValueError) as error:
            _log.error("requests of Slack cannot be checked: %s", error)
            return problem(503, "unready", "this cannot be checked just now")
        try:
            return await self._interactions.take(_payload(body), caller_in(request.scope))
        except Malformed as malformed:
            return problem(400, "invalid_body", f"expected an interaction as Slack sends it: {malformed}"[:500])


def slack_route(service: Service) -> Route:
    """The route over a service."""
    return Route(PATH, SlackDoor(service).take, methods=["POST"], include_in_schema=False)


def _payload(body: bytes) -> Mapping[str, Any]:
    """What stands in the form. Raises Malformed."""
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
        return msgspec.json.decode(fields["payload"], type=dict[str, Any])
    except (ValueError, KeyError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
