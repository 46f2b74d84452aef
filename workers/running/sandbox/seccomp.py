"""The system calls that a jailed program may not make: new processes and what widens the way into the kernel.

Limits on processes do not bind root, so in a container a fork bomb would be stopped only by its time limit. Threads stay
allowed. The filter is classic BPF over `struct seccomp_data` (number at 0, architecture at 4, first argument at 16); see
`man 2 seccomp`.
"""

from __future__ import annotations

import platform
import struct
from typing import Final, NamedTuple

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_SET: Final = 0x45
_RETURN: Final = 0x06

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERROR: Final = 0x00050000
_EPERM: Final = 1
_ENOSYS: Final = 38
_CLONE_THREAD: Final = 0x00010000
_X32: Final = 0x40000000
"""From here on the numbers are those of another set of the same calls."""


class _Machine(NamedTuple):
    """An architecture: its audit id, the numbers of `clone` and `clone3`, and of the calls that are refused."""

    audit: int
    clone: int
    clone3: int
    refused: tuple[int, ...]


# fork vfork ptrace mount unshare setns bpf keyctl add_key request_key userfaultfd io_uring_setup perf_event_open memfd_create shmget
_X86_64: Final = (57, 58, 101, 165, 272, 308, 321, 250, 248, 249, 323, 425, 298, 319, 29)
_AARCH64: Final = (117, 40, 97, 268, 280, 219, 217, 218, 282, 425, 241, 279, 194)
_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, 56, 435, _X86_64),
    "aarch64": _Machine(0xC00000B7, 220, 435, _AARCH64),
}


def filter_program(machine: str = platform.machine()) -> bytes | None:
    """The filter for this architecture as bubblewrap takes it, None where there is none."""
    calls = _MACHINES.get(machine)
    if calls is None:
        return None
    program = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, calls.audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    program += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERROR | _ENOSYS)]
    for number in calls.refused:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | _EPERM)]
    program += [(_JUMP_EQUAL, 0, 1, calls.clone3), (_RETURN, 0, 0, _ERROR | _ENOSYS)]
    program += [(_JUMP_EQUAL, 0, 3, calls.clone), (_LOAD, 0, 0, 16), (_JUMP_SET, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _ERROR | _EPERM)]
    program += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
