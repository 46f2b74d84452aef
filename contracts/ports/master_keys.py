"""Master keys: what wraps the data keys of credentials. The port of a key management service; a file is one, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol


class Wrapped(NamedTuple):
    """A data key that only the master key of this id opens."""

    master_key: str
    content: bytes


class Hold(Protocol):
    """Lasts from `__enter__`, which raises KeyGone where there is no key, to `__exit__`."""

    def __enter__(self) -> object: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: Any) -> bool | None: ...


class MasterKeys(Protocol):
    """Some master keys, of which one wraps from now on. May be used by several threads at once; a call may take as long as a request."""

    @property
    def place(self) -> str:
        """Where they are, for people."""

    def current(self) -> str:
        """The id of the one that wraps. Raises KeyGone where there is none."""

    def wrap(self, data_key: bytes, about: bytes) -> Wrapped:
        """The data key, bound to what it is about, to be opened with the current one alone. Raises KeyGone."""

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """The data key. Raises KeyGone where its master key is not there, or this is not what it wrapped."""

    def holding(self) -> Hold:
        """As long as it lasts none of them is taken away: from wrapping until what was wrapped is stored."""

    def make(self) -> None:
        """Have a first one, durable when the call returns, where there is none. Raises KeyGone where others have to make it."""

    def begin_rotation(self) -> None:
        """From now on another one wraps, as far as this is made here; one that was begun goes on. Raises KeyGone."""

    def finish_rotation(self, is_done: Callable[[], bool]) -> bool:
        """Where nothing is wrapped by another one than the current one any more, take the others away, as far as they are kept here.

        It is asked while nobody holds them, so that nothing comes after the answer. Whether it is done.
        """
