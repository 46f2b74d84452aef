"""`serve`: a server on a data folder, until it is asked to stop."""

from __future__ import annotations

import logging
import sys

from infra.garbage import look_rarely
from infra.serving import serve as serve_until_stopped
from refold.commands.output import OK, say
from refold.commands.where import checked_settings
from refold.options import Where


def serve(where: Where) -> int:
    """Serve the data folder at an address. The line that says so comes when requests are answered."""
    look_rarely()
    settings = checked_settings(where)
    logger = logging.getLogger("refold")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler())
    serve_until_stopped(
        settings.engine, settings.server, lambda address: _say_ready(address, settings.engine.log or str(settings.engine.data))
    )
    say("stopped")
    return OK


def _say_ready(address: str, data: str) -> None:
    say(f"refold serves {data} at {address}")
    sys.stdout.flush()
