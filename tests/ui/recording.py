"""Frames of a journey through the web UI: a picture a step, when `RECORDING` names a folder for them."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SAME: Final = r"""
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const said = walk.currentNode.data
    const times = said.replace(/\d\d:\d\d:\d\d/g, "08:00:00").replace(/08:00:00\.\d{3}/g, "08:00:00.000")
    const same = times.replace(/\b[A-Z][a-z]{2} \d+,/g, "Nov 21,").replace(/^[0-9a-f]{32}$/, "0".repeat(32))
    if (same !== said) walk.currentNode.data = same
  }"""
FEW_COLOURS: Final = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (sign) => sign.charCodeAt(0))
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }))
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d")
  context.drawImage(image, 0, 0)
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)
  const counts = new Map()
  for (const one of pixels) counts.set(one, (counts.get(one) ?? 0) + 1)
  const most = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 48).map(([colour]) => colour)
  const far = (a, b, at) => (((a >> at) & 255) - ((b >> at) & 255)) ** 2
  const apart = (a, b) => far(a, b, 0) + far(a, b, 8) + far(a, b, 16)
  const nearest = (colour) => most.reduce((best, one, at) => (apart(one, colour) < apart(most[best], colour) ? at : best), 0)
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(colour)]))
  const indexes = pixels.reduce((text, one) => text + String.fromCharCode(places.get(one)), "")
  return { width: image.width, height: image.height, colours: most, indexes: btoa(indexes) }
}"""


class Recording:
    """Keeps a frame of a page at each step, or nothing where nobody asked for it; the captions are known in any case."""

    def __init__(self) -> None:
        folder = os.environ.get("RECORDING")
        self._folder = None if folder is None else Path(folder)
        self.captions: list[str] = []

    def frame(self, page: Page, caption: str) -> None:
        """As `01.png` and so on, with times of day that are the same each time."""
        self.captions.append(caption)
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.evaluate(f"() => {{{SAME}}}")
        taken = page.screenshot(animations="disabled", caret="hide")
        small = page.evaluate(FEW_COLOURS, base64.b64encode(taken).decode())
        (self._folder / f"{len(self.captions):02}.png").write_bytes(indexed(small))


def indexed(picture: dict[str, Any]) -> bytes:
    """A PNG of few colours, which takes a third of the room."""
    width, height = picture["width"], picture["height"]
    indexes = base64.b64decode(picture["indexes"])
    rows = b"".join(b"\0" + indexes[at * width : (at + 1) * width] for at in range(height))
    colours = b"".join(struct.pack("<I", colour & 0xFFFFFFFF)[:3] for colour in picture["colours"])
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colours),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
