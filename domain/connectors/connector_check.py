"""Connectors as somebody writes them: what is wrong with one, its canonical form and hash, and what a node needs of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from contracts.connectors import ACTION_BYTES_MAX, CONNECTOR_BYTES_MAX, Action, AuthScheme, Connector, PinnedAction
from contracts.errors import InvalidDefinition
from domain.definition.document import NOT_AN_OBJECT, check_values
from domain.definition.findings import Findings, joined, listed, shown
from domain.definition.input_check import check_input_schema
from domain.definition.shape import read
from domain.definition.text import TextFault

HOLE: Final = re.compile(r"\{([^{}]*)\}")
"""A parameter in a path."""
_DEFS: Final = "#/$defs/"


def checked_connector(document: Any) -> Connector:
    """The connector of a document in which nothing is wrong. Raises InvalidDefinition with all problems."""
    findings = Findings()
    connector = _read(document, findings)
    if connector is not None:
        _check(connector, findings)
    problems = findings.told()
    if problems or connector is None:
        raise InvalidDefinition(problems)
    return connector


def _read(document: Any, findings: Findings) -> Connector | None:
    if not isinstance(document, dict):
        findings.add("", "not_an_object", NOT_AN_OBJECT.replace("nodes", "actions").format(shown(document)), "begin with `name: my_api`")
        return None
    try:
        check_values(document)
    except TextFault as fault:
        raise InvalidDefinition([fault.problem]) from None
    return read(Connector, document, "", findings)


def _check(connector: Connector, findings: Findings) -> None:
    try:
        size = len(canonical_connector(connector))
    except UnicodeEncodeError:
        findings.add("", "encoding", "a text of the connector holds half of a character, which no UTF-8 can", "write the whole character")
        return
    if size > CONNECTOR_BYTES_MAX:
        message = f"the connector has {size:,} bytes, {CONNECTOR_BYTES_MAX:,} is the limit (CONNECTOR_BYTES_MAX)"
        findings.add("", "too_large", message, "make several of it, each with some of the actions")
        return
    _check_url(connector.base_url, "base_url", findings)
    _check_auth(connector.default_auth, connector.auth, "default_auth", findings)
    for name, scheme in connector.auth.items():
        _check_scheme(scheme, f"auth.{name}", findings)
    for name, action in connector.actions.items():
        for path, rule, message, fix in action_problems(connector, action):
            findings.add(joined(f"actions.{name}", path), rule, message, fix)


def _check_url(url: str, path: str, findings: Findings) -> None:
    try:
        found = urlsplit(url)
        fits = found.scheme in ("http", "https") and bool(found.hostname) and not (found.query or found.fragment or found.username)
        fits = fits and found.port != 0
    except ValueError:
        fits = False
    if not fits or "{" in url:
        message = f"expected an http or https URL without user, query and variables, found {shown(url)}"
        findings.add(path, "url", message, "write it as https://api.example.com/v1")


def _check_auth(needs: list[list[str]], auth: Mapping[str, AuthScheme], path: str, findings: Findings) -> None:
    for index, schemes in enumerate(needs):
        for name in schemes:
            if name not in auth:
                there = f"there are {listed(auth)}" if auth else "there are none"
                fix = findings.did_you_mean(name, auth, "add it to `auth` of the connector")
                findings.add(f"{path}[{index}]", "unknown_scheme", f"`auth` has no scheme `{name}`: {there}", fix)


def _check_scheme(scheme: AuthScheme, path: str, findings: Findings) -> None:
    has_place = scheme.place is not None and scheme.name is not None
    if (scheme.type == "api_key") != has_place:
        message = "an API key has `in` and `name`, which say where it stands, and nothing else has"
        findings.add(path, "scheme", message, "write both, or another `type`")


def action_problems(connector: Connector, action: Action) -> list[tuple[str, str, str, str]]:
    """What is wrong with an action: path, rule, message, way out."""
    findings = Findings()
    if action.base_url is not None:
        _check_url(action.base_url, "base_url", findings)
    _check_auth(action.auth or [], connector.auth, "auth", findings)
    if action.input.get("type", "object") != "object":
        findings.add("input.type", "input_schema", "the input of an action is an object", "write `type: object`, and `properties`")
        return [(one.path, one.rule, one.message, one.fix) for one in findings.told()]
    whole = closed(action.input, connector.schemas)
    check_input_schema(whole, findings, "input")
    if action.output is not None:
        check_input_schema(closed(action.output, connector.schemas), findings, "output")
    _check_places(action, findings)
    size = len(json.dumps(whole, ensure_ascii=True)) + len(action.model_dump_json(exclude={"output", "input"}, exclude_defaults=True))
    if size > ACTION_BYTES_MAX:
        message = f"the action has {size:,} bytes with the schemas of its input, {ACTION_BYTES_MAX:,} is the limit (ACTION_BYTES_MAX)"
        findings.add("input", "too_large", message, "write `true` for what is deep in it")
    return [(one.path, one.rule, one.message, one.fix) for one in findings.told()]


def _check_places(action: Action, findings: Findings) -> None:
    properties = action.input.get("properties", {})
    holes, placed = set(HOLE.findall(action.path)), {one.name for one in action.parameters if one.place == "path"}
    for name in sorted(holes ^ placed):
        message = f"`{{{name}}}` has to stand in `path` and among `parameters` with `in: path`; it is only in one of them"
        findings.add("path", "path_parameter", message, "add it to the other, or remove it")
    places: list[tuple[str, str | None]] = [(f"parameters[{i}].input", one.input or one.name) for i, one in enumerate(action.parameters)]
    if action.body is not None:
        places.append(("body.input", action.body.input))
    if action.paging is not None:
        places += [("paging.input", action.paging.input), ("paging.size", action.paging.size)]
        if (action.paging.by != "link") == (action.paging.input is None):
            message = "`link` needs no `input`, and any other paging needs one"
            findings.add("paging.input", "paging", message, "write `by: link`, or the input that says where a page begins")
        if action.paging.by == "cursor" and (action.paging.next is None) == (action.paging.last is None):
            findings.add("paging.next", "paging", "a cursor is found by `next` or by `last`, one of them", "write one of them")
    for path, name in places:
        if name is not None and isinstance(properties, dict) and name not in properties:
            there = f"there are {listed(properties)}" if properties else "there are none"
            fix = findings.did_you_mean(name, properties, "add it to `input.properties`")
            findings.add(path, "unknown_input", f"the action has no input `{name}`: {there}", fix)


# Schemas.


def references_in(schema: Any) -> Iterator[str]:
    """The names of `$defs` that a schema refers to."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found = one.get("$ref")
            if isinstance(found, str) and found.startswith(_DEFS):
                yield found[len(_DEFS) :].partition("/")[0]
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def reached(schemas: Iterable[Any], known: Mapping[str, Any]) -> list[str]:
    """The names of what these schemas refer to, and what that refers to, sorted; without those that are not there."""
    found: set[str] = set()
    waiting = list(schemas)
    while waiting:
        for name in references_in(waiting.pop()):
            if name not in found and name in known:
                found.add(name)
                waiting.append(known[name])
    return sorted(found)


