"""The hot requests, as the lane serves them: the operations that are declared with `fast`. FastAPI serves the same (`api/routes.py`).

Only what is usual is taken. A request that would be refused is left to the framework before anything is done for it, so that
what is wrong is said in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from api.authorize import Authorize, authorize
from api.bodies import is_json
from api.caller import SOMEBODY, caller_of
from api.gate import Gate
from api.hooks.fast import FastHooks
from api.hooks.route import HOOKS
from api.lane import BODY_BYTES_MAX
from api.message import Call, Message
from api.operations import OPERATIONS
from api.operations.operation import Fast, FastRequest, Operation
from api.operations.starts import KEY_LENGTH_MAX
from api.service import Service
from contracts.ports.workers import TaskEndpoint

_HOOKS: Final = HOOKS.encode()
_UNUSUAL: Final = frozenset({b"expect", b"content-encoding", b"transfer-encoding", b"origin"})


class Hot:
    """What the lane serves, over a service and a task endpoint. See `api.lane.HotRoutes`."""

    def __init__(
        self,
        service: Service,
        gate: Gate,
        task_endpoint: TaskEndpoint | None,
        operations: Iterable[Operation] = OPERATIONS,
        authorize: Authorize = authorize,
    ) -> None:
        self._service, self._gate, self._task_endpoint, self._authorize = service, gate, task_endpoint, authorize
        offered = (one for one in operations if one.is_counted or task_endpoint is not None)
        self._operations = [(one, one.fast, one.is_counted) for one in offered if one.fast is not None]
        self._hooks = FastHooks(service)
        self._beginnings = (*{one.path.partition("{")[0].encode() for one, _, _ in self._operations}, _HOOKS)
        self._by_url = {hot[0].path.encode(): [hot] for hot in self._operations if "{" not in hot[0].path}
        self._known, self._is_ours = gate.sites.known, gate.sites.is_ours

    def may_take(self, message: Message) -> bool:
        """See HotRoutes."""
        if message.method != b"POST" or not message.url.startswith(self._beginnings) or not message.is_plain:
            return False
        hosts = 0
        for name, value in message.headers:
            if name == b"host":
                hosts += 1
                if value not in self._known and not self._is_ours(value):
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
                message.key = value.decode("latin-1")
            elif name in _UNUSUAL:
                return False
        return hosts == 1

    def take(self, message: Message, call: Call) -> bool:
        """See HotRoutes."""
        if message.body and not _says_json(message.kind):
            return False
        if message.url.startswith(_HOOKS):
            return self._begin_hook(message, call)
        for operation, fast, is_counted in self._by_url.get(message.url, self._operations):
            found = fast.pattern.match(message.url)
            if found is not None:
                begin = self._begin if is_counted else self._begin_work
                taken = begin(operation, fast, found, message, call)
                self._gate.requests.by_lane += taken
                return taken
        return False

    def _begin(self, operation: Operation, fast: Fast, found: re.Match[bytes], message: Message, call: Call) -> bool:
        if self._gate.is_full or len(message.body) > self._gate.body_bytes_max:
            return False
        caller = caller_of(message.headers)
        self._authorize(caller, operation)
        call.request_id = caller.correlation
        self._count(call, fast.begin(FastRequest(caller, self._service, self._task_endpoint, found, message, call)))
        return True

    def _begin_work(self, operation: Operation, fast: Fast, found: re.Match[bytes], message: Message, call: Call) -> bool:
        """One of the worker protocol."""
        self._authorize(SOMEBODY, operation)
        fast.begin(FastRequest(SOMEBODY, self._service, self._task_endpoint, found, message, call))
        return True

    def _begin_hook(self, message: Message, call: Call) -> bool:
        """One of a webhook: who may start is said by its signature."""
        if self._gate.is_full or len(message.body) > self._gate.body_bytes_max:
            return False
        caller = caller_of(message.headers)
        call.request_id = caller.correlation
        self._hooks.begin(message, call, caller)
        self._count(call, None)
        self._gate.requests.by_lane += 1
        return True

    def _count(self, call: Call, forget: Callable[[], None] | None) -> None:
        """It is under way until it is answered, or nobody waits any more."""
        requests = self._gate.requests
        if not call.is_open:
            return
        requests.under_way += 1

        def on_end(is_gone: bool) -> None:
            requests.under_way -= 1
            if is_gone and forget is not None:
                forget()

        call.on_end = on_end


def _says_json(kind: bytes | None) -> bool:
    return kind == b"application/json" or (kind is not None and is_json(kind.decode("latin-1").partition(";")[0].strip().lower()))


class NoRoutes:
    """A lane that takes nothing: all requests go the usual way."""

    def may_take(self, message: Message) -> bool:
        """See HotRoutes."""
        return False

    def take(self, message: Message, call: Call) -> bool:
        """See HotRoutes."""
        return False
