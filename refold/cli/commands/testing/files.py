"""Files with tests: which there are, and the suites in them, with all that is wrong told at its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition, Problem
from contracts.workflow_tests import TEST_ENDING, TestFile
from domain.definition.document import parse_document
from domain.definition.findings import nearest
from domain.definition.graph import Graph
from domain.definition.text_positions import located
from domain.definition.unpublished import graph_of_unpublished, packed
from domain.definition.validate import publishable
from domain.testing.checks import Ground
from domain.testing.suite import NO_TESTS, Suite, read_file, suite_of
from refold.cli.commands.definition_file import told_of, written_in
from refold.cli.commands.output import BadInput

ENDINGS: Final = (f"{TEST_ENDING}.yaml", f"{TEST_ENDING}.yml", f"{TEST_ENDING}.json")
FILES_MAX: Final = 10_000
_HIDDEN: Final = frozenset({"node_modules", "__pycache__", "venv"})
_AS_A_DEFINITION: Final = frozenset({"not_an_object", "empty"})
"""What is told of a text that is no document, in words that are about a definition."""


class Loaded(NamedTuple):
    """A suite, the file it stands in, its text, and where in it cases stand (by their paths; lines count from 1)."""

    file: Path
    text: bytes
    suite: Suite
    lines: Mapping[str, int]


def is_test_file(path: Path) -> bool:
    """Whether a file's name says that it holds tests."""
    return path.name.endswith(ENDINGS)


def test_files(paths: Sequence[Path]) -> list[Path]:
    """The files with tests at these paths: files as they are, in folders those whose names end so. Raises BadInput."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_in_folder(path)))
        elif path.exists():
            found.setdefault(path)
        else:
            raise BadInput(f"there is no {path}{_nearby(path)}")
    if len(found) > FILES_MAX:
        raise BadInput(f"there are {len(found):,} files with tests, the most is {FILES_MAX:,}: name a folder with fewer")
    return list(found)


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts[:-1]
        if is_test_file(path) and path.is_file() and not any(part.startswith(".") or part in _HIDDEN for part in inside):
            yield path


def _nearby(path: Path) -> str:
    try:
        near = nearest(path.name, [one.name for one in path.parent.iterdir()])
    except OSError:
        return ""
    return f"; did you mean {path.parent / near}?" if near else ""


def load(file: Path, outputs: Mapping[str, Any]) -> Loaded:
    """The suite in a file. `outputs` are schemas of what kinds of activities give. Raises BadInput, InvalidDefinition with its place."""
    text = read_text(file)
    try:
        document = parse_document(text, "json" if file.suffix == ".json" else "yaml")
    except InvalidDefinition as error:
        raise _noted([_in_words(problem) for problem in error.problems], file) from None
    try:
        tests = read_file(document)
        graphs = _graphs(tests, file)
        suite = suite_of(document, tests, Ground(graphs[0], {graph.name: graph for graph in graphs[1:]}, outputs))
    except InvalidDefinition as error:
        if getattr(error, "__notes__", None):  # of a definition, which is another file
            raise
        raise _noted(located(error.problems, text, document), file) from None
    places = located([Problem(planned.at, "", "") for planned in suite.cases], text, document)
    return Loaded(file, text, suite, {place.path: place.line for place in places})


def read_text(file: Path) -> bytes:
    """The bytes of a file. Raises BadInput."""
    try:
        with file.open("rb") as opened:
            return opened.read(DEFINITION_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"the tests {file} cannot be read: {error.strerror or error}") from None


def _in_words(problem: Problem) -> Problem:
    return problem._replace(fix=NO_TESTS) if problem.rule in _AS_A_DEFINITION else problem


def _noted(problems: list[Problem], file: Path) -> InvalidDefinition:
    error = InvalidDefinition([problem._replace(node="") for problem in problems])
    error.add_note(str(file))
    return error


def _graphs(tests: TestFile, file: Path) -> list[Graph]:
    """The workflow's, then those that it may call."""
    found: list[Graph] = []
    for at, name in [("workflow", tests.workflow), *((f"with[{index}]", name) for index, name in enumerate(tests.with_))]:
        path = file.parent / name
        if not path.is_file():
            near = nearest(path.name, _definitions_at(path.parent))
            fix = f"did you mean `{Path(name).with_name(near)}`?" if near else "name the file of a definition, from where this one is"
            raise InvalidDefinition([Problem(at, "unknown_file", f"there is no definition {path}", fix)])
        graph = _graph(path)
        if any(graph.name == one.name for one in found):
            raise InvalidDefinition([Problem(at, "doubled_name", f"two files define workflow {graph.name}", "name one of them")])
        found.append(graph)
    return found


def _definitions_at(folder: Path) -> Iterable[str]:
    try:
        return [one.name for one in folder.iterdir() if one.suffix in (".yaml", ".yml", ".json") and not is_test_file(one)]
    except OSError:
        return []


def _graph(path: Path) -> Graph:
    """The compiled definition in a file; a kind that is not known is taken for an activity. Raises BadInput, InvalidDefinition."""
    document = written_in(path).definition
    with told_of(path):
        definition = publishable(document, {}, strict_kinds=False)
    return graph_of_unpublished(*packed(definition))
