"""What a bulk operation does with each execution: the actions by name, one file a family and one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.bulk.action import Action
from domain.bulk.archive import ARCHIVE
from domain.bulk.erasure import ERASE
from domain.bulk.incidents import FAIL, RETRY
from domain.bulk.life import CANCEL, PAUSE, RELEASE, RESUME, START, TERMINATE
from domain.bulk.migration import GO_BACK, MIGRATE
from domain.bulk.signal import SIGNAL

ACTIONS: Final[Mapping[str, Action]] = {
    action.name: action
    for action in (
        CANCEL,
        TERMINATE,
        PAUSE,
        RESUME,
        START,
        RELEASE,
        SIGNAL,
        RETRY,
        FAIL,
        ERASE,
        ARCHIVE,
        MIGRATE,
        GO_BACK,
    )
}
