"""A kind of trigger: what its config looks like, what is wrong with one, and what stands in `trigger` for what it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from contracts.errors import Problem
from contracts.triggers import TriggerDefinition

EVERY: Final = ("id", "type", "by", "depth")
"""What stands in every `trigger`: the trigger, its kind, who fired it by hand, and how many triggers started each other up to it."""


BY_HAND: Final = "by_hand"
"""What stands for the id of a config that is made by hand: it is called by its name, which may have letters that no id has."""


class TriggerKind:
    """A line of the registry; the defaults are those of a kind that gives nothing of its own."""

    name: ClassVar[str]
    summary: ClassVar[str]
    gives: ClassVar[tuple[str, ...]] = ()
    """What stands in `trigger` besides what stands in every one."""
    has_cause: ClassVar[bool] = True
    """Whether it has a cause of its own, so that the same one twice is one execution."""
    extra: ClassVar[tuple[str, ...]] = ()
    """What expressions in its config may also name without `trigger.` before it."""

    class Config(TriggerDefinition):
        """No fields of its own."""

    def read(self, said: Mapping[str, Any]) -> Any:
        """A config as it was written; one that is made by hand says no id."""
        return self.Config.model_validate({"id": BY_HAND, **said})

    def problems(self, config: Any) -> Iterator[Problem]:
        """What is wrong with a config beyond its shape, its durations and its expressions; paths are those in the config."""
        return iter(())

    def expressions(self, config: Any) -> Iterator[tuple[str, str]]:
        """Its expressions that see `trigger`, each with its path; `input` is not among them."""
        return iter(())

    def claims(self, config: Any) -> tuple[str, str] | None:
        """The field, and its value, that no other trigger may have; None where there is no such one."""
        return None

    def input_of(self, trigger: Mapping[str, Any]) -> Any:
        """What is started with where the config does not say an `input`: the body; where there is none, an empty object."""
        body = trigger.get("body")
        return {} if body is None else body

    def check_by_hand(self, config: Any, body: Any, size: int) -> None:
        """Raise InvalidInput where it may not be fired by hand with this body, of a request of `size` bytes."""

    def secrets_of(self, config: Any, body: Any) -> tuple[str, ...]:
        """The texts of such a body, which fits, that are secret."""
        return ()

    def by_hand(self, body: Any, key: str | None, now_ms: int) -> dict[str, Any]:
        """What stands in `trigger` where it is fired by hand."""
        return {name: one for name, one in (("body", body), ("key", key)) if name in self.gives}
