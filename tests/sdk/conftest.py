"""What tests of the package share: a server of the worker protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.protocol.host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as made:
        yield made
        made.verify()
