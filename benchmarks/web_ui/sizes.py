"""What a page loads: JavaScript and styles, compressed as they are served at the least (gzip)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import ROOT

STATIC: Final = ROOT / "api" / "static"
CODE: Final = re.compile(r"\.(js|css)$")


def measure(browser: Any, url: str) -> Iterator[tuple[str, float]]:
    """In kB (of 1,000 bytes): the first page, and what others load beyond it."""
    first = _loaded(browser, f"{url}/executions")
    yield "first_page_kb", _kb(first)
    yield "execution_kb", _kb(_loaded(browser, f"{url}/executions/ui-graph") - first)
    yield "builder_kb", _kb(_loaded(browser, f"{url}/workflows/ui_graph/edit") - first)


def _loaded(browser: Any, address: str) -> set[str]:
    page = browser.new_context().new_page()
    names: set[str] = set()
    page.on(
        "response",
        lambda said: names.add(said.url.split("?")[0].removeprefix(url_of(address))) if CODE.search(said.url.split("?")[0]) else None,
    )
    page.goto(address, wait_until="networkidle")
    page.context.close()
    return names


def url_of(address: str) -> str:
    return "/".join(address.split("/")[:3]) + "/"


def _kb(names: set[str]) -> float:
    return sum(_size(STATIC / name) for name in names) / 1_000


def _size(path: Path) -> int:
    pressed = path.with_name(f"{path.name}.gz")
    return (pressed if pressed.exists() else path).stat().st_size
