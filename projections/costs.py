"""The read model `costs`: what asking models took, per workflow, version, node, model, version of a prompt and day (UTC).

Tokens are facts, and so is what they cost at the prices that were recorded with the execution: rows are sums of both, and come out
the same however decisions are cut into batches. What children take stands in their own rows, and in nobody else's. Executions that
ask no model have no rows, and nothing of them is heard but their end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.events import Event
from contracts.journal import Decision
from contracts.ports.read_models import Changes, Condition, Index, Query, Table
from contracts.usage import COUNT_MAX, Amount, ModelCall
from domain.definition.graph import Graph
from domain.definition.prompts_in_use import PromptUsed, prompt_used
from domain.execution.facts.usage import calls_in
from domain.execution.paths import is_undo, node_named
from projections.analytics import node_of
from projections.read_model import ReadModel, Visit
from projections.sketch import Sketch

DAY_MS: Final = 86_400_000
ROWS_MAX: Final = 20_000
"""So many rows are added up for one question."""
SUM_MAX: Final = 2**62
"""No sum goes further: every database keeps such a number."""
MODEL_CHARS_MAX: Final = 200
"""So much of a model's name tells it from others."""
_NO_PROMPT: Final = PromptUsed("", 0)


class CostRecord(NamedTuple):
    """What asking a model took on a day (milliseconds since 1970). Without a prompt of the registry `prompt` is empty.

    `errors` are calls without an answer, `unmeasured` those whose tokens are an estimate (`unmeasured_tokens`), `unpriced` those that
    nobody knows a price of. Money is billionths of a US dollar. `lost` are attempts that have told nothing: of them there is only what
    was set aside, and it stands in none of the other columns. `first_token` is a sketch of milliseconds.
    """

    workflow: str
    day: int
    version: int
    node: str
    model: str
    prompt: str
    prompt_version: int
    calls: int = 0
    errors: int = 0
    repairs: int = 0
    unmeasured: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0
    unmeasured_tokens: int = 0
    usd: int = 0
    lost: int = 0
    lost_calls: int = 0
    lost_tokens: int = 0
    lost_usd: int = 0
    first_token: bytes = b""


KEY: Final = ("workflow", "day", "version", "node", "model", "prompt", "prompt_version")
COUNTS: Final = CostRecord._fields[len(KEY) : -1]
"""The columns that are added up."""
COSTS: Final = Table(
    name="costs",
    row=CostRecord,
    key=KEY,
    filters=frozenset(KEY),
    indexes=(Index("by_day", ("day",)),),
    time="day",
    is_sum=True,
)


