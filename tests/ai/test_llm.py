"""`llm`: what it is asked, what it gives, what it says back, and to whom it goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.errors import NoCredential
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from tests.ai.conftest import Run, an_attempt, failure
from tests.ai.fake import Fake, Reply
from workers.running.activities.llm import Llm
from workers.running.activity_settings import ActivitySettings

KIND = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["refund", "other"]}, "note": {"type": "string"}}}


def said(*texts: str) -> list[Reply]:
    return [Reply(texts=(text,)) for text in texts]


def test_a_prompt_gives_text_and_what_it_took(run: Run, fake: Fake) -> None:
    output = run(system="Be short.", prompt="hi", temperature=0.0)
    assert (output["text"], output["value"], output["model"], output["finish_reason"]) == (
        "Hello from the fake.", None, "openai:gpt-4o", "stop",
    )  # fmt: skip
    assert (output["usage"]["input_tokens"], output["usage"]["measured"], output["ignored_settings"]) == (11, True, [])
    assert [(call["model"], call["finish_reason"]) for call in output["calls"]] == [("openai:gpt-4o", "stop")]
    assert [one["content"] for one in fake.asked[0].body["messages"]] == ["Be short.", "hi"]


def test_a_conversation_is_asked_as_it_was_written(run: Run, fake: Fake) -> None:
    run(messages=[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}])
    assert [(one["role"], one["content"]) for one in fake.asked[0].body["messages"]] == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_files_go_with_the_prompt(run: Run, fake: Fake) -> None:
    run(prompt="read", files=[{"media_type": "image/png", "data": "iVBORw0KGgo="}])
    content = fake.asked[0].body["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url"]


def test_json_that_matches_is_the_value(run: Run, fake: Fake) -> None:
    fake.replies = said('{"kind": "refund"}')
    output = run(prompt="sort", schema=KIND)
    assert output["value"] == {"kind": "refund"}
    assert fake.asked[0].body["response_format"]["type"] == "json_schema"


def test_a_fence_around_the_json_is_taken_off(run: Run, fake: Fake) -> None:
    fake.replies = said('```json\n{"kind": "other"}\n```')
    assert run(prompt="sort", schema=KIND)["value"] == {"kind": "other"}


def test_what_does_not_match_is_said_back_with_its_place(run: Run, fake: Fake) -> None:
    fake.replies = said('{"kind": "cake"}', '{"kind": "other"}')
    output = run(prompt="sort", schema=KIND)
    last = fake.asked[1].body["messages"][-1]["content"]
    assert "/kind: " in last
    assert [one["role"] for one in fake.asked[1].body["messages"]] == ["user", "assistant", "user"]
    assert (output["value"], len(output["calls"]), output["usage"]["input_tokens"]) == ({"kind": "other"}, 2, 22)


def test_feedback_is_replaced_and_does_not_grow(run: Run, fake: Fake) -> None:
    fake.replies = said('{"kind": "a"}', '{"kind": "b"}', '{"kind": "other"}')
    run(prompt="sort", schema=KIND, repair=2)
    assert [len(one.body["messages"]) for one in fake.asked] == [1, 3, 3]


@pytest.mark.parametrize("repair", [0, 1, 3])
def test_it_is_said_back_so_often_and_then_it_fails_with_the_places(run: Run, fake: Fake, repair: int) -> None:
    fake.replies = said('{"kind": "cake"}')
    error = failure(run, prompt="sort", schema=KIND, repair=repair)
    assert (error.error_type, len(fake.asked)) == ("ai.output_invalid", repair + 1)
    assert error.details["problems"][0]["pointer"] == "/kind"
    assert len(error.details["calls"]) == repair + 1


def test_a_schema_that_is_no_object_is_told_in_words_and_checked_all_the_same(run: Run, fake: Fake) -> None:
    fake.replies = said("[1, 2]")
    assert run(prompt="count", schema={"type": "array", "items": {"type": "integer"}})["value"] == [1, 2]
    assert "response_format" not in fake.asked[0].body
    assert '"integer"' in fake.asked[0].body["messages"][0]["content"]


@pytest.mark.parametrize(
    "bad", [Reply(status=429), Reply(status=500), Reply(status=503), Reply(cut_after=1), Reply(cut_after=1, is_reset=True)]
)
def test_the_next_model_is_asked_where_one_cannot(run: Run, fake: Fake, bad: Reply) -> None:
    fake.replies = [bad, Reply()]
    output = run(prompt="hi", model=["openai:gpt-4o", "openai:gpt-4o-mini"])
    assert (output["model"], fake.asked[1].body["model"]) == ("openai:gpt-4o-mini", "gpt-4o-mini")
    assert ["error" in call for call in output["calls"]] == [True, False]


@pytest.mark.parametrize("bad", [Reply(status=401), Reply(status=400), Reply(finish="refused")])
def test_what_another_model_would_not_mend_goes_to_none(run: Run, fake: Fake, bad: Reply) -> None:
    fake.replies = [bad]
    failure(run, prompt="hi", model=["openai:gpt-4o", "openai:gpt-4o-mini"])
    assert len(fake.asked) == 1


def test_where_no_model_can_the_last_says_why_and_all_are_told(run: Run, fake: Fake) -> None:
    fake.replies = [Reply(status=500), Reply(status=429, headers={"retry-after": "7"})]
    error = failure(run, prompt="hi", model=["openai:gpt-4o", "openai:gpt-4o-mini"])
    assert (error.error_type, error.retry_after_s, error.retryable) == ("ai.rate_limit", 7.0, True)
    assert [call["error"] for call in error.details["calls"]] == ["http.500", "ai.rate_limit"]


def test_what_is_to_be_read_nowhere_is_hidden_before_it_is_given(run: Run, fake: Fake) -> None:
    fake.replies = said('{"kind": "other", "note": "card 4111-1111"}')
    output = run(prompt="sort", schema=KIND, redact=[r"\d{4}-\d{4}"])
    assert "4111" not in json.dumps(output)
    assert output["value"]["note"] == "card •••"


def test_a_failure_shows_nothing_of_it_either(run: Run, fake: Fake) -> None:
    fake.replies = said('{"kind": "4111-1111"}')
    error = failure(run, prompt="sort", schema=KIND, redact=[r"\d{4}-\d{4}"])
    assert "4111" not in json.dumps(error.details) + str(error)


# Keys


class Kept(NoCredentials):
    def __init__(self, **secrets: Secret) -> None:
        super().__init__()
        self._secrets = secrets

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        if name not in self._secrets:
            raise NoCredential(name, "there is none")
        return self._secrets[name]


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        (Secret({"token": "of-the-bearer"}, kind="bearer"), "of-the-bearer"),
        (Secret({"openai": "of-openai", "anthropic": "no"}, kind="values"), "of-openai"),
        (Secret({"key": "one-for-all"}, kind="values"), "one-for-all"),
    ],
)
def test_the_key_of_a_credential_is_shown(llm: Llm, fake: Fake, secret: Secret, shown: str) -> None:
    attempt = an_attempt(credentials=Kept(main=secret))
    llm.run(attempt, {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi", "credential": "main"}, None)
    assert fake.asked[0].headers["authorization"] == f"Bearer {shown}"


@pytest.mark.parametrize("kept", [Kept(), Kept(main=Secret({"username": "a", "password": "b"}, kind="basic"))])
def test_without_a_key_the_credential_is_named(llm: Llm, fake: Fake, kept: Kept) -> None:
    attempt = an_attempt(credentials=kept)
    config = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi", "credential": "main"}
    error = failure(lambda **_: llm.run(attempt, config, None))
    assert (error.error_type, error.retryable, error.details["credential"]) == ("ai.auth", False, "main")
    assert "`main`" in str(error)
    assert fake.asked == []


def test_a_key_that_is_refused_names_the_credential(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(status=401)]
    attempt = an_attempt(credentials=Kept(main=Secret({"token": "old-key"}, kind="bearer")))
    config = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi", "credential": "main"}
    error = failure(lambda **_: llm.run(attempt, config, None))
    assert (error.error_type, error.retryable) == ("ai.auth", False)
    assert "`main`" in str(error)


# What cannot be asked


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"prompt": "a", "messages": []},
        {"prompt": "a", "model": "nobody:x"},
        {"prompt": "a", "model": "gpt-4o"},
        {"prompt": "a", "model": []},
        {"prompt": "a", "temperature": 1e400},
        {"prompt": "a", "max_tokens": 2**64},
        {"prompt": "a", "repair": -1},
        {"prompt": "a", "base_url": "ftp://x"},
        {"prompt": "a", "redact": ["("]},
        {"prompt": "a", "timeout": "soon"},
        {"messages": []},
        {"messages": [{"role": "king", "content": "a"}]},
        {"messages": [{"role": "tool", "parts": [{"type": "tool_result", "id": "x", "name": "y", "content": 1}]}]},
        {"prompt": "a", "files": [{"media_type": "image/png"}]},
        {"prompt": "a", "files": [7]},
        {"prompt": "a", "files": [{"media_type": "image/png", "data": "no base64!"}]},
        {"prompt": "\ud800"},
    ],
)
def test_what_cannot_be_asked_is_invalid_and_asks_nobody(run: Run, fake: Fake, config: dict[str, Any]) -> None:
    error = failure(run, **config)
    assert (error.error_type, error.retryable, fake.asked) == ("input.invalid", False, [])


def test_addresses_that_are_not_public_are_refused_unless_the_setting_allows_them(llm: Llm, fake: Fake) -> None:
    guarded = Llm(ActivitySettings())
    guarded._process = llm._process
    config = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "hi"}
    error = failure(lambda **_: guarded.run(an_attempt(), config, None))
    assert (error.error_type, fake.asked) == ("http.forbidden_address", [])
