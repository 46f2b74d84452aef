"""Prices: what models cost, from the table of the package `genai-prices`, as rows that are recorded with an execution.

The table is read once, when the first execution begins that asks a model (0.2 s); what it says later changes no execution before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from importlib.util import find_spec
from typing import Any, Final

from contracts.models import split_model
from contracts.usage import MICRO, Price, Rates

_log: Final = logging.getLogger("refold.ai")


def prices_of(names: Iterable[str], now: int) -> tuple[Price, ...]:
    """The prices of the models (`provider:model`) that the table knows, as they are at a time (milliseconds since 1970)."""
    return tuple(price for name in names if (price := price_of(name, now)) is not None)


def price_of(name: str, now: int) -> Price | None:
    """What a model costs; None where the table does not know it, or there is none."""
    if find_spec("genai_prices") is None:
        return None
    try:
        return _looked_up(name, now)
    except Exception as error:  # a model without a price is one, whatever its table makes of the name
        _log.debug("the table of prices does not know %s: %r", name, error)
        return None


def _looked_up(name: str, now: int) -> Price | None:
    from genai_prices.data_snapshot import get_snapshot

    provider, model = split_model(name)
    _, found = get_snapshot().find_provider_model(model, None, provider, None)
    prices: Any = found.get_prices(datetime.fromtimestamp(now / 1000, UTC))
    kinds = prices.input_mtok, prices.output_mtok, prices.cache_read_mtok, prices.cache_write_mtok
    if kinds[0] is None or kinds[1] is None:
        return None
    limits = sorted({tier.start for kind in kinds for tier in getattr(kind, "tiers", ())})
    return Price(name, _rates(kinds, 0), tuple((limit, _rates(kinds, limit + 1)) for limit in limits))


def _rates(kinds: tuple[Any, ...], tokens: int) -> Rates:
    """The rates for a call with so many input tokens; what has no price of its own costs as much as other input."""
    given, said, cached, written = (None if kind is None else _rate(kind, tokens) for kind in kinds)
    assert given is not None
    assert said is not None
    return Rates(given, said, given if cached is None else cached, given if written is None else written)


def _rate(kind: Any, tokens: int) -> int:
    price: Decimal = getattr(kind, "base", kind)
    for tier in getattr(kind, "tiers", ()):
        if tokens > tier.start:
            price = tier.price
    return int((price * MICRO).to_integral_value(ROUND_CEILING))
