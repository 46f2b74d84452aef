"""Saved views of a data folder: read beside whoever holds it, written by an engine that holds it."""

from __future__ import annotations

import msgspec

from api.operations.resources import read_value, resource_value
from api.problems import BadRequest
from api.resources.view import VIEWS
from contracts.resources import NAME_PATTERN, Resource, is_resource_name
from infra.clock import SystemClock
from infra.files.data_folder import DataFolder
from infra.server.wiring import open_alone
from infra.settings.model import EngineSettings
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Value
from refold.json_values import dumps

KIND = VIEWS.name
ACTOR = "command line"


def shown(view: Resource) -> Value:
    """A view with who has written it."""
    return {**resource_value(view), "value": value_of(view)}


def value_of(view: Resource) -> Value:
    """What it is."""
    found: Value = msgspec.json.decode(view.value or b"{}")
    return found


def write(settings: EngineSettings, name: str, value: Value | None) -> Value:
    """Let a view be this, or be no more. Raises LogHeld where another process holds the folder, LogError, InvalidInput, BadInput."""
    if not is_resource_name(name):
        raise BadInput(f"{name!r} cannot be the name of a view; expected {NAME_PATTERN}")
    try:
        content = None if value is None else read_value(VIEWS, dumps(value), SystemClock().now())
    except BadRequest as refused:
        raise BadInput(str(refused)) from None
    if value is None:
        assert settings.data is not None
        DataFolder(settings.data).check()  # else one would be made
    with open_alone(settings) as alone:
        if content is None:
            return shown(alone.resources.delete(KIND, name, ACTOR))
        return shown(alone.resources.write(KIND, name, content, ACTOR))
