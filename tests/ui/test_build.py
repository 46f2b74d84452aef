"""How the web UI is built: from its sources alone, the same bytes everywhere, small, and with types that are those of the API."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from .conftest import ROOT, UI
from .weights import weigh

STATIC = ROOT / "api" / "static"


PAGE_BYTES_MAX: Final = {"execution": 110_000, "builder": 210_000}
"""JavaScript and CSS that a page loads before it is shown, beside those of the first one, compressed by gzip."""


def loaded_by(page: str) -> set[Path]:
    """The files that are loaded before a page is shown, its own and all that they need."""
    shell = (next(one for one in (STATIC / "assets").glob("frame-*.js"))).read_text()
    listed = re.search(r"m\.f=\[([^\]]*)\]", shell)
    asked = re.search(rf"import\(.\./page-{page}-[\w-]+\.js.\).{{0,60}}?__vite__mapDeps\(\[([\d,]*)\]", shell)
    assert listed is not None
    assert asked is not None
    files = re.findall(r'"\./([^"]+)"', listed[1])
    return {STATIC / "assets" / files[int(number)] for number in asked[1].split(",")}


@pytest.mark.parametrize("page", PAGE_BYTES_MAX)
def test_a_page_loads_no_more_than_it_may_before_it_is_shown(build: ModuleType, page: str) -> None:
    shell = {STATIC / name for name in re.findall(r"assets/[\w.-]+\.(?:js|css)", (STATIC / "index.html").read_text())}
    more = loaded_by(page) - loaded_by("executions") - shell
    weights = weigh(more)
    assert 50_000 < weights.total <= PAGE_BYTES_MAX[page], f"{weights.total:,} bytes:\n{weights.table()}"


@pytest.mark.parametrize("worker", ["layout", "parse"])
def test_a_worker_loads_nothing_of_what_stands_around_the_pages(build: ModuleType, worker: str) -> None:
    (file,) = (STATIC / "assets").glob(f"{worker}.worker-*.js")
    assert not re.search(r"\./(?:frame|libraries)-", file.read_text())


def test_what_is_served_is_built_of_these_sources(build: ModuleType) -> None:
    record = build.record_of()
    assert record is not None
    assert record["source"] == build.source_hash()
    named = set(record["files"])
    assert named == {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()} - {"build.json"}
    assert all(name.startswith(("assets/", "index.html")) for name in named)


def test_a_change_of_a_source_is_noticed_and_one_of_what_it_reads_is_not(build: ModuleType, tmp_path: Path) -> None:
    copied = tmp_path / "ui"
    shutil.copytree(UI, copied, ignore=shutil.ignore_patterns("node_modules", ".node"))
    assert build.source_hash(copied) == build.source_hash()
    (copied / "README.md").write_text("other words")
    (copied / "node_modules").mkdir()
    (copied / "node_modules" / "x.js").write_text("1")
    assert build.source_hash(copied) == build.source_hash()
    (copied / "src" / "main.tsx").rename(copied / "src" / "main2.tsx")
    assert build.source_hash(copied) != build.source_hash()
    assert not build.is_built(copied)


def test_a_file_that_was_changed_after_it_was_built_makes_it_no_build(build: ModuleType, tmp_path: Path) -> None:
    copied = tmp_path / "static"
    shutil.copytree(STATIC, copied)
    assert build.is_built(static=copied)
    (copied / "index.html").write_text("another")
    assert build.record_of(copied) is None
    assert not build.is_built(static=copied)


def test_to_build_again_elsewhere_gives_the_same_bytes(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LANG", "tr_TR.UTF-8")
    again = tmp_path / "deeper" / "down" / "static"
    build.build(again)
    first = {path.relative_to(STATIC): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == first


def test_nothing_that_is_built_tells_where_it_was_built_or_asks_another_host(build: ModuleType) -> None:
    for path in STATIC.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            text = path.read_text()
            assert str(ROOT) not in text
            assert "sourceMappingURL" not in text
            hosts = set(re.findall(r"https?://([\w.-]+)", text)) - {"www.w3.org", "react.dev", "localhost"}
            assert hosts <= {"tanstack.com", "reactflow.dev"}, f"{path.name}: {hosts}"


def test_every_compressed_twin_is_the_same_file(build: ModuleType) -> None:
    twins = list(STATIC.rglob("*.gz"))
    assert twins
    for twin in twins:
        assert gzip.decompress(twin.read_bytes()) == twin.with_suffix("").read_bytes()
        assert twin.with_suffix(".br").stat().st_size <= twin.stat().st_size


def test_the_types_are_those_of_the_api(build: ModuleType) -> None:
    spec = importlib.util.spec_from_file_location("ui_schema", UI / "schema.py")
    assert spec is not None
    assert spec.loader is not None
    schema: Any = importlib.util.module_from_spec(spec)
    sys.modules["ui_schema"] = schema
    spec.loader.exec_module(schema)
    written = schema.types(build.install(UI / "types"))
    assert written == schema.FILE.read_text(), "the API has changed: `make clients` writes its types again"


@pytest.mark.parametrize(
    "words", [("typescript/bin/tsc", "--noEmit"), ("vitest/vitest.mjs", "run", "--reporter=dot")], ids=["types", "pure-parts"]
)
def test_the_sources_hold_by_themselves(build: ModuleType, words: tuple[str, ...]) -> None:
    node = build.install()
    program, *rest = words
    done = subprocess.run(
        [node, UI / "node_modules" / program, *rest], cwd=UI, env=build._environment(node), capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lock", ["ui/package-lock.json", "ui/types/package-lock.json"])
def test_lock_files_name_no_place_and_have_a_hash_for_everything(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text())["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)
