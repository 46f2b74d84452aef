"""`vector_store`, `retriever`, `reranker`: what is kept is found, and twice is once."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.ai.fake import Fake, Reply
from tests.ai.rag.conftest import LOCAL, Run, an_attempt, failure
from workers.running.activities.vector_store import VectorStore
from workers.running.activity_error import Cancelled
from workers.running.activity_settings import RAG_PROGRAM, ActivitySettings
from workers.running.ai.process import AiProcess

TEXTS = [
    {"text": "Money is paid back within 14 days.", "source": "refunds", "metadata": {"lang": "en"}},
    {"text": "Parcels leave on Mondays.", "source": "shipping", "metadata": {"lang": "en"}},
    {"text": "Das Porto trägt der Kunde, Artikel RX-77.", "source": "shipping", "metadata": {"lang": "de"}},
]


def filled(run: Run, **more: Any) -> Any:
    return run("vector_store", store="docs", chunks=TEXTS, embedding=LOCAL, **more)


def texts(found: dict[str, Any]) -> list[str]:
    return [one["text"] for one in found["documents"]]


def test_what_is_kept_is_found_by_meaning_by_words_and_by_both(run: Run) -> None:
    assert filled(run)["added"] == 3
    asked = {"store": "docs", "query": "How long does a refund take?", "top_k": 1}
    assert texts(run("retriever", **asked, mode="vector")) == [TEXTS[0]["text"]]
    assert texts(run("retriever", **asked, mode="lexical")) == []
    assert texts(run("retriever", store="docs", query="rx-77", mode="lexical")) == [TEXTS[2]["text"]]
    found = run("retriever", store="docs", query="paid back RX", mode="hybrid", top_k=2)
    assert set(texts(found)) == {TEXTS[0]["text"], TEXTS[2]["text"]}
    assert all(set(one["scores"]) == {"vector", "lexical"} for one in found["documents"])
    assert found["text"] == "\n\n".join(texts(found))


def test_one_upsert_that_arrives_twice_changes_nothing_even_after_another_has(run: Run) -> None:
    first = filled(run, key="same")
    run("vector_store", store="docs", operation="delete", everything=True)
    again = filled(run, key="same")
    assert {**first, "calls": []} == {**again, "calls": []}
    assert run("vector_store", store="docs", operation="delete", ids=[], key="k")["count"] == 0


def test_the_same_chunks_again_are_not_embedded_again(run: Run, fake: Fake) -> None:
    model = {"model": "openai:small", "base_url": fake.base("openai")}
    for expected in ((3, 0), (0, 3)):
        found = run("vector_store", store="docs", chunks=TEXTS, embedding=model)
        assert (found["added"], found["unchanged"]) == expected
    assert len(fake.asked) == 1
    found = run("vector_store", store="docs", chunks=[*TEXTS, "new"], embedding=model)
    assert (found["added"], found["count"], fake.asked[1].body["input"]) == (1, 4, ["new"])


def test_what_was_written_before_a_failure_is_not_done_again(run: Run, fake: Fake) -> None:
    model = {"model": "openai:small", "base_url": fake.base("openai")}
    many = [f"text {number}" for number in range(100)]
    fake.replies = [Reply(), Reply(status=500), Reply()]
    assert failure(run, "vector_store", key="k", store="docs", chunks=many, embedding=model).error_type == "http.500"
    found = run("vector_store", key="k", store="docs", chunks=many, embedding=model)
    assert ([len(one.body["input"]) for one in fake.asked], found["count"]) == ([64, 36, 36], 100)


def test_with_replace_what_a_source_no_longer_says_goes(run: Run) -> None:
    filled(run)
    found = run("vector_store", store="docs", chunks=[{"text": "Parcels leave daily.", "source": "shipping"}], replace=True)
    assert (found["added"], found["removed"], found["count"]) == (1, 2, 2)


def test_delete_takes_ids_or_conditions_and_all_only_where_that_is_said(run: Run) -> None:
    filled(run)
    assert run("vector_store", store="docs", operation="delete", where={"lang": "de"})["removed"] == 1
    assert failure(run, "vector_store", store="docs", operation="delete").error_type == "input.invalid"
    assert run("vector_store", store="docs", operation="delete", everything=True)["count"] == 0


def test_parts_come_over_typed_edges(run: Run, fake: Fake) -> None:
    embedding = run("embedding", model="openai:small", base_url=fake.base("openai"))
    split = run("text_splitter", documents=[{"text": "Money is paid back.", "source": "a"}])
    store = run("vector_store", {"ai_embedding": [embedding], "ai_text_splitter": [split]}, store="docs")
    assert (store["added"], store["model"]) == (1, "openai:small")
    reranker = run("reranker", by="words")
    data = {"ai_vector_store": [store], "ai_reranker": [reranker], "query": "money"}
    found = run("retriever", data, mode="vector")
    assert [(one["text"], one["source"]) for one in found["documents"]] == [("Money is paid back.", "a")]
    assert 0 < found["documents"][0]["score"] < found["documents"][0]["scores"]["vector"]


def test_the_least_score_is_the_cosine_by_meaning_and_by_both(run: Run) -> None:
    filled(run)
    asked = {"store": "docs", "query": "How long does a refund take?"}
    scores = [one["scores"]["vector"] for one in run("retriever", **asked, mode="vector", top_k=3)["documents"]]
    for mode in ("vector", "hybrid"):
        assert texts(run("retriever", **asked, mode=mode, min_score=(scores[0] + scores[1]) / 2)) == [TEXTS[0]["text"]]
        assert texts(run("retriever", **asked, mode=mode, min_score=0.999)) == []


def test_a_store_without_vectors_says_how_it_can_be_searched(run: Run) -> None:
    run("vector_store", store="plain", chunks=TEXTS)
    assert failure(run, "retriever", store="plain", query="money").error_type == "store.no_vectors"
    assert len(run("retriever", store="plain", query="money", mode="lexical")["documents"]) == 1
    assert failure(run, "retriever", store="empty", query="money", mode="vector").error_type == "store.no_vectors"
    assert run("retriever", store="empty", query="money", mode="vector", embedding=LOCAL)["documents"] == []


def test_vectors_of_two_models_are_not_mixed(run: Run, fake: Fake) -> None:
    filled(run)
    other = {"model": "openai:small", "base_url": fake.base("openai")}
    for name, more in (("vector_store", {"chunks": ["new"]}), ("retriever", {"query": "x"})):
        error = failure(run, name, store="docs", embedding=other, **more)
        assert (error.error_type, error.retryable, fake.asked) == ("store.other_model", False, [])


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("vector_store", {"chunks": ["a"]}, "config.store"),
        ("vector_store", {"store": "docs", "operation": "upsert"}, "config.chunks"),
        ("vector_store", {"store": "docs", "chunks": [{"no": "text"}]}, "config.chunks[0]"),
        ("vector_store", {"store": "../x", "chunks": ["a"]}, "config.store"),
        ("vector_store", {"store": "docs", "operation": "delete", "where": {"a": {"b": 1}}}, "`a`"),
        ("retriever", {"store": "docs"}, "config.query"),
        ("retriever", {"store": "docs", "query": "a", "top_k": 0}, "config.top_k"),
        ("reranker", {"query": "a", "documents": [], "by": "model"}, "`base_url`"),
        ("reranker", {"query": "a", "documents": "x"}, "config.documents"),
    ],
)
def test_what_cannot_be_meant_is_said(run: Run, name: str, config: dict[str, Any], said: str) -> None:
    error = failure(run, name, **config)
    assert (error.error_type, said in str(error)) == ("input.invalid", True), error


def test_without_a_data_folder_a_database_is_asked_for(settings: ActivitySettings) -> None:
    kind = VectorStore(ActivitySettings(rag=settings.rag))
    error = failure(lambda **config: kind.run(an_attempt("vector_store", "k"), config, None), store="docs", chunks=["a"])
    assert (error.error_type, "`credential`" in str(error)) == ("store.unavailable", True)


def test_a_cancelled_node_stops_at_once_and_what_is_written_is_whole(settings: ActivitySettings, run: Run) -> None:
    context = an_attempt("vector_store", "k")
    kind = VectorStore(settings)
    many = [f"text {number} {'word ' * 60}" for number in range(2_000)]
    ended = threading.Event()

    def running() -> None:
        with pytest.raises(Cancelled):
            kind.run(context, {"store": "docs", "chunks": many, "embedding": LOCAL}, None)
        ended.set()

    thread = threading.Thread(target=running)
    thread.start()
    context.cancel()
    assert ended.wait(5)
    thread.join()
    found = run("vector_store", store="docs", operation="delete", ids=[])
    assert found["count"] in range(0, 2_000, 64)


def test_a_process_that_dies_fails_what_was_under_way_and_the_next_begins_anew(tmp_path: Path) -> None:
    process = AiProcess(RAG_PROGRAM)
    kind = VectorStore(ActivitySettings(rag=process, data=tmp_path))
    try:
        kind.run(an_attempt("vector_store", "a"), {"store": "docs", "chunks": ["a"]}, None)
        first = process.pid
        assert first is not None
        kill = threading.Timer(0.2, lambda: os.kill(first, signal.SIGKILL))
        kill.start()
        many = {"store": "docs", "chunks": [f"text {number} {'word ' * 60}" for number in range(2_000)], "embedding": LOCAL}
        error = failure(lambda **config: kind.run(an_attempt("vector_store", "b"), config, None), **many)
        kill.join()
        assert error.error_type == "worker.lost"
        assert kind.run(an_attempt("vector_store", "c"), {"store": "docs", "chunks": ["a"]}, None)["unchanged"] == 1
        assert process.pid != first
    finally:
        process.close()


# Ranking


def test_a_model_that_ranks_is_asked_once_and_its_order_counts(run: Run, fake: Fake) -> None:
    config = {"by": "model", "model": "ranker", "base_url": fake.base("openai"), "query": "red car", "top_k": 2}
    found = run("reranker", documents=["blue car", "a tree", "red car"], **config)
    assert [(one["text"], one["score"]) for one in found["documents"]] == [("red car", 1.0), ("blue car", 0.5)]
    assert (fake.asked[0].path, fake.asked[0].body["model"], len(fake.asked)) == ("/v1/rerank", "ranker", 1)
    fake.replies = [Reply(whole={"results": [{"index": 0, "relevance_score": 1}]})]
    assert failure(run, "reranker", documents=["a", "b"], **config).error_type == "ai.incomplete"


def test_words_rank_what_has_them_first_and_meaning_what_means_it(run: Run) -> None:
    documents = [one["text"] for one in TEXTS]
    assert texts(run("reranker", documents=documents, query="porto rx", by="words", min_score=0.01)) == [documents[2]]
    assert texts(run("reranker", documents=documents, query="How long does a refund take?", top_k=1)) == [documents[0]]


def test_variety_puts_what_was_said_already_behind(run: Run) -> None:
    documents = ["Refunds take 14 days.", "A refund takes 14 days.", "Parcels leave on Mondays."]
    asked = {"documents": documents, "query": "How long does a refund take?"}
    assert set(texts(run("reranker", **asked, top_k=2))) == set(documents[:2])
    assert documents[2] in texts(run("reranker", **asked, top_k=2, diversity=0.7))
