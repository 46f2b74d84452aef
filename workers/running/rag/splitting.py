"""Splitting: a text in pieces of a size that a model can take in, each knowing where it stood.

Where to split is the library's: at the largest seams (chapters, paragraphs, sentences, words) whose pieces still fit.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from semantic_text_splitter import MarkdownSplitter, TextSplitter

from workers.running.activity_error import ActivityError
from workers.running.rag.chunks import chunk_id
from workers.running.rag.pdf import PAGE_END
from workers.running.rag.work import Task

CHUNKS_MAX: Final = 100_000
SPLITTERS: Final[Mapping[str, Any]] = MappingProxyType({"text": TextSplitter, "markdown": MarkdownSplitter})
_HEADING: Final = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)


def split(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{chunks, count}` of `{documents: [{text, source, metadata}], by, size, overlap, unit}`."""
    chunks: list[dict[str, Any]] = []
    for index, document in enumerate(given["documents"]):
        task.go_on(index / len(given["documents"]))
        chunks += _pieces(document, _splitter(given, document.get("format")))
        if len(chunks) > CHUNKS_MAX:
            message = f"there are more than {CHUNKS_MAX:,} chunks: divide the documents, or take a larger `size`"
            raise ActivityError("document.too_large", message, retryable=False)
    return {"chunks": chunks, "count": len(chunks)}


def _splitter(given: Mapping[str, Any], form: str | None) -> Any:
    by = given["by"]
    if by == "auto":
        by = "markdown" if form in ("markdown", "html", "docx") else "text"
    if given["unit"] == "tokens":
        from workers.running.rag.local_model import tokens_in

        count: Callable[[str], int] = tokens_in
        return SPLITTERS[by].from_callback(count, given["size"], overlap=given["overlap"])
    return SPLITTERS[by](given["size"], overlap=given["overlap"])


def _pieces(document: Mapping[str, Any], splitter: Any) -> Iterator[dict[str, Any]]:
    text, source = document["text"], document.get("source") or ""
    ends = [place for place, one in enumerate(text) if one == PAGE_END]
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)] if document.get("format") != "text" else []
    starts = [start for start, _ in headings]
    seen = set[str]()
    for start, piece in splitter.chunk_indices(text):
        said = piece.replace(PAGE_END, "\n").strip()
        if not said or (id_ := chunk_id(source, said)) in seen:
            continue
        seen.add(id_)
        where: dict[str, Any] = {"start": start}
        if ends:
            where["page"] = bisect_right(ends, start) + 1
        if starts and (above := bisect_right(starts, start)):
            where["heading"] = headings[above - 1][1]
        yield {"id": id_, "text": said, "source": source, "metadata": {**document.get("metadata", {}), **where}}
