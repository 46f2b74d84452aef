"""Resuming: a paused execution goes on; or, with an answer, the one task that it waits with, and what has become of it after that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from fastapi import Request

from api.bodies import ResumeBody, given
from api.operations.executions import Id
from api.operations.operation import Body, Reply
from api.operations.tasks import do, place_of, sealed_data
from api.person import GroupsHeader, PersonHeader, person_of
from api.problems import BadRequest
from api.service import Service
from contracts import values
from contracts.caller import Caller
from contracts.commands import AnswerTask, ResumeExecution
from contracts.errors import Rejected
from contracts.ids import is_below
from domain.execution.state import ENDED
from projections.waiting import comes_by_itself

WAIT_S: Final = 5.0
"""How long is waited for the execution to end, or to stand still again."""
LOOK_EVERY_S: Final = 0.05
SHOWN_MAX: Final = 10
CHILDREN_MAX: Final = 10
"""Of so many things that an execution waits for is looked whether they move."""


async def resume_execution(
    caller: Caller, service: Service, request: Request, execution: Id, body: Body, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Let a paused execution go on; or answer the task that it waits with, and say what has become of it within 5 s."""
    said = body.read(ResumeBody)
    if not (bytes(said.resume_data) or said.output_port or said.task or said.approved is not None):
        done = await service.give(execution, ResumeExecution(), caller)
        return Reply({"execution_id": done.execution, "status": done.status, "position": done.position}, done.position)
    task = _task_below(execution, said.task) if said.task else await _only_task(service, execution)
    by, (_, path, attempt) = person_of(caller, request, person, groups), place_of(task)
    data = given(said.resume_data, "/resume_data")
    parsed = None if data is None else values.decode(data)
    comment = parsed.get("comment") if isinstance(parsed, dict) else None
    port = _port(said, await service.task(*place_of(task)))
    sealed = await sealed_data(service, task, None if data == values.NULL else data, "/resume_data")
    command = AnswerTask(path, attempt, port, by, sealed, comment if isinstance(comment, str) else "")
    given_to = await do(service, caller, by, task, command)
    found = await _settled(service, execution)
    return Reply({"execution_id": execution, **found, "position": given_to["position"]}, given_to["position"])


def _task_below(execution: str, task: str) -> str:
    """The task that is named, where it is of the execution or of one below it. Raises Rejected for another one's."""
    asking = place_of(task)[0]
    if asking != execution and not is_below(asking, execution):
        raise Rejected("unknown_task", f"execution {execution} has no task {task[:200]}, nor has one below it")
    return task


async def _only_task(service: Service, execution: str) -> str:
    """The task that is open in an execution, or below it. Raises Rejected where there is none, or are several."""
    found = await _open_tasks(service, await service.state(execution, None, False))
    if not found:
        raise Rejected("no_open_task", f"execution {execution} waits for no answer of a person", execution=execution)
    if len(found) > 1:
        names, more = ", ".join(found[:SHOWN_MAX]), ", and more" if len(found) > SHOWN_MAX else ""
        raise Rejected("several_tasks", f"several tasks are open: {names}{more}; say which by `task`", execution=execution)
    return found[0]


async def _open_tasks(service: Service, state: dict[str, Any]) -> list[str]:
    """The tasks that are open in an execution, and in the children that it waits for."""
    found = [item["task"] for item in state["waiting_for"] if item["for"] == "task"]
    for item in state["waiting_for"]:
        if len(found) > SHOWN_MAX:
            break
        if item["for"] == "child":
            with suppress(Rejected):  # it is about to begin
                found += await _open_tasks(service, await service.state(item["execution"], None, False))
    return found


def _port(said: ResumeBody, task: dict[str, Any]) -> str:
    """The port that is meant. Raises BadRequest where none is."""
    ports = [one["port"] for one in task["ports"]]
    if said.output_port is not None:
        return said.output_port
    if task["kind"] == "decision" or (said.approved is None and task["kind"] != "data_input"):
        asked = "`output_port`" if task["kind"] == "decision" else "`approved`, or an `output_port`"
        raise BadRequest(422, "request.invalid", f"expected {asked}: one of {', '.join(ports)}")
    return str(ports[1 if said.approved is False else 0])


async def _settled(service: Service, execution: str) -> dict[str, Any]:
    """What an execution is like once it has ended, or nothing moves it but the outside; or when the time is up."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while True:
        state = await service.state(execution, None, False)
        is_ended, is_moving = state["status"] in ENDED, await _moves(service, state)
        if is_ended or not is_moving or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    is_paused = not is_ended and not is_moving
    return {
        "status": "paused" if is_paused else state["status"],
        "message": _message(state, is_ended, is_paused),
        "completed": state["status"] == "completed",
        "paused_again": is_paused,
        "remaining_nodes": [] if is_ended else await _remaining(service, execution, state),
    }


async def _moves(service: Service, state: dict[str, Any]) -> bool:
    """Whether something comes to an execution by itself, or to a child that it waits for, which may have ended just now."""
    if comes_by_itself(state["waiting_for"]):
        return True
    for item in state["waiting_for"][:CHILDREN_MAX]:
        if item["for"] == "child":
            with suppress(Rejected):  # it is about to begin
                child = await service.state(item["execution"], None, False)
                if child["status"] not in ENDED and not await _moves(service, child):
                    continue
            return True
    return False


def _message(state: dict[str, Any], is_ended: bool, is_paused: bool) -> str:
    if is_ended:
        return f"the execution was resumed, and is {state['status']}"
    return "the execution was resumed, and waits again" if is_paused else "the execution was resumed, and goes on"


async def _remaining(service: Service, execution: str, state: dict[str, Any]) -> list[str]:
    """The nodes of the workflow itself that have not ended."""
    ended = {node.row.path for node in await service.nodes(execution) if node.row.ended_at}
    definition = values.decode(service.versions(state["workflow"])[state["version"] - 1].content)
    return [node["id"] for node in definition["nodes"] if node["id"] not in ended]
