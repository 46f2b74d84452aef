"""A browser without a screen, and what its pages cost: CPU of the main thread (`threadTicks`), so that a busy machine counts little."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")
FRAMES: Final = "(count) => new Promise((done) => { const next = () => (count-- > 0 ? requestAnimationFrame(next) : done()); next(); })"


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, for as long as it is wanted. Raises RuntimeError where there is none."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("expected a Chromium on this machine (Debian, Ubuntu: apt install chromium); found none")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield opened
        finally:
            opened.close()


class Watched:
    """A page whose main thread is counted."""

    def __init__(self, browser: Any) -> None:
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        self.cdp = self.page.context.new_cdp_session(self.page)
        self.cdp.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
        self.cdp.send("Performance.enable")

    def cpu_ms(self) -> float:
        """What the main thread has used since the page was opened."""
        return self._metric("TaskDuration") * 1_000

    def heap_mb(self) -> float:
        """What its objects take, once what nobody holds is gone."""
        self.cdp.send("HeapProfiler.collectGarbage")
        return self._metric("JSHeapUsedSize") / 1e6

    def _metric(self, name: str) -> float:
        found = self.cdp.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == name))

    def frames(self, count: int = 1) -> None:
        """Wait until so many have been drawn."""
        self.page.evaluate(FRAMES, count)

    def cost_ms(self, work: Callable[[], object]) -> float:
        """The CPU of some work, and of the frames that show it."""
        self.frames(2)
        before = self.cpu_ms()
        work()
        self.frames(2)
        return self.cpu_ms() - before

    def close(self) -> None:
        self.page.context.close()
