"""Analytics of a data folder: of its read models, which are brought up to date before where no server does."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from contracts.errors import LogHeld
from infra.clock import SystemClock
from infra.files.data_folder import DataFolder
from infra.server.reader_wiring import open_projectors, open_read_models
from infra.settings.model import EngineSettings
from projections.analytics import EXECUTIONS_NODE, ROWS_MAX, analytics_where
from projections.analytics_windows import SYSTEM, Group, by_default, windows
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Analysed, Value


def analytics_of(settings: EngineSettings, wanted: Analysed) -> list[Value]:
    """The windows that are wanted. Raises BadInput."""
    names = [name.strip() for name in wanted.group.split(",") if name.strip()]
    if unknown := [name for name in names if name not in Group._fields]:
        raise BadInput(f"--group: expected some of {', '.join(Group._fields)}, found {unknown[0]!r}")
    apart = Group(**{name: name in names for name in Group._fields})._replace(node="node" in names and wanted.node is None)
    asked = by_default(SystemClock().now(), time_in(wanted.since, "--from"), time_in(wanted.until, "--to"), wanted.by)
    bring_up_to_date(settings)
    node = None if apart.node else wanted.node or EXECUTIONS_NODE
    with open_read_models(settings) as models:
        records = models.select(analytics_where(asked.begin, asked.end, wanted.workflow, wanted.version, node))
    if len(records) > ROWS_MAX:
        raise BadInput(f"more than {ROWS_MAX:,} hours of nodes are to be added up: give --workflow, or less time")
    return windows(records, wanted.by, apart, has_system=wanted.workflow is not None and wanted.workflow.startswith(SYSTEM))


def bring_up_to_date(settings: EngineSettings) -> None:
    """Bring the read models of a folder up to date. Where a server holds the folder, it does."""
    assert settings.data is not None
    with suppress(LogHeld), DataFolder(settings.data).hold(), open_projectors(settings, lambda *_: None) as projectors:
        projectors.own(None)
        projectors.look_at_all()
        while projectors.is_building:
            projectors.build()


def time_in(text: str | None, name: str) -> int | None:
    """A time that an option says, in milliseconds since 1970. Raises BadInput."""
    try:
        time = None if text is None else datetime.fromisoformat(text)
        return None if time is None else round((time if time.tzinfo else time.astimezone()).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"{name}: expected a time like 2026-11-21T08:00:00Z, found {text!r}") from None
