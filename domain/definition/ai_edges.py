"""The table of edges over which something is offered (`ai_*`): which kind may stand at which end. A kind that comes adds itself here.

Over most of them flows what the node at the beginning gave: the node at the end finds it in `data`, under the type of the edge. Where
`flows` says otherwise nothing flows: what stands at the beginning is offered, and runs when it is asked.

Activities that stand nowhere in the table (a request, code, a user's own) may stand at the beginning of whatever flows, as a `sub_workflow`
may; and at the end of any edge they find in `data` what activities gave.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ACTIVITIES: Final = "activity"
"""Stands for all kinds of activities."""
PLAIN: Final = frozenset({ACTIVITIES, "sub_workflow"})
"""What may stand before an activity that finds in its `data` what was given."""


class Ends(NamedTuple):
    """Which kinds may stand at the beginning of an edge, which at its end, and whether what the one gave flows to the other."""

    sources: frozenset[str]
    targets: frozenset[str]
    flows: bool = True


def _ends(sources: str, targets: str) -> Ends:
    return Ends(frozenset(sources.split()), frozenset(targets.split()))


AI_EDGES: Final[dict[str, Ends]] = {
    "ai_tool": Ends(PLAIN, frozenset({"agent"}), flows=False),
    "ai_language_model": _ends("llm prompt", "output_parser"),
    "ai_embedding": _ends("embedding", "vector_store retriever reranker rag_switch"),
    "ai_vector_store": _ends("vector_store", "retriever rag_switch"),
    "ai_document": _ends("document ocr_switch", "text_splitter vector_store embedding llm prompt"),
    "ai_text_splitter": _ends("text_splitter", "vector_store embedding"),
    "ai_retriever": _ends("retriever vector_store", "rag_switch reranker llm prompt"),
    "ai_reranker": _ends("reranker", "retriever rag_switch llm prompt"),
    "ai_output_parser": _ends("output_parser", "llm prompt"),
    "ai_agent": _ends("agent", "llm prompt output_parser rag_switch retriever"),
    "ai_chain": _ends("llm prompt", "llm prompt output_parser rag_switch retriever"),
}
"""By the type of the edge; a type that is missing is taken by activities alone."""


def takes_offers(type_: str, target: str) -> bool:
    """Whether a kind takes what an edge of this type offers: then nothing flows over it."""
    return type_ in AI_EDGES and not AI_EDGES[type_].flows and target in AI_EDGES[type_].targets


def is_a_part(kind: str) -> bool:
    """Whether a kind is named by the table, so that it fits where a row names it and nowhere else."""
    return any(kind in ends.sources or kind in ends.targets for ends in AI_EDGES.values())
