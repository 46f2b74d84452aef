"""Requests to webhooks past the framework: small ones of JSON, on connections as they usually are (`api/hot.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import unquote

from fastapi import Response

from api.hooks.deliveries import Came
from api.hooks.desk import Answered, Hooks, Said
from api.hooks.route import HOOKS, as_webhook, joined
from api.message import Call, Message
from api.problems import respond
from api.service import Service
from contracts.caller import Caller


class FastHooks:
    """Begins what a request asks for, and answers when that is done."""

    def __init__(self, service: Service) -> None:
        self._hooks = Hooks(service)
        self._under_way: set[asyncio.Task[Response]] = set()

    def begin(self, message: Message, call: Call, caller: Caller) -> None:
        """Whoever hangs up is not waited for; what was begun goes on."""
        path, _, query = message.url.partition(b"?")
        came = Came("POST", joined(message.headers), query.decode("latin-1"), bytes(message.body), call.sender)
        asked, who = unquote(path.decode("latin-1").removeprefix(HOOKS)), as_webhook(caller)

        def then(answered: Answered | Exception) -> None:
            if isinstance(answered, Said):
                call.answer(answered.status_code, answered.body)
            else:
                call.respond(respond(answered) if isinstance(answered, Exception) else answered)

        if not self._hooks.begin(asked, came, who, then):
            self._await(self._hooks.take(asked, came, who, is_test=False), call)

    def _await(self, taking: Coroutine[Any, Any, Response], call: Call) -> None:
        """By a task: a secret has to be read first, or it may be a challenge."""
        task = asyncio.get_running_loop().create_task(taking)
        self._under_way.add(task)

        def done(task: asyncio.Task[Response]) -> None:
            self._under_way.discard(task)
            if task.cancelled():
                call.gone()
            elif (error := task.exception()) is not None:
                assert isinstance(error, Exception)
                call.respond(respond(error))
            else:
                call.respond(task.result())

        task.add_done_callback(done)
