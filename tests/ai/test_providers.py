"""Each provider's real client against its protocol: one request is one request, and half an answer is none."""

from __future__ import annotations

import asyncio
import cProfile
import re
import threading
from typing import Any

import pytest

from contracts.messages import FilePart, Message, TextPart, ThoughtPart, ToolCallPart, ToolResultPart, text_message, text_of
from tests.ai.conftest import PROVIDERS, SECRET, an_attempt
from tests.ai.fake import Call, Fake, Reply
from workers.running.activity_error import Cancelled
from workers.running.ai.asking import Models
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import Answer, Ask, Fault, Options, Tool

MESSAGES = (text_message("system", "Be short."), text_message("user", "hi"))


@pytest.fixture(params=list(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


class Asking:
    def __init__(self, process: AiProcess, fake: Fake, provider: str) -> None:
        self._process, self._fake, self._provider = process, fake, provider
        self.texts: list[str] = []

    def __call__(self, *replies: Reply, **more: Any) -> Answer | Fault:
        self._fake.replies = list(replies) or self._fake.replies
        given: dict[str, Any] = {"messages": MESSAGES, "timeout_s": 30.0, "base_url": self._fake.base(self._provider), **more}
        ask = Ask(number=0, provider=self._provider, model=PROVIDERS[self._provider], **given)
        return self._process.ask(an_attempt(), ask, self.texts.append)


@pytest.fixture
def asking(process: AiProcess, fake: Fake, provider: str) -> Asking:
    return Asking(process, fake, provider)


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_comes_whole_with_what_it_took(asking: Asking, fake: Fake, provider: str, stream: bool) -> None:
    answer = asking(stream=stream)
    assert isinstance(answer, Answer), answer
    assert (text_of(answer.message), answer.finish_reason, answer.message.by) == ("Hello from the fake.", "stop", provider)
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.measured) == (11, 4, True)
    assert "".join(asking.texts) == ("Hello from the fake." if stream else "")
    assert len(fake.asked) == 1


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "type_", "retryable", "falls_back"),
    [
        (429, "ai.rate_limit", True, True),
        (500, "http.500", True, True),
        (503, "ai.overloaded", True, True),
        (401, "ai.auth", False, False),
        (400, "http.400", False, False),
        (404, "http.404", False, False),
    ],
)
def test_a_failure_of_the_provider_is_one_request_and_has_its_name(
    asking: Asking, fake: Fake, stream: bool, status: int, type_: str, retryable: bool, falls_back: bool
) -> None:
    fault = asking(Reply(status=status), stream=stream)
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable, fault.falls_back) == (type_, retryable, falls_back)
    assert len(fake.asked) == 1


def test_who_says_when_to_come_again_is_not_waited_for_here(asking: Asking, fake: Fake) -> None:
    fault = asking(Reply(status=429, headers={"retry-after": "3600"}))
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retry_after_s, len(fake.asked)) == ("ai.rate_limit", 3600.0, 1)


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_without_its_end_mark_is_none(asking: Asking, fake: Fake, stream: bool) -> None:
    fault = asking(Reply(cut_after=2), stream=stream)
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable, fault.falls_back, len(fake.asked)) == ("ai.incomplete", True, True, 1)
    assert fault.usage is not None


def test_a_connection_that_breaks_in_the_middle_gives_no_answer_and_an_estimate_of_what_it_took(asking: Asking) -> None:
    fault = asking(Reply(cut_after=1, is_reset=True))
    assert isinstance(fault, Fault)
    assert fault.type == "ai.incomplete"
    assert fault.usage is not None
    assert (fault.usage.measured, fault.usage.input_tokens > 0) == (False, True)


def test_an_answer_that_was_cut_at_its_length_says_so(asking: Asking) -> None:
    answer = asking(Reply(finish="length"))
    assert isinstance(answer, Answer)
    assert answer.finish_reason == "length"


def test_a_refusal_is_a_failure_that_is_not_tried_again(asking: Asking) -> None:
    fault = asking(Reply(finish="refused"))
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable, fault.falls_back) == ("ai.refused", False, False)


def test_the_limit_of_time_is_one_of_the_whole_call(asking: Asking, fake: Fake) -> None:
    asking()  # the libraries are there: what is measured is the call
    fault = asking(Reply(stall_after=2), timeout_s=0.2)
    assert isinstance(fault, Fault)
    assert (fault.type, fault.falls_back) == ("http.timeout", True)
    assert fake.hung_up.wait(10), "the connection is closed"
    assert len(fake.asked) == 2


def test_who_cancels_closes_the_connection(process: AiProcess, fake: Fake, provider: str) -> None:
    fake.replies = [Reply(stall_after=2)]
    attempt = an_attempt()
    ask = Ask(number=0, provider=provider, model=PROVIDERS[provider], messages=MESSAGES, timeout_s=60.0, base_url=fake.base(provider))
    ended: list[BaseException] = []

    def asks() -> None:
        try:
            process.ask(attempt, ask, lambda _: None)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=asks)
    thread.start()
    assert fake.stalled.wait(60)
    attempt.cancel()
    assert fake.hung_up.wait(10), "long before the minute that the call has"
    thread.join(10)
    assert isinstance(ended[0], Cancelled)


def test_what_is_cancelled_before_it_is_asked_is_asked_of_nobody(process: AiProcess, fake: Fake, asking: Asking, provider: str) -> None:
    attempt = an_attempt()
    attempt.cancel()
    ask = Ask(number=0, provider=provider, model=PROVIDERS[provider], messages=MESSAGES, timeout_s=60.0, base_url=fake.base(provider))
    with pytest.raises(Cancelled):
        process.ask(attempt, ask, lambda _: None)
    assert isinstance(asking(), Answer)
    assert len(fake.asked) == 1


