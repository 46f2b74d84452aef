"""Graphs of LangGraph as activities: what a node of the graph gives is a recorded step, in place of a checkpointer.

    refold worker refold.ai.langgraph        offers the kind `langgraph`, whose `graph` is `module:name`

A node that has ended does not run again in the next attempt. What the graph says while it runs (`stream`) goes to those who look on.
"""

from __future__ import annotations

import base64
import importlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import refold
from refold.ai.state_graph import to_state_graph
from refold.errors import ActivityError
from refold.extras import how_to_install
from refold.json_values import dumps
from refold.worker.activities import ActivityContext
from refold.worker.raised import DETAILS_BYTES_MAX

try:
    from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.errors import GraphInterrupt
    from langgraph.graph import StateGraph
    from langgraph.pregel import Pregel
    from langgraph.types import Command as GoTo
    from langgraph.types import Interrupt
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("langgraph", "langchain_core"):
        raise
    raise ImportError(f"refold.ai.langgraph needs LangGraph: {how_to_install('langgraph')}") from None

__all__ = ["MODES", "langgraph", "run_recorded", "to_state_graph"]

MODES: Final = ("custom", "updates", "messages")
"""What a graph may say while it runs."""
QUESTIONS_MAX: Final = 100
_ASKED: Final = "asked "
"""The names of steps that are answers begin so."""
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_typed: Final = JsonPlusSerializer()


@refold.activity(name="langgraph")
async def langgraph(given: Any, config: dict[str, Any], context: ActivityContext) -> Any:
    """Run a graph to its end; gives its last state. Config: `graph` (`module:name`), `input` (else the node's data), `stream`."""
    graph = _graph(config.get("graph"))
    modes = _modes(config.get("stream", []))
    return await run_recorded(graph, config.get("input", given), context, modes)


async def run_recorded(graph: Any, given: Any, context: ActivityContext, modes: tuple[str, ...] = ()) -> Any:
    """Run a graph, compiled or not, in an activity of your own.

    Raises ActivityError `langgraph.interrupted` where it asks something (`interrupt()`) that nobody has answered yet.
    """
    run = _Run(graph, context)
    answers = any(name.startswith(_ASKED) for name in context.recorded_steps)
    output, asked = await run.through(given, modes, InMemorySaver() if answers else None)
    if asked:
        raise _interrupted(asked)
    return output


class _Run:
    """A graph in an attempt, with each of its nodes as a step. It keeps no checkpoints, but for the moment in which it is answered."""

    def __init__(self, graph: Any, context: ActivityContext) -> None:
        compiled = graph.compile() if isinstance(graph, StateGraph) else graph
        if not isinstance(compiled, Pregel):
            raise _invalid(f"it is {type(graph).__name__}, and no graph of LangGraph")
        self._compiled, self._context = compiled, context
        self._asks: dict[str, str] = {}
        """The questions under way by LangGraph's ids for them, as the steps that their answers are."""
        self._told: Counter[str] = Counter()
        """How many questions of each step are answered."""

    async def through(self, given: Any, modes: tuple[str, ...], saver: InMemorySaver | None) -> tuple[Any, list[dict[str, Any]]]:
        """Run it to its end, or to questions that nobody has answered; gives its last state, and those."""
        graph = self._recorded(saver)
        config: RunnableConfig = {"configurable": {"thread_id": self._context.path}}
        while True:
            output, asked = await self._until_it_asks(graph, given, modes, config)
            known = {one.id: self._asks[one.id] for one in asked if self._asks.get(one.id) in self._context.recorded_steps}
            if not known:
                return output, [{"ask": self._asks.get(one.id, one.id), "value": _shown(one.value)} for one in asked]
            given = GoTo(resume={id_: await self._answer(name) for id_, name in known.items()})

    async def _until_it_asks(self, graph: Any, given: Any, modes: tuple[str, ...], config: RunnableConfig) -> tuple[Any, list[Interrupt]]:
        output, asked = None, dict[str, Interrupt]()
        async for mode, said in graph.astream(given, config, stream_mode=["values", *modes]):
            if mode != "values":
                if not _is_of_an_interrupt(mode, said):
                    self._context.log(mode, node=_node_of(mode, said), said=_shown(said))
            elif isinstance(said, Mapping) and "__interrupt__" in said:
                asked |= {one.id: one for one in said["__interrupt__"]}
            else:
                output = said
        return output, list(asked.values())

    async def _answer(self, name: str) -> Any:
        self._told[name.rpartition(" ")[0]] += 1
        return await self._context.step_async(name, _never)

    def _recorded(self, saver: InMemorySaver | None) -> Any:
        nodes = {
            name: node if name == "__start__" else node.copy({"bound": self._step_of(name, node.bound)})
            for name, node in self._compiled.nodes.items()
        }
        return self._compiled.copy({"nodes": nodes, "checkpointer": saver or False})

    def _step_of(self, node: str, bound: Runnable[Any, Any]) -> Runnable[Any, Any]:
        async def run(given: Any, config: RunnableConfig) -> Any:
            name = _name(node, config)

            async def once() -> dict[str, Any]:
                try:
                    return _written(await bound.ainvoke(given, config))
                except GraphInterrupt as error:
                    for place, one in enumerate(error.args[0] if error.args else ()):
                        self._asks[one.id] = f"{_ASKED}{name} {self._told[f'{_ASKED}{name}'] + place}"
                    raise

            return _read(await self._context.step_async(name, once))

        def refuse(given: Any) -> Any:
            raise _invalid("it is run in an event loop only")

        return RunnableLambda(refuse, afunc=run, name=node)


