"""A browser without a screen, and what its pages cost: the CPU of the main thread as the kernel counts it.

The browser's own count of it (`TaskDuration` in `threadTicks`) was up to nine times as much where many processes wait for the cores. It is
taken where the kernel tells nobody.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")
TRIES: Final = 20
LEAD_MS: Final = 100
BUSY: Final = "(ms) => { const begun = performance.now(); while (performance.now() - begun < ms); }"
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
        self._processes = browser.new_browser_cdp_session()
        self._main: Path | None = None
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        self.cdp = self.page.context.new_cdp_session(self.page)
        self.cdp.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
        self.cdp.send("Performance.enable")

    def cpu_ms(self) -> float:
        """What the main thread has used since the page was opened."""
        if self._main is None:
            self._main = self._found()
        return _ran_ms(self._main) if self._main.exists() else self._metric("TaskDuration") * 1_000

    def _found(self) -> Path:
        """Where the kernel counts for the page's main thread: of all renderers the one that runs while the page is busy."""
        listed = self._processes.send("SystemInfo.getProcessInfo")["processInfo"]
        mains = [Path(f"/proc/{one['id']}/task/{one['id']}/schedstat") for one in listed if one["type"] == "renderer"]
        before = {main: _ran_ms(main) for main in mains}
        for _ in range(TRIES):
            self.page.evaluate(BUSY, 2 * LEAD_MS)
            others = sorted(mains, key=lambda main: _ran_ms(main) - before[main])
            first = others.pop()
            if not first.exists() or all(_ran_ms(first) - before[first] > _ran_ms(main) - before[main] + LEAD_MS for main in others):
                return first
        raise RuntimeError(f"expected one of {len(mains)} renderers to be busy with the page; found none that is, in {TRIES} times")

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
        self._processes.detach()
        self.page.context.close()


def _ran_ms(main: Path) -> float:
    """How long a thread has been on a core; 0 where the kernel does not tell."""
    return int(main.read_text().split()[0]) / 1e6 if main.exists() else 0.0
