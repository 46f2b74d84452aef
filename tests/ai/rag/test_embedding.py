"""`embedding`: the model that the package carries, and OpenAI's protocol against the fake."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ai.conftest import SECRET
from tests.ai.fake import Fake, Reply
from tests.ai.rag.conftest import LOCAL, Run, an_attempt, failure
from workers.running.activities.embedding import Embedding
from workers.running.activity_settings import ActivitySettings


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_the_local_model_finds_what_means_the_same_in_another_language(run: Run) -> None:
    texts = ["Das Geld wird binnen 14 Tagen erstattet.", "Our office is closed on Mondays."]
    found = run("embedding", texts=texts, **LOCAL)
    question = run("embedding", texts="When do I get my money back?", purpose="query", **LOCAL)["vectors"][0]
    assert (found["dimensions"], len(found["vectors"])) == (384, 2)
    assert dot(question, found["vectors"][0]) > dot(question, found["vectors"][1]) + 0.02
    assert all(abs(dot(one, one) - 1) < 1e-5 for one in found["vectors"])


def test_the_same_text_has_the_same_vector_and_a_zero_byte_hides_nothing(run: Run) -> None:
    first, again, other = run("embedding", texts=["a\0b", "a b", "a"])["vectors"]
    assert first == again != other


def test_without_texts_only_the_model_is_offered(run: Run) -> None:
    found = run("embedding", model="openai:text-embedding-3-small", dimensions=256)
    assert (found["vectors"], found["offers"]) == ([], {"model": "openai:text-embedding-3-small", "dimensions": 256})


def test_whoever_speaks_the_protocol_is_asked_in_batches_and_answers_in_any_order(run: Run, fake: Fake) -> None:
    texts = [f"text {index} {'word ' * (index % 3)}" for index in range(100)]
    found = run("embedding", model="openai:small", base_url=fake.base("openai"), texts=texts, dimensions=64)
    assert [len(one.body["input"]) for one in fake.asked] == [64, 36]
    assert [one.path for one in fake.asked] == ["/v1/embeddings"] * 2
    assert (fake.asked[0].body["model"], fake.asked[0].body["dimensions"]) == ("small", 64)
    assert fake.asked[0].headers["authorization"] == "Bearer none"
    assert found["vectors"][1] == run("embedding", model="openai:small", base_url=fake.base("openai"), texts=texts[1])["vectors"][0]


def test_a_key_of_the_environment_goes_to_its_provider_alone(run: Run, fake: Fake) -> None:
    run("embedding", model="openai:small", base_url=fake.base("openai"), texts="a")
    assert SECRET not in str(fake.asked[0].headers)


@pytest.mark.parametrize(
    ("reply", "type_", "retryable"),
    [
        (Reply(status=401), "ai.auth", False),
        (Reply(status=429, headers={"retry-after": "7"}), "ai.rate_limit", True),
        (Reply(status=500), "http.500", True),
        (Reply(status=400), "http.400", False),
        (Reply(whole={"data": []}), "ai.incomplete", True),
        (Reply(whole={"data": [{"index": 0, "embedding": [1, "x"]}]}), "ai.incomplete", True),
        (Reply(whole={"data": [{"index": 0, "embedding": []}]}), "ai.incomplete", True),
        (Reply(whole=[1]), "ai.incomplete", True),
        (Reply(whole={"data": [{"index": 0, "embedding": [1e300]}]}), "ai.incomplete", True),
    ],
)
def test_what_is_no_answer_is_a_failure_after_one_request(run: Run, fake: Fake, reply: Reply, type_: str, retryable: bool) -> None:
    fake.replies = [reply]
    error = failure(run, "embedding", model="openai:small", base_url=fake.base("openai"), texts="a")
    assert (error.error_type, error.retryable, len(fake.asked)) == (type_, retryable, 1)
    assert error.retry_after_s == (7.0 if reply.status == 429 else None)


def test_requests_are_noted_as_calls_of_a_model(settings: ActivitySettings, fake: Fake) -> None:
    context = an_attempt("embedding", "k")
    config = {"model": "openai:small", "base_url": fake.base("openai"), "texts": "a"}
    Embedding(settings).run(context, config, None)
    assert [(one.model, one.input_tokens, one.is_measured) for one in context.calls] == [("openai:small", 11, True)]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model": "anthropic:claude-haiku-4-5"}, "anthropic has no models that embed"),
        ({"model": "local:other"}, "local:multilingual-e5-small"),
        ({"texts": [1]}, "config.texts[0]"),
        ({"texts": ["a"] * 10_001}, "10,000 are allowed"),
        ({"model": "openai:small", "base_url": "file:///etc"}, "http or https"),
    ],
)
def test_what_cannot_be_embedded_is_said(run: Run, config: dict[str, Any], said: str) -> None:
    error = failure(run, "embedding", **config)
    assert (error.error_type, said in str(error)) == ("input.invalid", True), error


def test_addresses_that_are_not_public_are_not_reached_unless_that_is_allowed(settings: ActivitySettings, fake: Fake) -> None:
    guarded = Embedding(ActivitySettings(rag=settings.rag))
    error = failure(
        lambda **config: guarded.run(an_attempt("embedding", "k"), config, None), model="openai:a", base_url=fake.base("openai"), texts="a"
    )
    assert (error.error_type, fake.asked) == ("http.forbidden_address", [])
