"""Puts the built web UI into wheel and sdist: a build whose record is not that of the sources is never taken.

its record fits `ui/`     it is taken as it is: an sdist has both, so it installs without Node.js
it does not, or is none   it is built, as `make ui` does
it cannot be built        nothing is packed, and one sentence says why
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WithWebUi(BuildHookInterface[Any]):
    """See `[tool.hatch.build.hooks.custom]`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make sure that what is packed has its UI. An editable installation serves the one beside it, and needs none for now."""
        if version == "editable":
            return
        build = _load(Path(self.root) / "ui" / "build.py")
        if build.is_built():
            return
        self.app.display_info("building the web UI")
        try:
            build.build()
        except build.CannotBuild as error:
            sys.exit(f"Refold is not packed without its web UI, and that cannot be built here: {error}")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("refold_ui_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
