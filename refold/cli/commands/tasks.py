"""`tasks …`: what people are asked, and what a person does about it, at a server or in a data folder."""

from __future__ import annotations

import base64
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from typing import Any, NamedTuple

from contracts import values
from contracts.commands import AnswerTask, ClaimTask, CommentTask, DelegateTask, ReleaseTask
from contracts.ids import task_of
from contracts.person import Person
from domain.execution.moves.tasks import FILE_BYTES_MAX, FILE_NAME_LENGTH_MAX
from infra.clock import SystemClock
from infra.server.reader_wiring import open_rows_apart
from projections.executions import but_tests
from projections.task_view import task_view, unknown_task
from projections.tasks import Wanted, names_of, task_filter, task_value, tasks_where
from refold.cli.commands.folder import FolderTarget
from refold.cli.commands.folder_lists import read_filter
from refold.cli.commands.folder_reading import entries_at
from refold.cli.commands.output import OK, BadInput, read_value_argument, say, say_json, table, to_the_second
from refold.cli.commands.server import ServerTarget
from refold.cli.commands.steer import steer
from refold.cli.commands.target import Value
from refold.cli.commands.where import target_of
from refold.cli.commands.who import Who as Who
from refold.cli.options import Going, Where
from refold.client.requests import new_key
from workers.reading.execution_reader import value_in
from workers.reading.task_reader import attachment_in

LIST_MAX = 500


class Shown(NamedTuple):
    """Which tasks are listed."""

    mine: bool = False
    all: bool = False
    overdue: bool = False
    workflow: str | None = None
    filter: str | None = None
    limit: int = LIST_MAX


def list_tasks(where: Where, who: Who, shown: Shown, as_json: bool) -> int:
    """Those that are wanted."""
    found = _found(where, who.person(), shown)
    if as_json:
        say_json(found)
    elif found:
        table(("TASK", "WORKFLOW", "STATUS", "QUESTION", "ASKED", "CLAIMED BY", "DUE"), [_line(one) for one in found])
    else:
        say("nobody is asked anything" if not shown.all else "there are no tasks")
    return OK


def _found(where: Where, person: Person, shown: Shown) -> list[Value]:
    target = target_of(where)
    if isinstance(target, ServerTarget):
        with target.client.acting_as(person.name, person.groups) as client:
            return client.tasks(
                is_open=not shown.all, mine=shown.mine, my_groups=shown.mine, overdue=shown.overdue, workflow=shown.workflow,
                filter=shown.filter, limit=min(shown.limit, LIST_MAX),
            )  # fmt: skip
    assert isinstance(target, FolderTarget)
    overdue_at = SystemClock().now() if shown.overdue else None
    wanted = Wanted(not shown.all, overdue_at, shown.workflow, None, names_of(person) if shown.mine else None)
    query = tasks_where(wanted, limit=shown.limit, filter_=read_filter(task_filter, shown.filter))
    with target.reader() as reader, open_rows_apart(target.settings, reader) as models:
        return [task_value(one) for one in models.select(but_tests(query, shown.filter))]


def _line(one: Value) -> tuple[str, ...]:
    asked = ", ".join(one["assignees"]) or "anybody"
    return (one["task_id"], one["workflow"], one["status"], one["question"], asked, one["claimed_by"] or "", to_the_second(one["due"]))


def show(where: Where, task: str, as_json: bool) -> int:
    """One task with all that was said and done about it."""
    found = _view(where, task)
    if as_json:
        say_json(found)
        return OK
    say(f"{found['task_id']}: {found['question']}")
    claimed = f", claimed by {found['claimed_by']}" if found["claimed_by"] else ""
    say(f"  {found['status']}, asked: {', '.join(found['assignees']) or 'anybody'}{claimed}")
    for name in ("details", "content"):
        if found[name] is not None:
            say(f"  {name}: {values.encode(found[name]).decode()}")
    for port in found["ports"]:
        say(f"  answer {port['port']}: {port['label']}" + (f", {port['needed']} people are needed" if port["needed"] > 1 else ""))
    for one in found["answers"]:
        say(f"  {to_the_second(one['at'])} {one['by']} answered {one['port']}" + (f": {one['comment']}" if one["comment"] else ""))
    for one in found["kept_answers"]:
        if one["status"] != "counted":
            became = "counts once the execution is resumed" if one["status"] == "kept" else "came in a pause, and did not count after it"
            say(f"  {to_the_second(one['at'])} {one['by']} answered {one['port']}, which {became}")
    for one in found["comments"]:
        file = f" attached {one['file']['number']}: {one['file']['name']}" if one["file"] else ""
        said = f": {one['comment']}" if one["comment"] or not file else ""
        say(f"  {to_the_second(one['at'])} {one['by']}{file}{said}")
    return OK


