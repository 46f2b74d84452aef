"""What a function of a user is given, by its annotations."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

import refold
from refold.json_values import loads, output
from refold.worker.activities import ActivityContext
from refold.worker.in_hand import InHand

TASK = {"task": "e/n@2", "execution": "e", "workflow": "w", "path": "n", "attempt": 2, "kind": "k", "idempotency_key": "e/n"}


@dataclass
class Plain:
    name: str
    count: int = 1


class Model(pydantic.BaseModel):
    name: str


class Struct(msgspec.Struct):
    name: str


def context(told: list[Any] | None = None) -> ActivityContext:
    return ActivityContext(TASK, lambda task, progress, detail: None if told is None else told.append((task, progress, detail)))


def call(function: Any, given: Any = None, config: Any = None) -> Any:
    return refold.activity(function).run(given, config or {}, context())


def test_the_name_is_the_functions_or_another_one() -> None:
    @refold.activity(name="charge-card")
    def charge() -> None: ...

    assert (charge.name, refold.activity(call).name) == ("charge-card", "call")


def test_called_it_is_the_function_itself() -> None:
    assert refold.activity(lambda number: number + 1)(2) == 3


def test_one_parameter_is_the_whole_input() -> None:
    def take(given: dict[str, int]) -> Any:
        return given

    assert call(take, {"given": 1}) == {"given": 1}


@pytest.mark.parametrize("kind", [Plain, Model, Struct])
def test_the_whole_input_comes_as_the_type_that_is_asked_for(kind: Any) -> None:
    def take(order: Any) -> Any:
        return order

    take.__annotations__["order"] = kind
    assert call(take, {"name": "x"}) == kind(name="x")


@pytest.mark.parametrize("kind", [Plain, Model, Struct, int, list[int]])
def test_an_input_that_does_not_fit_is_a_failure_that_is_not_tried_again(kind: Any) -> None:
    def take(order: Any) -> Any: ...

    take.__annotations__["order"] = kind
    with pytest.raises(refold.ActivityError, match="input of take") as failed:
        call(take, {"name": []})
    assert (failed.value.error_type, failed.value.retryable) == ("input.invalid", False)


@dataclass
class Boxed:
    inner: Model
    count: Annotated[int, pydantic.Field(gt=3)] = 4


@dataclass
class Carton:
    inner: Model


class Crate(msgspec.Struct):
    inner: Model
    cartons: list[Carton] = []


class Narrow(msgspec.Struct):
    count: Annotated[int, pydantic.Field(gt=3)]


MODEL = Model(name="x")


@pytest.mark.parametrize(
    ("annotation", "given", "taken"),
    [
        (Boxed, {"inner": {"name": "x"}}, Boxed(MODEL)),
        (list[Boxed], [{"inner": {"name": "x"}, "count": 9}], [Boxed(MODEL, 9)]),
        (Crate, {"inner": {"name": "x"}, "cartons": [{"inner": {"name": "x"}}]}, Crate(MODEL, [Carton(MODEL)])),
        (dict[str, Crate | None], {"a": {"inner": {"name": "x"}}}, {"a": Crate(MODEL)}),
        (Annotated[int, pydantic.Field(gt=3)], 4, 4),
        (Annotated[int, msgspec.Meta(gt=3)], 4, 4),
        (list[Annotated[int, pydantic.Field(gt=3)]], [4], [4]),
    ],
)
def test_types_within_types_are_read(annotation: Any, given: Any, taken: Any) -> None:
    def take(order: Any) -> Any:
        return order

    take.__annotations__["order"] = annotation
    assert call(take, given) == taken
    assert loads(output(call(take, given))) == loads(output(taken))


@pytest.mark.parametrize(
    ("annotation", "given"),
    [
        (Annotated[int, pydantic.Field(gt=3)], 3),
        (Annotated[int, msgspec.Meta(gt=3)], 3),
        (list[Annotated[int, pydantic.Field(gt=3)]], [3]),
        (Boxed, {"inner": {"name": "x"}, "count": 3}),
        (Boxed, {"inner": {"name": 1}}),
        (Crate, {"inner": {"name": 1}}),
    ],
)
def test_a_constraint_holds_wherever_it_stands(annotation: Any, given: Any) -> None:
    def take(order: Any) -> Any: ...

    take.__annotations__["order"] = annotation
    with pytest.raises(refold.ActivityError) as failed:
        call(take, given)
    assert failed.value.error_type == "input.invalid"


def test_a_constraint_that_nobody_would_check_is_refused_when_it_is_read() -> None:
    def take(order: Narrow) -> Any: ...

    with pytest.raises(TypeError, match=r"write msgspec\.Meta there"):
        refold.activity(take).prepare()


@pytest.mark.parametrize(
    ("annotation", "given", "taken"),
    [
        (int, {"size": 5, "more": 1}, 5),
        (int, 5, 5),
        (str | None, {"size": "x"}, "x"),
        (list[int], {"size": [1]}, [1]),
        (Literal["a"], {"size": "a"}, "a"),
    ],
)
def test_one_plain_parameter_takes_what_has_its_name_in_an_object(annotation: Any, given: Any, taken: Any) -> None:
    def take(size: Any) -> Any:
        return size

    take.__annotations__["size"] = annotation
    assert call(take, given) == taken


def test_an_object_without_its_name_leaves_one_plain_parameter_its_default_or_says_the_rule() -> None:
    def take(size: int = 3) -> Any:
        return size

    def need(size: int) -> Any: ...

    assert call(take, {}) == 3
    with pytest.raises(
        refold.ActivityError, match="`size` is missing; found a; the only parameter is given the whole input, or of an object"
    ):
        call(need, {"a": 1})


def test_an_annotation_that_is_there_for_types_alone_is_told() -> None:
    def take(size: Decimal) -> Any: ...  # type: ignore[name-defined]  # noqa: F821 - it is not there

    with pytest.raises(TypeError, match="activity take: an annotation cannot be read: name 'Decimal' is not defined"):
        refold.activity(take).prepare()


def test_several_parameters_are_taken_by_their_names() -> None:
    def take(a: int, b: Plain, c: str = "-") -> Any:
        return a, b, c

    assert call(take, {"a": 1, "b": {"name": "x"}, "more": 0}) == (1, Plain("x"), "-")


def test_a_parameter_that_is_missing_is_named() -> None:
    def take(a: int, b: int) -> Any: ...

    with pytest.raises(refold.ActivityError, match="`b` is missing; found a"):
        call(take, {"a": 1})
    with pytest.raises(refold.ActivityError, match="expected an object with a, b, found null"):
        call(take, None)


def test_the_rest_of_the_input_goes_where_it_is_asked_for() -> None:
    def take(a: int, **rest: Any) -> Any:
        return a, rest

    assert call(take, {"a": 1, "b": 2}) == (1, {"b": 2})


def test_config_and_context_come_besides_the_input() -> None:
    def take(given: int, context: ActivityContext | None = None, *, config: Plain) -> Any:
        assert context is not None
        return given, config, context.attempt, context.idempotency_key

    assert call(take, 5, {"name": "x"}) == (5, Plain("x"), 2, "e/n")


def test_a_parameter_without_a_name_is_refused_when_it_is_read() -> None:
    with pytest.raises(TypeError, match="cannot be given by name"):
        refold.activity(lambda *given: given).prepare()


def test_what_comes_back_may_be_of_any_of_these_types() -> None:
    value = {"plain": Plain("x"), "model": Model(name="y"), "struct": Struct("z"), "day": datetime.date(2026, 1, 2), "set": {1}}
    assert loads(output(value)) == {
        "plain": {"name": "x", "count": 1}, "model": {"name": "y"}, "struct": {"name": "z"}, "day": "2026-01-02", "set": [1],
    }  # fmt: skip


@pytest.mark.parametrize("value", [object(), float("nan"), "\ud800", {1: object()}])
def test_an_output_that_is_no_json_is_a_failure(value: Any) -> None:
    with pytest.raises(refold.ActivityError, match="not a JSON value"):
        output(value)


def test_a_heartbeat_is_told_and_stops_what_is_cancelled() -> None:
    told: list[Any] = []
    running = context(told)
    running.heartbeat(1.5, {"a": 1})
    assert told == [("e/n@2", 1.0, {"a": 1})]
    running.cancel()
    assert running.is_cancelled
    assert running.wait_cancelled()
    with pytest.raises(refold.Cancelled):
        running.heartbeat()


class Colour(enum.Enum):
    RED = 1


RETURNED = {
    "bytes": (b"x", '"eA=="'),
    "bytearray": (bytearray(b"x"), '"eA=="'),
    "tuple": ((1, 2), "[1,2]"),
    "set": ({1}, "[1]"),
    "number as a key": ({1: 2}, '{"1":2}'),
    "datetime": (datetime.datetime(2026, 1, 1), '"2026-01-01T00:00:00"'),
    "date": (datetime.date(2026, 1, 1), '"2026-01-01"'),
    "timedelta": (datetime.timedelta(1), '"P1D"'),
    "UUID": (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    "Decimal": (decimal.Decimal("1.1"), '"1.1"'),
    "Enum": (Colour.RED, "1"),
}


@pytest.mark.parametrize("name", RETURNED)
def test_a_value_is_written_alike_wherever_it_stands(name: str) -> None:
    value, text = RETURNED[name]
    assert output(value).decode() == text
    assert output({"a": [value]}).decode() == f'{{"a":[{text}]}}'


def test_a_detail_is_told_as_it_was_however_it_is_changed_afterwards() -> None:
    """The function goes on while the loop tells it: what it has become by then may be no JSON at all."""

    @refold.activity
    async def count(context: refold.ActivityContext) -> None:
        detail: dict[str, object] = {"done": 1}
        context.heartbeat(0.5, detail)
        detail["done"] = object()
        await context.cancelled()

    async def run() -> None:
        in_hand = InHand({"count": count}, 1, asyncio.get_running_loop())
        in_hand.begin(TASK | {"kind": "count", "input": None, "config": {}})
        await in_hand.has_news.wait()
        one = in_hand.next_news()
        assert one is not None
        assert loads(one.take_news()[0]) == {"task": TASK["task"], "progress": 0.5, "detail": {"done": 1}}
        in_hand.cancel_all()
        in_hand.close()

    asyncio.run(run())