def test_settings_reach_the_wire_and_those_that_do_not_are_named(asking: Asking, fake: Fake, provider: str) -> None:
    answer = asking(options=Options(temperature=0.0, max_tokens=50, seed=7, stop=("X",)))
    assert isinstance(answer, Answer)
    body = fake.asked[0].body
    sent = body["generationConfig"] if provider == "google" else body
    assert sent["temperature"] == 0
    assert 50 in (sent.get("max_tokens"), sent.get("max_completion_tokens"), sent.get("maxOutputTokens"))
    assert answer.ignored == (("seed",) if provider == "anthropic" else ())


def test_what_would_be_ignored_fails_before_it_is_sent_where_all_is_to_count(process: AiProcess, fake: Fake) -> None:
    asking = Asking(process, fake, "anthropic")
    fault = asking(options=Options(seed=7), strict=True)
    assert isinstance(fault, Fault)
    assert (fault.type, fault.details, fault.retryable) == ("input.invalid", {"ignored_settings": ["seed"]}, False)
    assert fake.asked == []


def test_broken_arguments_of_a_call_stay_as_they_came(asking: Asking, provider: str) -> None:
    add = Tool(name="add", description="Adds.", parameters=_raw('{"type":"object","properties":{"a":{"type":"integer"}}}'))
    broken = '{"a": 2,' if provider != "google" else '{"a": 2}'
    answer = asking(Reply(texts=(), calls=(Call("add", broken),)), tools=(add,))
    assert isinstance(answer, Answer)
    (call,) = answer.message.parts
    assert isinstance(call, ToolCallPart)
    assert (call.name, call.arguments.replace(" ", ""), answer.finish_reason) == ("add", broken.replace(" ", ""), "tool_call")


def test_where_a_tool_must_be_called_prose_is_a_failure(asking: Asking) -> None:
    fault = asking(tools=(Tool(name="add", description="Adds.", parameters=_raw('{"type":"object"}')),), must_call=True)
    assert isinstance(fault, Fault)
    assert fault.type == "ai.no_tool_call"


def test_a_conversation_with_tools_files_and_thoughts_is_taken(asking: Asking, fake: Fake) -> None:
    """Ids of calls are paths here, which no provider takes; both ends of a call have the same on the wire."""
    call = ToolCallPart(id="helper[2]/call[0]", name="add", arguments='{"a": 2}')
    result = ToolResultPart(id="helper[2]/call[0]", name="add", content=_raw('{"sum":5}'))
    messages = (
        Message(role="user", parts=(TextPart(text="look"), FilePart(media_type="image/png", data="iVBORw0KGgo="))),
        Message(role="assistant", parts=(ThoughtPart(text="of another provider", extras=_raw('{"signature":"s"}')), call), by="elsewhere"),
        Message(role="tool", parts=(result,)),
    )
    answer = asking(messages=messages)
    assert isinstance(answer, Answer), answer
    said = str(fake.asked[0].body)
    assert "helper[2]" not in said
    assert "of another provider" not in said
    assert "iVBORw0KGgo" in said
    ids = re.findall(r"call_[0-9a-f]{24}", said)
    assert (len(ids), len(set(ids))) == (2, 1)


def test_keys_of_the_environment_are_shown_to_nobody_else(process: AiProcess, fake: Fake, provider: str) -> None:
    asking = Asking(process, fake, provider)
    asking()
    shown = fake.asked[0].headers
    assert SECRET not in str(shown)
    asking(key="of-the-credential")
    assert "of-the-credential" in str(fake.asked[1].headers)


def test_an_address_that_is_not_public_is_not_reached_unless_it_may(asking: Asking, fake: Fake) -> None:
    fault = asking(checks_address=True)
    assert isinstance(fault, Fault)
    assert (fault.type, fault.retryable, fake.asked) == ("http.forbidden_address", False, [])


def test_where_nobody_listens_there_is_no_connection(process: AiProcess, fake: Fake, provider: str) -> None:
    fault = Asking(process, fake, provider)(base_url="http://127.0.0.1:1")
    assert isinstance(fault, Fault)
    assert (fault.type, fault.falls_back) == ("http.connect", True)


def _raw(text: str) -> Any:
    from msgspec import Raw

    return Raw(text.encode())


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_a_message_more_costs_little_before_it_is_sent_and_is_sent_as_it_is(fake: Fake, provider: str) -> None:
    """The library would walk through each message by its declared types: 250 calls of Python for each."""

    async def calls(models: Models, count: int) -> int:
        said = (text_message("user", "a"), *(text_message("assistant" if n % 2 else "user", f"turn {n}") for n in range(count)))
        ask = Ask(
            number=0, provider=provider, model=PROVIDERS[provider], messages=said, timeout_s=60, base_url=fake.base(provider), key="k",
            stream=False,
        )  # fmt: skip
        profile = cProfile.Profile()
        profile.enable()
        answer = await models.ask(ask, lambda _: None)
        profile.disable()
        assert isinstance(answer, Answer)
        return sum(entry.callcount for entry in profile.getstats())

    async def both() -> tuple[int, int]:
        models = Models()
        await calls(models, 1)
        return await calls(models, 20), await calls(models, 220)

    few, many = asyncio.run(both())
    assert (many - few) / 200 < 150
    sent = fake.asked[-1].body["messages"]
    assert [(one["role"], one["content"]) for one in sent[:3]] == [("user", "a"), ("user", "turn 0"), ("assistant", "turn 1")]
    assert len(sent) == 221
