"""A shelf in a folder: see `contracts/ports/shelf.py`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from contracts.errors import ShelfError
from contracts.ports.shelf import Fill
from infra.files.whole import make_folder, sync_folder


class FolderShelf:
    """Files in a folder, which is made with the first of them; a name that begins with a dot is still being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """See Shelf."""
        return str(self._folder)

    def names(self) -> list[str]:
        """See Shelf."""
        with self._meaning():
            return sorted(name for name in os.listdir(self._folder) if not name.startswith(".")) if self._folder.is_dir() else []

    def write(self, name: str, fill: Fill) -> None:
        """See Shelf."""
        with self._meaning():
            make_folder(self._folder)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=f".{name}.")
            try:
                with open(descriptor, "wb") as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, self._folder / name)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
            sync_folder(self._folder)

    def open(self, name: str) -> BinaryIO:
        """See Shelf."""
        with self._meaning(name):
            return open(self._folder / name, "rb")

    def size(self, name: str) -> int:
        """See Shelf."""
        with self._meaning(name):
            return (self._folder / name).stat().st_size

    def rename(self, name: str, to: str) -> None:
        """See Shelf."""
        with self._meaning(name):
            os.replace(self._folder / name, self._folder / to)
            sync_folder(self._folder)

    def delete(self, name: str) -> None:
        """See Shelf."""
        with self._meaning():
            (self._folder / name).unlink(missing_ok=True)

    @contextmanager
    def _meaning(self, name: str | None = None) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if name is not None:
                raise KeyError(name) from None
            raise ShelfError(f"{self._folder}: {error.strerror} ({error.filename})") from error
        except OSError as error:
            raise ShelfError(f"{self._folder} cannot be used: {error.strerror}") from error
