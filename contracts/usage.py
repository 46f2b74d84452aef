"""Usage: what asking models takes, in tokens, calls and money; what a token costs; and how much of it all an execution may use.

Money is counted in billionths of a US dollar (`NANO`), prices in millionths of one for a million tokens (`MICRO`): both whole
numbers, so that sums come out the same wherever they are made. This is a storage format.
"""

from __future__ import annotations

from typing import Final

import msgspec

NANO: Final = 1_000_000_000
"""So many units of money are a US dollar."""
MICRO: Final = 1_000_000
"""So many units of a price are a US dollar for a million tokens."""
COUNT_MAX: Final = 2**53
"""Nothing is counted further: JSON readers everywhere still know such numbers exactly."""
MEASURES: Final = ("usd", "tokens", "model_calls", "tool_calls")
"""What a budget can limit."""


class ModelCall(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One request to a model, as whoever made it tells. `cached` and `cache_written` tokens are among the input, `reasoning` among
    the output. Not `is_measured`: the provider has not said, and the tokens are an estimate. `error`: why there is no answer.

    `is_repair` says that an answer before it did not match, and this says so. Times are milliseconds.
    """

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0
    is_measured: bool = True
    took_ms: int = 0
    first_token_ms: int | None = None
    error: str = ""
    is_repair: bool = False

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens


class Rates(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a million tokens cost, in millionths of a US dollar; those from the provider's cache, and those written into it."""

    input: int
    output: int
    cached: int
    cache_written: int


class Price(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a model (`provider:model`) costs. `above`: for calls with more input tokens than that, other rates, the largest last."""

    model: str
    rates: Rates
    above: tuple[tuple[int, Rates], ...] = ()


class Amount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So much of everything that a budget limits. `usd` is in billionths of a US dollar."""

    usd: int = 0
    tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0

    def and_(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(*(min(getattr(self, name) + getattr(other, name), COUNT_MAX) for name in MEASURES))

    def without(self, other: Amount) -> Amount:
        """What is left of it without the other, which is a part of it."""
        return Amount(*(max(getattr(self, name) - getattr(other, name), 0) for name in MEASURES))


class Allowance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How much may be used at most; None is without limit. `usd` is in billionths of a US dollar."""

    usd: int | None = None
    tokens: int | None = None
    model_calls: int | None = None
    tool_calls: int | None = None

    def narrowed(self, other: Allowance) -> Allowance:
        """No more than either says."""
        return Allowance(*(_smaller(getattr(self, name), getattr(other, name)) for name in MEASURES))

    def replaced(self, other: Allowance) -> Allowance:
        """What the other says, where it says anything."""
        said = ((getattr(self, name), getattr(other, name)) for name in MEASURES)
        return Allowance(*(mine if theirs is None else theirs for mine, theirs in said))

    def after(self, used: Amount) -> Allowance:
        """What is left when that much is used."""
        return Allowance(*(None if (most := getattr(self, name)) is None else max(most - getattr(used, name), 0) for name in MEASURES))

    @property
    def is_limit(self) -> bool:
        """Whether it limits anything."""
        return any(getattr(self, name) is not None for name in MEASURES)


def _smaller(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def cost(price: Price, input_tokens: int, output_tokens: int, cached: int = 0, cache_written: int = 0) -> int:
    """What a call costs, in billionths of a US dollar, rounded up."""
    rates = price.rates
    for limit, dearer in price.above:
        if input_tokens > limit:
            rates = dearer
    plain = max(input_tokens - cached - cache_written, 0)
    total = plain * rates.input + cached * rates.cached + cache_written * rates.cache_written + output_tokens * rates.output
    return min(-(-total // (MICRO * MICRO // NANO)), COUNT_MAX)


def cost_of(price: Price | None, call: ModelCall) -> int | None:
    """What a call has cost, in billionths of a US dollar; None where nobody knows a price."""
    if price is None:
        return None
    return cost(price, call.input_tokens, call.output_tokens, call.cached_tokens, call.cache_written_tokens)


def dearest(price: Price, input_tokens: int, output_tokens: int) -> int:
    """What a call of that size can cost at most: none of it from a cache, all of it at the dearest rate for input."""
    worst = (price.rates, *(rates for limit, rates in price.above if input_tokens > limit))
    return max(
        cost(Price(price.model, msgspec.structs.replace(rates, input=max(rates.input, rates.cache_written))), input_tokens, output_tokens)
        for rates in worst
    )


def written_limits(allowance: Allowance) -> dict[str, float | int]:
    """An allowance as people write a budget: money in US dollars, and nothing of what has no limit."""
    found = {name: most for name in MEASURES if (most := getattr(allowance, name)) is not None}
    return {name: most / NANO if name == "usd" else most for name, most in found.items()}


def told(amount: Amount) -> dict[str, float | int]:
    """An amount as people read it: money in US dollars."""
    return {"usd": amount.usd / NANO, "tokens": amount.tokens, "model_calls": amount.model_calls, "tool_calls": amount.tool_calls}
