"""The kinds of resources that are made over the API, one file and one line each."""

from __future__ import annotations

from typing import Final

from api.resources.breaker import BREAKERS
from api.resources.kind import ResourceKind
from api.resources.view import VIEWS

KINDS: Final[tuple[ResourceKind, ...]] = (VIEWS, BREAKERS)
"""Their operations stand in the document in this order."""
