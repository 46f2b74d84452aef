"""Memos: what a node notes while it runs, and how that folds, from the events alone. Part of the state, and stored as it is."""

from __future__ import annotations

from typing import Final, Self, TypeAlias

import msgspec

from contracts.conversation import given_by
from contracts.events import Ending, NodeStarted
from contracts.ids import child_id
from contracts.person import Person, plain_name
from contracts.server_tools import call_of
from contracts.values import NULL, decode, encode
from domain.definition.kind_shape import KindShape, MemoName
from domain.execution.item_list import split_list


class Notes(msgspec.Struct, array_like=True):
    """What a node notes while it runs, and how that folds: from events and the state alone. By default it stays as it began."""

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """The notes of a node of this execution that has just begun; so many signals had come by then."""
        return cls()

    def enter(self, label: str, index: int) -> None:
        """A body of the node has begun."""

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """A body of the node at this path has ended so."""

    def given(self, kind: KindShape, index: int, data: bytes) -> bytes | None:
        """What a body of the node is given, where its event does not say; None: the node's own data, which this is."""
        return None

    def add(self, items: bytes, count: int) -> None:
        """Further items came while the node runs."""


class LoopMemo(Notes, array_like=True, tag="loop"):
    """What a loop notes. `items` is a JSON list, `added` further ones.

    `results` are the outputs by index, `failures` what stands for items that failed.
    """

    items: bytes = b"[]"
    total: int = 0
    concurrency: int = 1
    entered: int = 0
    open: int = 0
    last: bytes = b"null"
    added: list[tuple[bytes, int]] = msgspec.field(default_factory=list)
    results: dict[int, bytes] = msgspec.field(default_factory=dict)
    failures: dict[int, bytes] = msgspec.field(default_factory=dict)

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """The items stand in the event, or how many rounds there may be."""
        return cls(event.detail or b"[]", event.count, event.concurrency)

    def enter(self, label: str, index: int) -> None:
        """One more iteration is open."""
        self.entered = max(self.entered, index + 1)
        self.open += 1

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """An iteration has ended; a continued one gives null, a failed item leaves its error, whether or not that is heeded."""
        self.open -= 1
        if ending.status == "completed":
            self._keep(kind, index, output)
        elif ending.status == "continued" and ending.target == path:
            self._keep(kind, index, NULL)
        elif ending.status == "failed" and ending.failure is not None and kind.loop_over == "items":
            self.failures[index] = encode({"error": ending.failure.as_value()})

    def _keep(self, kind: KindShape, index: int, output: bytes) -> None:
        """Of rounds only the last output is kept."""
        self.last = output
        if kind.loop_over != "rounds":
            self.results[index] = output

    def given(self, kind: KindShape, index: int, data: bytes) -> bytes | None:
        """The item, out of the list that was recorded when the loop began."""
        return split_list(self.items)[index] if kind.loop_over == "items" else None

    def item(self, kind: KindShape, given: bytes) -> bytes | None:
        """`iteration.item` in a body of the loop that was given this: just that, or what the round before gave."""
        return given if kind.loop_over == "items" else self.last if kind.loop_over == "rounds" else None

    def add(self, items: bytes, count: int) -> None:
        """More to do."""
        self.added.append((items, count))
        self.total += count


class BranchesMemo(Notes, array_like=True, tag="branches"):
    """What a parallel notes: the outputs of the branches that have completed, in that order."""

    results: dict[str, bytes] = msgspec.field(default_factory=dict)
    open: int = 0

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """The output of a branch, as long as it counts."""
        if ending.status == "completed":
            self.results[label] = output


class TryMemo(Notes, array_like=True, tag="try"):
    """What a try notes: in which body it is, and how it ends after its finally."""

    phase: str = "body"
    ending: Ending | None = None

    def enter(self, label: str, index: int) -> None:
        """In which body it is."""
        self.phase = label

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """How it is to end."""
        if label != "finally":
            said = output if ending.status == "completed" else None
            self.ending = Ending(ending.status, ending.failure, said, ending.target, ending.final)


