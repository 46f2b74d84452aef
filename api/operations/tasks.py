"""Operations on human tasks: who is asked what, and what a person does about it."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response
from msgspec.structs import replace

from api import task_models as models
from api.bodies import AnswerBody, CommentBody, DelegateBody, given
from api.operations.operation import Body, ClientMethod, Operation, Reply
from api.operations.page import CursorText, FilterText, Limit, page_of
from api.operations.starts import Key
from api.pages import read_cursor, read_filter
from api.person import GroupsHeader, PersonHeader, person_of
from api.problems import BadRequest
from api.service import Service
from contracts import values
from contracts.caller import Caller
from contracts.commands import AnswerTask, ClaimTask, Command, CommentTask, DelegateTask, ReleaseTask
from contracts.errors import InvalidInput, Rejected
from contracts.ids import task_of
from contracts.person import Person, plain_name
from contracts.ports.read_models import Query as RowQuery
from domain.execution.moves.tasks import FILE_BYTES_MAX, FILE_NAME_LENGTH_MAX
from projections.executions import but_tests
from projections.task_view import unknown_task
from projections.tasks import TASKS as TASK_ROWS
from projections.tasks import TaskRecord, Wanted, names_of, task_filter, task_value, tasks_where

TaskId = Annotated[str, Path(max_length=1_000, description="the id of a task", examples=[models.TASK])]
IsOpen = Annotated[bool, Query(alias="open", description="false shows those that are over, too")]


async def list_tasks(
    caller: Caller,
    service: Service,
    request: Request,
    is_open: IsOpen = True,
    mine: Annotated[bool, Query(description="only those that the person who asks is asked by name, and what anybody may answer")] = False,
    my_groups: Annotated[bool, Query(description="only those that a group of theirs is asked, and what anybody may answer")] = False,
    overdue: Annotated[bool, Query(description="only those whose time is up")] = False,
    workflow: Annotated[str | None, Query(description="only of this workflow")] = None,
    below: Annotated[str | None, Query(description="only of this execution, its children, and theirs")] = None,
    filter: FilterText = None,
    cursor: CursorText = None,
    limit: Limit = 50,
    person: PersonHeader = None,
    groups: GroupsHeader = None,
) -> Reply:
    """Human tasks, the oldest first."""
    names = names_of(person_of(caller, request, person, groups), mine, my_groups) if mine or my_groups else None
    wanted = Wanted(is_open, service.now() if overdue else None, workflow, below, names)
    query = tasks_where(wanted, read_cursor(cursor, TASK_ROWS), limit + 1, read_filter(task_filter, filter, service.now()))
    query = but_tests(query, filter) if below is None else query
    return page_of("tasks", await service.rows(query), limit, task_value)


def open_tasks(service: Service, workflow: str | None, filter: str | None, limit: int) -> RowQuery[TaskRecord]:
    """The list of those that are open: what a page watches. Raises InvalidInput for a filter that cannot be asked."""
    query = tasks_where(Wanted(workflow=workflow), None, limit, read_filter(task_filter, filter, service.now()))
    return but_tests(query, filter)


async def get_task(service: Service, task: TaskId) -> Reply:
    """A human task with its context: question, details, form, ways to answer, and all that was said and done."""
    return Reply(await service.task(*place_of(task)))


def place_of(task: str) -> tuple[str, str, int]:
    """The execution, the path and the attempt. Raises Rejected for what is the id of none."""
    place = task_of(task)
    if place is None:
        raise unknown_task(task)
    return place


async def do(service: Service, caller: Caller, by: Person, task: str, command: Command) -> dict[str, Any]:
    """Give what a person does to the execution that asks, in their name."""
    done = await service.give(place_of(task)[0], command, Caller(by.name, caller.correlation))
    return {"task_id": task, "execution_id": done.execution, "status": done.status, "position": done.position}


async def claim_task(
    caller: Caller, service: Service, request: Request, task: TaskId, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Take a task upon oneself: until it is released nobody else answers it."""
    by, (_, path, attempt) = person_of(caller, request, person, groups), place_of(task)
    return _reply(await do(service, caller, by, task, ClaimTask(path, attempt, by)))