class Spent:
    """What is added to a row: see `contracts.ports.read_models.Addition`. `counts` has the columns of `COUNTS` by name."""

    __slots__ = ("counts", "first_token")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self.first_token = Sketch()

    def count(self, **more: int) -> None:
        """So much more of these columns; nothing is counted below 0, or further than a sum goes."""
        for name, number in more.items():
            self.counts[name] = min(self.counts[name] + max(number, 0), SUM_MAX)

    def call(self, call: ModelCall, cost: int | None) -> None:
        """A request to a model, and what it cost; None where nobody knows."""
        told = {name: min(getattr(call, name), COUNT_MAX) for name in _TOKENS}
        self.count(
            calls=1, errors=bool(call.error), repairs=call.is_repair, unmeasured=not call.is_measured, unpriced=cost is None,
            unmeasured_tokens=0 if call.is_measured else told["input_tokens"] + told["output_tokens"], usd=cost or 0, **told,
        )  # fmt: skip
        if call.first_token_ms is not None:
            self.first_token.add(call.first_token_ms)

    def lose(self, amount: Amount) -> None:
        """An attempt that has told nothing, for which so much was set aside."""
        self.count(lost=1, lost_calls=amount.model_calls, lost_tokens=amount.tokens, lost_usd=amount.usd)

    def add(self, record: CostRecord) -> None:
        """All that is in a row."""
        self.count(**{name: getattr(record, name) for name in COUNTS})
        self.first_token.add_packed(record.first_token)

    def added_to(self, key: tuple[Any, ...], before: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """The row with this added; of one that is not there yet, this."""
        if before is not None:
            self.add(CostRecord(*before))
        return (*key, *(self.counts[name] for name in COUNTS), self.first_token.packed())


_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_written_tokens", "reasoning_tokens")


def _spent(changes: Changes, visit: Visit, now: int, path: str, model: str) -> Spent:
    """What is added to the row of a model that a node asks."""
    state, graph = visit.folded.state, visit.folded.graph
    prompt = _prompt_of(graph, path)
    named = model[:MODEL_CHARS_MAX].replace("\0", "\ufffd")
    key = (state.workflow, now - now % DAY_MS, state.workflow_version, node_of(path), named, *prompt)
    found = changes.sums.setdefault(COSTS, {}).setdefault(key, Spent())
    assert isinstance(found, Spent)
    return found


def _prompt_of(graph: Graph, path: str) -> PromptUsed:
    """The version of a prompt that a node asks with."""
    node = node_named(graph, path) if graph.definition.prompts else None
    if node is None:
        return _NO_PROMPT
    acts = node.definition.compensate if is_undo(path) else node.definition
    return (None if acts is None else prompt_used(acts.type, acts.config, graph.definition.prompts)) or _NO_PROMPT


def _counted(changes: Changes, visit: Visit, event: e.UsageCounted, decision: Decision) -> None:
    """An attempt has told what it took; or it is gone, and what was set aside for it is all that is known."""
    state = visit.folded.state
    if state.test is not None:  # it counts nowhere
        return
    if event.is_estimate and event.amount is not None:
        reserved = None if state.spending is None else state.spending.reserved.get(event.path)
        model = "" if reserved is None else reserved.model
        _spent(changes, visit, decision.now, event.path, model).lose(event.amount)
    elif event.amount is None:  # else it is of tools, or of a child, whose own rows have it
        for call, cost in zip(calls_in(event, decision), event.costs, strict=False):
            _spent(changes, visit, decision.now, event.path, call.model).call(call, cost)


def _ended(changes: Changes, visit: Visit, event: Event, decision: Decision) -> None:
    """The execution ends: nobody hears any more what was asked for, so what is set aside for it is all that is known."""
    state = visit.folded.state
    spending = state.spending
    if spending is None or not spending.reserved or state.test is not None:
        return
    if any(type(one) is e.PastTakenUp for one in decision.events):  # a fork of what has ended: it asked nobody itself
        return
    for path, reserved in spending.reserved.items():
        if not reserved.of_child:
            _spent(changes, visit, decision.now, path, reserved.model).lose(reserved.amount)


class OnlyOf(NamedTuple):
    """Which rows are wanted, by columns of their key; None: all."""

    workflow: str | None = None
    version: int | None = None
    node: str | None = None
    model: str | None = None
    prompt: str | None = None
    prompt_version: int | None = None


def costs_where(begin: int, end: int, only: OnlyOf = OnlyOf()) -> Query[CostRecord]:
    """The rows of days from `begin` to before `end`, milliseconds since 1970."""
    named = (Condition(name, "=", value) for name, value in only._asdict().items() if value is not None)
    return Query(COSTS, (*named, Condition("day", ">=", begin), Condition("day", "<", end)), limit=ROWS_MAX + 1)


_BEFORE: Final[dict[type[Event], Callable[[Changes, Visit, Any, Decision], None]]] = {
    e.UsageCounted: _counted,
    **dict.fromkeys((e.ExecutionCompleted, e.ExecutionFailed, e.ExecutionCancelled, e.ExecutionTerminated), _ended),
}
"""What is set aside is there until the event is folded."""

READ_MODEL: Final = ReadModel(
    name="costs",
    may_lag=True,
    outlives_journal=True,
    version=1,
    shape="859378ca3a6bb73a",
    tables=(COSTS,),
    take_before=_BEFORE,
)
