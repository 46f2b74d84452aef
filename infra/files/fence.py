"""The fence of a copy: as long as it is there, a data folder is shown and verified, and nothing runs in it, as the original may live."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import LogError, LogFenced
from infra.files.whole import sync_folder, write_whole

NAME: Final = "fence.json"


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder is a copy of: which backup, up to which position of the journal, since when (ms since 1970), and if it is whole."""

    backup: str
    position: int
    at: int
    is_whole: bool = False


def set_up(folder: Path, fence: Fence) -> None:
    """From now on nothing runs in this folder. Raises LogFull."""
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(fence), indent=1))


def fence_of(folder: Path) -> Fence | None:
    """The fence of a folder, None where there is none. Raises LogError where it cannot be read, as nobody knows then."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Fence)
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise LogError(f"the fence {folder / NAME} cannot be read: {error}") from None


def check_whole(folder: Path) -> None:
    """Raise LogError where a copy was not finished: what it shows is not all there is."""
    found = fence_of(folder)
    if found is not None and not found.is_whole:
        raise LogError(f"{folder} is half a copy of the backup {found.backup}: putting it back was not finished; delete it and do it again")


def check_open(folder: Path) -> None:
    """Raise LogFenced where nothing may run in the folder, LogError where it is half a copy."""
    check_whole(folder)
    found = fence_of(folder)
    if found is not None:
        raise LogFenced(
            f"{folder} is a copy of the backup {found.backup} up to position {found.position}, and the original may live", str(folder)
        )


def take_down(folder: Path) -> Fence | None:
    """From now on the copy is like any other folder; what it was. None where there was no fence. Raises LogError for half a copy."""
    check_whole(folder)
    found = fence_of(folder)
    if found is not None:
        (folder / NAME).unlink()
        sync_folder(folder)
    return found
