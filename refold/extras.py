"""How the extras of the package are installed: it is on no index, so from a checkout of the project or from a wheel of it."""

from __future__ import annotations


def how_to_install(extra: str) -> str:
    """What to do where the libraries of an extra are missing."""
    return f"pip install '.[{extra}]' in a checkout of Refold, or pip install 'PATH/refold-VERSION-py3-none-any.whl[{extra}]'"
