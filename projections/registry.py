"""All read models: a new one is a file in this folder, and its line here."""

from __future__ import annotations

from typing import Final

from projections import executions, incidents
from projections.read_model import ReadModel

READ_MODELS: Final[tuple[ReadModel, ...]] = (
    executions.READ_MODEL,
    incidents.READ_MODEL,
)
