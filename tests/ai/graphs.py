"""Graphs of LangGraph for tests: each node leaves a line in a file when it runs."""

from __future__ import annotations

import operator
import os
import signal
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, AnyMessage
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Send, interrupt


class Walk(TypedDict, total=False):
    file: str
    steps: int
    dies_at: int
    died: str
    log: Annotated[list[str], operator.add]


def note(state: Walk, what: str) -> None:
    place = os.open(state["file"], os.O_WRONLY | os.O_APPEND)
    os.write(place, f"{what}\n".encode())
    os.close(place)


def walk(state: Walk) -> Walk:
    number = len(state.get("log", []))
    note(state, str(number))
    if number == state.get("dies_at") and not os.path.exists(state["died"]):
        open(state["died"], "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    get_stream_writer()({"at": number})
    return {"log": ["x" * 500]}


def walking() -> Any:
    graph = StateGraph(Walk)
    graph.add_node("walk", walk)
    graph.add_edge(START, "walk")
    graph.add_conditional_edges("walk", lambda state: END if len(state["log"]) >= state["steps"] else "walk")
    return graph.compile()


class Spread(TypedDict, total=False):
    file: str
    name: str
    log: Annotated[list[str], operator.add]


def leaf(state: Spread) -> Spread:
    note({"file": state["file"]}, state["name"])
    return {"log": [state["name"].upper()]}


def spreading() -> Any:
    graph = StateGraph(Spread)
    graph.add_node("leaf", leaf)
    graph.add_conditional_edges(START, lambda state: [Send("leaf", {"file": state["file"], "name": name}) for name in "abc"])
    return graph.compile()


class Talk(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def talking() -> Any:
    graph = StateGraph(Talk)
    graph.add_node("say", lambda state: {"messages": [AIMessage("hello", id="1")]})
    graph.add_edge(START, "say")
    return graph  # not compiled


def asking() -> Any:
    graph = StateGraph(Talk)
    graph.add_node("ask", lambda state: {"messages": [interrupt("may I?")]})
    graph.add_edge(START, "ask")
    return graph.compile()


WALK, SPREAD, TALK, ASK = walking(), spreading(), talking(), asking()
NOTHING = 7


class Book(TypedDict, total=False):
    file: str
    said: Annotated[list[Any], operator.add]


def booking() -> Any:
    """Two nodes ask at once, one of them twice; what comes behind them dies once."""

    def flight(state: Book) -> Book:
        note({"file": state["file"]}, "flight")
        first = interrupt({"question": "Which flight?"})
        return {"said": [first["comment"], interrupt(f"Which seat in {first['comment']}?")["comment"]]}

    def hotel(state: Book) -> Book:
        note({"file": state["file"]}, "hotel")
        return {"said": [interrupt("Which hotel?")["comment"]]}

    def pay(state: Book) -> Book:
        note({"file": state["file"]}, "pay")
        if not os.path.exists(f"{state['file']}.died"):
            open(f"{state['file']}.died", "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"said": ["paid"]}

    graph = StateGraph(Book)
    for node in (flight, hotel, pay):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "flight")
    graph.add_edge(START, "hotel")
    graph.add_edge(["flight", "hotel"], "pay")
    return graph


BOOK = booking()


def insisting() -> Any:
    """It asks for what no question may be."""
    graph = StateGraph(Talk)
    graph.add_node("ask", lambda state: {"messages": [interrupt("x" * 20_000)]})
    graph.add_edge(START, "ask")
    return graph


TOO_LONG = insisting()
