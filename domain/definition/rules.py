"""Rules: what the language decides otherwise since its number was raised. What was published goes on under its own number.

A definition carries the number of the language it was published in (`language`; what carries none is 1). Executions are
pinned to the definition they began with, so no decision that was recorded comes out otherwise, and `verify` stays exact.
Whoever changes what is decided adds a field here, asks it where the change is, and notes the number it holds from.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts.definitions import LANGUAGE


class Rules(NamedTuple):
    """What differs between languages, each as it is now."""

    early_ends_wait: bool = True
    """A loop or a `parallel` that ends early completes after the clean-up of what it cancels."""
    causes_are_kept: bool = True
    """A failure in a `catch` or a `finally` keeps the one before as its cause."""
    defaults_are_put_in: bool = True
    """A field of the input that is missing gets the default of its schema."""
    every_run_is_undone: bool = True
    """Compensation covers each completed run of a node, in a container that was tried again too."""
    pauses_keep_order: bool = True
    """What arrives in a pause, signals too, is taken up in the order of arrival."""
    waited_for_is_taken: bool = True
    """A signal that is waited for is taken though the buffer is full."""
    late_waits_give_what_came: bool = True
    """A wait for several signals whose time is up gives those that came."""
    cancelled_is_a_failure: bool = True
    """A failure that says of itself that it is `cancelled` is one like any other: it may be caught and tried again."""
    handlers_have_a_limit: bool = True
    """The workflow's error handler has the time limit of the workflow, from when it begins."""
    signs_of_life_begin: bool = True
    """The first sign of life of an attempt counts as its beginning, where the worker has not told it."""
    limits_say_what_passed: bool = True
    """The message of a time limit says what took too long."""
    signals_have_a_form: bool = True
    """The name of a signal has the form that every way of sending takes."""


FIRST: Final = Rules(*[False] * len(Rules._fields))
"""Language 1: what was published before definitions carried a number."""
RULES: Final = {1: FIRST, 2: Rules()}
assert max(RULES) == LANGUAGE
