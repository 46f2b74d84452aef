"""`switch`: leaves by the port of the first case that fits, or of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from contracts.definitions import ExpressionOrBool, Model, Value
from contracts.errors import ExpressionError, Problem
from contracts.failure import Failure
from domain.definition.config_check import reserved_ports
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.moves.completion import complete
from domain.execution.moves.failure import fail
from domain.expressions import is_same

PORT_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Case(Model):
    """A way out: taken when the switch's value equals `equals`, or when the expression `when` holds."""

    equals: Value = None
    when: ExpressionOrBool | None = None
    port: str = Field(pattern=PORT_PATTERN)


class Switch(Kind):
    """Compares a value, or asks an expression a case."""

    name = "switch"
    summary = "leaves by the port of the case that fits"
    category = "flow"
    icon = "split"
    ports_from = ("cases[].port", "default")
    begins_with = '{"cases": [{"when": "true", "port": "first"}], "default": "else"}'

    class Config(Model):
        """A value and the cases it is compared with, or cases with expressions; `default` is the port when none fits."""

        value: Value = None
        cases: list[Case] = Field(min_length=1)
        default: str | None = Field(default=None, pattern=PORT_PATTERN)
        all_matches: bool = False

        @model_validator(mode="after")
        def _one_form(self) -> Switch.Config:
            by_value = "value" in self.model_fields_set
            for index, case in enumerate(self.cases):
                has_equals = "equals" in case.model_fields_set
                if has_equals == (case.when is not None) or has_equals != by_value:
                    expected = "`equals`, as the switch has a `value`" if by_value else "`when`, as the switch has no `value`"
                    raise ValueError(f"cases[{index}]: expected {expected}")
            return self

    def ports(self, config: Any) -> tuple[str, ...]:
        """Those of the cases and the default, each once."""
        return tuple(dict.fromkeys([case.port for case in config.cases] + ([config.default] if config.default else [])))

    def leaves_by_one(self, config: Any) -> bool:
        """By the first case that fits, but with `all_matches`."""
        return config is not None and not config.all_matches

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """Ports that have a meaning already."""
        named = [(f"cases[{index}].port", case.port) for index, case in enumerate(config.cases)]
        return reserved_ports([*named, ("default", config.default)])

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Find the cases that fit, and leave by their ports."""
        config = ready.node.config
        ports = self._fitting(ctx, ready)
        if not ports and config.default is not None:
            ports = [config.default]
        if ports:
            complete(ctx, ready, ports=tuple(dict.fromkeys(ports)))
        else:
            fail(ctx, ready, Failure("switch.no_case", f"none of the {len(config.cases)} cases fits, and there is no default"))

    def _fitting(self, ctx: Deciding, ready: Ready) -> list[str]:
        fields, config, frame = ready.node.fields, ready.node.config, ctx.frame(ready)
        value = ctx.evaluate(fields["value"], frame) if "value" in fields else None
        ports = []
        for index, case in enumerate(config.cases):
            if "value" in fields:
                fits = is_same(value, ctx.evaluate(fields[f"cases[{index}].equals"], frame))
            else:
                fits = ctx.evaluate(fields[f"cases[{index}].when"], frame)
                if not isinstance(fits, bool):
                    raise ExpressionError(f"`{case.when}`: expected true or false, found {fits!r}")
            if fits:
                ports.append(case.port)
                if not config.all_matches:
                    break
        return ports
