"""What a shell completes: ids of executions, names of workflows, settings. Where it would take long, or fails, nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

RECORDS_MAX: Final = 20_000
"""Folding a longer journal than this would keep somebody waiting at the keyboard."""
SHOWN_MAX: Final = 100


def executions(options: Mapping[str, Any], incomplete: str) -> list[str]:
    """The ids of the last executions that begin so."""
    return _beginning(lambda: _executions(options), incomplete)


def workflows(options: Mapping[str, Any], incomplete: str) -> list[str]:
    """The names of workflows that begin so."""
    return _beginning(lambda: _workflows(options), incomplete)


def settings(incomplete: str) -> list[str]:
    """The names of settings that begin so."""
    from infra.settings.sources import known

    return _beginning(lambda: [f"{name}=" for name in known()], incomplete)


def _beginning(names: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    try:
        return [name for name in names() if name.startswith(incomplete)][:SHOWN_MAX]
    except Exception:  # whoever presses Tab asked for no error message
        return []


def _target(options: Mapping[str, Any]) -> Any:
    from refold.cli.commands.where import target_of
    from refold.cli.options import Where

    named = {name: options[name] for name in ("data", "server") if options.get(name) is not None}
    config = options.get("config")
    return target_of(Where(flags=named, config=None if config is None else Path(config)))


def _executions(options: Mapping[str, Any]) -> Iterable[str]:
    from refold.cli.commands.folder import FolderTarget
    from refold.cli.commands.folder_reading import PARTITION
    from refold.cli.commands.target import Wanted

    target = _target(options)
    if isinstance(target, FolderTarget):
        with target.reader() as reader:
            if reader.log.end("journal", PARTITION) > RECORDS_MAX:
                return []
    rows = target.executions(Wanted(limit=SHOWN_MAX))
    return [row["execution_id"] for row in reversed(rows)]


def _workflows(options: Mapping[str, Any]) -> Iterable[str]:
    return sorted(_target(options).workflow_names())
