"""An installed Refold in the folder of a program whose packages are called like the engine's."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .conftest import ROOT, Installation, run

NAMES = ("api", "contracts", "domain", "infra", "projections", "workers")
TRAP = """
import sys
if "refold.cli.commands" in sys.modules:
    raise RuntimeError(f"the engine took the user's {__name__}")
"""
TASKS = """
import api, infra, projections
import refold
from contracts.terms import VAT_PERCENT
from domain.price import with_vat

@refold.activity
def price(net: int) -> dict:
    return {"gross": with_vat(net), "vat": VAT_PERCENT}
"""
PRICE = "from contracts.terms import VAT_PERCENT\n\ndef with_vat(net: int) -> int:\n    return net * (100 + VAT_PERCENT) // 100\n"
DEFINITION = {"name": "priced", "nodes": [{"id": "price", "type": "price"}]}
CLIENT = """
import json, sys
import refold
with refold.Client(sys.argv[1]) as client:
    client.publish(json.loads(sys.argv[2]))
    print(client.run("priced", 100, timeout_s=60))
    print([row["status"] for row in client.list(workflow="priced")])  # the read models are another process's
"""
ENGINES_OWN = ("errors", "settings", "wiring", "projector", "owner", "app", "decide")
"""Modules that the engine has, too, or could have."""


class Case(NamedTuple):
    """How the program is written, and how Refold is called in its folder."""

    has_init: bool
    as_module: bool
    path: str | None
    worker_options: tuple[str, ...] = ()


CASES = {
    "the script": Case(has_init=True, as_module=False, path=None),
    "packages without __init__, several processes": Case(False, False, None, ("--processes", "2")),
    "python -m refold, this folder in PYTHONPATH": Case(True, True, "."),
    "python -m refold, packages without __init__": Case(False, True, None),
}


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    made: Case = request.param
    return made


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    """The program's folder."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        for module in (*ENGINES_OWN, *(["__init__"] if case.has_init else [])):
            (tmp_path / name / f"{module}.py").write_text(TRAP)
    (tmp_path / "contracts" / "terms.py").write_text(TRAP + "VAT_PERCENT = 19\n")
    (tmp_path / "domain" / "price.py").write_text(TRAP + PRICE)
    (tmp_path / "workers" / "tasks.py").write_text(TRAP + TASKS)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


class Program:
    """Refold, called in the program's folder."""

    def __init__(self, installation: Installation, case: Case, folder: Path) -> None:
        self.words = [installation.python, "-m", "refold"] if case.as_module else [installation.refold]
        self.environment = installation.environment(**({} if case.path is None else {"PYTHONPATH": case.path}))
        self.folder = folder

    def run(self, *words: str) -> str:
        done = run(*self.words, *words, cwd=self.folder, env=self.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def started(self, *words: str, **more: str) -> Iterator[subprocess.Popen[str]]:
        """A process that is asked to stop at the end, and has to end well."""
        complaints = (self.folder / f"{words[0]}.stderr").open("w+")
        environment = {**self.environment, **more}
        process = subprocess.Popen(
            [*self.words, *words], cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
            complaints.seek(0)
            print(complaints.read())  # pytest shows it where something failed
            complaints.close()


@pytest.fixture
def program(installation: Installation, case: Case, folder: Path) -> Program:
    return Program(installation, case, folder)


def test_an_example_runs(program: Program) -> None:
    given = json.dumps({"order_id": "A-1", "amount": 250})
    said: Any = json.loads(program.run("run", "examples/order_fulfilment.yaml", "--input", given, "--json"))
    assert said["status"] == "completed"
    assert "0 differences" in program.run("verify", "--all")


def test_an_activity_of_the_program_runs_for_a_server_beside_it(program: Program, case: Case, installation: Installation) -> None:
    with program.started("serve", "--data", "data", "--port", "0") as serving:
        assert serving.stdout is not None
        said = serving.stdout.readline()
        assert " at http://" in said, said
        url = said.rsplit(" at ", 1)[1].strip()
        with program.started("worker", "workers.tasks", *case.worker_options, REFOLD_SERVER=url):
            done = run(installation.python, "-c", CLIENT, url, json.dumps(DEFINITION), cwd=program.folder, env=program.environment)
    assert (done.returncode, done.stdout) == (0, "{'gross': 119, 'vat': 19}\n['completed']\n"), done.stderr
