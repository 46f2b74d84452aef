"""`settings`: every setting, its value, and where that comes from."""

from __future__ import annotations

from typing import Any

from infra.settings.about import plain
from refold.cli.commands.output import OK, say_json, table
from refold.cli.commands.where import settings_of
from refold.cli.options import Where


def settings(where: Where, as_json: bool) -> int:
    """All settings, as they count for a command with these options, in this folder and environment."""
    rows = list(settings_of(where).rows())
    if as_json:
        say_json(
            [
                {
                    "setting": row.name,
                    "value": plain(row.value),
                    "origin": row.given.origin,
                    "place": row.given.place or None,
                    "meaning": row.meaning,
                }
                for row in rows
            ]
        )
    else:
        table(("SETTING", "VALUE", "ORIGIN", "MEANING"), [(row.name, _word(row.value), str(row.given), row.meaning) for row in rows])
    return OK


def _word(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
