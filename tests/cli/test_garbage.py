"""A process that holds an engine looks for garbage rarely."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.server.garbage import LOOK_EVERY_OBJECTS

OPENS_AN_ENGINE = """
import gc, sys
from pathlib import Path
from infra.settings.model import EngineSettings
from refold.cli.commands.folder import FolderTarget
with FolderTarget(EngineSettings(data=Path(sys.argv[1]))).engine():
    print(gc.get_threshold()[0], gc.get_freeze_count())
"""


def test_a_process_that_opens_an_engine_looks_for_garbage_rarely(tmp_path: Path) -> None:
    found = subprocess.run([sys.executable, "-c", OPENS_AN_ENGINE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    every, set_aside = map(int, found.stdout.split())
    assert every == LOOK_EVERY_OBJECTS
    assert set_aside > 10_000, "what was imported is looked at no more"
