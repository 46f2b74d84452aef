"""The built wheel in a fresh environment, beside what it says it needs and nothing else.

Nothing is downloaded: the wheel is built with the hatchling of this environment, and what it requires is lent from it. The
distributions that its metadata asks for, and those that they ask for, are linked into the fresh environment; what only the
tests need is not there. So it is quick, the versions are those of the lock, and a dependency that is not declared is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


def required_by(wheel: Distribution) -> dict[str, Distribution]:
    """Everything that a distribution needs on this machine, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(wheel, "")]
    while waiting:
        one, extra = waiting.pop()
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            name = canonicalize_name(requirement.name)
            found.setdefault(name, distribution(name))
            new = {(name, of) for of in (*requirement.extras, "")} - seen
            seen |= new
            waiting += [(found[name], of) for _, of in new]
    return found


def lend(one: Distribution, to: Installation) -> None:
    """Link what an installed distribution consists of into another environment: packages, modules, programs."""
    assert one.files
    for top in {file.parts[0] for file in one.files} - {"..", "__pycache__"}:
        link(Path(str(one.locate_file(top))), to.packages / top)
    for file in one.files:
        if file.parts[0] == ".." and file.parent.name == "bin":
            link(Path(str(one.locate_file(file))), to.folder / "bin" / file.name)


def link(there: Path, here: Path) -> None:
    if not here.exists():
        here.symlink_to(there)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    built = run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = folder.glob("*.whl")
    return file


class Installation:
    """An environment with the wheel in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python, self.refold = folder / "bin" / "python", folder / "bin" / "refold"
        self.packages = folder / Path(sysconfig.get_path("purelib", "venv", {"base": ""}).lstrip("/"))

    def environment(self, **more: str) -> dict[str, str]:
        """Variables of a shell that knows of no other environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REFOLD", "VIRTUAL_ENV"))}
        return {**kept, **more}


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel, installed."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    created = run(sys.executable, "-m", "venv", "--without-pip", made.folder)
    assert created.returncode == 0, created.stdout + created.stderr
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", made.python)
    installed = run(*pip, "install", "--no-deps", "--no-index", wheel)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    (metadata,) = made.packages.glob("refold-*.dist-info")
    for one in required_by(PathDistribution(metadata)).values():
        lend(one, made)
    return made
