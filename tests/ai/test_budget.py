"""Budgets in a real engine: the provider is asked no more than the budget allows, and what it took stands in the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.usage import cost
from tests.ai.conftest import Run, an_attempt
from tests.ai.fake import Fake, Reply
from tests.ai.test_execution import refold
from workers.partition.prices import price_of, prices_of
from workers.running.activities.llm import Llm

NOW = 1_790_000_000_000
MODELS = {"small": {"use": "ollama:llama3.2", "max_tokens": 50, "price": {"input": 1, "output": 2}}}


def written(folder: Path, budget: dict[str, Any]) -> str:
    body = {"nodes": [{"id": "ask", "type": "llm", "config": {"model": "small", "prompt": "{{ iteration.item }}"}}]}
    loop = {"id": "each", "type": "for_each", "config": {"items": "input.mails", "concurrency": 1, "body": body}}
    path = folder / "mails.json"
    path.write_text(json.dumps({"name": "mails", "settings": {"budget": budget, "models": MODELS}, "nodes": [loop]}))
    return str(path)


def test_a_budget_stops_an_execution_and_a_higher_one_lets_it_go_on(fake: Fake, tmp_path: Path) -> None:
    fake.replies = [Reply(texts=(f"answer {number}",)) for number in range(4)]
    words = ("run", written(tmp_path, {"model_calls": 2}), "--json", "--id", "m", "--input", json.dumps({"mails": ["a", "b", "c", "d"]}))
    state = json.loads(refold(tmp_path, fake, *words, code=1))
    assert (state["status"], len(fake.asked)) == ("incident", 2)
    assert "2 are spent" in json.dumps(state)
    resolved = json.loads(refold(tmp_path, fake, "resolve", "m", "retry", "--budget", '{"model_calls": 4}', "--json"))
    assert (resolved["status"], len(fake.asked)) == ("completed", 4)
    history = refold(tmp_path, fake, "history", "m")
    assert history.count("UsageCounted") == 4
    assert "1 calls of ollama:llama3.2" in history
    assert "0 differences" in refold(tmp_path, fake, "verify", "--all")


@pytest.mark.parametrize("said", ["{}", '{"usd": -1}', '{"dollars": 1}', "7", "nothing"])
def test_limits_that_are_none_are_refused_by_name(fake: Fake, tmp_path: Path, said: str) -> None:
    assert "--budget" in refold_error(fake, tmp_path, "resolve", "m", "retry", "--budget", said)


def refold_error(fake: Fake, folder: Path, *words: str) -> str:
    (folder / "data").mkdir(exist_ok=True)
    with pytest.raises(AssertionError) as caught:
        refold(folder, fake, *words)
    return str(caught.value)


def test_each_request_is_told_with_its_tokens(llm: Llm, fake: Fake) -> None:
    fake.replies = [Reply(texts=("no json",)), Reply(texts=("{}",))]
    attempt = an_attempt()
    config = {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "a", "schema": {"type": "object"}}
    llm.run(attempt, config, None)
    assert [(call.model, call.is_repair, call.error) for call in attempt.calls] == [
        ("openai:gpt-4o", False, ""),
        ("openai:gpt-4o", True, ""),
    ]
    assert all(call.tokens > 0 for call in attempt.calls)


def test_a_request_that_fails_is_told_with_why(run: Run, fake: Fake, llm: Llm) -> None:
    fake.replies = [Reply(status=429)]
    attempt = an_attempt()
    with pytest.raises(Exception, match="429"):
        llm.run(attempt, {"model": "openai:gpt-4o", "base_url": fake.base("openai"), "prompt": "a"}, None)
    (call,) = attempt.calls
    assert (call.error, call.tokens) == ("ai.rate_limit", 0)


def test_prices_come_from_the_table_and_what_it_does_not_know_has_none() -> None:
    known = price_of("openai:gpt-5-mini", NOW)
    assert known is not None
    assert cost(known, 1_000_000, 0) > 0
    assert prices_of(["openai:no-such-model", "ollama:llama3.2", "openai:gpt-5-mini"], NOW) == (known,)


def test_a_longer_question_may_cost_more_for_each_token() -> None:
    price = price_of("google:gemini-2.5-pro", NOW)
    assert price is not None
    assert cost(price, 300_000, 0) > 3 * cost(price, 100_000, 0)
