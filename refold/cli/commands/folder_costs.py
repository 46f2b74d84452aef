"""Costs of a data folder: of its read models, which are brought up to date before where no server does."""

from __future__ import annotations

from infra.clock import SystemClock
from infra.server.reader_wiring import open_read_models
from infra.settings.model import EngineSettings
from projections.analytics_windows import by_default
from projections.cost_windows import cost_windows, groups_in, names_system, only_of
from projections.costs import ROWS_MAX, costs_where
from refold.cli.commands.folder_analytics import bring_up_to_date, time_in
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import CostsWanted, Value


def costs_of(settings: EngineSettings, wanted: CostsWanted) -> list[Value]:
    """The windows that are wanted. Raises BadInput."""
    try:
        apart = groups_in(wanted.group)
    except ValueError as error:
        raise BadInput(f"--group: {error}") from None
    try:
        only = only_of(wanted.workflow, wanted.version, wanted.node, wanted.model, wanted.prompt)
    except ValueError as error:
        raise BadInput(f"--prompt: {error}") from None
    asked = by_default(SystemClock().now(), time_in(wanted.since, "--from"), time_in(wanted.until, "--to"), "day")
    bring_up_to_date(settings)
    with open_read_models(settings) as models:
        records = models.select(costs_where(asked.begin, asked.end, only))
    if len(records) > ROWS_MAX:
        raise BadInput(f"more than {ROWS_MAX:,} days of nodes are to be added up: give --workflow, or less time")
    return cost_windows(records, wanted.by, apart, names_system(wanted.workflow))