async def release_task(
    caller: Caller, service: Service, request: Request, task: TaskId, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Give a task back to all who are asked."""
    by, (_, path, attempt) = person_of(caller, request, person, groups), place_of(task)
    return _reply(await do(service, caller, by, task, ReleaseTask(path, attempt, by)))


async def delegate_task(
    caller: Caller, service: Service, request: Request, task: TaskId, body: Body, person: PersonHeader = None, groups: GroupsHeader = None
) -> Reply:
    """Let somebody else be asked in one's place."""
    by, (_, path, attempt), said = person_of(caller, request, person, groups), place_of(task), body.read(DelegateBody)
    return _reply(await do(service, caller, by, task, DelegateTask(path, attempt, said.to, by, said.comment)))


async def comment_task(
    caller: Caller,
    service: Service,
    request: Request,
    task: TaskId,
    body: Body,
    key: Key = None,
    person: PersonHeader = None,
    groups: GroupsHeader = None,
) -> Reply:
    """Say something about a task. The same `Idempotency-Key` twice is one comment."""
    by, (_, path, attempt), said = person_of(caller, request, person, groups), place_of(task), body.read(CommentBody)
    once = _said_once(service, "comment", by, key)
    return _reply(await do(service, caller, by, task, CommentTask(path, attempt, once, by, said.comment)))


async def answer_task(
    caller: Caller,
    service: Service,
    request: Request,
    task: TaskId,
    body: Body,
    key: Key = None,
    person: PersonHeader = None,
    groups: GroupsHeader = None,
) -> Reply:
    """Answer a task. An answer that comes late, twice, or from somebody who is not asked is refused, and changes nothing.

    The same `Idempotency-Key` twice is one answer.
    """
    by, (_, path, attempt), said = person_of(caller, request, person, groups), place_of(task), body.read(AnswerBody)
    data, content = _given(said.data, "/data"), _given(said.content, "/content")
    command = AnswerTask(path, attempt, said.port, by, data, said.comment, content, key or "")
    return _reply(await answered(service, caller, by, task, command))


async def sealed_data(service: Service, task: str, data: bytes | None, at: str = "/data") -> bytes | None:
    """The data of an answer as they may be stored: what the form of the task marks as secret is sealed. Raises InvalidInput."""
    if data is None:
        return None
    form = (await service.task(*place_of(task)))["form"]
    try:
        return await service.seal_answer(place_of(task)[0], form, data)
    except InvalidInput as error:
        raise InvalidInput([problem._replace(path=f"{at}{problem.path}") for problem in error.problems]) from None


async def answered(service: Service, caller: Caller, by: Person, task: str, command: AnswerTask) -> dict[str, Any]:
    """Give an answer, and say whether it was enough."""
    command = replace(command, data=await sealed_data(service, task, command.data))
    try:
        done = await do(service, caller, by, task, command)
    except Rejected as rejected:
        done = await _as_before(service, task, command, rejected)
    view = await service.task(*place_of(task))
    given_so = sum(one["port"] == command.port for one in view["answers"])
    needed = next((one["needed"] for one in view["ports"] if one["port"] == command.port), 1)
    if view["status"] == "answered":
        said = f"the task is answered: {view['outcome']}"
    elif given_so == 0:
        said = "the answer is kept, and counts when the execution is resumed"
    else:
        said = f"the answer counts; {given_so} of {needed} who have to answer {command.port} have done so"
    return {**done, "decided": view["status"] == "answered", "message": said}


async def _as_before(service: Service, task: str, command: AnswerTask, refused: Rejected) -> dict[str, Any]:
    """What was answered to the same request before; raises the refusal where there was none."""
    if not command.key or refused.reason not in ("stale_task", "already_answered", "already_ended"):
        raise refused
    execution = place_of(task)[0]
    view = await service.task(*place_of(task))
    same = (command.key, command.by.name, command.port)
    if all((one["key"], one["by"], one["port"]) != same for one in view["answers"]):
        raise refused
    found = await service.view(execution)
    return {"task_id": task, "execution_id": execution, "status": found.status, "position": found.position}


def _given(value: Any, at: str) -> bytes | None:
    """What was said; null is nothing."""
    content = given(value, at)
    return None if content == values.NULL else content


async def attach_to_task(
    caller: Caller,
    service: Service,
    request: Request,
    task: TaskId,
    body: Body,
    name: Annotated[str, Query(min_length=1, max_length=FILE_NAME_LENGTH_MAX, description="what the file is called")],
    key: Key = None,
    person: PersonHeader = None,
    groups: GroupsHeader = None,
) -> Reply:
    """Attach a file to a task: the body is its content. The same `Idempotency-Key` twice is one file."""
    by, (_, path, attempt) = person_of(caller, request, person, groups), place_of(task)
    if len(body.content) > FILE_BYTES_MAX:
        raise BadRequest(413, "too_large", f"expected a file of at most {FILE_BYTES_MAX:,} bytes, found {len(body.content):,}")
    media_type = body.media_type[:FILE_NAME_LENGTH_MAX] or "application/octet-stream"
    content = values.encode(base64.b64encode(body.content).decode())
    once = _said_once(service, "file", by, key)
    done = await do(service, caller, by, task, CommentTask(path, attempt, once, by, "", name, media_type, content))
    return _reply({**done, "name": name, "media_type": media_type})


async def get_attachment(service: Service, task: TaskId, number: Annotated[int, Path(ge=1, le=1_000)]) -> Response:
    """A file that is attached to a task, to be kept: no browser opens it."""
    name, media_type, content = await service.attachment(*place_of(task), number)
    plain = "".join(one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in name)
    head = {"Content-Disposition": f'attachment; filename="{plain}"', "X-Content-Type-Options": "nosniff"}
    is_plain = media_type.isascii() and media_type.isprintable()
    return Response(content, media_type=media_type if is_plain else "application/octet-stream", headers=head)


def _said_once(service: Service, what: str, by: Person, key: str | None) -> str:
    """By what the same said again is known: a key is one of the person and of what they did with it."""
    return service.new_id() if key is None else f"{what}/{plain_name(by.name)}/{key}"


def _reply(value: dict[str, Any]) -> Reply:
    return Reply(value, value["position"])


def _acts(verb: str, do: Any, client: ClientMethod, answer: Any = models.TaskGiven, takes: Any = None) -> Operation:
    """An operation by which a person does something with a task."""
    return Operation(
        method="POST", path=f"/v1/tasks/{{task}}/{verb}", right="answer", do=do, tag="tasks", answer=answer, takes=takes,
        is_required=takes is not None, problems=(404, 409, 415), client=client,
    )  # fmt: skip


_FILE: Final = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}

