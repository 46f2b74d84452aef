"""Requests to webhooks past the framework: small ones of JSON, on connections as they usually are (`api/hot.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import unquote

from fastapi import Response

from api.hooks.deliveries import Came
from api.hooks.desk import Hooks
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

    def begin(self, message: Message, call: Call, caller: Caller) -> Callable[[], None]:
        """What is given back forgets the caller; what was begun goes on."""
        path, _, query = message.url.partition(b"?")
        came = Came("POST", joined(message.headers), query.decode("latin-1"), bytes(message.body), call.sender)
        taking = self._hooks.take(unquote(path.decode("latin-1").removeprefix(HOOKS)), came, as_webhook(caller), is_test=False)
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
        return _nothing


def _nothing() -> None:
    """Nobody is there to be told any more."""
