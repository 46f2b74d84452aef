"""What an object needs it is given when it is made: callbacks that are assigned to others afterwards are counted, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("infra", "workers", "simulation", "refold/kafka", "refold/worker")

LATE: dict[str, str] = {
    "infra/server/cluster/shared.py: self._stores.topic_of_blobs.on_unreadable": "the store is opened before the loop's letters can be",
    "infra/server/cluster/shared.py: self._stores.snapshots.on_unreadable": "the same",
    "infra/log/sqlite_file.py: connection.text_factory": "that is how sqlite3 takes it",
}
"""`<file>: <target>` → why it cannot be an argument of the constructor."""


def assigned(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Every target of an assignment, with its value where it has one of its own."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Tuple):
                values = value.elts if isinstance(value, ast.Tuple) else [None] * len(target.elts)
                yield from zip(target.elts, values, strict=True)
            else:
                yield target, value


def is_of_another(target: ast.expr) -> bool:
    """Whether it is an attribute of an object that is not the one at hand."""
    return isinstance(target, ast.Attribute) and not (isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"))


def is_callback(target: ast.Attribute, value: ast.expr | None, methods: set[str]) -> bool:
    """Whether it is called like one, or is given a function."""
    is_method = isinstance(value, ast.Attribute) and value.attr in methods
    is_made = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "partial"
    return target.attr.startswith("on_") or isinstance(value, ast.Lambda) or is_method or is_made


def late(source: str) -> Iterator[str]:
    """The targets of callbacks that are assigned to others."""
    tree = ast.parse(source)
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for target, value in assigned(tree):
        if isinstance(target, ast.Attribute) and is_of_another(target) and is_callback(target, value, methods):
            yield ast.unparse(target)


def test_no_callback_is_assigned_after_construction_but_for_a_reason() -> None:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    found = {f"{file.relative_to(ROOT).as_posix()}: {target}" for file in files for target in late(file.read_text())}
    assert found == set(LATE), "give it to the constructor, or tell it by the feed; what cannot be has its reason in LATE"


def test_callbacks_are_found_however_they_are_assigned() -> None:
    source = """
class One:
    def told(self): ...
    def make(self, other, third):
        other.told = self.told
        other.on_end, third.count = self.told, 1
        other.then = lambda: None
        self.third.then = partial(self.told, 1)
        self.then = self.told
        other.next = 7
"""
    assert list(late(source)) == ["other.told", "other.on_end", "other.then", "self.third.then"]
