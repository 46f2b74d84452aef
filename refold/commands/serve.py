"""`serve`: a server on a data folder, until it is asked to stop."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from infra.garbage import look_rarely
from infra.serving import serve as serve_until_stopped
from infra.settings import ServerSettings
from refold.commands.engine import Place
from refold.commands.output import OK, say


def serve(place: Place, host: str, port: int, lane: bool, lease_s: float) -> int:
    """Serve the data folder at an address. The line that says so comes when requests are answered."""
    look_rarely()
    settings = place.settings()
    logger = logging.getLogger("refold")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler())
    server = ServerSettings(host=host, port=port, lane=lane, lease_s=lease_s)
    serve_until_stopped(settings, server, lambda address: _say_ready(address, place.data))
    say("stopped")
    return OK


def _say_ready(address: str, data: Path) -> None:
    say(f"refold serves {data} at {address}")
    sys.stdout.flush()
