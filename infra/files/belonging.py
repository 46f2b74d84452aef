"""Which journal the blobs of a data folder belong to, and how far it went when they were last put away: `blobs/journal`.

Blobs are named by their content, so those of another journal do no harm by being there. But a log beside blobs of another
one is a log in the wrong folder, or one that was made anew where it was lost; and a log that ends before what its blobs
have seen is an old copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import LogCorrupt, LogError
from contracts.journal import Checkpoint
from infra.files.data_folder import DataFolder
from infra.files.whole import write_whole

NAME: Final = "journal"
"""The file beside the blobs."""


def known_by_blobs(folder: DataFolder) -> Checkpoint | None:
    """What the blobs say of their journal, if they say anything that can be read."""
    try:
        return msgspec.json.decode(_path(folder).read_bytes(), type=Checkpoint)
    except (OSError, msgspec.MsgspecError):
        return None


def check_log_is_there(folder: DataFolder) -> None:
    """Raise LogCorrupt where a log would be made anew beside the blobs of one that is gone."""
    known = known_by_blobs(folder)
    if known is not None and not folder.exists:
        raise LogCorrupt(
            f"the log {folder.log} is missing, but {folder.blobs} beside it belong to a log of {known.offset} records and more; "
            "nothing was made in its place: put it back, or begin in another folder"
        )


def check_blobs_fit(folder: DataFolder, journal: str) -> None:
    """Raise LogError where the blobs are of another journal than the log."""
    known = known_by_blobs(folder)
    if known is not None and known.journal != journal:
        raise LogError(
            f"the blobs {folder.blobs} are of the journal {known.journal}, and the log {folder.log} is of {journal or 'none yet'}: "
            "put those into one folder that belong together"
        )


def note(folder: DataFolder, checkpoint: Checkpoint) -> None:
    """The blobs belong to this journal, which goes so far. Raises LogFull."""
    known = Checkpoint(checkpoint.journal, checkpoint.offset, mark=checkpoint.mark)
    if folder.blobs.is_dir() and known_by_blobs(folder) != known:
        write_whole(_path(folder), msgspec.json.encode(known))


def forget(folder: DataFolder) -> None:
    """What the blobs know does not count any more."""
    _path(folder).unlink(missing_ok=True)


def _path(folder: DataFolder) -> Path:
    return folder.blobs / NAME
