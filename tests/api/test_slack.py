"""Slack's callbacks: who answers by them, what is shown, and what neither counts nor counts twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Answer, Server
from tests.api.test_links import FORM, incident_of
from tests.channels.slack_server import SIGNING, TOKEN, SlackServer, press, signed, submit


def asks(name: str, ports: tuple[str, ...] = ("approved", "rejected"), **config: Any) -> dict[str, Any]:
    config = {"question": "Go on?", "assignees": ["ada@example.com"], "channels": [{"slack": "#finance"}], **config}
    nodes = [
        {"id": "ask", "type": "human_task", "config": config},
        {"id": "end", "type": "end", "config": {"output": "{{ nodes.ask.output }}"}},
    ]
    return {"name": name, "nodes": nodes, "edges": [{"from": f"ask.{port}", "to": "end"} for port in ports]}


def prepared(server: Server) -> Server:
    for name, kind, values in (("slack", "bearer", {"token": TOKEN}), ("slack-signing", "signing", {"secret": SIGNING})):
        assert server.post("/v1/credentials", {"name": name, "kind": kind, "values": values}).status == 201
    return server


class Desk:
    """A server, and the Slack that it posts to."""

    def __init__(self, server: Server, slack: SlackServer) -> None:
        self.server, self.slack = server, slack

    def start(self, workflow: str, given: Any = None, recorded: bool = True) -> tuple[str, Any]:
        """An execution, and the call that has posted its message."""
        before = len(self.slack.calls("chat.postMessage"))
        execution = self.server.start(workflow, given or {})["execution_id"]
        call, deadline = self.slack.wait("chat.postMessage", before + 1)[before], time.monotonic() + 60
        while recorded and "TaskNotified" not in str(self.server.get(f"/v1/tasks/{execution}~ask@1").content):
            assert time.monotonic() < deadline
        return execution, call

    def send(self, payload: Any, off_s: float = 0, secret: str = SIGNING) -> Answer:
        body, headers = signed(payload, time.time() + off_s, secret)
        return self.server.ask("POST", "/slack/interactions", body, headers)

    def output(self, execution: str) -> Any:
        return self.server.get(f"/v1/executions/{execution}").json.get("output")

    def told(self, payload: Any) -> str:
        """What somebody is told who presses."""
        before = len(self.slack.calls("chat.postEphemeral"))
        assert self.send(payload).status == 200
        return str(self.slack.wait("chat.postEphemeral", before + 1)[before][1]["text"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with SlackServer() as slack:
        server = prepared(Server(tmp_path_factory.mktemp("slack") / "data", engine=slack.settings))
        try:
            definition = asks("with_secret", kind="data_input", form=FORM, details={"pin": "{{ input.pin }}"}, question="{{ input.pin }}?")
            definition["input"] = {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}}
            review = asks("reviews", ("approved", "changes_requested"), kind="review", content="one\ntwo")
            counts, long = asks("counts", kind="data_input", form=FORM), {"properties": {f"f{n}": {"type": "string"} for n in range(95)}}
            server.publish(asks("asks"), asks("asks_group", assignees=["group:finance"]), counts, review, definition)
            two: dict[str, Any] = {"assignees": [], "approval_threshold": 2}
            wide = {"properties": {"note": {"type": "string", "default": "😀" * 1_501}}}
            server.publish(
                asks("too_wide", form=wide), asks("too_long", form=long), asks("two", **two), asks("two_count", form=FORM, **two)
            )
            yield Desk(server, slack)
        finally:
            server.kill()


def test_a_button_answers_and_the_message_says_so(desk: Desk) -> None:
    execution, call = desk.start("asks")
    changed = len(desk.slack.calls("chat.update"))
    assert desk.told(press(call, "Approve")) == "You have answered: approved. The task is answered: approved."
    (answer,) = desk.output(execution)["answers"]
    assert (answer["by"], answer["port"], answer["channel"]) == ("ada@example.com", "approved", "slack")
    update = desk.slack.wait("chat.update", changed + 1)[changed]
    assert (update[1]["ts"], update[2]["ok"], "button" in update[1]["blocks"]) == (call[2]["ts"], True, False)


def test_the_message_is_changed_when_it_is_answered_elsewhere_and_an_old_button_says_that_it_is_over(desk: Desk) -> None:
    execution, call = desk.start("asks")
    changed = len(desk.slack.calls("chat.update"))
    answered = desk.server.post(f"/v1/tasks/{execution}~ask@1/answer", {"port": "rejected"}, refold_person="ada@example.com")
    assert answered.status == 200
    update = desk.slack.wait("chat.update", changed + 1)[changed]
    assert (update[1]["channel"], update[1]["ts"], "ada@example.com: rejected" in update[1]["blocks"]) == (
        "C0FINANCE", call[2]["ts"], True,
    )  # fmt: skip
    assert desk.told(press(call, "Approve")) == "Nobody is asked any more: rejected"


def test_a_callback_that_comes_twice_is_one_answer(desk: Desk) -> None:
    execution, call = desk.start("two")
    pressed = press(call, "Approve")
    said = "You have answered: approved. The answer counts; 1 of 2 who have to answer approved have done so."
    assert [desk.told(pressed) for _ in range(2)] == [said] * 2
    assert "does not count" in desk.told(press(call, "Reject"))
    assert [one["port"] for one in desk.server.get(f"/v1/tasks/{execution}~ask@1").json["answers"]] == ["approved"]
    desk.told(press(call, "Approve", "U0BOB"))
    assert [one["by"] for one in desk.output(execution)["answers"]] == ["ada@example.com", "bob@example.com"]


@pytest.mark.parametrize(
    ("off_s", "secret", "reason"), [(-310, SIGNING, "too_old"), (310, SIGNING, "too_old"), (0, "left", "bad_signature")]
)
def test_what_is_too_old_or_wrongly_signed_answers_nothing(desk: Desk, off_s: float, secret: str, reason: str) -> None:
    execution, call = desk.start("asks")
    refused = desk.send(press(call, "Approve"), off_s, secret)
    assert (refused.status, refused.json["reason"], desk.output(execution)) == (401, reason, None)
    unsigned = desk.server.ask("POST", "/slack/interactions", b"payload={}", {"Content-Type": "application/x-www-form-urlencoded"})
    assert (unsigned.status, unsigned.json["reason"]) == (401, "no_signature")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("U0BOB", "is not among those who are asked"),
        ("U0EVE", "only members of this workspace"),
        ("U0BOT", "only members of this workspace"),
        ("U0NIL", "no mail address"),
        ("U0NEW", "is not confirmed"),
    ],
)
def test_who_is_not_asked_or_not_known_does_not_answer(desk: Desk, user: str, words: str) -> None:
    execution, call = desk.start("asks")
    assert words in desk.told(press(call, "Approve", user))
    assert desk.output(execution) is None


def test_who_is_in_a_user_group_of_slack_answers_for_that_group(desk: Desk) -> None:
    execution, call = desk.start("asks_group")
    assert "is not among those who are asked" in desk.told(press(call, "Approve", "U0BOB"))
    desk.told(press(call, "Reject"))
    assert desk.output(execution)["outcome"] == "rejected"


def modal_of(desk: Desk, call: Any, label: str) -> Any:
    before = len(desk.slack.calls("views.open"))
    assert desk.send(press(call, label)).status == 200
    opened = desk.slack.wait("views.open", before + 1)[before]
    assert opened[2]["ok"], opened
    return opened[2]["view"]


def test_a_form_is_a_modal_with_what_is_wrong_beside_its_field(desk: Desk) -> None:
    execution, call = desk.start("counts")
    view = modal_of(desk, call, "Send")
    places = {block["label"]["text"]: block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    values: dict[str, Any]
    for values, label in (
        ({}, "How many"),
        ({"How many": "0"}, "How many"),
        ({"How many": "1e400"}, "How many"),
        ({"How many": "2", "share": "nan"}, "share"),
        ({"How many": "2", "note": "too long"}, "note"),
        ({"How many": "2", "colour": "7"}, "colour"),
        ({"How many": "2", "more": "[" * 2_000}, "more"),
    ):
        answer = desk.send(submit(view, **values)).json
        assert (answer["response_action"], list(answer["errors"])) == ("errors", [places[label]]), answer
    nobody = desk.send(submit(view, by="U0BOB", **{"How many": "2"})).json
    assert (nobody["response_action"], "is not among those" in str(nobody)) == ("update", True)
    assert desk.output(execution) is None
    given: dict[str, Any] = {"How many": "3", "share": "0.5", "colour": "2", "urgent": True, "more": '[1, "ä"]', "Comment": "so"}
    assert desk.send(submit(view, **given)).json["response_action"] == "update"
    output = desk.output(execution)
    assert (output["data"], output["comment"]) == ({"n": 3, "share": 0.5, "colour": 3, "urgent": True, "more": [1, "ä"]}, "so")
    assert "You have answered" in desk.send(submit(view, **given)).content.decode()


def test_who_sends_a_second_modal_off_is_told_that_only_the_first_counts(desk: Desk) -> None:
    execution, call = desk.start("two_count")
    first, second = modal_of(desk, call, "Approve"), modal_of(desk, call, "Approve")
    for _ in range(2):
        assert "You have answered" in str(desk.send(submit(first, **{"How many": "3"})).json)
    told = str(desk.send(submit(second, **{"How many": "4"})).json)
    assert ("has answered already: approved" in told, "You have answered" in told) == (True, False)
    assert [one["data"]["n"] for one in desk.server.get(f"/v1/tasks/{execution}~ask@1").json["answers"]] == [3]


def test_who_refuses_to_enter_data_fills_nothing_in(desk: Desk) -> None:
    execution, call = desk.start("counts")
    desk.told(press(call, "Reject"))
    assert desk.output(execution)["outcome"] == "rejected"


def test_what_is_reviewed_can_be_changed(desk: Desk) -> None:
    execution, call = desk.start("reviews")
    view = modal_of(desk, call, "Request changes")
    assert desk.send(submit(view, Content="one\nthree", Comment="so")).status == 200
    assert (desk.output(execution)["content"], desk.output(execution)["outcome"]) == ("one\nthree", "changes_requested")


def test_a_form_that_slack_cannot_show_is_said_to_be_too_long(desk: Desk) -> None:
    for workflow in ("too_long", "too_wide"):
        assert "too long" in desk.told(press(desk.start(workflow)[1], "Approve"))


def test_what_is_marked_secret_reaches_neither_message_nor_modal(desk: Desk) -> None:
    _, call = desk.start("with_secret", {"pin": "hunter2-hunter2"})
    shown = str(call) + str(modal_of(desk, call, "Send"))
    assert ("hunter2" in shown, "refold-sealed" in shown, "•••" in shown) == (False, False, True)


def test_where_slack_is_away_nothing_is_answered_and_a_second_press_does(desk: Desk) -> None:
    execution, call = desk.start("asks")
    desk.slack.next(users_info=["service_unavailable"])
    assert "nothing was answered" in desk.told(press(call, "Approve"))
    assert desk.output(execution) is None
    desk.told(press(call, "Approve"))
    assert desk.output(execution)["outcome"] == "approved"


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "x",
        {"type": "block_actions"},
        {"type": "view_submission", "view": 5},
        {"type": "block_actions", "actions": [{"action_id": "refold.answer.0", "value": "[1]"}]},
        {"type": "block_actions", "actions": [{"action_id": "refold.answer.0", "value": '["x~ask@1", "approved"]'}]},
        {
            "type": "block_actions",
            "actions": [{"action_id": "refold.answer.0", "value": '["x~ask@1", ""]'}],
            "user": {"id": "U"},
            "container": [1],
        },
    ],
)
def test_what_slack_does_not_send_is_400(desk: Desk, payload: Any) -> None:
    assert desk.send(payload).status == 400


@pytest.mark.parametrize("payload", [{}, {"type": "shortcut"}, {"type": "block_actions", "actions": [{"action_id": "other"}]}])
def test_what_is_meant_for_others_is_taken_and_does_nothing(desk: Desk, payload: Any) -> None:
    assert desk.send(payload).status == 200


def test_no_secret_stands_in_the_history_or_the_log(desk: Desk) -> None:
    desk.start("asks")
    listed = desk.server.get("/v1/executions?limit=100").content.decode()
    for secret in (TOKEN, SIGNING):
        assert secret not in listed + desk.server.stderr()


def test_without_settings_there_is_nothing_at_the_path(serve: Callable[..., Server]) -> None:
    server = serve()
    body, headers = signed({}, time.time())
    assert server.ask("POST", "/slack/interactions", body, headers).status == 404


def test_who_dies_between_sending_and_recording_asks_a_person_and_sends_nothing_twice(serve: Callable[..., Server], tmp_path: Path) -> None:
    with SlackServer() as slack:
        server = prepared(serve(tmp_path / "data", engine=slack.settings))
        server.publish(asks("asks"))
        slack.next(chat_postMessage=["hold"])
        execution = server.start("asks", {})["execution_id"]
        slack.wait_held()
        server.kill()
        server = serve(tmp_path / "data", engine=slack.settings)
        notice = f"{execution}~ask.notice(1.0)"
        stuck = incident_of(server, notice)
        assert (stuck["error"]["type"], len(slack.calls("chat.postMessage"))) == ("notice.unknown", 1)
        again = server.post(f"/v1/executions/{notice}/incidents/{stuck['incident']}/resolve", {"action": "retry"})
        assert again.status == 200
        slack.wait("chat.postMessage", 2)


def test_who_is_answered_before_it_is_recorded_that_it_was_sent_says_in_the_channel_that_it_is_over(desk: Desk) -> None:
    desk.slack.next(chat_postMessage=["hold"])
    posted = len(desk.slack.calls("chat.postMessage"))
    execution = desk.server.start("asks", {})["execution_id"]
    desk.slack.wait_held()
    call = desk.slack.calls("chat.postMessage")[posted]
    assert desk.server.post(f"/v1/tasks/{execution}~ask@1/answer", {"port": "approved"}, refold_person="ada@example.com").status == 200
    over = desk.slack.wait("chat.postMessage", posted + 2)[posted + 1]
    assert (over[1]["text"], "button" in over[1]["blocks"]) == ("Answered: Go on?", False)
    assert desk.told(press(call, "Approve")) == "Nobody is asked any more: approved"
    (healed,) = [one for one in desk.slack.calls("chat.update") if one[1]["ts"] == call[2]["ts"]]
    assert (healed[2]["ok"], "button" in json.dumps(healed[1])) == (True, False)


def test_a_version_that_comes_while_the_first_is_being_posted_changes_that_message(desk: Desk) -> None:
    desk.slack.next(chat_postMessage=["hold"])
    posted, changed = len(desk.slack.calls("chat.postMessage")), len(desk.slack.calls("chat.update"))
    execution = desk.server.start("asks", {})["execution_id"]
    desk.slack.wait_held()
    task, second = f"/v1/tasks/{execution}~ask@1", f"/v1/executions/{execution}~ask.notice(2.0)"
    assert desk.server.post(f"{task}/delegate", {"to": "bob@example.com"}, refold_person="ada@example.com").status == 200
    deadline = time.monotonic() + 60
    while "notice.before" not in str(desk.server.get(f"{second}/history").content):
        assert time.monotonic() < deadline
    desk.slack.go_on()
    notified(desk, task, 2)
    first, reply = desk.slack.calls("chat.postMessage")[posted:]
    (update,) = desk.slack.calls("chat.update")[changed:]
    assert update[1]["ts"] == reply[1]["thread_ts"] == first[2]["ts"]


def test_of_two_messages_the_last_says_that_it_is_over_and_the_other_to_whoever_presses(desk: Desk) -> None:
    desk.slack.next(chat_postMessage=["not_in_channel"])
    posted, changed = len(desk.slack.calls("chat.postMessage")), len(desk.slack.calls("chat.update"))
    execution = desk.server.start("asks", {})["execution_id"]
    notice, task = f"{execution}~ask.notice(1.0)", f"/v1/tasks/{execution}~ask@1"
    stuck = incident_of(desk.server, notice)
    assert desk.server.post(f"{task}/delegate", {"to": "bob@example.com"}, refold_person="ada@example.com").status == 200
    later = desk.slack.wait("chat.postMessage", posted + 1)[posted]
    notified(desk, task, 1)
    assert desk.server.post(f"/v1/executions/{notice}/incidents/{stuck['incident']}/resolve", {"action": "retry"}).status == 200
    first = desk.slack.wait("chat.postMessage", posted + 2)[posted + 1]
    notified(desk, task, 2)
    assert desk.server.post(f"{task}/answer", {"port": "approved"}, refold_person="bob@example.com").status == 200
    assert desk.slack.wait("chat.update", changed + 1)[changed][1]["ts"] == first[2]["ts"]
    assert desk.told(press(later, "Approve", "U0BOB")) == "Nobody is asked any more: approved"
    healed = desk.slack.calls("chat.update")[changed + 1]
    assert (healed[1]["ts"], healed[2]["ok"], "button" in healed[1]["blocks"]) == (later[2]["ts"], True, False)


def notified(desk: Desk, task: str, times: int) -> None:
    """Wait until it is recorded that people were told so often."""
    deadline = time.monotonic() + 60
    while str(desk.server.get(task).content).count('"TaskNotified"') < times:
        assert time.monotonic() < deadline, desk.server.get(task).content
