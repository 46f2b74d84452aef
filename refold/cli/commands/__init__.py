"""The commands of `refold` that work with the engine, one file per group. Nothing here is imported before a command runs.

Importing it puts the folder with the engine's packages first on the import path. They are called `api`, `domain`, `workers`
and so on, as packages of a user may be: so in an installation they lie in `refold/_engine`, where nobody else finds them, and
the engine finds no others. `refold worker`, which runs users' code, is not in here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_FACE: Final = Path(__file__).parents[2]
_INSTALLED: Final = _FACE / "_engine"
ENGINE: Final = str(_INSTALLED if _INSTALLED.is_dir() else _FACE.parent)
"""Where the engine's packages are: in a checkout beside `refold`."""

if sys.path[:1] != [ENGINE]:
    sys.path.insert(0, ENGINE)
