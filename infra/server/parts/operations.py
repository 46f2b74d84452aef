"""The engine's own workflows: their activities, which run as any other, are served here what they ask of the engine."""

from __future__ import annotations

from typing import Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running
from workers.running.desk import Desk, Operator


class Operations(Running):
    """Serves the desk, as long as it runs."""

    def __init__(self, desk: Desk, operator: Operator) -> None:
        self._desk, self._operator = desk, operator

    async def start(self) -> None:
        """From now on activities are served."""
        self._desk.serve(self._operator)

    async def stop(self) -> None:
        """They are served no more."""
        self._desk.close()


def _make(context: Context) -> Running | None:
    engine = context.shared or context.alone
    return None if engine is None or context.operator is None else Operations(engine.desk, context.operator)


OPERATIONS: Final = Part("operations", (), _make)
