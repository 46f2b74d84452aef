"""`/v1/dead-letters`: what nobody could be given is looked at, sent again, dropped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import Server

EMITS: dict[str, Any] = {
    "name": "emits",
    "nodes": [{"id": "tell", "type": "emit_signal", "config": {"execution": "{{ input.to }}", "name": "approved", "payload": {"n": 12}}}],
}


def bury(server: Server, to: str) -> Any:
    """A signal for an execution that is not there becomes a dead letter."""
    server.publish(EMITS)
    assert server.start("emits", {"to": to}, wait=30)["status"] == "completed"
    return next(one for one in server.get("/v1/dead-letters").json["dead_letters"] if one["content"]["execution_id"] == to)


def test_a_letter_says_what_it_is_where_it_came_from_and_what_sending_it_means(server: Server) -> None:
    letter = bury(server, "nobody-1")
    assert (letter["state"], letter["reason"], letter["form"]) == ("open", "there is no execution nobody-1", "command")
    assert letter["content"]["fields"]["payload"] == {"n": 12}
    assert letter["can_be_sent"]
    assert letter["sending"].startswith("SendSignal is given to execution nobody-1")
    assert server.get(f"/v1/dead-letters/{letter['letter']}").json == letter


def test_a_letter_is_sent_again_once_and_says_by_whom(server: Server) -> None:
    number = bury(server, "nobody-2")["letter"]
    refused = server.post(f"/v1/dead-letters/{number}/send", {})
    assert (refused.status, refused.json["reason"]) == (404, "unknown_execution")
    assert server.get(f"/v1/dead-letters/{number}").json["state"] == "open"
    server.start("waits", execution_id="nobody-2")
    sent = server.post(f"/v1/dead-letters/{number}/send", {"reason": "it is there now"}, X_Request_Id="mine-1")
    assert (sent.status, sent.json["state"]) == (200, "sent")
    acts = [(act["act"], act["actor"], act["reason"]) for act in sent.json["acts"]]
    assert acts[0][:2] == ("sending", "anonymous")
    assert acts[1] == ("failed", "anonymous", "there is no execution nobody-2")
    assert acts[3] == ("sent", "anonymous", "it is there now")
    assert sent.json["acts"][3]["correlation_id"] == "mine-1"
    assert server.get("/v1/executions/nobody-2/wait?timeout=10").status in (200, 404)
    again = server.post(f"/v1/dead-letters/{number}/send", {})
    assert (again.status, again.json["reason"]) == (409, "already_sent")
    events = [event["type"] for event in server.get("/v1/executions/nobody-2/history").json["events"]]
    assert events.count("SignalReceived") == 1


def test_of_many_who_send_at_once_one_does(server: Server) -> None:
    number = bury(server, "nobody-3")["letter"]
    server.start("waits", execution_id="nobody-3")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.post(f"/v1/dead-letters/{number}/send", {}).status, range(8)))
    assert sorted(answers) == [200, *[409] * 7]
    assert [act["act"] for act in server.get(f"/v1/dead-letters/{number}").json["acts"]] == ["sending", "sent"]


def test_a_letter_is_dropped_with_a_reason(server: Server) -> None:
    number = bury(server, "nobody-4")["letter"]
    for body in ({}, {"reason": " "}):
        assert server.post(f"/v1/dead-letters/{number}/drop", body).status == 422
    dropped = server.post(f"/v1/dead-letters/{number}/drop", {"reason": "a typing mistake"}).json
    assert (dropped["state"], dropped["acts"][0]["reason"]) == ("dropped", "a typing mistake")
    assert server.post(f"/v1/dead-letters/{number}/send", {}).json["reason"] == "already_dropped"
    assert number not in [one["letter"] for one in server.get("/v1/dead-letters").json["dead_letters"]]
    assert number in [one["letter"] for one in server.get("/v1/dead-letters?state=dropped").json["dead_letters"]]


@pytest.mark.parametrize("number", ["0x", "-1", str(2**64)])
def test_a_number_that_is_none_is_refused(server: Server, number: str) -> None:
    assert server.get(f"/v1/dead-letters/{number}").status == 422
    assert server.get(f"/v1/dead-letters/{2**53}").json["reason"] == "unknown_dead_letter"


def test_what_was_done_about_letters_outlives_the_server(serve: Callable[..., Server]) -> None:
    first = serve()
    numbers = [bury(first, f"gone-{number}")["letter"] for number in range(3)]
    first.post(f"/v1/dead-letters/{numbers[1]}/drop", {"reason": "no"})
    first.kill()
    second = serve()
    page = second.get("/v1/dead-letters?limit=1").json
    assert ([one["letter"] for one in page["dead_letters"]], page["open"]) == ([numbers[2]], 2)
    rest = second.get(f"/v1/dead-letters?limit=1&cursor={page['next']}").json
    assert [one["letter"] for one in rest["dead_letters"]] == [numbers[0]]
