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
        yield from named(node, file, known)


def named(node: ast.AST, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What an import imports of what is known; nothing of what is no import."""
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


def at_once(file: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """What is imported as soon as the file is: not within functions, not of types alone."""
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_of_types(node):
            waiting += ast.iter_child_nodes(node)


def _is_of_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def loads(root: Path, packages: tuple[str, ...]) -> dict[str, set[str]]:
    """What is loaded for each module: before a module the packages that it stands in, unless who imports it stands there, too."""
    known = modules(root, packages)
    graph: dict[str, set[str]] = {}
    for name, file in known.items():
        others = {other for node in at_once(file) for other in named(node, file, known)}
        graph[name] = {one for other in others for one in (other, *_packages(other)) if one not in (name, *_packages(name))}
    return graph


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def test_every_module_can_be_the_first_that_is_imported() -> None:
    assert circles(loads(ROOT, (*WITHOUT_CIRCLES, "api", "infra"))) == []


def test_a_circle_over_the_registry_of_a_package_is_found(tmp_path: Path) -> None:
    (tmp_path / "house" / "rooms").mkdir(parents=True)
    (tmp_path / "house" / "__init__.py").touch()
    (tmp_path / "house" / "rooms" / "__init__.py").write_text("from house.rooms.hall import HALL\n")
    (tmp_path / "house" / "rooms" / "hall.py").write_text("from house.door import DOOR\n\nHALL = DOOR\n")
    (tmp_path / "house" / "rooms" / "wall.py").write_text("WIDTH = 1\n")
    (tmp_path / "house" / "door.py").write_text("from house.rooms.wall import WIDTH\n\nDOOR = WIDTH\n")
    assert circles(loads(tmp_path, ("house",))) == [["house.door", "house.rooms", "house.rooms.hall"]]
