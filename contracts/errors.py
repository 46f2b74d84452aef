"""The exception tree: whose fault it is, what was expected, what was found.

RefoldError
├── Rejected                 the engine refuses a command; the caller can act on the reason
│   ├── Overloaded           too much is waiting; try again after a pause
│   └── NoCredential         a secret is asked for that is not there, or that cannot be opened
│       └── NoConsent        a person came back from authorizing one, and it does not count
├── InvalidDefinition        a definition has problems; carries all of them
├── InvalidInput             a value does not match what was asked for; carries the problems
├── InvalidSettings          settings that cannot be used: unknown names, wrong values
├── ExpressionError          an expression could not be read or evaluated; names the sub-expression
│   └── ExpressionLimit      an expression, or its result, is over a bound
├── LogError                 the log cannot do what was asked
│   ├── Fenced               another owner has claimed the partition
│   ├── AppendUnknown        nobody knows whether the append landed
│   ├── RecordTooLarge       one decision is larger than the log takes
│   ├── Overtaken            another projector has stored these rows first
│   ├── RowsGone             the rows were taken away or damaged, and are made again
│   ├── LogUnreachable       nobody answers at the moment; nothing was sent
│   ├── LogFull              there is no room; nothing was stored
│   ├── LogHeld              another process holds the data folder
│   ├── LogFenced            the data folder is a copy in which nothing is to run yet
│   ├── LogGone              the log's file was taken away under the process that has it open
│   └── LogCorrupt           what is stored cannot be what was written
│       └── LogLost          what was acknowledged is not there any more
├── UnknownRecord            a stored record of a schema version this build does not know
└── Divergence               replay decides otherwise than was recorded
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from contracts.lost import Lost


class RefoldError(Exception):
    """Anything that Refold itself raises."""


class Rejected(RefoldError):
    """A command was refused; the state is unchanged.

    `reason` is a stable word for programs (`unknown_execution`, `already_ended`, `stale_attempt` …), the message is for people.
    """

    def __init__(self, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.details = details


class Overloaded(Rejected):
    """Too many commands are waiting; nothing was taken in."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__("overloaded", message)
        self.retry_after_s = retry_after_s


class NoCredential(Rejected):
    """There is no credential of that name, or it cannot be opened here; the message says what is missing.

    For an activity it is a failure of that type, which trying again alone does not mend, unless it is `retryable`.
    """

    error_type = "no_credential"

    def __init__(self, name: str, why: str, retryable: bool = False) -> None:
        super().__init__("no_credential", f"credential {name}: {why}")
        self.why, self.retryable = why, retryable


class NoConsent(NoCredential):
    """A person came back from authorizing a credential, and it does not count; the message says why, and `outcome` says it to programs.

    `foreign`: nobody was sent so, or another one since. `expired`: that is too long ago. `again`: it was finished by this already.
    `broken_off`: it came back already, and was not finished. `refused`, `away`: the server has refused, or could not be asked.
    """

    def __init__(self, name: str, outcome: str, why: str) -> None:
        super().__init__(name, why, retryable=outcome == "away")
        self.outcome = outcome


class Problem(NamedTuple):
    """One thing that is wrong: where (`nodes[2].config.url`), which rule, what was found, what to write instead.

    In a text also the line and column, from 1, of the nearest value around it (0: not known), and the id of the node it belongs to.
    """

    path: str
    rule: str
    message: str
    fix: str = ""
    line: int = 0
    column: int = 0
    node: str = ""

    def as_value(self) -> dict[str, str | int]:
        """The problem as JSON shows it."""
        said: dict[str, str | int] = {"path": self.path, "rule": self.rule, "message": self.message, "fix": self.fix}
        if self.line:
            said |= {"line": self.line, "column": self.column}
        return {**said, "node": self.node} if self.node else said


def _place(problem: Problem, root: str) -> str:
    return problem.path or (f"line {problem.line}, column {problem.column}" if problem.line else root)


def summarize(problems: list[Problem], root: str) -> str:
    """The first problems in one line, and how many more there are."""
    shown = "; ".join(f"{_place(problem, root)}: {problem.message}" for problem in problems[:3])
    return shown if len(problems) <= 3 else f"{shown} (and {len(problems) - 3} more)"


