"""How much a page makes its reader load: its JavaScript and CSS, as they come compressed by gzip."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The bytes of each file, compressed."""

    files: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.files.values())

    def table(self) -> str:
        """A line for each file, the heaviest first, and their sum below."""
        lines = sorted(self.files.items(), key=lambda one: (-one[1], one[0]))
        return "\n".join(f"{size:>8,}  {name}" for name, size in (*lines, ("in all", self.total)))


def weigh(files: Iterable[Path]) -> Weights:
    return Weights(files={file.name: len(gzip.compress(file.read_bytes())) for file in files if file.suffix in (".js", ".css")})
