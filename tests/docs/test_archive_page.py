"""What the page about the archive shows of a terminal is what one sees who types the same."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.docs.test_transcripts import files, is_said, steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "archive-what-has-ended.md"


def test_what_has_ended_is_archived_and_proved_as_the_page_says(tmp_path: Path) -> None:
    page = PAGE.read_text()
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "refold").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m refold "$@"\n')
    (tools / "refold").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    for name, content in files(page):
        (tmp_path / name).write_text(content)
    for line, shown in steps(page):
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert is_said(re.sub(r" +", " ", shown), done.stdout), f"$ {line}\n{done.stdout}\nexpected\n{shown}"
