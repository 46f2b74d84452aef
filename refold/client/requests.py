"""What a client asks a server, as requests: shared by the blocking client and the one on the event loop.

A request that is safe to repeat carries what makes it so: a start and a signal have an idempotency key, made here if need be.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, urlencode

from refold.client.connection import Answer
from refold.errors import ExecutionFailed, Refused, Unavailable
from refold.json_values import dumps, loads

SERVER_DEFAULT: Final = "http://127.0.0.1:8080"
BATCH_MAX: Final = 1_000
TRIES_MAX: Final = 5
PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0, 2.0)
ANSWER_TIMEOUT_S: Final = 30.0
ENDED: Final = frozenset({"completed", "failed", "cancelled", "terminated", "quarantined"})
WAIT_STEP_S: Final = 20.0
"""A start that waits for the end is held by the server for at most so long at a time."""
RUN_STEP_S: Final = 5.0
"""The start of a run is held shorter: of an incident of a child the server says nothing, so it is looked for."""
LOOK_EVERY_S: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
"""How often an execution is looked at that is waited for; the last one goes on."""
LOOK_BELOW_EVERY: Final = 4
"""Every so many looks, from the last pause on, its children are looked at: they may need a person."""
BELOW_MAX: Final = 100
"""So many executions below one are looked at."""
Rows: TypeAlias = list[dict[str, Any]]
PAGE_MAX: Final = 500
"""So many rows a page has at most."""
OPEN: Final = ("created", "scheduled", "running", "paused", "incident")


class Ask(NamedTuple):
    """A request; `is_safe` says that asking twice is asking once."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] | None = None
    is_safe: bool = True
    timeout_s: float = ANSWER_TIMEOUT_S
    is_text: bool = False
    """Whether the answer is bytes, as they are."""

    def head(self, more: dict[str, str]) -> dict[str, str] | None:
        """Its headers, and those that the client says with every request."""
        return {**more, **(self.headers or {})} if more else self.headers


def head_of(person: str | None, groups: Sequence[str]) -> dict[str, str]:
    """The headers that say who acts: their bytes are UTF-8."""
    said = {"refold-person": person, "refold-groups": ",".join(groups) or None}
    return {name: value.encode().decode("latin-1") for name, value in said.items() if value is not None}


class Wait:
    """A wait for the end of an execution: how long it still may take, and when to look again."""

    def __init__(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._end = None if timeout_s is None else time.monotonic() + timeout_s
        self._looks = 0

    def at_start_s(self) -> float:
        """How long the start itself may be held."""
        return RUN_STEP_S if self._timeout_s is None else min(RUN_STEP_S, self._timeout_s)

    def pause_s(self, execution: Mapping[str, Any]) -> float:
        """How long to wait before it is looked at again. Raises TimeoutError when the time is up."""
        pause = LOOK_EVERY_S[min(self._looks, len(LOOK_EVERY_S) - 1)]
        self._looks += 1
        if self._end is None:
            return pause
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"execution {execution['execution_id']} is {execution['status']} after {self._timeout_s:g} s")
        return min(pause, left)

    def looks_below(self) -> bool:
        """Whether this is a time to look at its children."""
        return self._looks >= len(LOOK_EVERY_S) and not (self._looks - len(LOOK_EVERY_S)) % LOOK_BELOW_EVERY


def server_of(server: str | None) -> str:
    """The server that is meant: the one given, REFOLD_SERVER, or the one on this machine."""
    return server or os.environ.get("REFOLD_SERVER") or SERVER_DEFAULT


def read(answer: Answer, is_text: bool = False) -> Any:
    """What was answered. Raises Refused, and Unavailable for what may pass."""
    if is_text and answer.status < 400:
        return answer.body
    if answer.status < 300:
        return _content(answer.body)
    raise refusal(answer.status, answer.body)


def refusal(status: int, body: bytes) -> Refused | Unavailable:
    """What an answer that is none says; Unavailable for what may pass, but a quota, of which the caller has to know."""
    content = _content(body)
    problem = content if isinstance(content, dict) else {"title": "refused"}
    if status in (429, 502, 503, 504) and problem.get("reason") != "quota_exceeded":
        return Unavailable(f"{status} {problem.get('title') or ''}: {problem.get('detail') or ''}")
    return Refused(status, problem)


def _content(body: bytes) -> Any:
    try:
        return loads(body) if body else None
    except ValueError:
        return {"title": "no JSON", "detail": body[:200].decode(errors="replace")}


def pause_s(tries: int, answer: Answer | None) -> float:
    """How long to wait before asking again; the server may say so."""
    told = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(30.0, float(told)) if told.isdigit() else PAUSES_S[min(tries, len(PAUSES_S) - 1)]


def publish(definition: Mapping[str, Any] | str | Path, path: str = "/v1/workflows", activate: bool = False) -> Ask:
    """Publish a definition: an object, YAML or JSON text, or the path of a file."""
    path += "?activate=true" if activate else ""
    if isinstance(definition, Mapping):
        return Ask("POST", path, dumps(dict(definition)))
    text = definition.read_bytes() if isinstance(definition, Path) else definition.encode()
    is_json = text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return publish_text(text, "json" if is_json else "yaml", path)


