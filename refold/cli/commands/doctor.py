"""`doctor`: whether everything Refold needs is there, and whether the place where executions are is in order."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from refold.cli.commands.look import waiting_words, worker_hint
from refold.cli.commands.output import FAILED, OK, hint, say, say_json, table
from refold.cli.commands.target import Finding, Target, Wanted
from refold.cli.commands.where import engine_of, settings_of, target_of
from refold.cli.options import Where

SQLITE_MIN: Final = (3, 37, 0)


def doctor(where: Where, as_json: bool) -> int:
    """Look at everything; 1 if something is wrong."""
    target = target_of(where)
    log = engine_of(settings_of(where)).log
    findings = [*_machine(), *(target.checks() if log is None else _topics(log))]
    if log is None and findings[-1].state != "wrong" and not _is_missing(findings):
        findings += _executions(target)
    is_wrong = any(finding.state == "wrong" for finding in findings)
    if as_json:
        say_json({"ok": not is_wrong, "checks": [finding._asdict() for finding in findings]})
    else:
        table(("", "CHECK", "FOUND"), [(f.state, f.what, f.found + (f"; {f.fix}" if f.fix else "")) for f in findings])
        say("something is wrong: see above" if is_wrong else "all is well")
    return FAILED if is_wrong else OK


def _topics(log: str) -> list[Finding]:
    from refold.cli.commands.kafka import findings

    return list(findings(log))


def _check(what: str, holds: bool, found: str, fix: str, otherwise: str = "wrong") -> Finding:
    return Finding(what, "ok", found) if holds else Finding(what, otherwise, found, fix)


# The machine.


def _machine() -> Iterator[Finding]:
    yield _check("python", sys.version_info >= (3, 11), platform.python_version(), "Refold needs Python 3.11 or newer")
    wanted = ".".join(map(str, SQLITE_MIN))
    yield _check("sqlite", sqlite3.sqlite_version_info >= SQLITE_MIN, sqlite3.sqlite_version, f"Refold needs SQLite {wanted} or newer")
    yield _libraries()
    yield _bubblewrap()


def _libraries() -> Finding:
    missing, found = [], []
    for name in _required():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("libraries", "wrong", f"missing: {', '.join(missing)}", f"install them: pip install {' '.join(missing)}")
    return Finding("libraries", "ok", ", ".join(found))


def _required() -> list[str]:
    try:
        lines = requires("refold") or []
    except PackageNotFoundError:
        lines = ["google-re2", "msgspec", "pydantic", "pydantic-monty", "typer"]
    return [_name_of(line) for line in lines if "extra ==" not in line]


def _name_of(requirement: str) -> str:
    return next((requirement[:at] for at, sign in enumerate(requirement) if sign in "<>=!~;[ ("), requirement)


def _bubblewrap() -> Finding:
    what, fix = "bubblewrap", "`code` with `sandbox: process` cannot run; install bubblewrap (Debian, Ubuntu: apt install bubblewrap)"
    path = shutil.which("bwrap")
    if path is None:
        return Finding(what, "note", "not installed", fix)
    try:
        done = subprocess.run([path, "--ro-bind", "/", "/", "--unshare-all", "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(what, "note", f"{path} does not run: {error}", fix)
    said = done.stderr.decode(errors="replace").strip()
    return _check(
        what, done.returncode == 0, path if done.returncode == 0 else f"{path}: {said}", "the system forbids user namespaces", "note"
    )


# What is wherever executions are.


def _is_missing(findings: list[Finding]) -> bool:
    return any(finding.what == "data folder" and finding.state == "note" for finding in findings)


def _executions(target: Target) -> Iterator[Finding]:
    stuck = {incident["execution_id"] for incident in target.incidents()}
    yield _check(
        "incidents",
        not stuck,
        f"{len(stuck)} {'execution needs' if len(stuck) == 1 else 'executions need'} a person",
        f"see `{hint('incidents', target.options)}`",
        "note",
    )
    aside = target.executions(Wanted(statuses=("quarantined",)))
    yield _check(
        "quarantine",
        not aside,
        f"{len(aside)} {'execution is' if len(aside) == 1 else 'executions are'} set aside",
        f"see why with `{hint('incidents', target.options)}`; when it is mended: `{hint('release EXECUTION', target.options)}`",
        "note",
    )
    workers = target.workers()
    there = sum(worker["connected"] for worker in workers["workers"])
    if not workers["waiting"]:
        yield Finding("workers", "ok", f"{there} connected, nothing waits for one that is not there")
    for row in workers["waiting"]:
        yield Finding("workers", "note", f"{there} connected; {waiting_words(row)}", worker_hint(target, row))
