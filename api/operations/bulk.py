"""Bulk operations: one thing done with each execution that a filter is true for, by an execution of the engine's own workflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import Query

from api import bulk_models as models
from api.bodies import EMPTY, given
from api.operations.executions import ALL, Id, list_executions, view_filter
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.starts import Key
from api.pages import filter_in
from api.problems import BadRequest
from api.service import Service, Start
from contracts import values
from contracts.caller import Caller
from contracts.errors import Rejected
from contracts.ids import signal_name_problem
from contracts.ports.where import ALWAYS, Field, OneOf, all_of
from contracts.system import BULK
from domain.bulk import ACTIONS
from domain.bulk.action import ROWS_MAX, Action, Row, Which
from domain.definition.findings import nearest
from projections.execution_columns import execution_filter
from projections.executions import USERS_ONLY, executions_where, without_tests
from projections.incidents import incident_filter

RATE_DEFAULT: Final = 200.0
RATE_MIN: Final = 0.1
RATE_MAX: Final = 5_000.0
DETAILS_BYTES_MAX: Final = 16 * 1024
"""What an operation says stands in its history for every page."""
EXAMPLES: Final = 10
SKIPPED_EXAMPLES: Final = 3
NAMED_MAX: Final = 1_000
"""So many executions may be named one by one."""
NAMED_BYTES_MAX: Final = 64 * 1024
RESULTS_MAX: Final = 1_000
_DETAILS: Final = ("reason", "signal", "payload")


class BulkBody(msgspec.Struct, forbid_unknown_fields=True):
    """See `BulkRequest`."""

    action: str
    filter: str | None = None
    view: str | None = None
    incidents: str | None = None
    executions: list[str] | None = None
    reason: str | None = None
    signal: str | None = None
    payload: msgspec.Raw = EMPTY
    rate: float | None = None
    dry_run: bool = False


async def start_operation(caller: Caller, service: Service, body: Body, key: Key = None) -> Reply:
    """Do one thing with each execution that a filter is true for; with `dry_run`, only say how many there are."""
    wanted = body.read(BulkBody)
    action = _action(wanted.action)
    if action.removes and not service.archive_desk.is_there:
        raise Rejected("no_archive", "this server archives nothing: name the folder for bundles, setting `archive`, and start it again")
    details = _details(action, wanted)
    which = await _which(service, wanted)
    if wanted.dry_run:
        return await _dry_run(service, action, which)
    return await begin_operation(caller, service, key, rate_of(wanted.rate), action.name, which, details, None)


async def undo_operation(caller: Caller, service: Service, operation: Id, key: Key = None) -> Reply:
    """Take back what an operation has done: an operation of its own, about those with which the first one did something."""
    state = await _state(service, operation)
    action = ACTIONS[state["input"]["action"]]
    if action.undone_by is None:
        able = ", ".join(one.name for one in ACTIONS.values() if one.undone_by)
        raise Rejected("not_undoable", f"what `{action.name}` does cannot be taken back; {able} can")
    if not state["ended_at"]:
        raise Rejected("not_ended", f"operation {operation} is {state['status']}: cancel it, or wait for its end, before it is taken back")
    rate, which = state["input"]["rate"], Which(state["input"]["filter"], state["input"].get("incidents"))
    details = {name: said for name, said in state["input"]["details"].items() if name in ACTIONS[action.undone_by].takes}
    return await begin_operation(caller, service, key, rate, action.undone_by, which, details, operation)


async def begin_operation(
    caller: Caller,
    service: Service,
    key: str | None,
    rate: float,
    action: str,
    which: Which,
    details: dict[str, Any],
    undoes: str | None,
) -> Reply:
    """Begin a bulk operation: an execution of the engine's own workflow."""
    await service.prepare(BULK)
    asked = {"action": action, **which._asdict(), "details": details, "actor": caller.actor, "rate": rate, "undo": undoes}
    started = await service.start(Start(BULK, values.written(asked), key=key, caller=caller), 0)
    view = started.view
    begun = {"total": None, **dict.fromkeys(("done", "ok", "skipped", "failed"), 0)}
    times = {"created_at": view.created_at, "ended_at": view.ended_at}
    value = {**_asked(view.execution_id, asked, view.status), **begun, "error": None, **times, "position": view.position}
    return Reply(value, view.position, 201 if started.created else 200)


