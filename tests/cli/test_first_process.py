"""`refold` as the first process of a container, which a signal without a handler does not end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED_WHILE_LOADING = """
import os, signal, sys

class Asking:
    def find_spec(self, name, path=None, target=None):
        if name == "refold.cli.commands.serve":
            signal.raise_signal(signal.SIGTERM)
            raise SystemExit("it goes on")

assert os.getpid() == 1
sys.meta_path.insert(0, Asking())
sys.argv = ["refold", "serve"]
from refold.cli.main import main
main()
"""


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_first_process_ends_when_it_is_asked_to_while_its_command_is_loaded() -> None:
    alone = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid", "--as-pid-1", "--die-with-parent"]
    ended = subprocess.run([*alone, sys.executable, "-c", ASKED_WHILE_LOADING], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (143, "")
