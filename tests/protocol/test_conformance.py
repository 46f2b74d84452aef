"""Our workers keep to the protocol: the one of the package, and the one in plain JavaScript."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.conformance import RULES, check

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-m", "refold", "worker", "tests.protocol.activities"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_worker_of_the_package(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check(rule, PYTHON)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_worker_in_plain_javascript(rule: Any) -> None:
    check(rule, ["node", str(ROOT / "examples" / "worker.mjs")])
