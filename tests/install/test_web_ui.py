"""The web UI in what is installed: there without Node.js, the same bytes as were built, and never that of other sources."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, Installation, run

STATIC = ROOT / "api" / "static"
IN_WHEEL = "refold/_engine/api/static/"


def files_of_build() -> dict[str, bytes]:
    return {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}


def files_in_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name.removeprefix(IN_WHEEL): archive.read(name) for name in archive.namelist() if name.startswith(IN_WHEEL)}


def hatchling(folder: Path, target: str, into: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = ("-m", "hatchling", "build", "--target", target, "--directory", into)
    return run(sys.executable, *words, cwd=folder, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def sdist(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked; made after the wheel, which has built the UI."""
    folder = tmp_path_factory.mktemp("sdist")
    made = hatchling(ROOT, "sdist", folder)
    assert made.returncode == 0, made.stdout + made.stderr
    (packed,) = folder.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    return unpacked


def without_node(folder: Path) -> dict[str, str]:
    """An environment in which nothing can be fetched, and no Node.js is found."""
    folder.mkdir(exist_ok=True)
    return {"PATH": str(folder), "PIP_NO_INDEX": "1", "npm_config_offline": "true"}


def test_the_wheel_has_the_ui_as_it_was_built(wheel: Path) -> None:
    built = files_of_build()
    assert "index.html" in built
    assert files_in_wheel(wheel) == built


def test_a_wheel_that_is_made_of_the_sdist_has_it_too_and_needs_no_node(sdist: Path, tmp_path: Path) -> None:
    made = hatchling(sdist, "wheel", tmp_path, **without_node(tmp_path / "bin"))
    assert made.returncode == 0, made.stdout + made.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert files_in_wheel(wheel) == files_of_build()


def test_a_build_of_other_sources_is_refused_where_it_cannot_be_made_anew(sdist: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(sdist, changed)
    with (changed / "ui" / "src" / "main.tsx").open("a") as file:
        file.write("// another\n")
    made = hatchling(changed, "wheel", tmp_path / "dist", **without_node(tmp_path / "bin"))
    assert made.returncode != 0
    assert "Refold is not packed without its web UI, and that cannot be built here: " in made.stderr
    assert not list((tmp_path / "dist").glob("*.whl"))


@pytest.fixture
def served(installation: Installation, tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    """A server of the installed wheel, in an environment without Node.js."""
    environment = {**installation.environment(), "PATH": str(tmp_path / "bin")}
    words = (installation.refold, "serve", "--data", tmp_path / "data", "--port", "0")
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://([\d.]+:\d+)", said)
        assert found is not None, said
        yield http.client.HTTPConnection(found[1], timeout=60)
        process.terminate()


def test_what_is_installed_serves_the_same_bytes_without_node(served: http.client.HTTPConnection) -> None:
    built = files_of_build()
    names = [name for name in json.loads(built["build.json"])["files"] if name.startswith("assets/")]
    for name in names:
        plain = name.removesuffix(".br").removesuffix(".gz")
        encoding = {".br": "br", ".gz": "gzip"}.get(name[len(plain) :], "identity")
        served.request("GET", f"/{plain}", headers={"Accept-Encoding": encoding})
        answer = served.getresponse()
        assert (answer.status, answer.read()) == (200, built[name]), name
    served.request("GET", "/executions", headers={"Accept": "text/html"})
    shell = served.getresponse().read()
    assert shell == built["index.html"].replace(b'"./assets/', b'"assets/')
