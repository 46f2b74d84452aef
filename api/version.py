"""Which build of Refold this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def build_version() -> str:
    """The version of this build, 0 where it is not installed."""
    try:
        return version("refold")
    except PackageNotFoundError:
        return "0"
