"""`manual`: fired by a person or a program, with an input that its form describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.errors import InvalidInput, Problem
from contracts.triggers import TriggerDefinition
from contracts.values import written
from domain.definition.findings import Findings
from domain.definition.input_check import check_input_schema
from domain.definition.input_schema import check
from domain.definition.secret_places import secret_places
from domain.triggers.kind import TriggerKind


class Manual(TriggerKind):
    """Waits to be fired."""

    name = "manual"
    summary = "is fired by hand, with an input that a form asks for"
    gives = ("body", "key")

    class Config(TriggerDefinition):
        """`input_form` is the JSON Schema of what whoever fires it fills in; that stands in `trigger.body`."""

        input_form: dict[str, Any] | bool | None = None

    def problems(self, config: Any) -> Iterator[Problem]:
        """A form that is no JSON Schema."""
        findings = Findings()
        check_input_schema(config.input_form, findings, "input_form")
        yield from findings.told()

    def check_by_hand(self, config: Any, body: Any, size: int) -> None:
        """What was filled in fits the form."""
        if config.input_form is None:
            return
        try:
            check(config.input_form, body, size)
        except InvalidInput as error:
            raise InvalidInput([problem._replace(path=f"/body{problem.path}") for problem in error.problems]) from None

    def secrets_of(self, config: Any, body: Any) -> tuple[str, ...]:
        """Those that the form marks. Raises InvalidInput where one is no text, or too long."""
        places = secret_places(config.input_form)
        try:
            return () if places is None else places.texts(written(body))
        except InvalidInput as error:
            raise InvalidInput([problem._replace(path=f"/body{problem.path}") for problem in error.problems]) from None
