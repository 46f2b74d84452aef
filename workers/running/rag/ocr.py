"""Reading pictures of text. Each engine says how sure it is in a measure of its own: Tesseract 0 … 100, RapidOCR 0 … 1.

recognize   the text by one engine       {text, confidence, characters, pages}
pictures    the pages as PNG in base64, for models that see
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from refold.extras import how_to_install
from workers.running.activity_error import ActivityError
from workers.running.rag.pdf import PAGE_END, PIXELS_MAX, opened
from workers.running.rag.work import Stopped, Task

_ONE_AT_A_TIME: Final = threading.Lock()
PDF: Final = b"%PDF-"
PDF_STARTS_WITHIN: Final = 1_024
LOOK_S: Final = 0.2
PICTURES_BYTES_MAX: Final = 48 * 1024 * 1024
"""So large the pictures that are sent to a model may be together."""


class Page(NamedTuple):
    """What was read on a page, word by word or line by line with how sure that is."""

    text: str
    confidences: Sequence[float] = ()


def recognize(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """What one engine reads, of `{content, engine, languages, dpi}`; `confidence` is None where the engine says none.

    Raises ActivityError `document.unreadable`, `ocr.not_installed`, `ocr.failed`.
    """
    content = base64.b64decode(given["content"])
    pages = list(_ENGINES[given["engine"]](task, content, given))
    confidences = [one for page in pages for one in page.confidences]
    text = PAGE_END.join(page.text for page in pages)
    characters = sum(not one.isspace() for one in text)
    return {
        "text": text,
        "confidence": round(fmean(confidences), 4) if confidences else None,
        "characters": characters,
        "pages": len(pages),
    }


def pictures(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """`{pictures}`, each a page as PNG in base64, of `{content, dpi}`."""
    found = [base64.b64encode(one).decode() for one in _pictures(task, base64.b64decode(given["content"]), given["dpi"])]
    if (size := sum(map(len, found))) > PICTURES_BYTES_MAX:
        message = (
            f"the pictures of the pages have {size:,} bytes, and {PICTURES_BYTES_MAX:,} are allowed: divide the document, or lower `dpi`"
        )
        raise ActivityError("document.too_large", message, retryable=False)
    return {"pictures": found}


def is_pdf(content: bytes) -> bool:
    """Whether it is a PDF document, as readers of them look at it."""
    return PDF in content[:PDF_STARTS_WITHIN]


def _pictures(task: Task, content: bytes, dpi: int) -> Iterator[bytes]:
    """The pages, or the frames of a picture, as PNG."""
    if is_pdf(content):
        with opened(content) as document:
            for index in range(len(document)):
                task.go_on(index / len(document))
                yield document.picture(index, dpi)
        return
    from PIL import Image, ImageSequence

    try:
        with Image.open(io.BytesIO(content)) as picture:
            for frame in ImageSequence.Iterator(picture):
                if frame.width * frame.height > PIXELS_MAX:
                    raise ValueError(f"it has {frame.width} × {frame.height} points, and {PIXELS_MAX:,} are allowed")
                task.go_on()
                png = io.BytesIO()
                frame.convert("RGB").save(png, "PNG")
                yield png.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ActivityError("document.unreadable", f"it is neither a PDF document nor a picture: {error}", retryable=False) from None


# Engines.


def _text_layer(task: Task, content: bytes, given: Mapping[str, Any]) -> Iterator[Page]:
    if not is_pdf(content):
        return
    with opened(content) as document:
        for index in range(len(document)):
            task.go_on(index / len(document))
            yield Page(document.text(index))


def _tesseract(task: Task, content: bytes, given: Mapping[str, Any]) -> Iterator[Page]:
    program = shutil.which("tesseract")
    if program is None:
        message = "the engine `tesseract` is a program that is not installed here (Debian, Ubuntu: apt install tesseract-ocr)"
        raise ActivityError("ocr.not_installed", message, retryable=False)
    with tempfile.TemporaryDirectory(prefix="refold-ocr-") as folder:
        place = Path(folder) / "page.png"
        for picture in _pictures(task, content, given["dpi"]):
            place.write_bytes(picture)
            words = [program, str(place), "-", "-l", "+".join(given["languages"]), "--dpi", str(given["dpi"]), "tsv"]
            yield _page_of(_run(task, words))


def _run(task: Task, words: Sequence[str]) -> str:
    """What a program prints. Raises ActivityError `ocr.failed`; it is ended where nobody waits."""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        while True:
            try:
                said, complaint = process.communicate(timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                try:
                    task.go_on()
                except Stopped:
                    process.kill()
                    raise
    if process.returncode:
        message = f"tesseract ended with {process.returncode}: {complaint.decode(errors='replace').strip()[-500:]}"
        raise ActivityError("ocr.failed", message, retryable=False)
    return said.decode(errors="replace")


def _page_of(table: str) -> Page:
    """Tesseract's table: a line a word, with block, paragraph and line it stands in, and how sure it is (-1: no word)."""
    lines: dict[tuple[str, ...], list[str]] = {}
    confidences = []
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            lines.setdefault(tuple(cells[2:5]), []).append(cells[11])
            confidences.append(float(cells[10]))
    text = ""
    paragraph = None
    for place, words in lines.items():
        text += ("\n\n" if paragraph not in (None, place[:2]) else "\n" if text else "") + " ".join(words)
        paragraph = place[:2]
    return Page(text, confidences)


def _rapidocr(task: Task, content: bytes, given: Mapping[str, Any]) -> Iterator[Page]:
    reader = _rapid_reader()
    for picture in _pictures(task, content, given["dpi"]):
        with _ONE_AT_A_TIME:
            found = reader(picture)
        yield Page("\n".join(found.txts or ()), [float(one) for one in found.scores or ()])


@cache
def _rapid_reader() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        message = f"the engine `rapidocr` is not installed here: {how_to_install('ocr')} ({error})"
        raise ActivityError("ocr.not_installed", message, retryable=False) from None
    return RapidOCR(params={"Global.log_level": "error"})


_ENGINES: Final[Mapping[str, Callable[[Task, bytes, Mapping[str, Any]], Iterator[Page]]]] = MappingProxyType({
    "text_layer": _text_layer,
    "tesseract": _tesseract,
    "rapidocr": _rapidocr,
})  # fmt: skip
