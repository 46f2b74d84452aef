"""The page on following: its commands run in their order, and say what it says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import preloaded
from tests.api.conftest import Server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "follow.md").read_text()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.kill()


def plain(lines: str) -> list[str]:
    """Without what differs each time."""
    return [re.sub(r"signal [0-9a-f…]+,", "signal …,", line[25:]) for line in lines.strip().splitlines()]


def test_the_page_s_commands_say_what_it_says(server: Server) -> None:
    commands = [line[4:] for line in PAGE.splitlines() if line.startswith(("    refold ", "    curl "))]
    words = [shlex.split(line.replace("http://127.0.0.1:8080", server.url)) for line in commands]
    following: subprocess.Popen[str] | None = None
    said = ""
    for line in words:
        program = [*line[1:], "--server", server.url] if line[0] == "refold" else line
        if line[1] == "follow":
            following = preloaded.begin(*program, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            continue
        if line[0] == "refold":
            done = preloaded.run(*program, cwd=ROOT)
        else:
            done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        said = done.stdout
    assert following is not None
    followed, _ = following.communicate(timeout=60)
    (shown,) = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert plain(followed) == plain(shown)
    assert following.returncode == 0
    assert said.count('"specversion":"1.0"') == len(plain(shown))
    assert "event: end" in said


def test_the_page_s_program_reads_to_the_end(server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    server.post("/v1/workflows", (ROOT / "docs/snippets/approval.yaml").read_bytes(), Content_Type="application/yaml")
    server.start("approval", {"order_id": "A-1"}, execution_id="approval-1")
    server.post("/v1/executions/approval-1/signals/approved", {"order_id": "A-1", "by": "Ada"})
    monkeypatch.setenv("REFOLD_SERVER", server.url)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(program, "follow.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("refold.execution.created ", "refold.execution.completed ")
