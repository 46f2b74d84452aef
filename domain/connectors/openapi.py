"""Connectors of OpenAPI documents: each operation is an action, and what cannot be taken is told by operation.

    document ──► operations ──► actions, checked as those that somebody writes ──► connector
                     └────────► told: why an operation is no action, or what of it is not taken

Documents of OpenAPI 3.0, 3.1 and 3.2 are read. All that they refer to is to stand in them: nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError

from contracts.connectors import ACTIONS_MAX, NAME_PATTERN, Action, Connector
from contracts.errors import InvalidDefinition, Problem
from domain.connectors.connector_check import action_problems, reached
from domain.connectors.openapi_auth import Auth
from domain.connectors.openapi_document import Document, Found, Told, Untaken
from domain.connectors.openapi_operations import Operations
from domain.connectors.openapi_schemas import Schemas
from domain.definition.findings import listed

_NO_ACTION: Final = re.compile(r"[^A-Za-z0-9_./:-]+")
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_RETRY: Final = {"max_attempts": 3}
"""How often an action is tried that may be sent twice, where its node does not say it."""


class Wishes(NamedTuple):
    """What one wants of a document."""

    name: str | None = None
    """What the connector is to be called; without it what the document is called."""
    base_url: str | None = None
    """Where paths begin, instead of the server that the document names first."""
    document_url: str = ""
    """Where the document is from: what it says of servers may be relative to it."""
    only: Sequence[str] = ()
    """The actions that are wanted, by their names; all where none is named."""
    tags: Sequence[str] = ()
    """Only operations with one of these tags; all where none is named."""


class Converted(NamedTuple):
    """What came of a document: the connector as one may write it, and what is said of operations."""

    connector: dict[str, Any]
    told: list[Told]


def converted(document: Any, wishes: Wishes) -> Converted:
    """The connector of an OpenAPI document. Raises InvalidDefinition where it is none, or nothing of it can be an action."""
    return _Conversion(Document(document), wishes).run()


class _Conversion:
    def __init__(self, document: Document, wishes: Wishes) -> None:
        self._document, self._wishes = document, wishes
        self._schemas = Schemas(document)
        self._base_url = self._server(document.value.get("servers"), "servers")
        self._auth = Auth(document, self._base_url)
        self._operations = Operations(document, self._schemas)
        self._names: set[str] = set()
        self._ids: set[str] = set()

    def run(self) -> Converted:
        """All of it. Raises InvalidDefinition."""
        document, wishes = self._document, self._wishes
        info = document.value.get("info")
        info = info if isinstance(info, dict) else {}
        actions: dict[str, Any] = {}
        for found in document.operations():
            name = self._name(found)
            if self._is_wanted(name, found):
                action = self._action(found)
                if action is not None:
                    actions[name] = action
        self._refuse_unknown_wishes()
        if not actions:
            said = f": {document.told[0].operation}: {document.told[0].said}" if document.told else ""
            raise InvalidDefinition(
                [Problem("paths", "no_actions", f"no operation of the document is an action{said}", "see what it says")]
            )
        if len(actions) > ACTIONS_MAX:
            message = f"the document has {len(actions):,} operations, {ACTIONS_MAX:,} are the limit (ACTIONS_MAX)"
            raise InvalidDefinition([Problem("paths", "too_large", message, "name those that are wanted")])
        used = {scheme for action in actions.values() for schemes in action.get("auth", []) for scheme in schemes}
        names = reached([part for one in actions.values() for part in (one["input"], one.get("output"))], self._schemas.defs)
        for said in sorted(self._schemas.dropped):
            document.tell("schemas", f"left out: {said}")
        description = info.get("description") or info.get("title")
        connector = {
            "name": wishes.name or _named(info.get("title")),
            **({"description": description[:20_000]} if isinstance(description, str) else {}),
            "base_url": self._base_url,
            **({"auth": {name: one for name, one in self._auth.schemes.items() if name in used}} if used else {}),
            "retry": _RETRY,
            "actions": actions,
            **({"schemas": {name: self._schemas.defs[name] for name in names}} if names else {}),
        }
        return Converted(connector, document.told)

    # Operations.

    def _name(self, found: Found) -> str:
        """What an operation is called as an action: as it calls itself, or by its method and path."""
        own = found.operation.get("operationId")
        if isinstance(own, str):
            self._ids.add(own)
        base = own if isinstance(own, str) and own else f"{found.method}_{found.path.strip('/').replace('/', '_')}"
        base = _NO_ACTION.sub("_", base).strip("_")[:120]
        base = base if re.match(r"[A-Za-z]", base) else f"op_{base}"
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        if name != base:
            self._document.tell(found.shown, f"another operation is called so, too: this one is the action `{name}`")
        self._names.add(name)
        return name

    def _is_wanted(self, name: str, found: Found) -> bool:
        tags = found.operation.get("tags")
        has_tag = not self._wishes.tags or any(tag in self._wishes.tags for tag in (tags if isinstance(tags, list) else ()))
        return has_tag and (not self._wishes.only or name in self._wishes.only or found.operation.get("operationId") in self._wishes.only)

    def _refuse_unknown_wishes(self) -> None:
        missing = [name for name in self._wishes.only if name not in self._names and name not in self._ids]
        if missing:
            message = f"the document has no operation {listed(missing)}: there are {listed(sorted(self._names))}"
            raise InvalidDefinition([Problem("paths", "unknown_action", message, "correct the name")])

    def _action(self, found: Found) -> dict[str, Any] | None:
        """An operation as an action that may stand in a connector; None where it is none, which is told."""
        try:
            action = self._operations.action(found)
            auth = self._auth.of(self._document, found.operation, found.shown)
            if auth:
                action["auth"] = auth
            self._add_server(action, found)
            problems = self._problems(action)
            if problems and "output" in action and all(path.startswith("output") for path, _ in problems):
                self._document.tell(found.shown, f"what it answers is not described: {problems[0][1]}")
                del action["output"]
                problems = self._problems(action)
        except Untaken as untaken:
            self._document.tell(found.shown, str(untaken), is_left_out=True)
            return None
        if problems:
            self._document.tell(found.shown, f"{problems[0][0]}: {problems[0][1]}", is_left_out=True)
            return None
        return action

    def _problems(self, action: dict[str, Any]) -> list[tuple[str, str]]:
        try:
            read = Action.model_validate(action)
        except ValidationError as error:
            return [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_url=False, include_input=False)[:1]]
        shell = Connector.model_construct(auth=self._auth.schemes, schemas=self._schemas.defs)
        return [(path, message) for path, _, message, _ in action_problems(shell, read)]

    # Servers.

    def _add_server(self, action: dict[str, Any], found: Found) -> None:
        servers = found.operation.get("servers") or found.item.get("servers")
        if servers and self._wishes.base_url is None:
            try:
                own = self._server(servers, found.shown)
            except InvalidDefinition as error:
                raise Untaken(error.problems[0].message) from None
            if own != self._base_url:
                action["base_url"] = own

    def _server(self, servers: Any, shown: str) -> str:
        """Where paths begin. Raises InvalidDefinition where nobody says it."""
        if self._wishes.base_url is not None:
            return self._wishes.base_url
        first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
        url = self._filled(str(first.get("url", "/")), first.get("variables"), shown)
        try:
            url = urljoin(self._wishes.document_url, url)
            is_known = urlsplit(url).scheme in ("http", "https")
        except ValueError:
            is_known = False
        if not is_known:
            message = f"the document does not say where the API is: its server is `{url:.200}`"
            raise InvalidDefinition([Problem("servers", "base_url", message, "give the base URL, as with --base-url")])
        if isinstance(servers, list) and len(servers) > 1:
            others = ", ".join(str(one.get("url")) for one in servers[1:] if isinstance(one, dict))
            self._document.tell(shown, f"the first server counts, {url}; there are {others:.300}")
        return url.rstrip("/")

    def _filled(self, url: str, variables: Any, shown: str) -> str:
        known = variables if isinstance(variables, dict) else {}
        defaults = {name: str(one["default"]) for name, one in known.items() if isinstance(one, dict) and "default" in one}
        used = [name for name in _VARIABLE.findall(url) if name in defaults]
        if used:
            said = ", ".join(f"{name} is {defaults[name]}" for name in used)
            self._document.tell(shown, f"the variables of its server are as by default: {said:.300}")
        return _VARIABLE.sub(lambda found: defaults.get(found[1], found[0]), url)


def _named(title: Any) -> str:
    """A name for a connector, of the title of a document."""
    name = re.sub(r"[^a-z0-9]+", "-", str(title or "api").lower()).strip("-")[:63].strip("-")
    return name if re.match(NAME_PATTERN, name) else f"api-{name}"[:63].strip("-")
