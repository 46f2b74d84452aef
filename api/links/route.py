"""The route of links: `/answer/TOKEN`. To open it shows the question and answers nothing; what is sent from there answers it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.caller import caller_in
from api.links.form import fields_of, lines
from api.links.page import Asked, asking, told
from api.links.reading import data_of, edited, kept, shown, with_problems
from api.operations.tasks import answered, place_of
from api.person import ADDRESS_LENGTH_MAX
from api.service import Service, Unavailable
from contracts.commands import AnswerTask
from contracts.errors import InvalidInput, LogError, NoCredential, Rejected
from contracts.person import Person, plain_name
from contracts.ports.credentials import Secret, Use
from domain.channels.link import LINKS, PAGES, BadLink, Expired, Link, id_of, read
from domain.channels.wording import moment_text

SECRETS_S: Final = 2.0
"""So long the secret is remembered."""
INPUTS_MAX: Final = 1_000
_FORM: Final = "application/x-www-form-urlencoded"


class Pages:
    """The pages of links over a service. Who asks is who the link says: it is asked for no other right."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._secret: tuple[float, Secret] | None = None

    async def take(self, request: Request) -> Response:
        """The answer to a request."""
        token = request.path_params["token"]
        try:
            link = read(token, await self._secrets(), self._service.now())
            task = shown(await self._service.task(*place_of(link.task)))
            over = _over(link, task)
            if over is not None:
                return over
            if request.method != "POST":
                return asking(200, Asked(task, link.person, fields_of(task["form"]), {}, request.query_params.get("answer", "")))
            return await self._answer(request, token, link, task)
        except BadLink as bad:
            return told(
                410 if isinstance(bad, Expired) else 404, str(bad).capitalize(), "Look in your list of tasks, or ask whoever sent it."
            )
        except Rejected as rejected:
            return told(404 if rejected.reason.startswith("unknown") else 410, "Nobody is asked any more", str(rejected))
        except (NoCredential, LogError, Unavailable):
            return told(503, "This cannot be shown just now", "Come again in a minute; nothing was answered.")

    async def _secrets(self) -> list[str]:
        now = self._service.now() / 1000
        if self._secret is None or not 0 <= now - self._secret[0] <= SECRETS_S:
            self._secret = now, await self._service.secrets.resolve(LINKS, Use(purpose="links"))
        return [one.values.get("secret", "") for one in self._secret[1].valid]

    async def _answer(self, request: Request, token: str, link: Link, task: dict[str, Any]) -> Response:
        given = await _given(request)
        if given is None:
            return told(400, "This cannot be read", "Open the link again, and answer on the page.")
        asked, (_, path, attempt) = Asked(task, link.person, fields_of(task["form"]), given, given.get("answer", "")), place_of(link.task)
        data, problems = data_of(asked)
        if problems:
            return asking(422, asked._replace(problems=problems))
        address = "" if request.client is None else request.client.host[:ADDRESS_LENGTH_MAX]
        by = Person(link.person, (), link.channel, address)
        comment = lines(given.get("comment", ""))
        command = AnswerTask(path, attempt, asked.chosen, by, kept(data), comment, kept(edited(asked)), id_of(token))
        try:
            done = await answered(self._service, caller_in(request.scope), by, link.task, command)
        except InvalidInput as invalid:
            return asking(422, with_problems(asked, invalid))
        except Rejected as rejected:  # most often somebody else was quicker, or another window of the same person
            over = _over(link, shown(await self._service.task(*place_of(link.task))))
            return over or asking(409, asked._replace(wrong=str(rejected)))
        return told(200, "Thank you", f"You have answered: {asked.chosen.replace('_', ' ')}.", f"{done['message'].capitalize()}.")


def link_route(service: Service) -> Route:
    """The route over a service."""
    return Route(PAGES + "{token}", Pages(service).take, methods=["GET", "POST"], include_in_schema=False)


async def _given(request: Request) -> dict[str, str] | None:
    """What was sent from a page; None for what no page sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return None
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=INPUTS_MAX, errors="strict"))
    except ValueError:
        return None


def _over(link: Link, task: dict[str, Any]) -> Response | None:
    """What is told where this person is not asked any more."""
    for one in task["answers"]:
        if plain_name(one["by"]) == plain_name(link.person):
            return told(
                200,
                "You have answered",
                f"{task['question']}",
                f"Your answer: {one['port'].replace('_', ' ')}, at {moment_text(one['at'])}.",
            )
    if task["status"] != "open":
        came = f": {task['outcome'].replace('_', ' ')}" if task["outcome"] else ""
        return told(200, "Nobody is asked any more", f"{task['question']}", f"The task is {task['status']}{came}.")
    return None
