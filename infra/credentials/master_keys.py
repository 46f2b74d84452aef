"""Master keys on this machine: in a file, which is made at first use, or in a variable of the environment.

    master.key     │ 9Xz…= │ the key that wraps from now on, 32 bytes in base64
                   │ 3fQ…= │ further ones, which still open what they wrapped: while a rotation is under way

A key is called by a digest of it. The file is replaced as a whole, under a lock that whoever wraps holds, too.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from contracts.errors import KeyGone, LogError
from contracts.ports.master_keys import MasterKeys, Wrapped
from infra.files.whole import make_folder, raises_log_full, sync_folder, write_whole
from infra.keys.cipher import KEY_BYTES, Cipher

ENTRY_POINT_GROUP: Final = "refold.master_keys"
FILE_BYTES_MAX: Final = 64 * 1024


class _Ring:
    """Some keys, the first of which wraps."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self.ids = tuple(_id_of(key) for key in keys)
        self.keys = keys
        self._ciphers = dict(zip(self.ids, map(Cipher, keys), strict=True))

    def wrap(self, data_key: bytes, about: bytes) -> Wrapped:
        return Wrapped(self.ids[0], self._ciphers[self.ids[0]].seal(data_key, about))

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        return self._ciphers[wrapped.master_key].unseal(wrapped.content, about)


class KeyFile:
    """See `MasterKeys`: in a file that nobody else may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._ring = _Ring(())

    @property
    def place(self) -> str:
        """See MasterKeys."""
        return str(self._path)

    def current(self) -> str:
        """See MasterKeys."""
        return self._read().ids[0]

    def wrap(self, data_key: bytes, about: bytes) -> Wrapped:
        """See MasterKeys."""
        return self._read().wrap(data_key, about)

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """See MasterKeys."""
        ring = self._read()
        if wrapped.master_key not in ring.ids:
            raise KeyGone(f"master key {wrapped.master_key} is missing: {self._path} has {', '.join(ring.ids)}")
        return ring.unwrap(wrapped, about)

    def _read(self) -> _Ring:
        """What the file has now."""
        with self._lock:
            try:
                found = os.stat(self._path)
                seen = (found.st_ino, found.st_mtime_ns, found.st_size)
                if seen != self._seen:
                    self._ring = _Ring(_keys_in(self._path.read_bytes()[:FILE_BYTES_MAX], str(self._path)))
                    self._seen = seen
            except FileNotFoundError:
                raise KeyGone(f"the master key is missing: there is no file {self._path}") from None
            except OSError as error:
                raise KeyGone(f"the master key is missing: {self._path} cannot be read: {error.strerror}") from None
            return self._ring

    @contextmanager
    def holding(self) -> Iterator[None]:
        """See MasterKeys."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """The lock is on the file itself: whoever has got one on a file that was replaced meanwhile tries again."""
        while True:
            try:
                file = os.open(self._path, os.O_RDONLY)
            except OSError as error:
                raise KeyGone(f"the master key is missing: {self._path}: {error.strerror}") from None
            try:
                fcntl.flock(file, how)
                with suppress(FileNotFoundError):
                    if os.stat(self._path).st_ino == os.fstat(file).st_ino:
                        yield
                        return
            finally:
                os.close(file)

    def make(self) -> None:
        """See MasterKeys. Of two who make one at once, one does."""
        if self._path.exists():
            return
        make_folder(self._path.parent)
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        with raises_log_full(self._path):
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(file, _written((secrets.token_bytes(KEY_BYTES),)))
                os.fsync(file)
                with suppress(FileExistsError):
                    os.link(temporary, self._path)
            finally:
                os.close(file)
                os.unlink(temporary)
        sync_folder(self._path.parent)

    def begin_rotation(self) -> None:
        """See MasterKeys. A file with several keys is in the middle of one."""
        with self._locked(fcntl.LOCK_EX):
            ring = self._read()
            if len(ring.keys) == 1:
                write_whole(self._path, _written((secrets.token_bytes(KEY_BYTES), *ring.keys)))

    def finish_rotation(self, is_done: Callable[[], bool]) -> bool:
        """See MasterKeys."""
        with self._locked(fcntl.LOCK_EX):
            if not is_done():
                return False
            write_whole(self._path, _written(self._read().keys[:1]))
            return True


class KeyVariable:
    """See `MasterKeys`: as a file has them, in a variable, with commas between; who has set it changes it."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.place = f"the environment variable {name}"
        self._content = environment.get(name, "")

    def current(self) -> str:
        """See MasterKeys."""
        return self._read().ids[0]

    def wrap(self, data_key: bytes, about: bytes) -> Wrapped:
        """See MasterKeys."""
        return self._read().wrap(data_key, about)

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """See MasterKeys."""
        ring = self._read()
        if wrapped.master_key not in ring.ids:
            raise KeyGone(f"master key {wrapped.master_key} is missing: {self.place} has {', '.join(ring.ids)}")
        return ring.unwrap(wrapped, about)

    def _read(self) -> _Ring:
        if not self._content:
            raise KeyGone(f"the master key is missing: {self.place} is not set")
        return _Ring(_keys_in(self._content.replace(",", "\n").encode(), self.place))

    def holding(self) -> AbstractContextManager[None]:
        """See MasterKeys."""
        return nullcontext()

    def make(self) -> None:
        """See MasterKeys."""
        self._read()

    def begin_rotation(self) -> None:
        """See MasterKeys: it was begun when another key was put first."""

    def finish_rotation(self, is_done: Callable[[], bool]) -> bool:
        """See MasterKeys: whoever has set the variable takes the others out of it."""
        return is_done()


class MemoryKeys(KeyVariable):
    """See `MasterKeys`: gone at the end of the process."""

    def __init__(self) -> None:
        super().__init__("memory", {"memory": _written((secrets.token_bytes(KEY_BYTES),)).decode().strip()})
        self.place = "memory"


def master_keys_at(setting: str | None, data: Path | None, environment: Mapping[str, str]) -> MasterKeys:
    """The master keys that the setting names. Raises LogError for a place that nobody knows."""
    if setting is None:
        return MemoryKeys() if data is None else KeyFile(data / "master.key")
    scheme, colon, rest = setting.partition(":")
    if not colon or scheme == "file":
        return KeyFile(Path(rest or setting))
    if scheme == "env":
        return KeyVariable(rest, environment)
    found = [entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name == scheme]
    if not found:
        known = ", ".join(["file", "env", *sorted(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))])
        raise LogError(f"the setting `master_key` names {scheme}:…; there are {known}")
    make: Callable[[str], MasterKeys] = found[0].load()
    return make(rest)


def _id_of(key: bytes) -> str:
    return blake2b(key, digest_size=4, person=b"refold key id").hexdigest()


def _keys_in(content: bytes, place: str) -> tuple[bytes, ...]:
    found = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if text := line.strip():
            try:
                key = base64.b64decode(text, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != KEY_BYTES:
                raise KeyGone(f"{place}, line {number}: expected a master key, {KEY_BYTES} bytes in base64")
            found.append(key)
    if not found:
        raise KeyGone(f"the master key is missing: {place} is empty")
    return tuple(found)


def _written(keys: tuple[bytes, ...]) -> bytes:
    return b"".join(base64.b64encode(key) + b"\n" for key in keys)
