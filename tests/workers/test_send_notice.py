"""Notices: sent once for each version of a task, and where nobody knows whether one was, a person is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from contracts.caller import Caller
from contracts.commands import Command
from contracts.definitions import WorkflowDefinition
from contracts.ports.credentials import Secret
from contracts.usage import ModelCall
from domain.bulk.action import Row, Which
from domain.channels import CHANNELS, sends_notices
from domain.channels.channel import Channel
from workers.running.activity_error import ActivityError
from workers.running.channels import SENDERS
from workers.running.channels.settings import ChannelSettings
from workers.running.desk import Desk, Selected, Standing
from workers.running.healing import Healer
from workers.running.system.send_notice import SendNotice


class Pigeons(Channel):
    """Notes that are carried; each place says what becomes of the next one."""

    name = "pigeon"
    summary = "carries a note"

    def __init__(self) -> None:
        self.flown: list[Any] = []
        self.before: Callable[[], None] = lambda: None
        self.changed: Any = None

    def send(self, context: Any, message: Mapping[str, Any]) -> Any:
        self.before()
        self.flown.append((message["target"], context.attempt))
        self.changed = message["sent"]
        return {"ring": len(self.flown)}


class Killed(BaseException):
    """The process dies: nothing is heard of it again."""


class History:
    """What has been decided about one execution: an `Operator` that outlives the processes of a test."""

    is_alone = True

    def __init__(self) -> None:
        self.acts: list[Caller] = []
        self.stands: dict[str, Standing] = {}

    async def give(self, execution: str, command: Command, caller: Caller) -> None:
        self.acts.append(caller)

    async def has_acted(self, execution: str, caller: Caller, offsets: Mapping[int, int]) -> bool:
        return caller in self.acts

    async def standing(self, execution: str) -> Standing | None:
        return self.stands.get(execution)

    async def select(self, which: Which, most: int) -> Selected:
        raise NotImplementedError

    async def succeeded(self, operation: str) -> Selected:
        raise NotImplementedError

    async def rows(self, executions: Sequence[str], incidents: str | None = None) -> Mapping[str, Row]:
        raise NotImplementedError

    @property
    def healer(self) -> Healer:
        raise NotImplementedError


class Context:
    """An attempt."""

    path, idempotency_key, traceparent, is_cancelled = "send", "x/send", "", False

    def __init__(self, attempt: int, execution: str = "x~t.notice(1.0)") -> None:
        self.attempt, self.execution = attempt, execution

    def credential(self, name: str) -> Secret:
        raise NotImplementedError

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """Nobody listens."""

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Nobody listens."""

    def say(self, text: str, is_new: bool = False) -> None:
        """Nobody listens."""

    def note_call(self, call: ModelCall) -> None:
        raise AssertionError("nobody asks a model")

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Nobody cancels."""


@pytest.fixture
def pigeons(monkeypatch: pytest.MonkeyPatch) -> Pigeons:
    made = Pigeons()
    monkeypatch.setitem(CHANNELS, "pigeon", made)
    monkeypatch.setitem(SENDERS, "pigeon", lambda settings: made)
    return made


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def desk(history: History) -> Iterator[Desk]:
    loop, desk = asyncio.new_event_loop(), Desk()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def serve() -> None:
        desk.serve(history)

    asyncio.run_coroutine_threadsafe(serve(), loop).result()
    yield desk
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def send(desk: Desk, attempt: int, channel: str = "pigeon", version: int = 1, about: str = "created") -> Any:
    """An attempt in a process of its own."""
    message = {"channel": channel, "target": "north", "version": version, "about": about, "sent": None}
    return SendNotice(desk, ChannelSettings()).run(Context(attempt, f"x~t.notice({version}.0)"), {"message": message}, None)


def test_what_is_sent_gives_what_the_channel_gives(desk: Desk, pigeons: Pigeons) -> None:
    assert send(desk, 1) == {"ring": 1}
    assert pigeons.flown == [("north", 1)]


def test_a_failure_is_tried_again(desk: Desk, pigeons: Pigeons) -> None:
    pigeons.before = raising(ConnectionError("no wind"))
    with pytest.raises(ConnectionError):
        send(desk, 1)
    pigeons.before = lambda: None
    assert send(desk, 2) == {"ring": 1}


@pytest.mark.parametrize("attempt", [1, 2])
def test_after_a_kill_in_the_middle_a_person_is_asked_and_only_a_retry_of_theirs_sends(desk: Desk, pigeons: Pigeons, attempt: int) -> None:
    pigeons.before = raising(Killed())
    with pytest.raises(Killed):
        send(desk, 1)
    pigeons.before = lambda: None
    with pytest.raises(ActivityError) as unknown:
        send(desk, attempt)
    assert (unknown.value.error_type, unknown.value.retryable, pigeons.flown) == ("notice.unknown", False, [])
    assert send(desk, attempt + 1) == {"ring": 1}


def test_a_channel_that_nobody_here_sends_by_is_named(desk: Desk) -> None:
    with pytest.raises(ActivityError, match="carrier"):
        send(desk, 1, "carrier")


@pytest.mark.parametrize(
    ("standing", "about", "changed"),
    [
        ({1: ("completed", {"ring": 7})}, "reminded", {"ring": 7}),
        ({1: ("completed", {"ring": 7}), 2: ("cancelled", None)}, "answered", {"ring": 7}),
        ({1: ("incident", None)}, "reminded", None),
        ({1: ("running", None)}, "answered", None),
        ({}, "reminded", None),
    ],
)
def test_what_stands_and_was_sent_a_moment_ago_is_changed(
    desk: Desk, history: History, pigeons: Pigeons, standing: dict[int, tuple[str, Any]], about: str, changed: Any
) -> None:
    pigeons.stands = True
    history.stands = {f"x~t.notice({version}.0)": Standing(*found) for version, found in standing.items()}
    send(desk, 1, version=3, about=about)
    assert pigeons.changed == changed


def test_who_is_told_of_a_later_version_waits_while_the_one_before_is_being_sent(desk: Desk, history: History, pigeons: Pigeons) -> None:
    pigeons.stands = True
    history.stands["x~t.notice(1.0)"] = Standing("running", None)
    with pytest.raises(ActivityError) as waits:
        send(desk, 1, version=2, about="reminded")
    assert (waits.value.error_type, waits.value.retryable, pigeons.flown) == ("notice.before", True, [])
    history.stands["x~t.notice(1.0)"] = Standing("completed", {"ring": 1})
    send(desk, 2, version=2, about="reminded")
    assert pigeons.changed == {"ring": 1}


def test_what_a_definition_sends_is_found_however_deep_it_is(pigeons: Pigeons) -> None:
    assert not sends_notices(definition([]))
    assert not sends_notices(definition(["web"]))
    assert sends_notices(definition(["web", {"pigeon": "north"}]))


def definition(channels: list[Any]) -> WorkflowDefinition:
    task = {"id": "t", "type": "human_task", "config": {"question": "Q", "channels": channels}}
    body = {"nodes": [{"id": "p", "type": "parallel", "config": {"branches": {"b": {"nodes": [task]}}}}]}
    return WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "a", "type": "noop"}], "settings": {"on_error": body}})


def raising(error: BaseException) -> Callable[[], None]:
    def before() -> None:
        raise error

    return before
