"""The prompts that a catalog knows: by name and version, each named by its hash. A part of the catalog, folded from its topic."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.catalog import PromptPublished
from contracts.errors import Rejected


class Prompts:
    """All versions of all prompts, as they were published."""

    def __init__(self) -> None:
        self._versions: dict[str, list[PromptPublished]] = {}
        self.count = 0
        """How many versions there are, of all prompts."""

    def take(self, record: PromptPublished) -> int:
        """Fold a record; the version that the prompt becomes, whatever number a publisher took who did not know of another one."""
        versions = self._versions.setdefault(record.name, [])
        known = self.known(record.name, record.hash)
        if known is not None:
            return known.version
        version = len(versions) + 1
        versions.append(PromptPublished(record.name, version, *_rest(record)))
        self.count += 1
        return version

    def known(self, name: str, prompt_hash: str) -> PromptPublished | None:
        """The version of a prompt that says the same; None where there is none."""
        return next((one for one in self._versions.get(name, ()) if one.hash == prompt_hash), None)

    def names(self) -> list[str]:
        """The names of all prompts."""
        return sorted(self._versions)

    def find(self, name: str, version: int | None = None) -> PromptPublished | None:
        """A version of a prompt, without a number the latest one; None where there is none."""
        versions = self._versions.get(name, [])
        wanted = len(versions) if version is None else version
        return versions[wanted - 1] if 0 < wanted <= len(versions) else None

    def versions(self, name: str) -> list[PromptPublished]:
        """All versions of a prompt, the first one first. Raises Rejected where there is none."""
        if name not in self._versions:
            raise Rejected("unknown_prompt", f"prompt {name[:100]}: no such prompt is published")
        return self._versions[name]

    def get(self, name: str, version: int | None = None) -> PromptPublished:
        """A version of a prompt. Raises Rejected where there is none."""
        found = self.find(name, version)
        if found is None:
            count = len(self.versions(name))
            raise Rejected("unknown_prompt", f"prompt {name}, version {version}: it has {count}")
        return found

    def all(self) -> Mapping[str, list[PromptPublished]]:
        """All versions by name."""
        return self._versions


def _rest(record: PromptPublished) -> tuple[str, bytes, int, str, str]:
    return record.hash, record.content, record.recorded_at, record.actor, record.correlation