class WaitMemo(Notes, array_like=True, tag="wait"):
    """What a wait for signals notes: the names (a JSON list), how many signals came before it, how many it needs, and those so far."""

    names: bytes = b"[]"
    since: int = 0
    count: int = 1
    payloads: list[bytes] = msgspec.field(default_factory=list)

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """What it waits for stands in the event."""
        return cls(event.detail or b"[]", signals_received, event.count)


class ChildMemo(Notes, array_like=True, tag="child"):
    """What a sub-workflow notes: its child."""

    child: str = ""

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """The child's id follows from the node and its attempt."""
        return cls(child_id(execution, event.path, event.attempt))


class CancelMemo(Notes, array_like=True, tag="cancel"):
    """What a cancel node notes: what it ended, and what it still waits for."""

    ended: list[str] = msgspec.field(default_factory=list)
    waiting: list[str] = msgspec.field(default_factory=list)

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """Both stand in the event."""
        noted = decode(event.detail or b'{"ended":[],"waiting":[]}')
        return cls(noted["ended"], noted["waiting"])


class DetailMemo(Notes, array_like=True, tag="detail"):
    """What a kind notes that has no notes of its own here: the detail of its `NodeStarted`, as it was recorded (JSON)."""

    detail: bytes = b"null"

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """It stands in the event."""
        return cls(event.detail or NULL)


class Answer(msgspec.Struct, array_like=True, gc=False):
    """What a person has answered; `at` is milliseconds since 1970."""

    by: Person
    port: str
    at: int
    data: bytes | None = None
    comment: str = ""
    content: bytes | None = None


class Attachment(msgspec.Struct, array_like=True, gc=False):
    """A file that a person has attached; `content` is a JSON text in base 64."""

    number: int
    name: str
    media_type: str
    content: bytes


class Telling(msgspec.Struct, array_like=True, gc=False):
    """People are about to be told: by the channel at this place, of which version, and why."""

    place: int
    version: int
    about: str


class TaskMemo(Notes, array_like=True, tag="task"):
    """What a human task notes: what people are asked, who is asked now, and what they have said so far.

    `limit` and the `reminders` are milliseconds from `asked_at` on. `version` counts how often people were to be told of it.
    `notices` are what channels gave that have told people, by the channel's place; `telling` are those that are about to, by their
    executions. `commented` are the ids of what was said. `closed` says that nobody is asked any more.
    """

    question: str = ""
    assignees: list[str] = msgspec.field(default_factory=list)
    details: bytes | None = None
    content: bytes | None = None
    channels: bytes = b"[]"
    limit: int | None = None
    reminders: tuple[int, ...] = ()
    asked_at: int = 0
    claimed_by: str = ""
    answers: list[Answer] = msgspec.field(default_factory=list)
    reminded: int = 0
    is_escalated: bool = False
    version: int = 0
    notices: dict[int, bytes] = msgspec.field(default_factory=dict)
    telling: dict[str, Telling] = msgspec.field(default_factory=dict)
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    commented: list[str] = msgspec.field(default_factory=list)
    closed: bool = False

    def answer_of(self, name: str) -> Answer | None:
        """What this person has answered."""
        return next((answer for answer in self.answers if plain_name(answer.by.name) == plain_name(name)), None)

    def count(self, port: str) -> int:
        """How many people have answered by a port."""
        return sum(answer.port == port for answer in self.answers)


class AgentTurn(msgspec.Struct, array_like=True, gc=False):
    """What the model has answered, and what the tools gave that it asked for: whether all went well, and a value, or what it is told."""

    answer: bytes
    results: list[tuple[bool, bytes]]


class AgentMemo(Notes, array_like=True, tag="agent"):
    """What an agent notes: its config as it was filled in (None: as written), the turns so far, how often each tool was asked for.

    `results` are those of the turn under way, by the place of the call. `lists` are the tools that MCP servers have said to have, by the
    node. Nothing of it is said by an event of its own.
    """

    config: bytes | None = None
    entered: int = 0
    turns: list[AgentTurn] = msgspec.field(default_factory=list)
    results: dict[int, tuple[bool, bytes]] = msgspec.field(default_factory=dict)
    asked: dict[int, int] = msgspec.field(default_factory=dict)
    lists: dict[str, bytes] = msgspec.field(default_factory=dict)

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """What was filled in stands in the event."""
        return cls(event.detail)

    def enter(self, label: str, index: int) -> None:
        """A turn begins."""
        if label == "[]":
            self.entered = max(self.entered, index + 1)

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """A turn has ended; what it gives is what the model has answered. Any other body has listed the tools of a server."""
        if label != "[]":
            if ending.status == "completed":
                self.lists[label] = output
            return
        if ending.status == "completed":
            self.turns.append(AgentTurn(output, [self.results[place] for place in sorted(self.results)]))
        self.results = {}


