"""A process that another one minds: it stops as it would when asked to, once that other one is gone, however it went.

The minder keeps one end of a pipe, and tells the descriptor of the other in the environment.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

MINDED: Final = "_REFOLD_MINDED"
"""Set for a process that is minded: the descriptor of its end of the pipe."""


def stop_with_minder() -> None:
    """Ask this process to stop once the one that minds it is gone; nothing where nobody does."""
    if MINDED not in os.environ:
        return
    pipe = int(os.environ.pop(MINDED))
    os.set_inheritable(pipe, False)

    def wait() -> None:
        os.read(pipe, 1)  # nobody ever writes: it returns at the end
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="refold-minder-watch", daemon=True).start()