async def list_operations(
    service: Service,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Reply:
    """The bulk operations, the latest first; `search` has the action and the filter of each."""
    reply = await list_executions(service, workflow=BULK, cursor=cursor, limit=limit)
    return reply._replace(value={"operations": reply.value["executions"], "next": reply.value["next"], "position": reply.value["position"]})


async def get_operation(service: Service, operation: Id) -> Reply:
    """How far a bulk operation is."""
    value = await _shown(service, operation)
    return Reply(value, value["position"])


async def list_results(
    service: Service,
    operation: Id,
    result: Annotated[str | None, Query(pattern="^(ok|skipped|failed)$", description="only these: `ok`, `skipped`, `failed`")] = None,
    start: Annotated[int, Query(alias="from", ge=0, le=ROWS_MAX, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=RESULTS_MAX)] = 100,
) -> Reply:
    """What became of each execution, so far."""
    await _state(service, operation)
    rows = [row for row in (await service.outcomes(operation)).rows if result in (None, row[1])]
    page = [{"execution_id": row[0], "result": row[1], "why": row[2] or None} for row in rows[start : start + limit]]
    return Reply({"results": page, "next": start + limit if len(rows) > start + limit else None})


# What is asked for.


def _action(name: str) -> Action:
    action = ACTIONS.get(name)
    if action is None:
        here = [one.name for one in ACTIONS.values() if not one.asked_apart]
        near = nearest(name, here)
        fix = f"did you mean `{near}`?" if near else f"there are {', '.join(here)}"
        raise _refused("/action", "unknown_action", f"there is no action {name[:100]!r}", fix)
    if action.asked_apart:
        raise _refused("/action", "asked_apart", f"`{name}` is no action to be asked for here", f"ask for it by {action.asked_apart}")
    return action


def _details(action: Action, wanted: BulkBody) -> dict[str, Any]:
    payload = given(wanted.payload, "/payload")
    said = {"reason": wanted.reason, "signal": wanted.signal, "payload": payload}
    for name in _DETAILS:
        if said[name] is not None and name not in action.takes:
            raise _refused(f"/{name}", "not_taken", f"`{action.name}` takes no `{name}`", f"leave `{name}` out")
        if said[name] is None and name in action.needs:
            raise _refused(f"/{name}", "missing", f"`{action.name}` needs a `{name}`", f"say `{name}`, too")
    if wanted.signal is not None and (problem := signal_name_problem(wanted.signal)) is not None:
        raise _refused("/signal", "bad_signal", problem, "")
    size = sum(len(one if isinstance(one, bytes) else one.encode()) for one in said.values() if one is not None)
    if size > DETAILS_BYTES_MAX:
        message = f"reason, signal and payload have {size:,} bytes together; {DETAILS_BYTES_MAX:,} are the most"
        raise _refused("/payload", "too_large", message, "send what is larger to each execution by itself")
    return {name: values.decode(one) if isinstance(one, bytes) else one for name, one in said.items() if one is not None}


def rate_of(rate: float | None) -> float:
    """How many executions a second are acted on. Raises BadRequest."""
    if rate is None:
        return RATE_DEFAULT
    if not RATE_MIN <= rate <= RATE_MAX:
        raise _refused("/rate", "out_of_range", f"rate: expected {RATE_MIN:g} to {RATE_MAX:,.0f} executions a second, found {rate:g}", "")
    return rate


async def _which(service: Service, wanted: BulkBody) -> Which:
    """Which are meant; of a view, those of its filter as it is now. Raises BadRequest for none, several, or what cannot be asked."""
    said = [name for name in ("filter", "view", "executions") if getattr(wanted, name) is not None]
    if len(said) > 1 or (not said and wanted.incidents is None):
        found = "both" if len(said) == 2 else "all" if said else "neither"
        message = f"expected a `filter`, a `view`, `executions` or `incidents`, found {found}"
        raise _refused("", "shape", message, 'say `"filter": "true"` where all are meant')
    source = wanted.filter if wanted.view is None else await view_filter(service, wanted.view)
    if source is not None:
        filter_in(execution_filter, source, service.now(), "/filter" if wanted.view is None else "/view")
    if wanted.incidents is not None:
        filter_in(incident_filter, wanted.incidents, service.now(), "/incidents")
    return Which(source or ALL, wanted.incidents, None if wanted.executions is None else _named(wanted.executions))


def _named(executions: list[str]) -> list[str]:
    """The ids, each once. Raises BadRequest for none, or too many."""
    named = list(dict.fromkeys(executions))
    if not 1 <= len(named) <= NAMED_MAX:
        fix = "say a `filter` that takes them" if named else ""
        raise _refused("/executions", "too_many" if named else "shape", f"expected 1 to {NAMED_MAX:,} ids, found {len(named):,}", fix)
    if (size := sum(len(one.encode()) for one in named)) > NAMED_BYTES_MAX:
        raise _refused("/executions", "too_large", f"these ids have {size:,} bytes together; {NAMED_BYTES_MAX:,} are the most", "")
    return named


def _refused(path: str, rule: str, message: str, fix: str) -> BadRequest:
    problems = [{"path": path, "rule": rule, "message": message, "fix": fix}]
    return BadRequest(422, "request.invalid", f"{path or 'body'}: {message}{f'; {fix}' if fix else ''}", problems=problems)


# What is answered.


async def _dry_run(service: Service, action: Action, which: Which) -> Reply:
    found = await service.standings(which, ROWS_MAX, action.resolves)
    is_more, rows = len(found) > ROWS_MAX, found[:ROWS_MAX]
    why = [(row.execution, action.nothing_to_do(row)) for row in rows]
    passed = Counter(reason for _, reason in why if reason is not None)
    skipped = [
        {"why": reason, "count": count, "examples": [one for one, said in why if said == reason][:SKIPPED_EXAMPLES]}
        for reason, count in passed.most_common()
    ]
    examples = await _examples(service, which, rows)
    will = len(rows) - sum(passed.values())
    return Reply({"total": len(rows), "will": will, "skipped": skipped, "is_more": is_more, "examples": examples})


async def _examples(service: Service, which: Which, found: Sequence[Row]) -> list[dict[str, Any]]:
    """Some of what was found, the last created first."""
    if not found:
        return []
    query = executions_where(limit=EXAMPLES, filter_=filter_in(execution_filter, which.filter, service.now(), "/filter"))
    where = all_of(query.where, USERS_ONLY, without_tests(which.filter) if which.executions is None else ALWAYS)
    if which.incidents is not None or which.executions is not None:
        where = all_of(where, OneOf(Field("execution", True), tuple(row.execution for row in found[-NAMED_MAX:])))
    rows = await service.find(query._replace(where=where))
    return [{name: value for name, value in row.items() if name != "cursor"} for row in rows]


async def _state(service: Service, operation: str) -> dict[str, Any]:
    """The state of an operation. Raises Rejected for an execution that is none."""
    try:
        state = await service.state(operation, None, True)
    except Rejected as refused:
        if refused.reason != "unknown_execution":
            raise
        raise Rejected("unknown_operation", f"there is no bulk operation {operation}", execution=operation) from None
    if state["workflow"] != BULK:
        raise Rejected("unknown_operation", f"execution {operation} is no bulk operation", execution=operation)
    return state


async def _shown(service: Service, operation: str) -> dict[str, Any]:
    state = await _state(service, operation)
    incident = next((one for one in state["waiting_for"] if one["for"] == "incident"), None)
    failed = state["error"] or incident
    return {
        **_asked(operation, state["input"], state["status"]),
        **(await _progress(service, operation, state)),
        "error": failed["message"] if failed else None,
        "created_at": state["created_at"],
        "ended_at": state["ended_at"],
        "position": service.projected_of(operation),
    }


def _asked(operation: str, asked: dict[str, Any], status: str) -> dict[str, Any]:
    """What an operation is, by its input."""
    named = asked.get("executions")
    return {
        "operation_id": operation,
        "action": asked["action"],
        "filter": asked["filter"],
        "incidents": asked.get("incidents"),
        "named": None if named is None else len(named),
        "details": asked["details"],
        "undoes": asked["undo"],
        "status": status,
    }


async def _progress(service: Service, operation: str, state: dict[str, Any]) -> dict[str, int | None]:
    """How far it is: by its variables, which an execution that has ended does not have any more."""
    if not state["ended_at"]:
        return {name: state["variables"].get(name, 0) for name in ("total", "done", "ok", "skipped", "failed")}
    total, rows = await service.outcomes(operation)
    counted = Counter(row[1] for row in rows)
    return {"total": total, "done": len(rows), **{name: counted[name] for name in ("ok", "skipped", "failed")}}


_CREATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": models.BulkOperation | models.DryRun, "description": "It repeats an earlier one; or a dry run."},
    201: {"model": models.BulkOperation, "description": "A new operation."},
}
_OF_ONE: Final = "/v1/operations/{operation}"

