"""A Dockerfile's steps as processes in a folder: what the image consists of, without a container engine.

The places of the image lie below the folder; the build's context is copied as `Dockerfile.dockerignore` says. What a base image
brings (Python, a new user) is this machine's.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.deploy.conftest import DEPLOY, ROOT

FILE = DEPLOY / "Dockerfile"
PLACES = ("/build", "/opt/refold", "/dist")
"""Where the steps write."""


class Step(NamedTuple):
    """An instruction and what it is given."""

    name: str
    given: str


def steps() -> list[list[Step]]:
    """The instructions of each stage."""
    text = re.sub(r"\\\n\s*", "", FILE.read_text())
    stages: list[list[Step]] = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, given = line.split(maxsplit=1)
            stages += [[]] if name == "FROM" else []
            if stages:
                stages[-1].append(Step(name, given))
    return stages


def given(stage: list[Step], name: str) -> list[str]:
    return [step.given for step in stage if step.name == name]


def variables(stage: list[Step]) -> dict[str, str]:
    """What ENV sets."""
    return dict(word.split("=", 1) for line in given(stage, "ENV") for word in line.split())


def command(text: str) -> list[str]:
    """The words of an instruction in its JSON form."""
    return list(json.loads(text[text.index("[") :]))


def context() -> Iterator[Path]:
    """The files that are sent to the builder: the last rule that fits a file, or a folder it is in, counts."""
    rules = (FILE.parent / "Dockerfile.dockerignore").read_text().split()
    git = ("git", "ls-files", "--others", "--exclude-standard")
    tracked = subprocess.run([*git, "--cached"], cwd=ROOT, capture_output=True, text=True, check=True)
    built = subprocess.run([*git, "--ignored", "api/static"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in (tracked.stdout + built.stdout).splitlines():
        is_sent = True
        for rule in rules:
            if any(_fits(part, rule.removeprefix("!")) for part in _with_parents(name)):
                is_sent = rule.startswith("!")
        if is_sent and (ROOT / name).is_file():
            yield Path(name)


def _with_parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _fits(name: str, rule: str) -> bool:
    if rule.startswith("**/"):
        return fnmatch.fnmatch(name.rsplit("/", 1)[-1], rule[3:])
    return name.count("/") == rule.count("/") and fnmatch.fnmatch(name, rule)


def build(folder: Path) -> None:
    """Run the first stage's steps. Raises CalledProcessError, with what was said, where one fails."""
    source = folder / "source"
    for name in context():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REFOLD", "VIRTUAL_ENV"))}
    environment |= {"PATH": f"{_base_python(folder)}:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for line in given(steps()[0], "RUN"):
        run = re.sub("|".join(rf"(?<![\w/.]){place}\b" for place in PLACES), lambda found: f"{folder}{found[0]}", line)
        done = subprocess.run(["sh", "-ec", run], cwd=source, env=environment, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def _base_python(folder: Path) -> Path:
    """A folder in which `python` is the one that runs the tests, outside of its environment."""
    place = folder / "bin"
    place.mkdir(parents=True)
    base = getattr(sys, "_base_executable", sys.executable)
    (place / "python").write_text(f'#!/bin/sh\nexec "{base}" "$@"\n')
    (place / "python").chmod(0o755)
    return place
