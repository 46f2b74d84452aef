"""Expressions and templates of definitions: `program`, `value`, durations and times.

    program("input.amount > 10").evaluate({"input": {"amount": 12}})                       True
    value({"order": "{{ input.id }}"}).render({"input": {"id": 7}})                        {"order": 7}
    program("nodes.charge.output.id").references[0]                      Reference("nodes", ("charge", "output", "id"), 0)

Whatever goes wrong is an ExpressionError that names the part of the expression; nothing here reads a clock or draws chance.
"""

from domain.expressions.durations import DURATION_MS_MAX, parse_duration, parse_time
from domain.expressions.faults import RESULT_BYTES_MAX, UNITS_MAX, Meter
from domain.expressions.program import PROGRAMS_MAX, Program, is_same, over_units, program
from domain.expressions.reduction import Reduction
from domain.expressions.references import Reference
from domain.expressions.shapes import Shape, Shapes
from domain.expressions.template import VALUE_DEPTH_MAX, Value, has_template, value
from domain.expressions.tokens import NAMES, SOURCE_CHARS_MAX

__all__ = [
    "DURATION_MS_MAX",
    "NAMES",
    "PROGRAMS_MAX",
    "RESULT_BYTES_MAX",
    "SOURCE_CHARS_MAX",
    "UNITS_MAX",
    "VALUE_DEPTH_MAX",
    "Meter",
    "Program",
    "Reduction",
    "Reference",
    "Shape",
    "Shapes",
    "Value",
    "has_template",
    "is_same",
    "over_units",
    "parse_duration",
    "parse_time",
    "program",
    "value",
]
