"""The HTTP API, with its lane past the framework."""

from __future__ import annotations

from typing import Final

from infra.server.parts.context import Context
from infra.server.parts.part import Part
from infra.server.parts.running import Running


def _make(context: Context) -> Running | None:
    if context.http is None:
        return None
    from infra.server.http import Http  # half a second that only a server has to wait

    return Http(context.http)


HTTP: Final = Part("http", (), _make)
