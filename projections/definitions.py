"""Versions of a workflow as they are shown, and what is different between two of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from contracts.catalog import DefinitionPublished, SourceText
from contracts.errors import Rejected
from contracts.times import rfc3339
from domain.definition.difference import changes_between
from domain.definition.expose_check import schema_of_tool
from domain.definition.layout import layout_hash
from domain.definition.text_difference import text_difference


class Version(NamedTuple):
    """A published version of a workflow; `status` is `active`, `inactive` or `archived`, `content` the canonical JSON."""

    name: str
    version: int
    hash: str
    status: str
    published_at: int
    content: bytes
    published_by: str = ""
    source: SourceText | None = None


def version_of(record: DefinitionPublished, active: int | None, source: SourceText | None) -> Version:
    """A version, where executions start with the version `active`; None: the workflow is archived."""
    status = "archived" if active is None else "active" if active == record.version else "inactive"
    return Version(record.name, record.version, record.hash, status, record.recorded_at, record.content, record.actor, source)


def active_of(versions: list[Version]) -> Version:
    """The active one, or the last."""
    return next((one for one in versions if one.status == "active"), versions[-1])


def version_in(versions: list[Version], version: int) -> Version:
    """The one of this number. Raises Rejected where there is none."""
    if not 0 < version <= len(versions):
        name = versions[0].name
        raise Rejected("unknown_workflow", f"workflow {name}, version {version}: it has {len(versions)}", workflow=name)
    return versions[version - 1]


def source_of(version: Version) -> SourceText:
    """Its text. Raises Rejected where it was published without."""
    if version.source is None:
        detail = f"workflow {version.name}, version {version.version}: it was published without its text; its definition is there"
        raise Rejected("no_source", detail, workflow=version.name)
    return version.source


def version_value(version: Version) -> dict[str, Any]:
    """A version as JSON shows it; `published_by` is null where nobody has written it down."""
    return {
        "name": version.name,
        "version": version.version,
        "hash": version.hash,
        "status": version.status,
        "published_at": rfc3339(version.published_at),
        "published_by": version.published_by or None,
        "source": version.source.syntax if version.source is not None else None,
    }


@lru_cache(maxsize=200)
def tool_in(content: bytes) -> dict[str, Any] | None:
    """What a definition is as a tool of assistants: `{description, input}`; None for one that is none."""
    if b'"expose"' not in content:
        return None
    definition = json.loads(content)
    said = (definition.get("expose") or {}).get("mcp")
    return None if said is None else {"description": said["description"], "input": schema_of_tool(definition)}


def versions_value(versions: Sequence[Version]) -> list[dict[str, Any]]:
    """All versions of a workflow, the first one first; `layout_only` are those that move nodes in the picture, and nothing else."""
    values = [{**version_value(one), "layout_only": False} for one in versions]
    for (before, after), value in zip(pairwise(versions), values[1:], strict=True):
        value["layout_only"] = layout_hash(before.content) == layout_hash(after.content)
    return values


def difference_value(before: Version, after: Version, layout: bool = True) -> dict[str, Any]:
    """What is different between two versions, by nodes, edges and fields and as text."""
    return {**text_difference_value(before, after, layout), "after": after.version}


def text_difference_value(before: Version, after: Version, layout: bool = True, after_name: str = "") -> dict[str, Any]:
    """The same where the one after may be no version, and has a name: of the texts as they were written, where both are of one kind."""
    names = f"{before.name}/{before.version}", after_name or f"{after.name}/{after.version}"
    old, new = before.source, after.source
    if old is not None and new is not None and old.syntax == new.syntax:
        text_of, texts = "source", (old.text.decode("utf-8-sig"), new.text.decode("utf-8-sig"))
    else:
        text_of, texts = "definition", (_laid_out(before.content), _laid_out(after.content))
    return {
        "name": before.name,
        "before": before.version,
        "changes": [change._asdict() for change in changes_between(before.content, after.content, layout)],
        "text_of": text_of,
        "text": text_difference(*texts, *names),
    }


def _laid_out(content: bytes) -> str:
    return json.dumps(json.loads(content), ensure_ascii=False, indent=2) + "\n"
