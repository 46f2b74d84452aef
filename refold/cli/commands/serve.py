"""`serve`: a server on a data folder, until it is asked to stop."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Final, NoReturn

from api.sites import ANYWHERE, is_loopback
from api.ui import HOW, is_there
from infra.server.garbage import look_rarely
from infra.server.lifetime import serve as serve_until_stopped
from infra.settings.model import ServerSettings
from refold.cli.commands.output import OK, complain, say
from refold.cli.commands.where import checked_settings
from refold.cli.options import Where
from refold.worker.logs import VARIABLE, write_logs
from refold.worker.minded import stop_with_minder

ASKED_TO_STOP: Final = 128 + signal.SIGTERM


def serve(where: Where) -> int:
    """Serve the data folder at an address. The line that says so comes when requests are answered."""
    signal.signal(signal.SIGTERM, _leave)
    stop_with_minder()
    look_rarely()
    settings = checked_settings(where)
    os.environ[VARIABLE] = settings.engine.log_format  # the projector's process reads it there
    write_logs(settings.engine.log_format)
    _say_who_may_ask(settings.server)
    log = settings.engine.log
    serve_until_stopped(
        settings.engine,
        settings.server,
        lambda address: _say_ready(address, log or str(settings.engine.data), settings.server),
        settings.given,
    )
    say("stopped")
    return OK


def _say_who_may_ask(server: ServerSettings) -> None:
    """There are no users yet: whoever opens the port to others is told what that means."""
    if not is_loopback(server.host):
        where = "at every address of this machine" if server.host in ANYWHERE else f"at {server.host}"
        complain(f"whoever reaches port {server.port} {where} may do everything here: there are no users yet, so guard it (setting host)")


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """A signal while it is only starting. To the first process of a container the system's own answer is to do nothing."""
    raise SystemExit(ASKED_TO_STOP)


def _say_ready(address: str, data: str, server: ServerSettings) -> None:
    say(f"refold serves {data} at {address}")
    if server.ui and server.has_role("api") and not is_there():
        say(f"the web UI was not built: {HOW}")
    sys.stdout.flush()
