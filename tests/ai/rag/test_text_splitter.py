"""`text_splitter`: chunks that fit, in order, and know where they stood."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ai.rag.conftest import Run, failure
from workers.running.rag.local_model import tokens_in
from workers.running.rag.splitting import split
from workers.running.rag.work import Task

HANDBOOK = "# Returns\n\nGoods are taken back within 14 days.\n\n## Money\n\nMoney is paid back at once.\n\n# Shipping\n\nOn Mondays."


def test_chunks_know_their_heading_their_source_and_where_they_stood(run: Run) -> None:
    document = {"text": HANDBOOK, "source": "h.md", "format": "markdown", "title": "Handbook", "metadata": {"lang": "en"}}
    found = run("text_splitter", {"ai_document": [document]}, size=50, overlap=0)
    assert [one["metadata"]["heading"] for one in found["chunks"]] == ["Returns", "Money", "Shipping"]
    assert found["chunks"][1]["text"] == "## Money\n\nMoney is paid back at once."
    assert all(HANDBOOK[one["metadata"]["start"] :].startswith(one["text"]) for one in found["chunks"])
    assert {one["source"] for one in found["chunks"]} == {"h.md"}
    assert {(one["metadata"]["title"], one["metadata"]["lang"]) for one in found["chunks"]} == {("Handbook", "en")}


def test_chunks_of_a_document_with_pages_know_their_page(run: Run) -> None:
    found = run("text_splitter", documents={"text": "Page one.\fPage two.\fPage three.", "format": "pdf"}, size=12, overlap=0)
    assert [(one["text"], one["metadata"]["page"]) for one in found["chunks"]] == [("Page one.", 1), ("Page two.", 2), ("Page three.", 3)]


def test_the_id_of_a_chunk_is_its_content(run: Run) -> None:
    first, second = (run("text_splitter", documents=[{"text": "same", "source": name}, "same", "same"])["chunks"] for name in "ab")
    assert first[1]["id"] == first[2]["id"] == second[1]["id"]
    assert len({first[0]["id"], second[0]["id"], first[1]["id"]}) == 3


def test_sizes_in_tokens_are_those_of_the_local_model(run: Run) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    by_tokens = run("text_splitter", documents=text, size=50, overlap=0, unit="tokens")["chunks"]
    assert len(by_tokens) > 1
    assert all(tokens_in(one["text"]) <= 50 for one in by_tokens)
    assert tokens_in(by_tokens[0]["text"]) > 40


@pytest.mark.parametrize(
    ("config", "said"), [({"size": 10, "overlap": 10}, "overlap"), ({"documents": [1]}, "documents[0]"), ({"by": "x"}, "by")]
)
def test_what_cannot_be_split_is_said(run: Run, config: dict[str, Any], said: str) -> None:
    error = failure(run, "text_splitter", **config)
    assert (error.error_type, said in str(error)) == ("input.invalid", True)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab .\n\f#é😀"), max_size=400), size=st.integers(1, 60), overlap=st.integers(0, 20))
def test_every_chunk_fits_and_without_overlap_no_word_is_lost(text: str, size: int, overlap: int) -> None:
    overlap = min(overlap, size - 1)
    asked = {"documents": [{"text": text, "format": "text"}], "by": "text", "size": size, "overlap": overlap, "unit": "characters"}
    loop = asyncio.new_event_loop()
    chunks = split(Task(loop, lambda share: None), asked)["chunks"]
    loop.close()
    assert all(0 < len(one["text"]) <= size for one in chunks)
    assert len({one["id"] for one in chunks}) == len(chunks)
    kept = {text for one in chunks for text in one["text"]}
    assert {one for one in text if not one.isspace()} <= kept
