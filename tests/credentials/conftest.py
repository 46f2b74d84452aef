"""What the tests of credentials share: stores on every recorder there is, all of one place."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.credentials.master_keys import KeyFile
from infra.credentials.recorder import Place, in_file, in_memory, in_postgres
from infra.credentials.store import CredentialStore

Opens = Callable[[], CredentialStore]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000_000)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory":
        return in_memory()
    if request.param == "sqlite":
        return in_file(tmp_path / "credentials.db")
    return in_postgres(request.getfixturevalue("postgres_url"), f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture
def opens(place: Place, tmp_path: Path, clock: ManualClock) -> Iterator[Opens]:
    """Opens the same store once more, as another process does."""
    made: list[CredentialStore] = []

    def open_() -> CredentialStore:
        made.append(CredentialStore(place, KeyFile(tmp_path / "master.key"), clock))
        return made[-1]

    yield open_
    for store in made:
        store.close()


@pytest.fixture
def store(opens: Opens) -> CredentialStore:
    return opens()
