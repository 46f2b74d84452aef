"""The hot requests, as the lane serves them: start, signal, poll and results. FastAPI serves the same (`api/workflows.py` …).

Only what is usual is taken. A request that would be refused is left to the framework before anything is done for it, so that
what is wrong is said in one place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

from api.answers import encode
from api.bodies import StartBody, check_json, is_json, parse
from api.caller import caller_of
from api.executions import given_value
from api.gate import Gate
from api.lane import BODY_BYTES_MAX, Call
from api.message import Message
from api.problems import respond
from api.service import Given, Service, Started
from api.worker_routes import hold, lost_results, overloaded
from api.workflows import KEY_LENGTH_MAX, WAIT_MAX_S, start_of, status_of
from contracts.caller import Caller
from contracts.commands import SendSignal
from contracts.errors import Overloaded
from contracts.ports.workers import TaskEndpoint
from contracts.worker_protocol import Assignment, BadMessage, Receipt, WrongProtocol, read_poll
from contracts.worker_protocol import encode as encode_message
from contracts.worker_results import read_results

_UNUSUAL: Final = frozenset({b"expect", b"content-encoding", b"transfer-encoding", b"origin"})
_START: Final = re.compile(rb"/v1/workflows/([a-z][a-z0-9_-]{0,62})/executions(?:\?wait=([0-9]{1,4}(?:\.[0-9]{1,6})?))?\Z")
_SIGNAL: Final = re.compile(rb"/v1/executions/([A-Za-z0-9._:~()!@-]{1,400})/signals/([A-Za-z0-9._:~-]{1,200})\Z")
_HOT: Final = (b"/v1/w", b"/v1/executions/")


class Hot:
    """What the lane serves, over a service and a desk. See `api.lane.HotRoutes`."""

    def __init__(self, service: Service, gate: Gate, desk: TaskEndpoint | None) -> None:
        self._service, self._gate, self._desk = service, gate, desk
        self._is_ours = gate.sites.is_ours
        self._loop = asyncio.get_running_loop()

    def may_take(self, message: Message) -> bool:
        """See HotRoutes."""
        if message.method != b"POST" or not message.url.startswith(_HOT) or not message.is_plain:
            return False
        hosts = 0
        for name, value in message.headers:
            if name == b"host":
                hosts += 1
                if not self._is_ours(value):
                    return False
            elif name == b"content-type":
                if message.kind is not None:
                    return False
                message.kind = value
            elif name == b"content-length":
                if len(value) >= 8 or not value.isdigit() or int(value) > BODY_BYTES_MAX:
                    return False
            elif name == b"idempotency-key":
                if message.key is not None or not 1 <= len(value) <= KEY_LENGTH_MAX:
                    return False
                message.key = value
            elif name in _UNUSUAL:
                return False
        return hosts == 1

    def take(self, message: Message, call: Call) -> bool:
        """See HotRoutes."""
        url = message.url
        if message.body and not _says_json(message.kind):
            taken = False
        elif url.startswith(b"/v1/worker/"):
            taken = self._desk is not None and self._take_worker(self._desk, url, message.body, call)
        elif self._gate.is_full or len(message.body) > self._gate.body_bytes_max:
            taken = False
        elif (found := _START.match(url)) is not None:
            taken = self._start(found[1].decode(), float(found[2] or 0), message, call)
        else:
            found = _SIGNAL.match(url)
            taken = found is not None and self._signal(found[1].decode(), found[2].decode(), message, call)
        self._gate.requests.by_lane += taken
        return taken

    # Executions.

    def _start(self, name: str, wait_s: float, message: Message, call: Call) -> bool:
        if wait_s > WAIT_MAX_S:
            return False
        start = start_of(name, parse(message.body or b"{}", StartBody), _key_of(message), self._caller(message, call))

        def then(outcome: Started | Exception) -> None:
            if isinstance(outcome, Started):
                call.answer(status_of(outcome, wait_s > 0), encode(outcome.view), outcome.view.position)
            else:
                call.respond(respond(outcome))

        self._count(call, self._service.begin_start(start, wait_s, then))
        return True

    def _signal(self, execution: str, name: str, message: Message, call: Call) -> bool:
        payload = check_json(message.body or b"null")

        def then(outcome: Given | Exception) -> None:
            if isinstance(outcome, Given):
                call.answer(200, encode(given_value(outcome)), outcome.position)
            else:
                call.respond(respond(outcome))

        command = SendSignal(_key_of(message) or self._service.new_id(), name, payload)
        self._count(call, self._service.begin_give(execution, command, self._caller(message, call), then))
        return True

    def _caller(self, message: Message, call: Call) -> Caller:
        caller = caller_of(message.headers)
        call.request_id = caller.correlation
        return caller

    def _count(self, call: Call, forget: Callable[[], None]) -> None:
        """It is under way until it is answered, or nobody waits any more."""
        requests = self._gate.requests
        if not call.is_open:
            return
        requests.under_way += 1

        def on_end(is_gone: bool) -> None:
            requests.under_way -= 1
            if is_gone:
                forget()

        call.on_end = on_end

    # Workers.

    def _take_worker(self, desk: TaskEndpoint, url: bytes, body: bytes, call: Call) -> bool:
        try:
            if url == b"/v1/worker/poll":
                self._service.check_ready()
                self._poll(desk, body, call)
            elif url == b"/v1/worker/results":
                desk.results(read_results(body), lambda receipt: _answer_results(call, receipt))
            else:
                return False
        except Overloaded as error:  # some of it may be taken in: not to be tried again by the framework
            call.respond(overloaded(error))
        except (BadMessage, WrongProtocol):  # said by the framework
            return False
        return True

    def _poll(self, desk: TaskEndpoint, body: bytes, call: Call) -> None:
        def then(assignment: Assignment) -> None:
            call.answer(200, encode_message(assignment))

        let_go = hold(desk, read_poll(body), then, self._loop)
        call.on_end = lambda is_gone: let_go()


def _says_json(kind: bytes | None) -> bool:
    return kind == b"application/json" or (kind is not None and is_json(kind.decode("latin-1").partition(";")[0].strip().lower()))


def _key_of(message: Message) -> str | None:
    return None if message.key is None else message.key.decode("latin-1")


def _answer_results(call: Call, receipt: Receipt | None) -> None:
    if receipt is None:
        call.respond(lost_results())
    else:
        call.answer(200, encode_message(receipt))


class NoRoutes:
    """A lane that takes nothing: all requests go the usual way."""

    def may_take(self, message: Message) -> bool:
        """See HotRoutes."""
        return False

    def take(self, message: Message, call: Call) -> bool:
        """See HotRoutes."""
        return False