Verdict: TypeAlias = int | list[int | str] | dict[str, str]
"""Of a call: the number of its tool; with that of the rule by which people are asked (-1: none) where there is one, or where the tool is a
server, with that server's name for what is called; or what the model is told instead."""


def number_in(verdict: int | list[int | str]) -> int:
    """The number of the tool."""
    return int(verdict[0] if isinstance(verdict, list) else verdict)


def rule_in(verdict: Verdict) -> int | None:
    """The number of the rule by which people are asked; None where nobody is."""
    return int(verdict[1]) if isinstance(verdict, list) and int(verdict[1]) >= 0 else None


def server_tool_in(verdict: Verdict) -> str | None:
    """What a server calls the tool; None where the tool is none of a server."""
    return str(verdict[2]) if isinstance(verdict, list) and len(verdict) > 2 else None


class CallsMemo(Notes, array_like=True, tag="calls"):
    """What the calls of an answer note: for each the number of the tool, or what the model is told instead; how many run at a time."""

    verdicts: list[Verdict] = msgspec.field(default_factory=list)
    concurrency: int = 1
    entered: int = 0
    open: int = 0

    @classmethod
    def begun(cls, event: NodeStarted, execution: str, signals_received: int) -> Self:
        """What was found about each stands in the event."""
        return cls(decode(event.detail or b"[]"), event.concurrency)

    def enter(self, label: str, index: int) -> None:
        """One more call runs."""
        self.entered = max(self.entered, index + 1)
        self.open += 1

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """One has ended."""
        self.open -= 1

    def given(self, kind: KindShape, index: int, data: bytes) -> bytes | None:
        """Its arguments, out of the answer; for a tool of a server with its name."""
        arguments, tool = given_by(data, index), server_tool_in(self.verdicts[index])
        return arguments if arguments is None or tool is None else call_of(tool, arguments)


class HeldMemo(Notes, array_like=True, tag="held"):
    """What an activity notes that a circuit breaker holds: which one, and since when (milliseconds since 1970)."""

    breaker: str = ""
    since: int = 0


class AskedMemo(Notes, array_like=True, tag="asked"):
    """What an activity notes whose graph asks something: the names of the questions and the questions (JSON), and the answers by place.

    `first` is how many were asked before; `is_open` says that the attempt that asks has ended, and the next one has not begun.
    """

    first: int = 0
    names: list[str] = msgspec.field(default_factory=list)
    questions: list[bytes] = msgspec.field(default_factory=list)
    answers: dict[int, bytes] = msgspec.field(default_factory=dict)
    is_open: bool = True

    def leave(self, kind: KindShape, path: str, label: str, index: int, ending: Ending, output: bytes) -> None:
        """A question is answered."""
        if ending.status == "completed":
            self.answers[index - self.first] = output

    def given(self, kind: KindShape, index: int, data: bytes) -> bytes | None:
        """The question."""
        return self.questions[index - self.first]


Memo: TypeAlias = (
    LoopMemo
    | BranchesMemo
    | TryMemo
    | WaitMemo
    | ChildMemo
    | CancelMemo
    | DetailMemo
    | TaskMemo
    | AgentMemo
    | CallsMemo
    | HeldMemo
    | AskedMemo
)
MEMOS: Final[dict[MemoName, type[Memo]]] = {
    "loop": LoopMemo,
    "branches": BranchesMemo,
    "try": TryMemo,
    "wait": WaitMemo,
    "child": ChildMemo,
    "cancel": CancelMemo,
    "detail": DetailMemo,
    "task": TaskMemo,
    "agent": AgentMemo,
    "calls": CallsMemo,
}
"""The notes by the name that a kind asks for them by, which is the tag they are stored under."""
