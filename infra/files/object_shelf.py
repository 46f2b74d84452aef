"""A shelf in an object store, or wherever else `fsspec` reaches: see `contracts/ports/shelf.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from contracts.errors import ShelfError
from contracts.ports.shelf import Fill


class ObjectShelf:
    """Files under a URL such as `s3://bucket/refold`. Which program a store needs besides is told by fsspec."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        with self._meaning():
            import fsspec  # type: ignore[import-untyped]  # it brings no types

            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(self._url)

    @property
    def place(self) -> str:
        """See Shelf."""
        return self._url

    def names(self) -> list[str]:
        """See Shelf."""
        with self._meaning():
            self._files.invalidate_cache()
            found = self._files.ls(self._root, detail=False) if self._files.exists(self._root) else []
            return sorted(name for name in (str(path).rstrip("/").rpartition("/")[2] for path in found) if not name.startswith("."))

    def write(self, name: str, fill: Fill) -> None:
        """See Shelf. Stores that take a file piece by piece may show a part of it after a kill: it has no foot then."""
        with self._meaning(), tempfile.NamedTemporaryFile(prefix="refold-") as file:
            fill(cast(BinaryIO, file))
            file.flush()
            self._files.makedirs(self._root, exist_ok=True)
            self._files.put_file(file.name, self._path(name))

    def open(self, name: str) -> BinaryIO:
        """See Shelf."""
        with self._meaning(name):
            return cast(BinaryIO, self._files.open(self._path(name), "rb"))

    def size(self, name: str) -> int:
        """See Shelf."""
        with self._meaning(name):
            return int(self._files.size(self._path(name)))

    def rename(self, name: str, to: str) -> None:
        """See Shelf."""
        with self._meaning(name):
            self._files.mv(self._path(name), self._path(to))

    def delete(self, name: str) -> None:
        """See Shelf."""
        with self._meaning():
            if self._files.exists(self._path(name)):
                self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _meaning(self, name: str | None = None) -> Iterator[None]:
        """Every store has errors of its own."""
        try:
            yield
        except FileNotFoundError as error:
            if name is not None:
                raise KeyError(name) from None
            raise ShelfError(f"{self._url}: {error}") from error
        except (ShelfError, KeyError):
            raise
        except Exception as error:
            raise ShelfError(f"{self._url} cannot be used: {error or type(error).__name__}") from error
