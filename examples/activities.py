"""Activities of your own. Run them beside a server: refold worker examples.activities"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import refold


@dataclass
class Order:
    """What comes in: `order_id` and `amount` in cents."""

    order_id: str
    amount: int


@refold.activity
def reserve_stock(order: Order) -> dict[str, object]:
    """One parameter is the whole input, read as what it is annotated with."""
    return {"order_id": order.order_id, "amount": order.amount, "shelf": f"A{order.amount % 7}"}


@refold.activity
def charge_card(order_id: str, amount: int, context: refold.ActivityContext, config: dict[str, int]) -> dict[str, object]:
    """Several parameters are taken from the input by their names; `config` is the node's."""
    limit = config.get("limit", 100_000)
    if amount > limit:
        raise refold.ActivityError("card.declined", f"{amount} is over the limit of {limit}", retryable=False)
    context.logger.info("charging %s", amount)
    return {"order_id": order_id, "receipt": context.idempotency_key}


@refold.activity
async def print_label(charged: dict[str, str], context: refold.ActivityContext) -> str:
    """An `async` function runs on the event loop; a heartbeat tells how far it is."""
    for page in (1, 2):
        context.heartbeat(page / 2, {"page": page})
        await asyncio.sleep(0.01)
    return f"label of {charged['order_id']}"
