"""Slack: a message within Slack's limits, changed and not sent again, to a stand-in that checks what the real API does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.channels import CHANNELS
from domain.channels.blocks import cut
from domain.channels.channel import route_problems
from tests.channels.slack_server import TOKEN, SlackServer
from tests.channels.test_email import MESSAGE, Context
from workers.running.activity_error import ActivityError
from workers.running.channels.settings import ChannelSettings
from workers.running.channels.slack import SlackSender
from workers.running.channels.slack_api import ask


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as made:
        yield made


def send(slack: SlackServer, token: str = TOKEN, **said: Any) -> Any:
    settings = ChannelSettings(slack_url=slack.url, slack_token="slack")
    return SlackSender(settings).send(Context(slack={"token": token}), {**MESSAGE, "channel": "slack", "target": "#finance", **said})


def failure(slack: SlackServer, **said: Any) -> tuple[str, bool]:
    with pytest.raises(ActivityError) as error:
        send(slack, **said)
    return error.value.error_type, error.value.retryable


def blocks_of(call: Any) -> list[Any]:
    found: list[Any] = json.loads(call[1]["blocks"])
    return found


def test_a_message_has_a_button_for_each_answer_and_is_changed_when_it_is_over(slack: SlackServer) -> None:
    sent = send(slack)
    call = slack.calls("chat.postMessage")[-1]
    assert (sent["channel"], call[1]["text"]) == ("C0FINANCE", "Pay 5 € to &lt;ACME&gt;?")
    buttons = [one["text"]["text"] for block in blocks_of(call) if block["type"] == "actions" for one in block["elements"]]
    assert buttons == ["Approve", "Reject"]
    posted = len(slack.calls("chat.postMessage"))
    over: dict[str, Any] = {"about": "answered", "version": 2, "answered": [{"by": "bob", "port": "approved", "at": "", "comment": "so"}]}
    assert send(slack, sent=sent, **over) == sent
    changed = slack.calls("chat.update")[-1]
    assert ((changed[1]["channel"], changed[1]["ts"]), changed[2]["ok"]) == ((sent["channel"], sent["ts"]), True)
    assert [block["type"] for block in blocks_of(changed)] == ["section", "section", "section", "context"]
    assert "bob: approved - so" in changed[1]["blocks"]
    assert len(slack.calls("chat.postMessage")) == posted


def test_what_reminds_stands_below_the_message_and_in_the_channel(slack: SlackServer) -> None:
    sent = send(slack)
    assert send(slack, sent=sent, about="reminded", version=2) == sent
    call = slack.calls("chat.postMessage")[-1]
    assert (call[1]["thread_ts"], call[1]["reply_broadcast"], call[1]["text"][:10]) == (sent["ts"], "true", "Reminder: ")
    assert "blocks" not in call[1]


def test_a_message_that_somebody_has_deleted_is_posted_again_unless_it_is_over(slack: SlackServer) -> None:
    gone = {"channel": "C0FINANCE", "ts": "1.1"}
    assert send(slack, sent=gone, about="reminded", version=2)["ts"] != "1.1"
    assert send(slack, sent=gone, about="answered", version=3) == gone


def test_where_nobody_knows_of_a_message_it_is_said_in_the_channel_that_it_is_over(slack: SlackServer) -> None:
    send(slack, about="answered", version=2)
    call = slack.calls("chat.postMessage")[-1]
    assert (call[1]["text"][:10], "button" in call[1]["blocks"]) == ("Answered: ", False)


@pytest.mark.parametrize("letter", ["x", "é", "😀", "&", "\ud800", "\0", "\n", " "])
def test_all_stays_within_the_limits_of_slack(slack: SlackServer, letter: str) -> None:
    long = letter * 10_000
    answers = [{"port": f"p{place}", "label": letter * 200} for place in range(53)]
    answered = [{"by": "x" * 200, "port": "approved", "at": "", "comment": long}] * 20
    asked = [f"{'y' * 195}{place}" for place in range(100)]
    assert send(
        slack, question=long, details={"a": long.replace("\ud800", "")}, content=long, answers=answers, answered=answered, assignees=asked
    )
    assert send(slack, question=letter, answers=answers[:1])


@pytest.mark.parametrize(
    ("text", "most", "expected"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a😀b", 3, "a…"), ("😀", 2, "😀"), ("", 5, "-")]
)
def test_a_text_is_cut_where_slack_counts(text: str, most: int, expected: str) -> None:
    assert cut(text, most) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "0"}], ("slack.refused_for_now", True)),
        ("ratelimited", ("slack.refused_for_now", True)),
        ("service_unavailable", ("slack.refused_for_now", True)),
        ("not_in_channel", ("slack.refused", False)),
        ("token_revoked", ("slack.refused", False)),
        ("fatal_error", ("notice.unknown", False)),
        ("cut", ("notice.unknown", False)),
        ([502, "oh", {}], ("notice.unknown", False)),
    ],
)
def test_what_slack_says_decides_whether_it_is_tried_again(slack: SlackServer, said: Any, expected: tuple[str, bool]) -> None:
    slack.next(chat_postMessage=[said])
    assert failure(slack) == expected


@pytest.mark.parametrize("said", ["fatal_error", "cut", [502, "oh", {}]])
def test_a_change_is_the_same_twice_so_it_is_tried_again_where_nobody_knows(slack: SlackServer, said: Any) -> None:
    sent = send(slack)
    slack.next(chat_update=[said])
    assert failure(slack, sent=sent, about="answered", version=2) == ("slack.unreachable", True)


def test_whose_fault_it_is_is_named(slack: SlackServer) -> None:
    said: dict[str, Any]
    for said, words in (({"token": "xoxb-wrong"}, "invalid_auth"), ({"target": "#nowhere"}, "channel_not_found")):
        with pytest.raises(ActivityError, match=words):
            send(slack, **said)
    with pytest.raises(ActivityError, match="slack_token") as error:
        SlackSender(ChannelSettings()).send(Context(), MESSAGE)
    assert (error.value.error_type, error.value.retryable) == ("channel.setting", False)


def test_where_slack_asks_for_time_it_is_waited_unless_nobody_needs_it_any_more(slack: SlackServer) -> None:
    waited = list[Any]()

    class Waiting(Context):
        def on_cancel(self, stop: Callable[[], None]) -> None:
            waited.append(stop)
            if len(waited) > 1:  # the first is that of the request
                stop()

    slack.next(chat_postMessage=[[429, {}, {"Retry-After": "30"}]])
    with pytest.raises(ActivityError, match="429"):
        ask(Waiting(), slack.url, TOKEN, "chat.postMessage", {})
    assert len(waited) == 2


def test_slack_that_is_away_is_tried_again() -> None:
    with SlackServer() as gone:
        pass
    assert failure(gone) == ("slack.unreachable", True)


@pytest.mark.parametrize(
    "target", ["finance", "#", "# finance", "#Finance", "#a,b", "@ada", "C", "c0finance", "#x\n", "#" + "x" * 81, 5, None]
)
def test_a_target_that_is_none_is_a_problem_when_it_is_published(target: Any) -> None:
    (problem,) = route_problems("channels[0]", {"slack": target}, CHANNELS, is_filled_in=False)
    assert (problem.rule, problem.path) == ("channel", "channels[0]")


@pytest.mark.parametrize("target", ["#finance", "#büro-2_x", "C0FINANCE", "U0ADA", "{{ input.channel }}"])
def test_a_target_is_taken(target: str) -> None:
    assert list(route_problems("channels[0]", {"slack": target}, CHANNELS, is_filled_in=False)) == []
