"""PDF documents: their text layer, and their pages as pictures. PDFium is not safe for threads, so one document is looked at at a time."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from workers.running.activity_error import ActivityError

PAGES_MAX: Final = 5_000
PIXELS_MAX: Final = 40_000_000
"""So many a picture of a page may have: larger pages are made smaller."""
POINTS_PER_INCH: Final = 72
PAGE_END: Final = "\f"
_ONE_AT_A_TIME: Final = threading.RLock()


class Pdf:
    """A document that is open."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    def text(self, index: int) -> str:
        """The text layer of a page; empty where there is none."""
        page = self._document[index]
        text = page.get_textpage().get_text_bounded()
        return str(text).replace("\r\n", "\n").replace("\r", "\n").replace(PAGE_END, "\n").strip()

    def picture(self, index: int, dpi: int) -> bytes:
        """A page as PNG."""
        page = self._document[index]
        width, height = page.get_size()
        scale = dpi / POINTS_PER_INCH
        scale = min(scale, (PIXELS_MAX / max(1.0, width * height)) ** 0.5)
        content = io.BytesIO()
        page.render(scale=scale, grayscale=True).to_pil().save(content, "PNG")
        return content.getvalue()

    def said(self) -> dict[str, str]:
        """What the document says about itself: `title`, `author`, `subject` …"""
        found = self._document.get_metadata_dict(skip_empty=True)
        return {name.lower(): value for name, value in found.items()}


@contextmanager
def opened(content: bytes) -> Iterator[Pdf]:
    """The document. Raises ActivityError `document.unreadable`, `document.too_large`."""
    import pypdfium2

    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise ActivityError("document.unreadable", f"the document cannot be read as pdf: {error}", retryable=False) from None
        try:
            if len(document) > PAGES_MAX:
                message = f"the document has {len(document):,} pages, and {PAGES_MAX:,} are allowed: divide it"
                raise ActivityError("document.too_large", message, retryable=False)
            yield Pdf(document)
        finally:
            document.close()
