"""`examples/approval.yaml` as people meet it: one approves by a link from a real mail, one by a button that Slack has signed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.conftest import Server
from tests.api.test_links import KEY, Heard, Post
from tests.api.test_slack import Desk, prepared
from tests.channels.mailbox import MailServer
from tests.channels.slack_server import SlackServer, press, submit

APPROVAL = yaml.safe_load((Path(__file__).parents[2] / "examples" / "approval.yaml").read_text())


@pytest.fixture
def company(tmp_path: Path) -> Iterator[tuple[Server, Post, Desk]]:
    box = Heard()
    with MailServer(box, tmp_path) as mails, SlackServer() as slack:
        mail = {"smtp": mails.address, "smtp_tls": "none", "mail_from": "refold@example.com", "public_url": "https://refold.example"}
        server = prepared(Server(tmp_path / "data", engine={**mail, **slack.settings}))
        try:
            server.post("/v1/credentials", {"name": "refold-links", "kind": "signing", "values": {"secret": KEY}})
            server.publish(APPROVAL)
            yield server, Post(server, box, box.came), Desk(server, slack)
        finally:
            server.kill()


def test_one_approves_by_mail_and_one_in_slack(company: tuple[Server, Post, Desk]) -> None:
    server, post, desk = company
    execution = server.start("approval", {"payee": "ACME", "amount": 2_500.0})["execution_id"]
    (call,) = desk.slack.wait("chat.postMessage", 1)
    link, deadline = post.link(), time.monotonic() + 60
    while str(server.get(f"/v1/tasks/{execution}~approve@1").content).count("TaskNotified") < 3:
        assert time.monotonic() < deadline
    assert post.send(link, answer="approved", comment="as agreed").status == 200
    view = modal_of(desk, press(call, "Approve"))
    assert desk.send(submit(view)).json["response_action"] == "update"
    shown = server.get(f"/v1/executions/{execution}").json
    assert (shown["status"], shown["outcome"]) == ("completed", "paid")
    assert shown["output"] == {"payee": "ACME", "approved_by": ["manager@example.com", "ada@example.com"]}
    answers = server.get(f"/v1/tasks/{execution}~approve@1").json["answers"]
    assert [(one["by"], one["channel"]) for one in answers] == [("manager@example.com", "email"), ("ada@example.com", "slack")]
    (changed,) = [one for one in desk.slack.wait("chat.update", 1) if one[1]["ts"] == call[2]["ts"]][:1]
    assert "button" not in changed[1]["blocks"]
    assert post.mail()["Subject"].startswith("Answered: ")


def modal_of(desk: Desk, pressed: Any) -> Any:
    assert desk.send(pressed).status == 200
    (opened,) = desk.slack.wait("views.open", 1)
    return opened[2]["view"]
