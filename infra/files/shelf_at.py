"""The shelf at a place that somebody names: a folder, or a URL of an object store."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from contracts.errors import ShelfError
from contracts.ports.shelf import Shelf
from infra.files.shelf import FolderShelf
from refold.extras import how_to_install


def shelf_at(place: str) -> Shelf:
    """The shelf. Raises ShelfError where it cannot be reached, or a library for that is missing."""
    if "://" not in place:
        return FolderShelf(Path(place))
    if importlib.util.find_spec("fsspec") is None:
        raise ShelfError(f"an archive at {place} needs fsspec: {how_to_install('archive')}")
    from infra.files.object_shelf import ObjectShelf

    return ObjectShelf(place)