def publish_text(text: bytes, syntax: str, path: str = "/v1/workflows", activate: bool = False) -> Ask:
    """Publish the text of a definition."""
    return Ask("POST", path + ("?activate=true" if activate else ""), text, {"content-type": f"application/{syntax}"})


def source(workflow: str, version: int | None) -> Ask:
    """The text that a version was published from."""
    return Ask("GET", f"/v1/workflows/{part(workflow)}/source{_query({'version': version})}", is_text=True)


def validate(definition: Mapping[str, Any] | str | Path) -> Ask:
    """Check a definition, and publish nothing."""
    return publish(definition, "/v1/workflows/validate")


def start(workflow: str, given: Any, wait_s: float | None, key: str | None, through_incidents: bool, more: Mapping[str, Any]) -> Ask:
    """Start an execution; it is made once however often it is asked for."""
    body = start_body(given, more)
    headers = {} if "execution_id" in body else {"idempotency-key": key or new_key()}
    query = "" if not wait_s else f"?wait={min(wait_s, WAIT_STEP_S):g}" + ("&through_incidents=true" if through_incidents else "")
    path = f"/v1/workflows/{part(workflow)}/executions{query}"
    return Ask("POST", path, dumps(body), headers, timeout_s=ANSWER_TIMEOUT_S + (wait_s or 0))


def start_many(workflow: str, inputs: Iterable[Any], key: str | None) -> Iterator[Ask]:
    """Start many executions of a workflow, as many at once as a server takes."""
    prefix = key or new_key()
    asked = [{"input": {} if given is None else given, "execution_id": f"{prefix}-{number}"} for number, given in enumerate(inputs)]
    for first in range(0, len(asked), BATCH_MAX):
        body = dumps({"executions": asked[first : first + BATCH_MAX]})
        yield Ask("POST", f"/v1/workflows/{part(workflow)}/executions/batch", body)


def start_body(given: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """What a start says; what is not said is left out."""
    return {"input": {} if given is None else given} | {name: value for name, value in more.items() if value is not None}


def get(execution: str, below: str, **query: Any) -> Ask:
    """Look at a part of an execution."""
    return Ask("GET", f"/v1/executions/{part(execution)}{below}{_query(query)}")


def asked(
    method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None, is_keyed: bool = False
) -> Ask:
    """A request for an operation that is the same once and twice, `is_keyed` by a key; what is left out as it is without is not said."""
    headers = {"idempotency-key": new_key()} if is_keyed else None
    said = {name: value for name, value in (body or {}).items() if value not in (None, "")}
    return Ask(method, path + _query(query or {}), None if method in ("GET", "DELETE") else dumps(said), headers)


def find(**query: Any) -> Ask:
    """A page of executions."""
    return Ask("GET", f"/v1/executions{_query(query)}")


def incidents(execution: str | None, **query: Any) -> Ask:
    """A page of the incidents of an execution, or of all."""
    return listed("incidents", **query) if execution is None else get(execution, "/incidents", **query)


def listed(name: str, **query: Any) -> Ask:
    """A page of a list."""
    return Ask("GET", f"/v1/{name}{_query(query)}")


def signal(execution: str, name: str, payload: Any, key: str | None) -> Ask:
    """Send a signal."""
    path = f"/v1/executions/{part(execution)}/signals/{part(name)}"
    return Ask("POST", path, dumps(payload), {"idempotency-key": key or new_key()})


def attach(task: str, name: str, content: bytes, media_type: str) -> Ask:
    """Attach a file to a human task."""
    headers = {"content-type": media_type, "idempotency-key": new_key()}
    return Ask("POST", f"/v1/tasks/{part(task)}/attachments{_query({'name': name})}", content, headers)


def attachment(task: str, number: int) -> Ask:
    """A file that is attached to a human task."""
    return Ask("GET", f"/v1/tasks/{part(task)}/attachments/{number}", is_text=True)


def resolve(execution: str, incident: str, action: str, more: Mapping[str, Any]) -> Ask:
    """Resolve an incident. Not repeated by itself: after a retry that failed again it would mean another incident."""
    body = {"action": action} | {name: value for name, value in more.items() if value is not None}
    path = f"/v1/executions/{part(execution)}/incidents/{part(incident)}/resolve"
    return Ask("POST", path, dumps(body), is_safe=False)


def checked(execution: dict[str, Any]) -> dict[str, Any]:
    """The execution, if it has completed. Raises ExecutionFailed."""
    if execution["status"] != "completed":
        raise ExecutionFailed(execution)
    return execution


def new_key() -> str:
    """A key that nobody else has."""
    return os.urandom(12).hex()


def part(text: str) -> str:
    """A part of a path."""
    return quote(text, safe="~:.@!()-_")


def _query(query: Mapping[str, Any]) -> str:
    found = {name.rstrip("_"): _word(value) for name, value in query.items() if value not in (None, ())}
    return f"?{urlencode(found, doseq=True)}" if found else ""


def _word(value: Any) -> Any:
    """A query says yes and no as JSON does."""
    return str(value).lower() if isinstance(value, bool) else value
