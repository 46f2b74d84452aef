"""People who are asked by mail and Slack on a log that engines share: asked by one, answered at the other, told once whoever dies."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Server
from tests.api.test_links import KEY, Heard, Post, incident_of
from tests.api.test_slack import Desk, asks, prepared
from tests.channels.mailbox import MailServer
from tests.channels.slack_server import SlackServer, press
from tests.kafka.test_shared_serving import Serve, serve, until  # noqa: F401  # a fixture

ANN = "ann@example.com"


class Held(Heard):
    """Whoever sends waits, once that is said, with a mail that has come and is not answered."""

    def __init__(self) -> None:
        super().__init__()
        self.holds, self.go_on = False, threading.Event()

    async def handle_DATA(self, *given: Any) -> str:
        said = await super().handle_DATA(*given)
        if self.holds:
            await asyncio.to_thread(self.go_on.wait, 60)
        return said


class Company:
    """Engines of one log, a mail server, and Slack."""

    def __init__(self, starts: Callable[..., Server], box: Held, slack: SlackServer) -> None:
        self._starts, self.box, self.slack = starts, box, slack

    def start(self, name: str, roles: str) -> Server:
        """One more engine."""
        return self._starts(name, "--set", f"roles={roles}")

    def begin(self, *nodes: tuple[str, str]) -> list[Server]:
        """Engines with these roles, which know of the workflow."""
        servers = [self.start(name, roles) for name, roles in nodes]
        prepared(servers[0])
        servers[0].post("/v1/credentials", {"name": "refold-links", "kind": "signing", "values": {"secret": KEY}})
        servers[0].publish(
            asks("slack_asks"), asks("mail_asks", assignees=[ANN], channels=[{"email": ANN}]),
            asks("both_ask", assignees=[], approval_threshold=2, channels=[{"email": ANN}, {"slack": "#finance"}]),
        )  # fmt: skip
        until(lambda: all(one.get("/v1/workflows/both_ask").status == 200 for one in servers))
        return servers

    def told(self, server: Server, execution: str, times: int) -> None:
        """Wait until it is recorded that people were told so often."""
        until(lambda: str(server.get(f"/v1/tasks/{execution}~ask@1").content).count('"TaskNotified"') == times)

    def ended(self, server: Server, execution: str) -> None:
        """Wait until it has completed."""
        until(lambda: bool(server.get(f"/v1/executions/{execution}").json["status"] == "completed"))


@pytest.fixture
def company(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:  # noqa: F811
    box = Held()
    with MailServer(box, tmp_path) as mails, SlackServer() as slack:
        monkeypatch.setenv("REFOLD_MASTER_KEY", "env:KEY_OF_ALL")
        monkeypatch.setenv("KEY_OF_ALL", base64.b64encode(bytes(range(32))).decode())
        mail = {"smtp": mails.address, "smtp_tls": "none", "mail_from": "refold@example.com", "public_url": "https://refold.example"}
        for name, value in {**mail, **slack.settings}.items():
            monkeypatch.setenv(f"REFOLD_{name.upper()}", value)
        yield Company(serve, box, slack)
        box.go_on.set()


def test_who_is_asked_by_one_engine_answers_at_the_other(company: Company) -> None:
    one, other = company.begin(("one", "api,owner,projector,worker"), ("other", "api,owner,projector,worker"))
    for number, (asked, answered) in enumerate(((one, other), (other, one))):
        execution = asked.start("both_ask", {})["execution_id"]
        call = company.slack.wait("chat.postMessage", number + 1)[number]
        post, desk = Post(answered, company.box, company.box.came), Desk(answered, company.slack)
        link = post.link()
        company.told(answered, execution, 2)
        assert post.send(link, answer="approved").status == 200
        desk.told(press(call, "Approve"))
        company.ended(asked, execution)
        answers = asked.get(f"/v1/tasks/{execution}~ask@1").json["answers"]
        assert [(by["by"], by["channel"]) for by in answers] == [(ANN, "email"), ("ada@example.com", "slack")]
        assert post.mail()["Subject"].startswith("Answered: ")
        update = company.slack.wait("chat.update", number + 1)[-1]
        assert (update[1]["ts"], "button" in update[1]["blocks"]) == (call[2]["ts"], False)


def test_an_engine_that_dies_between_sending_and_recording_asks_a_person_and_sends_nothing_twice(company: Company) -> None:
    one, other = company.begin(("one", "api,owner,projector,worker"), ("other", "api,owner,projector"))
    company.slack.next(chat_postMessage=["hold"])
    company.box.holds = True
    by_slack, by_mail = (one.start(f"{name}", {})["execution_id"] for name in ("slack_asks", "mail_asks"))
    company.slack.wait_held()
    assert company.box.came.acquire(timeout=60)
    one.kill()
    company.box.holds = False
    company.start("again", "api,owner,projector,worker")
    for execution in (by_slack, by_mail):
        stuck = incident_of(other, f"{execution}~ask.notice(1.0)")
        assert stuck["error"]["type"] == "notice.unknown"
        assert other.get(f"/v1/tasks/{execution}~ask@1").json["status"] == "open"
    assert (len(company.slack.calls("chat.postMessage")), len(company.box.mails)) == (1, 1)
    assert other.post(f"/v1/executions/{by_mail}~ask.notice(1.0)/incidents/1/resolve", {"action": "retry"}).status == 200
    company.told(other, by_mail, 1)
    first, second = company.box.raw
    assert first == second


def test_the_owner_that_dies_while_another_engine_sends_is_told_once_it_is_another(company: Company) -> None:
    owner, other = company.begin(("owner", "api,owner,projector"), ("other", "api,worker,projector"))
    company.box.holds = True
    execution = owner.start("mail_asks", {})["execution_id"]
    assert company.box.came.acquire(timeout=60)
    owner.kill()
    company.start("again", "api,owner,projector")
    company.box.go_on.set()
    company.told(other, execution, 1)
    assert len(company.box.mails) == 1
    assert other.get("/v1/incidents").json["incidents"] == []
