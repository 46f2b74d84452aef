"""The workloads in LangGraph: a graph per workload with its checkpointer in SQLite, as it ships."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from benchmarks import steps
from benchmarks.peers.driver import drive, read_plan, tell


class Chain(TypedDict):
    value: dict[str, Any]


class Fan(TypedDict):
    value: dict[str, Any]
    results: Annotated[list[Any], operator.add]


async def step(state: Chain) -> dict[str, Any]:
    return {"value": steps.step(state["value"])}


async def branch(state: Fan) -> dict[str, Any]:
    return {"results": [steps.step(state["value"])]}


async def join(state: Fan) -> dict[str, Any]:
    return {}


async def wait(state: Chain) -> dict[str, Any]:
    return {"value": interrupt("go")}


def sequence(length: int) -> Any:
    graph = StateGraph(Chain)
    names = [f"n{index}" for index in range(length)]
    for name in names:
        graph.add_node(name, step)
    for one, other in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(one, other)
    return graph


def fan_out(width: int) -> Any:
    graph = StateGraph(Fan)
    names = [f"n{index}" for index in range(width)]
    graph.add_node("join", join)
    for name in names:
        graph.add_node(name, branch)
        graph.add_edge(START, name)
    graph.add_edge(names, "join")
    graph.add_edge("join", END)
    return graph


def waiting() -> Any:
    graph = StateGraph(Chain)
    graph.add_node("wait", wait)
    graph.add_edge(START, "wait")
    graph.add_edge("wait", END)
    return graph


GRAPHS = {"w1": lambda: sequence(10), "w2": lambda: fan_out(50), "w3": lambda: sequence(5), "w4": waiting}


class Peer:
    """See `driver.Peer`."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    async def run(self, workload: str, number: int, given: dict[str, Any]) -> Any:
        return await self._graph.ainvoke({"value": given}, _thread(number))

    async def wait(self, number: int) -> None:
        await self._graph.ainvoke({"value": {}}, _thread(number))

    async def signal(self, number: int) -> None:
        await self._graph.ainvoke(Command(resume=steps.payload()), _thread(number))


def _thread(number: int) -> dict[str, Any]:
    return {"configurable": {"thread_id": str(number)}}


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    async with AsyncSqliteSaver.from_conn_string(f"{plan['folder']}/langgraph.sqlite") as saver:
        graph = GRAPHS[plan["workload"]]().compile(checkpointer=saver)
        return await drive(Peer(graph), plan)


if __name__ == "__main__":
    tell(asyncio.run(run(read_plan())))
