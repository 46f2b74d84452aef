"""`agent` over the providers' real clients: what is said stands on the wire as each wants it; a model without tools has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ai.conftest import PROVIDERS, an_attempt
from tests.ai.fake import Call, Fake, Reply
from workers.running.activities.llm import Llm
from workers.running.activity_error import ActivityError

TOOLS = [{"name": "add", "description": "Adds", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]


def ask(llm: Llm, fake: Fake, turns: Any = (), provider: str = "openai", **config: Any) -> dict[str, Any]:
    attempt = an_attempt()
    attempt.activity = type(attempt.activity)("e-1", f"helper[{len(turns)}]/model", 1, "llm", b"{}", b"null")
    model = f"{provider}:{PROVIDERS[provider]}"
    given = {"agent": {"model": model, "input": "What is it?", "base_url": fake.base(provider), **config}}
    found: dict[str, Any] = llm.run(attempt, given, {"tools": TOOLS, "turns": list(turns)})
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_call_and_its_result_go_there_and_back_with_each_provider(llm: Llm, fake: Fake, provider: str) -> None:
    fake.replies = [Reply(texts=("Let me see.",), calls=(Call("add", '{"a": 2}'), Call("add", '{"a": 3}', "call_1")))]
    first = ask(llm, fake, provider=provider)
    calls = [part for part in first["message"]["parts"] if part["type"] == "tool_call"]
    assert [(one["id"], one["name"], json.loads(one["arguments"])) for one in calls] == [
        ("helper[0]/call[0]", "add", {"a": 2}), ("helper[0]/call[1]", "add", {"a": 3}),
    ]  # fmt: skip
    fake.replies = [Reply(texts=("It is 5.",))]
    second = ask(llm, fake, [{"answer": first, "results": [{"ok": 5}, {"error": {"type": "boom", "message": "no"}}]}], provider)
    assert second["message"]["parts"][0]["text"] == "It is 5."
    body = json.dumps(fake.asked[-1].body)
    assert "What is it?" in body
    assert "boom" in body
    assert body.count("Let me see.") == 1


def test_arguments_that_are_cut_off_are_kept_as_they_came(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(texts=(), calls=(Call("add", '{"a": 2'),))]
    (part,) = ask(llm, fake)["message"]["parts"]
    assert part["arguments"] == '{"a": 2'


def test_the_schema_of_the_answer_holds_the_last_answer_alone(llm: Llm, fake: Fake) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    fake.replies = [Reply(texts=("no JSON",), calls=(Call("add", '{"a": 2}'),)), Reply(texts=('{"n": 1}',))]
    first = ask(llm, fake, schema=schema)
    assert (first["value"], len(first["calls"])) == (None, 1)
    second = ask(llm, fake, [{"answer": first, "results": [{"ok": 5}]}], schema=schema)
    assert second["value"] == {"n": 1}


def test_a_model_that_knows_no_tools_is_told_of_them_in_words(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(texts=('{"tool": "add", "arguments": {"a": 2}}',)), Reply(texts=('{"tool": "none", "answer": "It is 3."}',))]
    first = ask(llm, fake, tool_mode="schema")
    (part,) = first["message"]["parts"]
    assert (part["name"], json.loads(part["arguments"]), first["finish_reason"]) == ("add", {"a": 2}, "tool_call")
    second = ask(llm, fake, [{"answer": first, "results": [{"ok": 3}]}], tool_mode="schema")
    assert (second["message"]["parts"][0]["text"], second["finish_reason"]) == ("It is 3.", "stop")
    assert all("tools" not in asked.body for asked in fake.asked)
    assert "add gave: 3" in json.dumps(fake.asked[-1].body)


def test_where_a_provider_says_that_a_model_takes_no_tools_they_are_told_in_words_from_then_on(llm: Llm, fake: Fake) -> None:
    refusal = {"error": {"message": "gpt-4o does not support tools", "type": "invalid_request_error"}}
    fake.replies = [Reply(status=400, error=refusal), Reply(texts=('{"tool": "add", "arguments": {"a": 2}}',))]
    first = ask(llm, fake)
    assert ([call.get("error") for call in first["calls"]], first["tool_mode"]) == (["http.400", None], "schema")
    fake.replies = [Reply(texts=('{"tool": "none", "answer": "done"}',))]
    ask(llm, fake, [{"answer": first, "results": [{"ok": 3}]}])
    assert len(fake.asked) == 3


def test_whoever_has_answered_is_asked_for_the_rest_of_the_agent(llm: Llm, fake: Fake) -> None:
    chain = ["openai:gpt-4o", "openai:gpt-5-mini"]
    fake.replies = [Reply(status=503), Reply(texts=(), calls=(Call("add", "{}"),))]
    first = ask(llm, fake, model=chain)
    assert first["model"] == chain[1]
    fake.replies = [Reply()]
    ask(llm, fake, [{"answer": first, "results": [{"ok": 3}]}], model=chain)
    assert [asked.body["model"] for asked in fake.asked] == ["gpt-4o", "gpt-5-mini", "gpt-5-mini"]


def test_an_answer_that_calls_no_tool_is_a_failure_where_one_is_to_be_called(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(texts=("The tool will add 2 and 3.",)), Reply(texts=(), calls=(Call("add", '{"a": 2}'),))]
    with pytest.raises(ActivityError) as caught:
        ask(llm, fake, must_call=True)
    assert (caught.value.error_type, caught.value.retryable) == ("ai.no_tool_call", True)
    assert fake.asked[0].body["tool_choice"] == "required"
    first = ask(llm, fake, must_call=True)
    fake.replies = [Reply(texts=("It is 5.",))]
    second = ask(llm, fake, [{"answer": first, "results": [{"ok": 5}]}], must_call=True)
    assert second["message"]["parts"][0]["text"] == "It is 5."
    assert fake.asked[-1].body.get("tool_choice") != "required"


def test_by_a_schema_there_is_no_other_choice_than_a_tool_where_one_is_to_be_called(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(texts=('{"tool": "none", "answer": "5"}',)), Reply(texts=('{"tool": "add", "arguments": {"a": 2}}',))]
    assert ask(llm, fake, must_call=True, tool_mode="schema")["finish_reason"] == "tool_call"  # after it was told
    fake.replies = [Reply(texts=("It is 5.",))]
    with pytest.raises(ActivityError) as caught:
        ask(llm, fake, must_call=True, tool_mode="schema", repair=0)
    assert (caught.value.error_type, caught.value.retryable) == ("ai.no_tool_call", True)