def _view(where: Where, task: str) -> dict[str, Any]:
    target = target_of(where)
    if isinstance(target, ServerTarget):
        return target.client.task(task)
    assert isinstance(target, FolderTarget)
    execution, path, attempt = _place(task)
    with target.reader() as reader:
        return task_view(entries_at(reader, execution), reader.catalog.graph, partial(value_in, reader.blobs), path, attempt)


def _place(task: str) -> tuple[str, str, int]:
    place = task_of(task)
    if place is None:
        raise unknown_task(task)
    return place


def claim(going: Going, who: Who, task: str, as_json: bool) -> int:
    """Take it upon oneself."""
    execution, path, attempt = _place(task)
    person = who.person()
    return steer(going, as_json, execution, ClaimTask(path, attempt, person), f"{person.name} has claimed the task")


def release(going: Going, who: Who, task: str, as_json: bool) -> int:
    """Give it back."""
    execution, path, attempt = _place(task)
    return steer(going, as_json, execution, ReleaseTask(path, attempt, who.person()), "the task was released")


def delegate(going: Going, who: Who, task: str, to: str, comment: str, as_json: bool) -> int:
    """Let somebody else be asked."""
    execution, path, attempt = _place(task)
    return steer(going, as_json, execution, DelegateTask(path, attempt, to, who.person(), comment), f"{to} is asked now")


def answer(going: Going, who: Who, task: str, port: str, data: str | None, comment: str, content: str | None, as_json: bool) -> int:
    """Answer it."""
    execution, path, attempt = _place(task)
    given = None if data is None else read_value_argument(data, "--input")
    edited = None if content is None else read_value_argument(content, "--content")
    person = who.person()
    command = AnswerTask(path, attempt, port, person, given, comment, edited, new_key())
    return steer(going, as_json, execution, command, f"{person.name} has answered {port}")


def comment(going: Going, who: Who, task: str, text: str, as_json: bool) -> int:
    """Say something about it."""
    execution, path, attempt = _place(task)
    return steer(going, as_json, execution, CommentTask(path, attempt, new_key(), who.person(), text), "the comment was taken")


def attach(going: Going, who: Who, task: str, file: Path, name: str | None, media_type: str | None, as_json: bool) -> int:
    """Attach a file to it."""
    execution, path, attempt = _place(task)
    called = file.name if name is None else name
    if not 0 < len(called) <= FILE_NAME_LENGTH_MAX:
        raise BadInput(f"--name: expected 1 to {FILE_NAME_LENGTH_MAX} characters, found {len(called)}")
    content = values.encode(base64.b64encode(_content_of(file)).decode())
    kind = media_type or guess_type(called)[0] or "application/octet-stream"
    command = CommentTask(path, attempt, new_key(), who.person(), "", called, kind[:FILE_NAME_LENGTH_MAX], content)
    return steer(going, as_json, execution, command, f"the file {called} was attached")


def _content_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > FILE_BYTES_MAX:
        raise BadInput(f"{file}: expected a file of at most {FILE_BYTES_MAX:,} bytes, found {file.stat().st_size:,}")
    return content


def download(where: Where, task: str, number: int, file: Path | None) -> int:
    """Keep a file that is attached to it."""
    target, own = target_of(where), None if file is not None else _name_for(_attached_as(where, task, number), number)
    kept = file or Path(own or "")
    if own is not None and kept.exists():
        raise BadInput(f"{own} is there already: say where to keep it, as in `refold tasks download {task} {number} FILE`")
    if isinstance(target, ServerTarget):
        content = target.client.task_attachment(task, number)
    else:
        assert isinstance(target, FolderTarget)
        execution, path, attempt = _place(task)
        with target.reader() as reader:
            show = partial(value_in, reader.blobs)
            _, _, content = attachment_in(iter(entries_at(reader, execution)), show, show, path, attempt, number)
    try:
        kept.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{kept} cannot be written: {error.strerror}") from None
    say(f"attachment {number} is in {kept}")
    return OK


def _attached_as(where: Where, task: str, number: int) -> str:
    """What a file is called; empty where there is none of that number."""
    files = [one["file"] for one in _view(where, task)["comments"] if one["file"]]
    return next((str(one["name"]) for one in files if one["number"] == number), "")


def _name_for(name: str, number: int) -> str:
    """A name in this folder and in no other: somebody else has called the file so."""
    is_plain = name.isprintable() and not set(name) & set('/\\:*?"<>|') and not name.startswith((".", "-")) and name.strip(" .") == name
    return name if is_plain and name else f"attachment-{number}"