class InvalidDefinition(RefoldError):
    """A definition cannot be published; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(summarize(problems, "definition"))
        self.problems = problems


class InvalidInput(RefoldError):
    """A value does not match its schema; the paths of `problems` are JSON pointers."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(summarize(problems, "/"))
        self.problems = problems


class InvalidSettings(RefoldError):
    """Settings that cannot be used; the message names each setting, where it was set, what was expected and what was found."""


class ExpressionError(RefoldError):
    """An expression could not be compiled or evaluated; the message names the sub-expression.

    `type` is what the failure is called that it leads to.
    """

    type = "expression"


class ExpressionLimit(ExpressionError):
    """An expression costs more than it may, or its result is larger than a value may be."""

    type = "expression.limit"


OF_VALUES: Final = (ExpressionError, InvalidInput, ValueError, OverflowError, RecursionError)
"""What a node fails with because of a value that it was given: never a fault of the engine."""


SHORTAGES: Final = (OSError, MemoryError)
"""What may pass: no file, no memory, a disk or a network that does not answer. It says nothing about an execution."""


def reason_of(error: Exception) -> str:
    """An error in one line: its own words where it is one of ours, else with its name before them."""
    return str(error) if isinstance(error, RefoldError) else f"{type(error).__name__}: {error}"


class LogError(RefoldError):
    """The log cannot do what was asked."""


class Fenced(LogError):
    """Another owner has claimed the partition: stand down, do nothing of what the round decided."""


class AppendUnknown(LogError):
    """Nobody knows whether the append landed: stand down, claim again, read what is there."""


class RecordTooLarge(LogError):
    """One decision is larger than the log takes; it was not sent."""


class LogUnreachable(LogError):
    """Nobody answers who could read or append; nothing was sent, and it may be otherwise in a moment."""


class Overtaken(LogError):
    """Another projector has stored rows of the same partition meanwhile; nothing was stored. Go on from what is there."""


class RowsGone(LogError):
    """The rows of a partition were deleted, replaced or damaged; nothing was stored. They are made again from the journal."""


class LogFull(LogError):
    """There is no room left; nothing of the round was stored."""


class LogHeld(LogError):
    """Another process holds the data folder; the message says which. `server` is its address, where it is a server."""

    def __init__(self, message: str, server: str | None = None) -> None:
        super().__init__(message)
        self.server = server


class LogFenced(LogError):
    """The data folder is a copy in which nothing is to run until somebody says so; `folder` is where it is."""

    def __init__(self, message: str, folder: str) -> None:
        super().__init__(message)
        self.folder = folder


class LogCorrupt(LogError):
    """What is stored cannot be what was written; nothing was changed."""


class LogLost(LogCorrupt):
    """Records that were acknowledged are gone; nothing was changed. `lost` says which."""

    def __init__(self, log: str, lost: Sequence[Lost]) -> None:
        super().__init__(f"the log {log} has lost what was acknowledged: {'; '.join(map(str, lost))}")
        self.lost = tuple(lost)


VERDICTS: Final = (RecordTooLarge, LogCorrupt)
"""Errors of the log that are about what was asked for. After any other one nothing has happened, and it is to be asked for again."""


class LogGone(LogError):
    """The log's file was deleted, renamed or replaced under the process that has it open: nothing may be answered any more."""


class ShelfError(RefoldError):
    """The place where files of the archive are kept cannot be used."""


class ArchiveDamaged(RefoldError):
    """A bundle of the archive cannot be what was written, or is none."""


class UnknownRecord(RefoldError):
    """A stored record has a schema version that this build does not know; it is never guessed at."""


class KeyGone(RefoldError):
    """A key was thrown away, or is not here: what it sealed cannot be read."""


class KeysMissing(RefoldError):
    """The keys of a partition's sealed executions are kept where this process does not look: it must not own the partition."""


class Divergence(RefoldError):
    """Replay decides otherwise than was recorded."""

    def __init__(self, execution: str, version: int, node: str, expected: str, found: str) -> None:
        super().__init__(f"execution {execution}, event {version}{f', node {node}' if node else ''}: expected {expected}, found {found}")
        self.execution = execution
        self.version = version
        self.node = node
        self.expected = expected
        self.found = found
