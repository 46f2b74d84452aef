"""Templates on disk: those that come with Refold, and those of a team's own folder; read anew each time, as people write in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.workflow_tests import TEST_ENDING
from domain.definition.document import Syntax
from domain.definition.template import BadTemplate, FoundTemplate, Template, read_template

SHIPPED: Final = Path(__file__).parents[2] / "examples"
"""In a checkout and in the wheel alike, beside the packages."""
FILES_MAX: Final = 500
_SYNTAX: Final[dict[str, Syntax]] = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def find_templates(own: Path | None) -> list[FoundTemplate]:
    """All there are, by name of the file; what is wrong with one hides none of the others. A team's own goes before one of that name."""
    found: dict[str, FoundTemplate] = {}
    found.update((one.id, one) for one in _in(SHIPPED, "shipped"))
    if own is not None:
        found.update((one.id, one) for one in _in(own, "own"))
    return sorted(found.values(), key=lambda one: (one.origin != "own", one.id))


def _in(folder: Path, origin: Literal["shipped", "own"]) -> Iterator[FoundTemplate]:
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix in _SYNTAX and not one.stem.endswith(TEST_ENDING))
    except OSError as error:
        if origin == "own":
            yield FoundTemplate("", origin, str(folder), None, f"the folder cannot be read: {error.strerror}")
        return
    for file in files[:FILES_MAX]:
        yield _of(file, origin)
    if len(files) > FILES_MAX:
        yield FoundTemplate("", origin, str(folder), None, f"{len(files) - FILES_MAX} files more than the {FILES_MAX} that are read")


def _of(file: Path, origin: Literal["shipped", "own"]) -> FoundTemplate:
    try:
        with file.open("rb") as opened:
            content = opened.read(DEFINITION_BYTES_MAX + 1)
        return FoundTemplate(file.stem, origin, file.name, _read(content, _SYNTAX[file.suffix]), "")
    except OSError as error:
        return FoundTemplate(file.stem, origin, file.name, None, f"it cannot be read: {error.strerror}")
    except BadTemplate as bad:
        return FoundTemplate(file.stem, origin, file.name, None, str(bad))


@lru_cache(maxsize=2 * FILES_MAX)
def _read(content: bytes, syntax: Syntax) -> Template:
    return read_template(content, syntax)