def closed(schema: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of an action with all that it refers to, as one."""
    names = reached([schema], schemas)
    return {**schema, "$defs": {**{name: schemas[name] for name in names}, **schema.get("$defs", {})}} if names else schema


def pinned_action(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a node needs of a connector that is kept, to run one of its actions: a `PinnedAction` as JSON."""
    action = content["actions"][name]
    needs = action.get("auth", content.get("default_auth", []))
    used = {scheme for schemes in needs for scheme in schemes}
    said = {field: given for field, given in action.items() if field not in ("output", "base_url", "auth", "retry_on")}
    pinned = {
        "connector": content["name"],
        "name": name,
        "base_url": action.get("base_url", content["base_url"]),
        "auth": {scheme: one for scheme, one in content.get("auth", {}).items() if scheme in used},
        "needs": needs,
        "retry_on": action.get("retry_on", content.get("retry_on", Connector.model_fields["retry_on"].default)),
        "action": {**said, "input": closed(action.get("input", {}), content.get("schemas", {}))},
    }
    return {**pinned, "retry": content["retry"]} if "retry" in content else pinned


def read_pinned(content: Any) -> PinnedAction:
    """The action that a definition has pinned."""
    return PinnedAction.model_validate(content)


# The canonical form.


def canonical_connector(connector: Connector) -> bytes:
    """All that a connector says beyond its defaults, as JSON, its fields in a fixed order; schemas as they are written."""
    said = connector.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    return json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def connector_hash(content: bytes) -> str:
    """The SHA-256 of the canonical form, as 64 hex digits: what workflows pin."""
    return hashlib.sha256(content).hexdigest()
