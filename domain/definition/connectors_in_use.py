"""Connectors that a definition names: which actions it pins as it is published, what is wrong with naming them so, what a node runs with.

    node {connector: crm, action: add} ──publish──► connectors: {"crm/add": {version, hash, content}} ──compile──► the node's config has it

As with prompts: so what is asked is a part of the definition and of its hash, and is asked again the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from contracts.catalog import ConnectorPublished
from contracts.definitions import PinnedConnector, WorkflowDefinition
from contracts.errors import InvalidInput, Problem
from domain.connectors.connector_check import pinned_action
from domain.definition.configs import holds_template
from domain.definition.findings import Findings, joined, listed, nearest
from domain.definition.input_schema import check
from domain.definition.outline import outline_of
from domain.definition.pinned_connectors import CONNECTOR, connector_key

Find = Callable[[str, int | None], ConnectorPublished | None]
"""A version of a connector by its name, without a number the latest one."""
_LITERAL: Final = ("connector", "version", "action")


class _Use(NamedTuple):
    """A node that names a connector, and where its config stands."""

    path: str
    config: dict[str, Any]

    def text(self, field: str) -> str | None:
        """What is named; None where it is no name."""
        found = self.config.get(field)
        return found if isinstance(found, str) and "{{" not in found else None

    @property
    def version(self) -> int | None:
        """The version, where one is said."""
        found = self.config.get("version")
        return found if isinstance(found, int) and not isinstance(found, bool) else None


def _uses(definition: WorkflowDefinition) -> Iterator[_Use]:
    for node in outline_of(definition, {}, Findings(), strict_kinds=False).nodes:
        if node.definition.type == CONNECTOR:
            yield _Use(f"{node.path}.config", node.definition.config)
        undo = node.definition.compensate
        if undo is not None and undo.type == CONNECTOR:
            yield _Use(f"{node.path}.compensate.config", undo.config)


def _content(found: ConnectorPublished) -> Any:
    return _parsed(found.hash, found.content)


@lru_cache(maxsize=4)
def _parsed(connector_hash: str, content: bytes) -> Any:
    """What a version says; a workflow most often names several actions of the same one. Not to be changed."""
    return json.loads(content)


def with_connectors(definition: WorkflowDefinition, find: Find) -> WorkflowDefinition:
    """The definition with the actions that its nodes name, as they are now; what it said of them before counts no more."""
    pins: dict[str, PinnedConnector] = {}
    for use in _uses(definition):
        name, action = use.text("connector"), use.text("action")
        found = None if name is None else find(name, use.version)
        if found is None or action is None:
            continue
        content = _content(found)
        if action in content["actions"]:
            pins[connector_key(use.config)] = PinnedConnector(
                version=found.version, hash=found.hash, content=pinned_action(content, action)
            )
    if not pins and not definition.connectors:
        return definition
    return definition.model_copy(update={"connectors": dict(sorted(pins.items()))})


# Problems.


def connector_problems(definition: WorkflowDefinition, find: Find, names: list[str]) -> list[Problem]:
    """Connectors and actions that are not there, credentials that are missing, and inputs that no action of theirs takes."""
    findings = Findings()
    for use in _uses(definition):
        for field in _LITERAL:
            if holds_template(use.config.get(field)):
                message = f"`{field}` is pinned when the workflow is published, so it cannot be filled in"
                findings.add(f"{use.path}.{field}", "template", message, "write it as it is; a `switch` chooses among several nodes")
        name = use.text("connector")
        if name is not None:
            _check_use(use, name, find, names, findings)
    return findings.told()


def _check_use(use: _Use, name: str, find: Find, names: list[str], findings: Findings) -> None:
    found = find(name, use.version)
    if found is None:
        latest = find(name, None)
        if latest is not None:
            message = f"connector `{name}` has no version {use.version}: the latest one is {latest.version}"
            findings.add(f"{use.path}.version", "unknown_connector", message, f"write `version: {latest.version}`, or leave it out")
            return
        near = nearest(name, names)
        there = f"there are {listed(names)}" if names else "none is published"
        fix = f"did you mean `{near}`?" if near else f"publish it: refold connectors publish {name}.yaml"
        findings.add(f"{use.path}.connector", "unknown_connector", f"there is no connector `{name}`: {there}", fix)
        return
    content, action = _content(found), use.text("action")
    if action is None:
        return
    if action not in content["actions"]:
        message = f"connector `{name}` has no action `{action}`: there are {listed(content['actions'])}"
        findings.add(
            f"{use.path}.action",
            "unknown_action",
            message,
            findings.did_you_mean(action, content["actions"], f"refold connectors show {name} lists them"),
        )
        return
    _check_against(use, f"action `{action}` of connector `{name}`", pinned_action(content, action), findings)


def _check_against(use: _Use, words: str, pinned: Mapping[str, Any], findings: Findings) -> None:
    needs = pinned["needs"]
    if needs and [] not in needs and use.config.get("credential") is None:
        schemes = listed(dict.fromkeys(name for schemes in needs for name in schemes))
        message = f"{words} shows who asks, by {schemes}, and no credential is named"
        findings.add(f"{use.path}.credential", "missing_field", message, "add `credential`, the name of one")
    if use.config.get("pages", 1) != 1 and "paging" not in pinned["action"]:
        message = f"{words} has no pages, as far as the connector says"
        findings.add(f"{use.path}.pages", "paging", message, "remove `pages`, or say in the connector how its pages come (`paging`)")
    given = use.config.get("input")
    if isinstance(given, dict):
        _check_input(f"{use.path}.input", words, pinned["action"].get("input", {}), given, findings)


def _check_input(path: str, words: str, schema: Mapping[str, Any], given: dict[str, Any], findings: Findings) -> None:
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is False:
        for one in given:
            if one not in properties:
                takes = f"it takes {listed(properties)}" if properties else "it takes none"
                fix = findings.did_you_mean(one, properties, "remove it")
                findings.add(f"{path}.{one}", "unknown_input", f"{words} has no input `{one}`: {takes}", fix)
    for one in schema.get("required", []):
        part = properties.get(one)
        if one not in given and not (isinstance(part, dict) and "default" in part):
            findings.add(path, "missing_input", f"{words} needs the input `{one}`", f"add `{one}` to `input`")
    for one, value in given.items():
        part = properties.get(one)
        if not isinstance(part, dict) or holds_template(value):
            continue
        try:
            check({"$defs": schema.get("$defs", {}), **part}, value, 0)
        except InvalidInput as error:
            for problem in error.problems:
                place = f"{path}.{one}"
                for step in problem.path.split("/")[1:]:
                    place = joined(place, int(step) if step.isdecimal() else step)
                findings.add(place, "input", f"{words} does not take it: {problem.message}", "correct the value")
