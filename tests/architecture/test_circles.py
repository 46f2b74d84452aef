"""No import circles: not of modules, not of types alone, not by imports within functions."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_CIRCLES = ("contracts", "domain", "projections", "workers")


def modules(root: Path, packages: tuple[str, ...]) -> dict[str, Path]:
    """Every module of these packages by its name; a package's is that of its `__init__.py`."""
    files = [file for package in packages for file in sorted((root / package).rglob("*.py"))]
    return {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imported(file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What the file imports of what is known, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: write the whole name"
            of = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from {name if name in known else str(node.module) for name in of if name in known or node.module in known}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module: those that reach each other."""
    reached = {start: _reach(graph, start) for start in graph}
    found = {tuple(sorted(other for other in reached[start] if start in reached[other])) for start in graph}
    return sorted(list(members) for members in found if len(members) > 1)


def _reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for other in graph[waiting.pop()] - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def graph_of(root: Path, packages: tuple[str, ...]) -> dict[str, set[str]]:
    known = modules(root, packages)
    return {name: {other for other in imported(file, known) if other != name} for name, file in known.items()}


def test_there_is_no_circle_of_imports() -> None:
    assert circles(graph_of(ROOT, WITHOUT_CIRCLES)) == []


@pytest.mark.parametrize(
    "late",
    [
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from house.door import Door\n",
        "def open_it() -> None:\n    import house.door\n",
        "def open_it() -> None:\n    from house import door\n",
    ],
    ids=["of a type", "late", "late, by the package"],
)
def test_a_circle_is_found_however_it_is_hidden(tmp_path: Path, late: str) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "__init__.py").touch()
    (tmp_path / "house" / "door.py").write_text("from house.wall import WIDTH\n")
    (tmp_path / "house" / "wall.py").write_text(f"WIDTH = 1\n{late}")
    assert circles(graph_of(tmp_path, ("house",))) == [["house.door", "house.wall"]]
