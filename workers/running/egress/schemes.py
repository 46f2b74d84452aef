"""Schemes of connectors: how a request shows a credential where an API says where it is to stand."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import quote

from contracts.connectors import AuthScheme, PinnedAction
from contracts.ports.credentials import Secret
from workers.running.activity_error import ActivityError
from workers.running.egress.authorization import authorization

TAKES: Final = {
    "basic": ("basic",),
    "bearer": ("bearer", "oauth2"),
    "oauth2": ("oauth2", "bearer"),
    "api_key": ("bearer", "header"),
}
"""Which kinds of credentials a scheme takes. One of the kind `values` may have a value for each scheme, by its name."""
_NO_FIELD: Final = re.compile(r"[^a-z0-9_]+")


class Shown(NamedTuple):
    """What shows who asks, by where it stands; all of it is secret."""

    headers: dict[str, str]
    query: list[tuple[str, str]]
    cookies: list[tuple[str, str]]


def field_of(scheme: str) -> str:
    """What the value of a scheme is called in a credential of the kind `values`."""
    return _NO_FIELD.sub("_", scheme.lower()).strip("_")


def shown(pinned: PinnedAction, name: str, secret: Secret) -> Shown:
    """The credential at its places. Raises ActivityError where no scheme of the action takes one of its kind."""
    needs = [schemes for schemes in pinned.needs if schemes]
    if not needs:
        return Shown(authorization(name, secret), [], [])
    for schemes in needs:
        if secret.kind == "values" and all(field_of(scheme) in secret.values for scheme in schemes):
            found = Shown({}, [], [])
            for scheme in schemes:
                _put(found, name, pinned.auth[scheme], "values", {"token": secret.values[field_of(scheme)]})
            return found
        if len(schemes) == 1 and secret.kind in TAKES[pinned.auth[schemes[0]].type]:
            found = Shown({}, [], [])
            _put(found, name, pinned.auth[schemes[0]], secret.kind, dict(secret.values))
            return found
    wanted = " or ".join(dict.fromkeys(_wanted(pinned, needs)))
    message = f"config.credential: action {pinned.name} of connector {pinned.connector} takes {wanted}; {name} is of kind {secret.kind}"
    raise ActivityError("input.invalid", message, retryable=False)


def _wanted(pinned: PinnedAction, needs: list[list[str]]) -> Iterator[str]:
    for schemes in needs:
        if len(schemes) == 1:
            yield from (f"a credential of kind {kind}" for kind in TAKES[pinned.auth[schemes[0]].type])
        yield f"one of kind values with {', '.join(map(field_of, schemes))}"


def _put(found: Shown, name: str, scheme: AuthScheme, kind: str, values: dict[str, str]) -> None:
    if scheme.type != "api_key":
        found.headers.update(_authorization(name, scheme, kind, values))
        return
    assert scheme.name is not None
    token = values["value"] if kind == "header" else values["token"]
    match scheme.place:
        case "query":
            found.query.append((quote(scheme.name, safe=""), quote(token, safe="")))
        case "cookie":
            found.cookies.append((scheme.name, quote(token, safe="")))
        case _:
            if kind == "header" and values["name"].lower() != scheme.name.lower():
                message = f"config.credential: {name} is of the header {values['name']}, and the API takes {scheme.name}"
                raise ActivityError("input.invalid", message, retryable=False)
            found.headers.update(authorization(name, Secret({"name": scheme.name, "value": token}, kind="header")))


def _authorization(name: str, scheme: AuthScheme, kind: str, values: dict[str, str]) -> dict[str, str]:
    if kind != "values":
        return authorization(name, Secret(values, kind=kind))
    if scheme.type == "basic":
        return {"authorization": f"Basic {base64.b64encode(values['token'].encode()).decode()}"}
    return authorization(name, Secret(values, kind="bearer"))
