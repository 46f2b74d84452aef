"""Graphs of LangGraph as activities: what a node of the graph gives is a recorded step, in place of a checkpointer.

    refold worker refold.ai.langgraph        offers the kind `langgraph`, whose `graph` is `module:name`

A node that has ended does not run again in the next attempt. What the graph says while it runs (`stream`) goes to those who look on.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Mapping
from typing import Any, Final

import refold
from refold.ai.state_graph import to_state_graph
from refold.errors import ActivityError
from refold.extras import how_to_install
from refold.worker.activities import ActivityContext

try:
    from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.graph import StateGraph
    from langgraph.pregel import Pregel
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("langgraph", "langchain_core"):
        raise
    raise ImportError(f"refold.ai.langgraph needs LangGraph: {how_to_install('langgraph')}") from None

__all__ = ["MODES", "langgraph", "run_recorded", "to_state_graph"]

MODES: Final = ("custom", "updates", "messages")
"""What a graph may say while it runs."""
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_typed: Final = JsonPlusSerializer()


@refold.activity(name="langgraph")
async def langgraph(given: Any, config: dict[str, Any], context: ActivityContext) -> Any:
    """Run a graph to its end; gives its last state. Config: `graph` (`module:name`), `input` (else the node's data), `stream`."""
    graph = _graph(config.get("graph"))
    modes = _modes(config.get("stream", []))
    return await run_recorded(graph, config.get("input", given), context, modes)


async def run_recorded(graph: Any, given: Any, context: ActivityContext, modes: tuple[str, ...] = ()) -> Any:
    """Run a graph, compiled or not, in an activity of your own. Raises ActivityError where it asks somebody (`interrupt()`)."""
    output: Any = None
    async for mode, said in _recorded(graph, context).astream(given, stream_mode=["values", *modes]):
        if mode != "values":
            context.log(mode, node=_node_of(mode, said), said=_shown(said))
        elif isinstance(said, Mapping) and "__interrupt__" in said:
            asked = [_shown(one.value) for one in said["__interrupt__"]]
            raise ActivityError(
                "langgraph.interrupted", "the graph asks somebody, which no activity can wait for", details=asked, retryable=False
            )
        else:
            output = said
    return output


def _recorded(graph: Any, context: ActivityContext) -> Any:
    """The graph with each of its nodes as a step. It keeps no checkpoints."""
    compiled = graph.compile() if isinstance(graph, StateGraph) else graph
    if not isinstance(compiled, Pregel):
        raise _invalid(f"it is {type(graph).__name__}, and no graph of LangGraph")
    nodes = {
        name: node if name == "__start__" else node.copy({"bound": _step_of(name, node.bound, context)})
        for name, node in compiled.nodes.items()
    }
    return compiled.copy({"nodes": nodes, "checkpointer": False})


def _step_of(node: str, bound: Runnable[Any, Any], context: ActivityContext) -> Runnable[Any, Any]:
    async def run(given: Any, config: RunnableConfig) -> Any:
        async def once() -> dict[str, Any]:
            return _written(await bound.ainvoke(given, config))

        return _read(await context.step_async(_name(node, config), once))

    def refuse(given: Any) -> Any:
        raise _invalid("it is run in an event loop only")

    return RunnableLambda(refuse, afunc=run, name=node)


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
