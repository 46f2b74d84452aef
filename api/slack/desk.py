"""What happens with an interaction in Slack: a button answers, or opens a modal; a modal that is sent off answers.

The answer is durable before Slack hears that its request came. What is said to whoever pressed comes after that, and may get lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from starlette.background import BackgroundTask
from starlette.responses import Response

from api.links.form import fields_of, lines
from api.links.page import Asked
from api.links.reading import data_of, edited, kept, shown, with_problems
from api.operations.tasks import answered, place_of
from api.service import Service, Unavailable
from api.slack.modal import CALLBACK, asks_more, given_in, modal, problems_at, told
from api.slack.person import Nobody, person_in
from contracts.caller import Caller
from contracts.commands import AnswerTask
from contracts.errors import InvalidInput, LogError, NoCredential, Rejected
from contracts.ports.slack import SlackFailed
from contracts.sealed_value import hide
from domain.channels.blocks import ANSWER, closing, fallback

LIMIT_S: Final = 2.5
"""Slack waits for three seconds."""
_log: Final = logging.getLogger("refold.slack")
_LATE: Final = "This took too long: please try again."
_pressed: Final = msgspec.json.Decoder(tuple[str, str])


class Malformed(Exception):
    """What Slack does not send."""


class Said(NamedTuple):
    """What whoever pressed is told; and whether nobody is asked any more, so that the message is to be changed."""

    text: str
    over: str = ""


class Place(NamedTuple):
    """Who has pressed, and below which message of which channel."""

    user: str
    channel: str
    ts: str


class Interactions:
    """Interactions over a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def take(self, payload: Mapping[str, Any], caller: Caller) -> Response:
        """The answer to an interaction. Raises Malformed."""
        try:
            match payload.get("type"):
                case "block_actions":
                    return await self._press(payload, caller)
                case "view_submission" if payload["view"].get("callback_id") == CALLBACK:
                    return await self._submit(payload, caller)
        except (KeyError, TypeError, AttributeError, UnicodeEncodeError, msgspec.DecodeError) as error:
            raise Malformed(f"{type(error).__name__}: {error}") from None
        return Response()

    # Buttons.

    async def _press(self, payload: Mapping[str, Any], caller: Caller) -> Response:
        pressed = next((one for one in payload["actions"] if str(one.get("action_id", "")).startswith(ANSWER)), None)
        if pressed is None:
            return Response()
        (task, port), place = _pressed.decode(pressed["value"]), _place(payload)
        said = await self._guarded(self._pressed(payload, task, port, caller))
        return Response() if said is None else Response(background=BackgroundTask(self._say, place, said))

    async def _pressed(self, payload: Mapping[str, Any], name: str, port: str, caller: Caller) -> Said | None:
        task = shown(await self._service.task(*place_of(name)))
        if task["status"] != "open":
            return Said(f"Nobody is asked any more: {task['outcome'] or task['status']}", over=name)
        if asks_more(task, port):
            view = modal(task, port)
            if view is None:
                return Said("This form is too long for Slack: answer in the list of tasks.")
            await self._service.slack.ask("views.open", trigger_id=payload["trigger_id"], view=_plain(view))
            return None
        done = await self._answer(payload, task, port, caller)
        return Said(f"You have answered: {port.replace('_', ' ')}. {done['message'].capitalize()}.", over=name if done["decided"] else "")

    async def _guarded(self, work: Awaitable[Said | None]) -> Said | None:
        """What is said instead where that fails."""
        try:
            async with asyncio.timeout(LIMIT_S):
                return await work
        except TimeoutError:
            return Said(_LATE)
        except (SlackFailed, NoCredential, LogError, Unavailable) as error:
            _log.warning("an answer by Slack could not be taken: %s", error)
            return Said("This cannot be answered just now. Come again in a minute; nothing was answered.")
        except InvalidInput as invalid:
            return Said("; ".join(problem.message for problem in invalid.problems))
        except (Rejected, Nobody) as refused:
            return Said(f"Your answer does not count: {refused}")

    async def _say(self, place: Place, said: Said) -> None:
        """Tell whoever pressed, and nobody else; and let a message that asks nobody any more say so."""
        try:
            if said.over:
                content = closing(shown(await self._service.task(*place_of(said.over))))
                await self._service.slack.ask("chat.update", channel=place.channel, ts=place.ts, **_plain(content))
            await self._service.slack.ask("chat.postEphemeral", channel=place.channel, user=place.user, text=fallback(said.text))
        except (SlackFailed, NoCredential, LogError, Unavailable, Rejected) as error:
            _log.warning("nobody could be told in Slack what became of an answer: %s", error)

    # Modals.

    async def _submit(self, payload: Mapping[str, Any], caller: Caller) -> Response:
        view = payload["view"]
        name, port = _pressed.decode(view["private_metadata"])
        errors: dict[str, str] = {}

        async def submitted() -> Said:
            task = shown(await self._service.task(*place_of(name)))
            given = given_in(task, view)
            asked = Asked(task, "", fields_of(task["form"]), given, port)
            data, problems = data_of(asked)
            try:
                if not problems:
                    done = await self._answer(payload, task, port, caller, given["comment"], kept(data), kept(edited(asked)))
                    return Said(f"You have answered: {port.replace('_', ' ')}. {done['message'].capitalize()}.")
            except InvalidInput as invalid:
                asked = with_problems(asked, invalid)
                problems = dict(asked.problems)
            errors.update(problems_at(task, problems, asked.wrong))
            return Said("")

        said = await self._guarded(submitted())
        assert said is not None
        if errors:
            return _json({"response_action": "errors", "errors": errors})
        return _json({"response_action": "update", "view": told(said.text)})

    async def _answer(
        self,
        payload: Mapping[str, Any],
        task: Mapping[str, Any],
        port: str,
        caller: Caller,
        comment: str = "",
        data: bytes | None = None,
        content: bytes | None = None,
    ) -> dict[str, Any]:
        """Answer as whoever it is that Slack says. What comes twice is one answer; two modals of one person are two."""
        by = await person_in(self._service.slack, payload, task["assignees"])
        _, path, attempt = place_of(task["task_id"])
        view = (payload.get("view") or {}).get("id", "")
        key = "slack:" + hashlib.sha256(f"{task['task_id']}\0{by.address}\0{port}\0{view}".encode()).hexdigest()[:32]
        command = AnswerTask(path, attempt, port, by, data, lines(comment), content, key)
        return await answered(self._service, caller, by, task["task_id"], command)


def _place(payload: Mapping[str, Any]) -> Place:
    """Raises KeyError, TypeError, AttributeError for what Slack does not send."""
    place = payload.get("container") or {}
    return Place(str(payload["user"]["id"]), str(place.get("channel_id", "")), str(place.get("message_ts", "")))


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """What nobody is to read is not sent."""
    return msgspec.json.decode(hide(msgspec.json.encode(value)), type=dict[str, Any])


def _json(value: Any) -> Response:
    return Response(hide(msgspec.json.encode(value)), 200, media_type="application/json")
