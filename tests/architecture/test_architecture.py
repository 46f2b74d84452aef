"""The shape of the code: who may import whom, what users see, and how large things get."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import refold

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "domain", "projections", "workers", "api", "infra", "simulation", "refold")
ENGINE = frozenset(PACKAGES) - {"refold"}

FUNCTION_LINES_MAX = 70
FUNCTION_LINES_MEDIAN_MAX = 12
FILE_LINES_MAX = 400
LONG_FUNCTIONS: dict[str, str] = {}
"""`<file>:<function>` → why it is better in one piece."""
LONG_FILES = {
    "contracts/commands.py": "every command in one file: it is a storage format, too",
    "contracts/events.py": "every event in one file: it is the storage format, read from top to bottom",
    "refold/client/operations.py": "a method for each operation, written by `make clients`",
    "refold/client/async_operations.py": "the same, awaited",
}


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300)


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file, as `<file>:<function>`, and how many lines it has."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{name_of(file)}:{node.name}", node.end_lineno - node.lineno + 1


def imported_modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


# Imports


LATE_IMPORTS: dict[str, str] = {}
"""Where the core imports within a function, and why: nowhere else, as that would hide a circle."""


@pytest.mark.parametrize("package", ["contracts", "domain", "projections"])
def test_the_core_imports_at_the_top_of_its_files(package: str) -> None:
    late = [
        f"{name_of(file)}:{inner.lineno}"
        for file in sorted((ROOT / package).rglob("*.py"))
        if name_of(file) not in LATE_IMPORTS
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not late


def test_imports_run_one_way() -> None:
    result = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_ports_are_made_of_types_only() -> None:
    allowed = {"__future__", "typing", "collections.abc", "dataclasses", "enum", "pydantic"}
    for file in (ROOT / "contracts" / "ports").glob("*.py"):
        foreign = {name for name in imported_modules(file) if name not in allowed and not name.startswith("contracts.")}
        assert not foreign, f"{name_of(file)} imports {sorted(foreign)}"


def test_every_folder_of_code_is_a_package() -> None:
    missing = {name_of(file.parent) for file in sources() if not (file.parent / "__init__.py").exists()}
    assert not missing, "without an __init__.py a folder is left out of the import contracts"


# The face


def test_the_face_is_small() -> None:
    assert refold.__all__ == [
        "Activity",
        "ActivityContext",
        "ActivityError",
        "AsyncClient",
        "Cancelled",
        "Client",
        "ExecutionFailed",
        "IncidentOpen",
        "RefoldError",
        "Refused",
        "Unavailable",
        "Worker",
        "__version__",
        "activity",
    ]
    assert all(getattr(refold, name) is not None for name in refold.__all__)


def test_importing_refold_is_light() -> None:
    heavy = sorted(ENGINE | {"pydantic", "msgspec", "httpx2", "asyncio"})
    code = f"import refold, sys; print(*(name for name in {heavy} if name in sys.modules))"
    result = run(sys.executable, "-c", code)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stdout + result.stderr


@pytest.mark.parametrize("module", ["infra.server.projector_program", "refold.cli.commands.folder"])
def test_who_reads_loads_no_engine(module: str) -> None:
    engine = ["api", "infra.server.wiring", "workers.partition.owner", "workers.running.activities", "workers.tasks"]
    code = f"import {module}, sys; print(*(name for name in {engine} if name in sys.modules))"
    result = run(sys.executable, "-c", code)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stdout + result.stderr


# Sizes. They only ever shrink: a line in the lists above needs a reason, and goes when it is no longer needed.


def test_no_function_is_long_without_a_reason() -> None:
    long = {name for file in sources() for name, lines in functions(file) if lines > FUNCTION_LINES_MAX}
    assert long == set(LONG_FUNCTIONS)


def test_no_file_is_long_without_a_reason() -> None:
    long = {name_of(file) for file in sources() if len(file.read_text().splitlines()) > FILE_LINES_MAX}
    assert long == set(LONG_FILES)


def test_most_functions_are_short() -> None:
    lines = [lines for file in sources() for _, lines in functions(file)]
    assert statistics.median(lines) <= FUNCTION_LINES_MEDIAN_MAX