def _never() -> Any:
    raise AssertionError("an answer that is recorded is asked for")


def _interrupted(asked: list[dict[str, Any]]) -> ActivityError:
    """What the attempt ends by: the engine asks those who answer, where the node names them."""
    try:
        size = len(dumps(asked))
    except Exception as error:  # what a graph asks may be anything
        raise _invalid(f"what it asks is no JSON value: {error}") from None
    if len(asked) > QUESTIONS_MAX or size > DETAILS_BYTES_MAX:
        raise _invalid(f"it asks {len(asked)} questions in {size} bytes; {QUESTIONS_MAX} in {DETAILS_BYTES_MAX} are allowed at once")
    return ActivityError("langgraph.interrupted", "the graph asks something", details=asked, retryable=False)


def _is_of_an_interrupt(mode: str, said: Any) -> bool:
    return mode == "updates" and isinstance(said, Mapping) and "__interrupt__" in said


def _name(node: str, config: RunnableConfig) -> str:
    """A node runs once a superstep, or as often as it was sent something in it, in the order of that."""
    about = config.get("metadata", {})
    path = about.get("langgraph_path") or ()
    sent = " ".join(str(one) for one in path[1:] if type(one) is int) if path and "push" in str(path[0]) else ""
    return f"{node} {about.get('langgraph_step', 0)} {sent}".rstrip()


def _written(value: Any) -> dict[str, Any]:
    """What a node has given, as JSON: as it is where it is JSON, else as LangGraph itself writes it down."""
    if _is_plain(value):
        return {"json": value}
    kind, content = _typed.dumps_typed(value)
    return {"typed": kind, "content": base64.b64encode(content).decode()}


def _read(written: dict[str, Any]) -> Any:
    if "json" in written:
        return written["json"]
    return _typed.loads_typed((written["typed"], base64.b64decode(written["content"])))


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(name) is str and _is_plain(one) for name, one in value.items())
    return all(map(_is_plain, value)) if kind is list else kind in _PLAIN


def _graph(where: Any) -> Any:
    """What `module:name` names. Raises ActivityError."""
    module, colon, name = str(where or "").partition(":")
    if not (module and colon and name):
        raise _invalid(f"`graph` is `module:name`, not {where!r}")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise _invalid(f"there is no module {module} where the worker runs") from None
    except AttributeError:
        raise _invalid(f"{module} has no {name}") from None


def _modes(stream: Any) -> tuple[str, ...]:
    modes = tuple(stream) if isinstance(stream, list) else (stream,)
    if not set(modes) <= set(MODES):
        raise _invalid(f"`stream` is some of {', '.join(MODES)}, not {stream!r}")
    return modes


def _node_of(mode: str, said: Any) -> str:
    if mode == "messages":
        return str(said[1].get("langgraph_node", ""))
    return ", ".join(said) if mode == "updates" and isinstance(said, dict) else ""


def _shown(said: Any) -> Any:
    """As JSON; of a message its text."""
    if isinstance(said, tuple):
        said = said[0]
    return getattr(said, "content", said)


def _invalid(message: str) -> ActivityError:
    return ActivityError("langgraph.invalid", message, retryable=False)