BULKS: Final = (
    Operation(
        method="POST", path="/v1/operations", tag="operations", right="steer", do=start_operation, answer=models.BulkOperation, status=201,
        takes=models.BulkRequest, is_required=True, problems=(404, 409, 415), described={"responses": _CREATED},
        client=ClientMethod("bulk", says="Do one thing with each execution that a filter is true for.", is_keyed=True),
    ),
    Operation(
        method="GET", path="/v1/operations", tag="operations", right="read", do=list_operations, answer=models.BulkOperations,
        waits_for_position=True, client=ClientMethod("operations", "operations"),
    ),
    Operation(
        method="GET", path=_OF_ONE, tag="operations", right="read", do=get_operation, answer=models.BulkOperation, problems=(404,),
        waits_for_position=True, client=ClientMethod("operation"),
    ),
    Operation(
        method="GET", path=f"{_OF_ONE}/results", tag="operations", right="read", do=list_results, answer=models.BulkResults,
        problems=(404,), waits_for_position=True, client=ClientMethod("operation_results", "results"),
    ),
    Operation(
        method="POST", path=f"{_OF_ONE}/undo", tag="operations", right="steer", do=undo_operation, answer=models.BulkOperation, status=201,
        problems=(404, 409), client=ClientMethod("undo", is_keyed=True),
    ),
)  # fmt: skip
