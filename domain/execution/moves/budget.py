"""Budgets: before a model is asked the most that this may take is set aside, and where there is too little left nobody is asked.

    may_ask ─┬─► BudgetReserved ─► NodeScheduled … ─┬─► count    UsageCounted: what the worker has told
             │                                      └─► settle   UsageCounted: the attempt is gone and nobody has told: all of it
             └─► ai.budget                               the node fails; resolving its incident may set other limits

A child has what is left set aside, or what its node says, and gives back what it has not used when it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts import events as e
from contracts.commands import CompleteActivity, CreateExecution, FailActivity, ReportChild
from contracts.errors import InvalidInput, Problem, Rejected
from contracts.failure import Failure
from contracts.models import REPAIR_DEFAULT, models_in
from contracts.usage import COUNT_MAX, MEASURES, NANO, Allowance, Amount, Price, cost_of, dearest, told
from contracts.values import length_of
from domain.definition.graph import Asks, Graph, Node
from domain.definition.pinned_prompts import PROMPT, bytes_of_repeats, said_by_prompt
from domain.execution.deciding import Deciding, Ready
from domain.execution.facts.usage import begun
from domain.execution.forked import past_in
from domain.execution.memo import AgentMemo
from domain.execution.moves.failure import fail
from domain.execution.paths import is_undo, node_in_definition
from domain.execution.pins import pin_for
from domain.execution.spending import NOTHING, Reserved, Spending, account_of
from domain.execution.state import Incident, NodeRun

EXCEEDED: Final = "ai.budget"
BYTES_PER_TOKEN: Final = 3
"""By which it is estimated how many tokens a question has: fewer than most texts have, so that they are more tokens than most are."""
REPAIR_BYTES: Final = 4_096
"""So long at most is what is said back to an answer that does not match."""
NODES_TOLD: Final = 20
"""Of so many nodes a failure says what they have used, those that used most first."""


# Before a model is asked.


def may_ask(ctx: Deciding, ready: Ready, config: bytes) -> bool:
    """Whether the node may ask its models with this config: then the most it may take is set aside. Else it has failed by `ai.budget`."""
    node, spending = ready.node, ctx.state.spending
    if spending is None or not _is_limited(spending, node) or _is_pinned(ctx, ready):
        return True
    written, bytes_asked = _question(ctx, ready, config)
    refusal = _reserve(ctx, node, ready.path, ready.attempt, written, bytes_asked)
    if refusal is not None:
        fail(ctx, ready, refusal, retryable=False)
    return refusal is None


def _question(ctx: Deciding, ready: Ready, config: bytes) -> tuple[Mapping[str, Any], int]:
    """The config by which models are asked, and how long the question is: in a turn of an agent with all that was said before."""
    agency = ready.node.agency
    if agency is None:
        written = ctx.parse(config)
        return _as_asked(ctx.graph, ready.node, written if isinstance(written, dict) else {}, length_of(config))
    memo = ctx.state.runs[ready.scope.owner].memo
    assert isinstance(memo, AgentMemo), f"{ready.scope.owner} is no agent"
    config = memo.config or agency.config
    said = sum(length_of(turn.answer) + sum(length_of(result) for _, result in turn.results) for turn in memo.turns)
    listed = sum(map(length_of, memo.lists.values()))
    return ctx.parse(config)["agent"], length_of(config) + len(agency.told) + listed + said


def _as_asked(graph: Graph, node: Node, written: Mapping[str, Any], bytes_asked: int) -> tuple[Mapping[str, Any], int]:
    """The same with what the prompt says that the node names: that counts where the node does not say it."""
    if node.type != PROMPT:
        return written, bytes_asked
    prompt = said_by_prompt(node.definition.config, graph.definition.prompts)
    said = {name: one for name, one in written.items() if one is not None}
    return {**prompt, **said}, bytes_asked + bytes_of_repeats(prompt, written.get("inputs"))


def _reserve(ctx: Deciding, node: Node, path: str, attempt: int, config: Mapping[str, Any], bytes_asked: int) -> Failure | None:
    """Set aside what asking the models of a config takes at most, of a question of that length; else the failure that it is."""
    spending = ctx.state.spending
    assert spending is not None
    if (before := spending.reserved.get(path)) is not None:  # of an attempt that is gone without a word
        _charge(ctx, path, before)
    chain = [model for model in models_in(config.get("model") or []) if isinstance(model, str)]
    wanted = _worst_case(spending, node, chain, config, bytes_asked)
    refusal = wanted if isinstance(wanted, Failure) else _refusal(ctx, spending, node, wanted)
    if refusal is None and isinstance(wanted, Amount):
        ctx.emit(e.BudgetReserved(path, attempt, wanted, chain[0] if chain else ""))
    return refusal


def take_tool_calls(ctx: Deciding, node: Node, path: str, attempt: int, calls: int) -> Failure | None:
    """Count calls of tools that a model asks for, before any of them begins; the failure that it is where they are too many."""
    spending = ctx.state.spending
    if spending is None or not calls or not _is_limited(spending, node):
        return None
    wanted = Amount(tool_calls=calls)
    refusal = _refusal(ctx, spending, node, wanted)
    if refusal is None:
        ctx.emit(e.UsageCounted(path, attempt, amount=wanted))
    return refusal


def _is_limited(spending: Spending, node: Node) -> bool:
    return spending.limits.is_limit or spending.limits_of(account_of(node)).is_limit


def _is_pinned(ctx: Deciding, ready: Ready) -> bool:
    """Whether a test run gives how the attempt ends, and nobody is asked."""
    test = ctx.state.test
    return test is not None and pin_for(test, ready.path, ready.attempt, True) is not None


def _worst_case(spending: Spending, node: Node, chain: list[str], config: Mapping[str, Any], bytes_asked: int) -> Amount | Failure:
    """What the node may take: all models of the chain, each with all repairs, each answer as long as may be."""
    both = spending.limits.narrowed(spending.limits_of(account_of(node)))
    longest = config.get("max_tokens")
    if not isinstance(longest, int) or isinstance(longest, bool):
        if both.usd is not None or both.tokens is not None:
            said = "a budget of money or tokens counts the longest answer there may be, and nothing says how long: add `max_tokens`"
            return Failure(EXCEEDED, said, {"what": "max_tokens"})
        longest = 0
    repair = config.get("repair", REPAIR_DEFAULT)
    repairs = repair if config.get("schema") is not None and isinstance(repair, int) else 0
    first = -(-bytes_asked // BYTES_PER_TOKEN)
    questions = [first, *[first + longest + REPAIR_BYTES // BYTES_PER_TOKEN] * repairs]
    usd = 0
    for model in chain:
        price = price_of(spending, node.asks, model)
        if price is None and both.usd is not None:
            return Failure(EXCEEDED, _no_price(model, node), {"what": "price", "model": model})
        usd += 0 if price is None else sum(dearest(price, asked, longest) for asked in questions)
    tokens = len(chain) * sum(asked + longest for asked in questions)
    return NOTHING.and_(Amount(usd, tokens, len(chain) * len(questions)))


def price_of(spending: Spending, asks: Asks | None, model: str) -> Price | None:
    """What a model costs that is asked so; None where nobody knows."""
    if asks is not None and asks.rates is not None:
        return Price(model, asks.rates)
    return None if asks is not None and asks.is_elsewhere else spending.prices.get(model)


def _refusal(ctx: Deciding, spending: Spending, node: Node, wanted: Amount) -> Failure | None:
    """Why so much more may not be used; None where it may."""
    node = account_of(node)
    name = node_in_definition(node)
    own = _over(spending.limits_of(node), spending.of_node(node.number), spending.set_aside(node.number), wanted)
    if own:
        return _exceeded(ctx.graph, spending, own, f"of node {name}", name)
    whole = _over(spending.limits, spending.used, spending.set_aside(), wanted)
    return _exceeded(ctx.graph, spending, whole, "of the execution", "") if whole else None


_Over = tuple[str, int, int, int, int]
"""A measure, its limit, what was used of it, what is set aside, and what is wanted."""


def _over(limits: Allowance, used: Amount, reserved: Amount, wanted: Amount) -> _Over | None:
    """Of which measure there would be too much; what has no limit may be set aside as far as anybody can count."""
    for name in MEASURES:
        most = getattr(limits, name)
        numbers = (getattr(used, name), getattr(reserved, name), getattr(wanted, name))
        if numbers[2] and (numbers[1] + numbers[2] > COUNT_MAX or (most is not None and sum(numbers) > most)):
            return (name, COUNT_MAX if most is None else most, *numbers)
    return None


def _exceeded(graph: Graph, spending: Spending, over: _Over, whose: str, node: str) -> Failure:
    what, *numbers = over
    limit, spent, reserved, wanted = (one / NANO if what == "usd" else one for one in numbers)
    words = {"usd": "US dollars", "tokens": "tokens", "model_calls": "calls of models", "tool_calls": "calls of tools"}[what]
    left = f"{_number(spent)} are spent, {_number(reserved)} reserved, and up to {_number(wanted)} more are needed"
    message = f"the budget {whose} allows {_number(limit)} {words}: {left}"
    details = {
        "what": what, "limit": limit, "spent": spent, "reserved": reserved, "needed": wanted, "of": node or "execution",
        "by_node": _by_node(graph, spending),
    }  # fmt: skip
    return Failure(EXCEEDED, message, details)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _by_node(graph: Graph, spending: Spending) -> dict[str, dict[str, Any]]:
    """What nodes have used, those that used most first."""
    most = sorted(spending.by_node.items(), key=lambda one: (-one[1].usd, -one[1].tokens, one[0]))[:NODES_TOLD]
    return {node_in_definition(graph.nodes[number]): told(amount) for number, amount in most if number >= 0}


# After it.


def count(ctx: Deciding, run: NodeRun, command: CompleteActivity | FailActivity) -> None:
    """An attempt has ended, and its worker has told what it took; what was set aside for it is free."""
    spending = ctx.state.spending
    if not command.calls and (spending is None or run.path not in spending.reserved):
        return
    node = ctx.graph.nodes[run.node]
    asks = node.undo_asks if is_undo(run.path) else node.asks
    costs = tuple(None if spending is None else cost_of(price_of(spending, asks, call.model), call) for call in command.calls)
    ctx.emit(e.UsageCounted(run.path, run.attempt, costs, None if command is ctx.command else command.calls))


def count_child(ctx: Deciding, report: ReportChild) -> None:
    """A child has ended, and says what it has used."""
    spending = ctx.state.spending
    if spending is None or (report.child not in spending.reserved and report.used is None):
        return
    ctx.emit(e.UsageCounted(report.path, 0, amount=report.used or NOTHING, child=report.child))


def settle(ctx: Deciding, spending: Spending) -> None:
    """What became of the attempts in this decision: of those that are gone without a word all counts that was set aside.

    An attempt ends by an event that names its node: only those are looked at, as 100,000 others may be under way.
    """
    if ctx.state.ended_at:
        return
    for path in dict.fromkeys(getattr(event, "path", "") for event in ctx.events):
        reserved = spending.reserved.get(path)
        if reserved is None or reserved.of_child:
            continue
        run = ctx.state.runs.get(path)
        if run is None or run.attempt != reserved.attempt or run.status in ("retrying", "incident"):
            _charge(ctx, path, reserved)


def _charge(ctx: Deciding, path: str, reserved: Reserved) -> None:
    ctx.emit(e.UsageCounted(path, reserved.attempt, amount=reserved.amount, is_estimate=True))


# Children, and other limits.


def grant(ctx: Deciding, ready: Ready, child: str) -> None:
    """Set aside for a child what its node says, or all that is left."""
    spending, node = ctx.state.spending, ready.node
    if spending is None:
        return
    own = spending.limits_of(account_of(node))
    if not own.is_limit and not spending.limits.is_limit:
        return
    own = own.after(spending.of_node(node.number).and_(spending.set_aside(node.number)))
    rest = spending.limits.after(spending.in_all).narrowed(own)
    free = Amount(*(COUNT_MAX for _ in MEASURES)).without(spending.set_aside())
    amount = Amount(*(min(getattr(rest, name) or 0, getattr(free, name)) for name in MEASURES))
    ctx.emit(e.BudgetReserved(ready.path, ready.attempt, amount, child=child))


def check_raise(command_budget: Allowance | None, incident: Incident) -> None:
    """Raise Rejected where an incident is about no budget."""
    if command_budget is not None and incident.failure.type != EXCEEDED:
        raise Rejected("no_budget", f"incident {incident.incident} is about no budget: it is {incident.failure.type}")


def raise_limits(ctx: Deciding, limits: Allowance, incident: Incident) -> None:
    """A person sets other limits: of the node, where it is that one's own budget that is used up."""
    details = incident.failure.details
    is_own = isinstance(details, dict) and details.get("of", "execution") != "execution"
    ctx.emit(e.BudgetRaised(limits, incident.path if is_own else ""))


