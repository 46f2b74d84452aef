"""Suites: from the document of a file with tests to its cases, every field checked, fixtures and parameters filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.errors import InvalidDefinition, Problem
from contracts.pins import ANY, Pin
from contracts.workflow_tests import CASES_MAX, Case, TestFile
from domain.definition.findings import Findings, joined, shown
from domain.definition.graph import Graph
from domain.definition.shape import read
from domain.execution.plan_check import found_at
from domain.testing.answers import pins_of
from domain.testing.checks import Ground, check_case, is_answered
from domain.testing.fill import NAME, Filling

NO_TESTS: Final = "begin with `workflow: FILE` and `cases:`"
_OWN: Final = ("name", "each")


class Planned(NamedTuple):
    """A case that can be run: its name, its path in the document, and what the nodes are given that the engine decides."""

    name: str
    at: str
    case: Case
    pins: dict[str, tuple[Pin, ...]]
    is_each: bool
    """Whether its values come from `each`."""


class Suite(NamedTuple):
    """The cases of a file; the graph of its workflow stands first."""

    file: TestFile
    graphs: dict[str, Graph]
    cases: list[Planned]


def read_file(document: Any) -> TestFile:
    """What a document says beside its cases. Raises InvalidDefinition with all that is wrong."""
    findings = Findings()
    file = read(TestFile, document, "", findings)
    for name in file.fixtures if file is not None else ():
        _check_name(name, joined("fixtures", name), findings)
    if file is None or (problems := findings.told()):
        raise InvalidDefinition(findings.told() if file is None else problems)
    return file


def suite_of(document: Mapping[str, Any], file: TestFile, ground: Ground) -> Suite:
    """The cases of a document. Raises InvalidDefinition with all that is wrong."""
    findings = Findings()
    found: list[Planned] = []
    names: dict[str, str] = {}
    for at, raw, parameters, number in _instances(document, findings):
        if len(found) >= CASES_MAX:
            raise InvalidDefinition([Problem("cases", "too_large", f"more than {CASES_MAX:,} cases", "split it into several files")])
        planned = _planned(at, raw, file, parameters, number, ground, findings)
        if planned is None:
            continue
        if planned.name in names:
            said = f"two cases have the name `{planned.name[:100]}`; the other one stands at {names[planned.name]}"
            findings.add(joined(at, "name"), "doubled_name", said, "give each its own; `${…}` fills in values of `each`")
        names[planned.name] = at
        found.append(planned)
    if problems := findings.told():
        raise InvalidDefinition(problems)
    return Suite(file, {ground.graph.name: ground.graph, **ground.others}, found)


def _instances(document: Mapping[str, Any], findings: Findings) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], int]]:
    """Each case once for each of its parameters: its path, what is written, the parameters, and their number from 1, 0 for none."""
    for index, raw in enumerate(document["cases"]):
        at = f"cases[{index}]"
        if not isinstance(raw, dict):
            findings.add(at, "wrong_type", f"a case: expected an object, found {shown(raw)}", "begin with `name: …`")
            continue
        each = raw.get("each", [{}])
        if not isinstance(each, list) or not each:
            found = "an empty list" if each == [] else shown(each)
            findings.add(joined(at, "each"), "wrong_type", f"`each`: expected a list of objects, found {found}", "write `[{name: value}]`")
            continue
        for number, parameters in enumerate(each, 1):
            place = joined(joined(at, "each"), number - 1)
            if not isinstance(parameters, dict):
                findings.add(
                    place, "wrong_type", f"an item of `each`: expected an object, found {shown(parameters)}", "write `{name: value}`"
                )
                continue
            for name in parameters:
                _check_name(name, joined(place, name), findings)
            yield at, raw, parameters, number if "each" in raw else 0


def _check_name(name: str, at: str, findings: Findings) -> None:
    if NAME.fullmatch(name) is None:
        said = f"`{name[:60]}` cannot be named by `${{…}}`"
        findings.add(at, "pattern", said, "use letters, digits and `_`, beginning with a letter")


def _planned(
    at: str, raw: dict[str, Any], file: TestFile, parameters: dict[str, Any], number: int, ground: Ground, findings: Findings
) -> Planned | None:
    """One case, checked; None where it cannot be read."""
    own = Findings()
    values = Filling(file.fixtures, own).fill(parameters, f"{at}.each[{number - 1}]" if number else at)
    filling = Filling({**file.fixtures, **values}, own)
    whole = {name: filling.fill(value, joined(at, name)) for name, value in _with_defaults(raw, file).items() if name != "each"}
    if own.count:
        _take_over(own, raw, at, findings)
        return None
    case = read(Case, whole, at, own)
    if case is not None:
        check_case(case, at, ground, own, "real" not in raw)
    _take_over(own, raw, at, findings)
    if case is None or own.count:
        return None
    has_name_of_its_own = not number or "${" in str(raw.get("name"))
    name = case.name if has_name_of_its_own else f"{case.name} [{number}]"
    return Planned(name, at, case, _pins(case, ground), bool(number))


def _with_defaults(raw: dict[str, Any], file: TestFile) -> dict[str, Any]:
    """A case with what all cases of its file have; of a node that it gives something for, or lets run for real, that alone."""
    whole = dict(raw)
    if isinstance(file.mocks, dict) and isinstance(raw.get("mocks", {}), dict):
        real = raw.get("real")
        others = {path: given for path, given in file.mocks.items() if not (isinstance(real, list) and path in real)}
        whole["mocks"] = {**others, **raw.get("mocks", {})}
    elif file.mocks is not None and "mocks" not in raw:
        whole["mocks"] = file.mocks
    for name in ("real", "at"):
        if getattr(file, name) is not None and name not in raw:
            whole[name] = getattr(file, name)
    return whole


def _take_over(own: Findings, raw: dict[str, Any], at: str, findings: Findings) -> None:
    """The problems of a case; of what it has from its file they are told where they stand there."""
    for problem in own.told():
        path = problem.path
        for name in ("mocks", "real", "at"):
            below = joined(at, name)
            if path.startswith(below) and path[len(below) : len(below) + 1] in ("", ".", "["):
                node = path[len(below) + 1 :]
                mine = raw.get(name)
                if mine is None or (
                    isinstance(mine, dict) and not any(node == one or node.startswith((f"{one}.", f"{one}[")) for one in mine)
                ):
                    path = path[len(at) + 1 :]
        findings.add(path, problem.rule, problem.message, problem.fix)


def _pins(case: Case, ground: Ground) -> dict[str, tuple[Pin, ...]]:
    """What the nodes are given that the engine decides."""
    return {
        path: pins_of(given)
        for path, given in case.mocks.items()
        if path != ANY and not is_answered(found_at(ground.graph, path, ground.named), path)
    }
