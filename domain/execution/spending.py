"""Spending: what an execution has used of models, what is set aside for calls under way, and how much there may be of both."""

from __future__ import annotations

import msgspec

from contracts.usage import MEASURES, Allowance, Amount, Price
from domain.definition.graph import Graph, Node

NOTHING = Amount()
UNLIMITED = Allowance()


def account_of(node: Node) -> Node:
    """The node that has the budget by which this one uses models: what the turns of an agent take, the agent takes."""
    return node if node.agency is None else node.agency.agent


class Reserved(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is set aside for an attempt at asking `model`, or for a child; `node` is the number of its node."""

    node: int
    attempt: int
    amount: Amount
    model: str = ""
    of_child: bool = False


class Spending(msgspec.Struct, array_like=True):
    """Of an execution that asks models, or whose children may. `reserved` is by the path of the node, or the id of the child.

    `used` has what was counted; `by_node` the same by the number of the node; `raised` the limits of nodes that a person has changed.
    `aside` and `aside_by_node` are the sums of what is reserved: kept as it comes and goes, as it may be of 100,000 attempts at a time.
    """

    limits: Allowance = UNLIMITED
    prices: dict[str, Price] = msgspec.field(default_factory=dict)
    used: Amount = NOTHING
    by_node: dict[int, Amount] = msgspec.field(default_factory=dict)
    reserved: dict[str, Reserved] = msgspec.field(default_factory=dict)
    raised: dict[int, Allowance] = msgspec.field(default_factory=dict)
    estimated: Amount = NOTHING
    """How much of what was used nobody has measured."""
    aside: Amount = NOTHING
    aside_by_node: dict[int, Amount] = msgspec.field(default_factory=dict)

    def reserve(self, name: str, one: Reserved) -> None:
        """Set something aside: of an attempt by the path of its node, or of a child by its id."""
        self.release(name)
        self.reserved[name] = one
        self.aside = self.aside.and_(one.amount)
        self.aside_by_node[one.node] = self.set_aside(one.node).and_(one.amount)

    def release(self, name: str) -> Reserved | None:
        """What was set aside so is free; None where nothing was."""
        one = self.reserved.pop(name, None)
        if one is None:
            return None
        self.aside = self.aside.without(one.amount)
        rest = self.set_aside(one.node).without(one.amount)
        if rest == NOTHING:
            self.aside_by_node.pop(one.node, None)
        else:
            self.aside_by_node[one.node] = rest
        return one

    def set_aside(self, node: int | None = None) -> Amount:
        """What is set aside, of all or of one node."""
        return self.aside if node is None else self.aside_by_node.get(node, NOTHING)

    def of_node(self, node: int) -> Amount:
        """What one node has used."""
        return self.by_node.get(node, NOTHING)

    def limits_of(self, node: Node) -> Allowance:
        """How much one node may use."""
        return self.raised.get(node.number, node.budget)

    def allowance_of(self, graph: Graph, child: str) -> Allowance | None:
        """What a child may use; None where nobody limits it."""
        reserved = self.reserved.get(child)
        if reserved is None:
            return None
        limits = self.limits.narrowed(self.limits_of(graph.nodes[reserved.node]))
        return Allowance(*(None if getattr(limits, name) is None else getattr(reserved.amount, name) for name in MEASURES))

    @property
    def in_all(self) -> Amount:
        """What was used, with what is set aside: so much it is at most."""
        return self.used.and_(self.set_aside())


def used_in_all(spending: Spending | None) -> Amount | None:
    """What an execution that has ended has used at most, with its children; None where there is nothing to tell."""
    found = NOTHING if spending is None else spending.in_all
    return None if found == NOTHING else found
