"""Settings as they are shown, and which extras are installed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from contracts.about import About, ExtraRow, SettingRow
from infra.settings.model import EngineSettings, ServerSettings
from infra.settings.sources import Given

BY_CODE: Final = "program"
"""Where a setting comes from that no file, variable or flag has given: the program that has started the server."""
_PASSWORD: Final = re.compile(r"((?<=://)[^/@:]*:(?=[^@]*@)|\bpassword=)[^@&\s]*")
"""The password in an address is nobody's business."""
_EXTRA: Final = re.compile(r"""^([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*["']([A-Za-z0-9._-]+)["']""")


def about(engine: EngineSettings, server: ServerSettings, given: Mapping[str, Given], now: int) -> About:
    """What a server that is started with these settings tells of itself; each of them was given as `given` says."""
    settings = [row for model in (engine, server) for row in _rows(model, given)]
    data = None if engine.data is None else str(engine.data.absolute())
    return About(now, data, plain(engine.log), settings, extras)


def _rows(model: BaseModel, given: Mapping[str, Given]) -> Iterator[SettingRow]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        origin, place = (given[name].origin, given[name].place) if name in given else ("default" if value == field.default else BY_CODE, "")
        yield SettingRow(name, plain(value), origin, place, field.description or "")


def plain(value: Any) -> Any:
    """The value of a setting as it may be shown."""
    if isinstance(value, str):
        return _PASSWORD.sub(r"\1***", value)
    return str(value) if isinstance(value, Path) else value


def extras() -> list[ExtraRow]:
    """Those of this build, by name; none where it is not installed, but runs from its sources."""
    try:
        lines = requires("refold") or []
    except PackageNotFoundError:
        return []
    found: dict[str, dict[str, str | None]] = {}
    for line in lines:
        if (said := _EXTRA.match(line)) is not None:
            found.setdefault(said[2], {})[said[1]] = _version(said[1])
    return [ExtraRow(name, libraries) for name, libraries in sorted(found.items())]


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
