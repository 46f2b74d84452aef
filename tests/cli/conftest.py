"""The command line as users call it: a process of its own, in a folder of its own."""

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import preloaded

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60

TINY = """
name: tiny
input: {type: object, properties: {n: {type: integer}}}
nodes:
  - {id: double, type: code, config: {source: "input * 2", input: "{{ has(input.n) ? input.n : 21 }}"}}
  - {id: done, type: end, config: {outcome: good, output: {sum: "{{ nodes.double.output }}"}}}
edges: [{from: double, to: done}]
"""
WAITS = """
name: waits
nodes:
  - {id: approval, type: wait_signal, config: {name: approved}}
  - {id: after, type: noop}
edges: [{from: approval.received, to: after}]
"""
NEEDS_A_PERSON = """
name: needs_a_person
variables: {n: 0}
nodes:
  - {id: divide, type: code, config: {source: "12 // input", input: "{{ vars.n }}"}}
  - {id: after, type: noop}
edges: [{from: divide, to: after}]
"""
FAILS = """
name: fails
settings: {on_failure: fail}
nodes: [{id: no, type: fail, config: {type: order.refused, message: not today}}]
"""


WaitForLine = Callable[["subprocess.Popen[str]", str], str]


class Result:
    """What a command said and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"expected one line on stderr, found:\n{self.err}"
        assert lines[0].startswith("refold: ")
        return lines[0]


class CommandLine:
    """Calls `refold` in a folder, with the data folder `data` there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.url = ""
        """Of the server on it, where a test has one."""
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "REFOLD_DATA": str(self.data), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        self._living: list[subprocess.Popen[str]] = []

    def __call__(self, *words: str | Path, code: int | None = 0, data: Path | None = None, env: dict[str, str] | None = None) -> Result:
        """Run a command to its end. An empty variable in `env` says nothing, as a missing one."""
        environment = self._environment if data is None else {**self._environment, "REFOLD_DATA": str(data)}
        environment = {**environment, **(env or {})}
        done = preloaded.run(*words, cwd=self.folder, env=environment, timeout=DEADLINE_S)
        result = Result(done.returncode, done.stdout, done.stderr)
        assert code is None or result.code == code, f"exit code {result.code}, expected {code}\n{result.out}\n{result.err}"
        assert "Traceback" not in result.err
        return result

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        """A command that runs beside the test."""
        pipe = subprocess.PIPE
        process = preloaded.begin(*words, cwd=self.folder, env=self._environment, stdout=pipe, stderr=pipe, text=True)
        self._living.append(process)
        return process

    def serve(self, *words: str | Path) -> str:
        """A server on the data folder; its address."""
        return wait_for_line(self.start("serve", "--port", "0", *words), " at http").rsplit(" at ", 1)[1].strip()

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def history(self, execution: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("history", execution, "--json").out.splitlines()]

    def stop(self) -> None:
        """Let what runs beside the test end in an orderly way."""
        for process in self._living:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=DEADLINE_S)
        self._living.clear()

    def close(self) -> None:
        for process in self._living:
            process.kill()
            process.communicate()


def wait_for_line(process: "subprocess.Popen[str]", part: str) -> str:
    """Read what the process says until a line holds this part. What came after that line is kept for the next call."""
    assert process.stdout is not None
    end = time.monotonic() + DEADLINE_S
    seen: list[str] = []
    left = vars(process).setdefault("left", bytearray())
    while time.monotonic() < end:
        while b"\n" in left:
            line, _, rest = bytes(left).partition(b"\n")
            left[:] = rest
            seen.append(line.decode())
            if part in seen[-1]:
                return seen[-1]
        if not select.select([process.stdout], [], [], 1.0)[0]:
            continue
        more = os.read(process.stdout.fileno(), 65_536)
        left += more
        if not more:
            break
    raise AssertionError(f"no line with {part!r} in:\n" + "\n".join(seen))


@pytest.fixture
def refold(tmp_path: Path) -> Iterator[CommandLine]:
    command_line = CommandLine(tmp_path)
    yield command_line
    command_line.close()


@pytest.fixture
def waiting_for_line() -> WaitForLine:
    return wait_for_line


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an execution of each sort, made once; `filled` is a copy of it."""
    made = CommandLine(tmp_path_factory.mktemp("prepared"))
    good, fails = made.file("tiny.yaml", TINY), made.file("fails.yaml", FAILS)
    stuck, waits = made.file("needs_a_person.yaml", NEEDS_A_PERSON), made.file("waits.yaml", WAITS)
    made("run", good, "--id", "good", "--input", '{"n": 4}')
    made("run", fails, "--id", "failed", code=1)
    made("run", stuck, "--id", "stuck", code=1)
    made("run", waits, "--id", "waiting", "--timeout", "0.2", code=1)
    return made.folder


@pytest.fixture
def filled(prepared: Path, tmp_path: Path) -> Iterator[CommandLine]:
    """A data folder with the executions good, failed, stuck and waiting."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    command_line = CommandLine(tmp_path)
    yield command_line
    command_line.close()


@pytest.fixture
def tiny(refold: CommandLine) -> Path:
    return refold.file("tiny.yaml", TINY)


@pytest.fixture
def waits(refold: CommandLine) -> Path:
    return refold.file("waits.yaml", WAITS)


@pytest.fixture
def needs_a_person(refold: CommandLine) -> Path:
    return refold.file("needs_a_person.yaml", NEEDS_A_PERSON)


@pytest.fixture
def fails(refold: CommandLine) -> Path:
    return refold.file("fails.yaml", FAILS)
