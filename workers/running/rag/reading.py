"""Reading: the text of a document, whatever it is written in, and what it says about itself.

Pages are told apart by a form feed, as `pdftotext` has it, so that a piece of the text still knows its page.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from workers.running.activity_error import ActivityError
from workers.running.rag.pdf import PAGE_END, opened
from workers.running.rag.work import Task

TEXT_CHARACTERS_MAX: Final = 20_000_000
"""So long a text may be: more no value of an execution may hold."""
_HEADING: Final = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_BLANK: Final = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Text(NamedTuple):
    """What was read."""

    text: str
    title: str = ""
    pages: int | None = None
    metadata: Mapping[str, Any] = MappingProxyType({})


def read(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{text, title, pages, metadata}` of `{content, format, encoding}`, the content in base64. Raises ActivityError `document.…`."""
    content = base64.b64decode(given["content"])
    found = _READERS[given["format"]](task, content, given.get("encoding"))
    if len(found.text) > TEXT_CHARACTERS_MAX:
        message = (
            f"the text of the document has {len(found.text):,} characters, and {TEXT_CHARACTERS_MAX:,} are allowed: divide the document"
        )
        raise ActivityError("document.too_large", message, retryable=False)
    return {"text": found.text, "title": found.title, "pages": found.pages, "metadata": dict(found.metadata)}


def unreadable(form: str, why: object) -> ActivityError:
    """The failure that a document is none of its format."""
    return ActivityError("document.unreadable", f"the document cannot be read as {form}: {why}"[:1_000], retryable=False)


def _decoded(content: bytes, encoding: str | None, form: str) -> str:
    if encoding is None:
        encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise unreadable(form, f"it is not {encoding} at byte {error.start}; `encoding` names another, such as latin-1") from None


def _plain(task: Task, content: bytes, encoding: str | None) -> Text:
    return Text(_decoded(content, encoding, "text"))


def _markdown(task: Task, content: bytes, encoding: str | None) -> Text:
    text = _decoded(content, encoding, "markdown")
    found = _HEADING.search(text)
    return Text(text, found[1] if found else "")


def _html(task: Task, content: bytes, encoding: str | None) -> Text:
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    try:
        soup = BeautifulSoup(_decoded(content, encoding, "html") if encoding else content, "html.parser")
        title = soup.title.get_text(" ", strip=True) if soup.title else ""
        root = soup.html
        language = root.get("lang") if root is not None else None
        for hidden in soup(["script", "style", "noscript", "template", "head"]):
            hidden.decompose()
        text = MarkdownConverter(heading_style="ATX").convert_soup(soup)
    except RecursionError:
        raise unreadable("html", "its elements are nested too deeply") from None
    return Text(_BLANK.sub("\n\n", text).strip(), title, None, {"language": language} if isinstance(language, str) else {})


def _pdf(task: Task, content: bytes, encoding: str | None) -> Text:
    with opened(content) as document:
        pages = []
        for index in range(len(document)):
            task.go_on(index / len(document))
            pages.append(document.text(index))
        said = document.said()
    return Text(PAGE_END.join(pages), said.get("title", ""), len(pages), said)


def _docx(task: Task, content: bytes, encoding: str | None) -> Text:
    import zipfile

    import mammoth

    try:
        html = mammoth.convert_to_html(io.BytesIO(content)).value
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, RecursionError, OSError) as error:
        raise unreadable("docx", error) from None
    found = _html(task, html.encode(), "utf-8")
    first = _HEADING.search(found.text)
    return found._replace(title=first[1] if first else "")


def _json(task: Task, content: bytes, encoding: str | None) -> Text:
    try:
        value = msgspec.json.decode(_decoded(content, encoding, "json"))
        return Text(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable("json", error) from None


def _csv(task: Task, content: bytes, encoding: str | None) -> Text:
    """A row a paragraph, each cell under the name of its column: so each piece of it says what it is about."""
    try:
        rows = list(csv.reader(io.StringIO(_decoded(content, encoding, "csv"), newline="")))
    except csv.Error as error:
        raise unreadable("csv", error) from None
    if not rows:
        return Text("", metadata={"rows": 0})
    names = rows[0]
    lines = [
        "\n".join(f"{names[place] if place < len(names) else place + 1}: {cell}" for place, cell in enumerate(row) if cell)
        for row in rows[1:]
    ]
    return Text("\n\n".join(lines), metadata={"rows": len(rows) - 1, "columns": names})


_READERS: Final[Mapping[str, Callable[[Task, bytes, str | None], Text]]] = MappingProxyType({
    "text": _plain,
    "markdown": _markdown,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "json": _json,
    "csv": _csv,
})  # fmt: skip