_COMMENT: Final = ClientMethod("comment_task", says="Say something about a task.", is_keyed=True)

TASKS: Final = (
    Operation(
        method="GET", path="/v1/tasks", right="read", do=list_tasks, tag="tasks", answer=models.TasksPage, waits_for_position=True,
        client=ClientMethod("tasks", "tasks"),
    ),
    Operation(
        method="GET", path="/v1/tasks/{task}", right="read", do=get_task, tag="tasks", answer=models.Task, problems=(404,),
        waits_for_position=True, client=ClientMethod("task"),
    ),
    _acts("claim", claim_task, ClientMethod("claim_task")),
    _acts("release", release_task, ClientMethod("release_task")),
    _acts("delegate", delegate_task, ClientMethod("delegate_task"), takes=models.DelegateRequest),
    _acts("answer", answer_task, ClientMethod("answer_task", says="Answer a task.", is_keyed=True), models.Answered, models.AnswerRequest),
    _acts("comment", comment_task, _COMMENT, takes=models.CommentRequest),
    Operation(
        method="POST", path="/v1/tasks/{task}/attachments", right="answer", do=attach_to_task, tag="tasks", answer=models.Attached,
        problems=(404, 409), described={"openapi_extra": _FILE},
    ),
    Operation(
        method="GET", path="/v1/tasks/{task}/attachments/{number}", right="read", do=get_attachment, tag="tasks", problems=(404,),
        described={"responses": {200: {"content": {"application/octet-stream": {}}, "description": "The file."}}},
    ),
)  # fmt: skip