def check_prices(ctx: Deciding, command: CreateExecution) -> None:
    """Raise InvalidInput where money is limited, and a model is named that nobody knows the price of. A test run may ask nobody."""
    spending = begun(ctx.graph, command)
    if spending is None or command.test is not None:
        return
    past = None if command.fork is None else past_in(command.fork)
    if past is not None and past.spending is not None:  # what a fork knew of prices, it knows
        spending.prices = {**past.spending.prices, **spending.prices}
    problems = list[Problem]()
    for node in ctx.graph.nodes:
        if node.asks is None or (spending.limits.usd is None and node.budget.usd is None):
            continue
        for model in models_in(_config(node).get("model") or []):
            if isinstance(model, str) and "{{" not in model and price_of(spending, node.asks, model) is None:
                fix = "give it a `price` in `settings.models`, or limit `tokens` in place of `usd`"
                problems.append(Problem("settings.budget.usd", "no_price", _no_price(model, node), fix))
    if problems:
        raise InvalidInput(problems)


def _config(node: Node) -> Mapping[str, Any]:
    return node.config if isinstance(node.config, dict) else {"model": getattr(node.config, "model", None)}


def _no_price(model: str, node: Node) -> str:
    return f"money is limited, and nobody knows what `{model}` costs, which node {node_in_definition(account_of(node))} asks"
