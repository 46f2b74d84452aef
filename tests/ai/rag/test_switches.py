"""`rag_switch` and `ocr_switch`: what they find, and by which port that is."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.ai.fake import Fake, Reply
from tests.ai.rag.conftest import LOCAL, Run, failure
from tests.ai.rag.pictures import pdf_of, picture_of

INVOICE = "Invoice 2026 0417\nTotal 120 EUR"


def packed(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_what_a_store_has_is_found_and_what_it_has_not_is_not(run: Run) -> None:
    run("vector_store", store="docs", chunks=["Money is paid back within 14 days."], embedding=LOCAL)
    found = run("rag_switch", store="docs", query="How long does a refund take?", min_score=0.8)
    assert (found["port"], found["count"], found["best"] > 0.8) == ("found", 1, True)
    assert run("rag_switch", store="docs", query="How long does a refund take?", min_score=0.99)["port"] == "not_found"
    missed = run("rag_switch", store="docs", query="zebra", mode="lexical")
    assert (missed["port"], missed["documents"], missed["best"], missed["text"]) == ("not_found", [], None, "")


def test_what_a_retriever_has_found_is_not_looked_for_again(run: Run) -> None:
    found = {"query": "q", "documents": [{"text": "a", "score": 0.9}, {"text": "b", "score": 0.5}]}
    assert run("rag_switch", {"ai_retriever": [found]}, min_score=0.6)["text"] == "a"
    assert run("rag_switch", {"ai_retriever": [found]}, min_score=0.95)["port"] == "not_found"


def test_a_picture_is_read_by_tesseract_and_says_how_sure_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "files" / "scan.png").write_bytes(picture_of(INVOICE))
    found = run("ocr_switch", file="scan.png", engines=["text_layer", "tesseract"])
    assert (found["port"], found["engine"], found["text"]) == ("text", "tesseract", INVOICE)
    assert found["confidence"] > 80
    assert [(one["engine"], one["characters"] > 0) for one in found["tried"]] == [("text_layer", False), ("tesseract", True)]


def test_a_text_layer_makes_looking_at_pictures_needless(run: Run) -> None:
    found = run("ocr_switch", base64=packed(pdf_of("Invoice", "Total")), engines=["text_layer", "tesseract"])
    assert (found["engine"], found["text"], len(found["tried"])) == ("text_layer", "Invoice\fTotal", 1)


def test_a_scanned_document_has_no_text_layer_and_its_pages_are_read(run: Run) -> None:
    found = run("ocr_switch", base64=packed(picture_of(INVOICE, "PDF")))
    assert (found["engine"], found["text"]) == ("tesseract", INVOICE)


def test_an_engine_that_is_not_sure_enough_is_passed_over(run: Run) -> None:
    found = run("ocr_switch", base64=packed(picture_of(INVOICE)), min_confidence={"tesseract": 99.99})
    assert (found["port"], found["text"], found["tried"][1]["characters"] > 0) == ("unreadable", "", True)


@pytest.mark.parametrize("content", [b"no picture at all", picture_of(" "), b"%PDF-1.4 torn"])
def test_what_nobody_can_read_is_unreadable(run: Run, content: bytes) -> None:
    found = run("ocr_switch", base64=packed(content))
    assert (found["port"], [one["characters"] for one in found["tried"]]) == ("unreadable", [0, 0])


def test_a_model_sees_the_pages_as_pictures_and_is_asked_last(run: Run, fake: Fake) -> None:
    fake.replies = [Reply(texts=("Invoice",))]
    engines = ["text_layer", "openai:gpt-4o"]
    found = run("ocr_switch", base64=packed(picture_of(INVOICE, "PDF")), engines=engines, base_url=fake.base("openai"))
    assert (found["port"], found["engine"], found["text"], len(fake.asked)) == ("text", "openai:gpt-4o", "Invoice", 1)
    assert "data:image/png;base64," in str(fake.asked[0].body)


def test_a_language_that_tesseract_has_not_is_a_failure(run: Run) -> None:
    error = failure(run, "ocr_switch", base64=packed(picture_of("a")), engines=["tesseract"], languages=["xxx"])
    assert (error.error_type, "xxx" in str(error)) == ("ocr.failed", True)


def test_an_engine_that_is_not_installed_is_a_failure_that_says_how_to_get_it(run: Run) -> None:
    error = failure(run, "ocr_switch", base64=packed(picture_of("a")), engines=["rapidocr", "tesseract"])
    assert (error.error_type, error.retryable, "[ocr]" in str(error)) == ("ocr.not_installed", False, True)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"engines": ["easyocr"]}, "provider:model"),
        ({"engines": []}, "config.engines"),
        ({"min_confidence": {"text_layer": 1}}, "text_layer"),
        ({"languages": ["eng; rm"]}, "config.languages"),
    ],
)
def test_what_no_engine_could_do_is_said(run: Run, config: dict[str, Any], said: str) -> None:
    error = failure(run, "ocr_switch", base64=packed(b"a"), **config)
    assert (error.error_type, said in str(error)) == ("input.invalid", True), error
