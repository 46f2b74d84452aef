"""Rows that are made anew beside those that are there, in every store: lists go on from the ones, then from the others, never from half."""

from __future__ import annotations

from dataclasses import replace

from contracts.ports.read_models import Changes, ReadModels
from projections.executions import EXECUTIONS, executions_where
from projections.incidents import INCIDENTS, incidents_where
from projections.registry import READ_MODELS
from projections.search import SEARCH_VALUES, SearchRecord
from tests.ports.test_read_models import Open, changes_of, open_, record, save, store  # noqa: F401  # the fixture

BOTH = ("executions", "search")


def names(models: ReadModels) -> list[str]:
    return [row.execution for row in models.select(executions_where())]


def rebuilds(models: ReadModels) -> dict[str, int]:
    return {stand.model: stand.rebuild for stand in models.stands() if stand.is_whole}


def test_rows_are_made_anew_while_lists_go_on_from_those_before(open_: Open) -> None:  # noqa: F811
    models, reader = open_(), open_(read_only=True)
    save(models, record(1), record(2, status="failed"))
    models.rebuild(["executions"])
    beside = models.beside()

    store(beside, changes_of(record(1, status="completed")), offset=1, names=["executions"], is_whole=False)

    assert names(reader) == ["x2", "x1"]
    assert models.rebuilding()["executions"].offset == 1
    assert models.swap(["executions"]) == {"executions": 2}
    assert [(row.execution, row.status) for row in reader.select(executions_where())] == [("x1", "completed")]
    assert dict(reader.counts(EXECUTIONS)) == {"completed": 1}
    assert reader.checkpoint("executions").offset == 1
    assert models.rebuilding() == {}
    beside.close()


def test_rows_that_do_not_go_as_far_take_no_ones_place(open_: Open) -> None:  # noqa: F811
    models = open_()
    save(models, record(1))
    save(models, record(2))
    models.rebuild(["executions"])
    beside = models.beside()
    store(beside, changes_of(record(1)), offset=1, names=["executions"], is_whole=False)

    assert models.swap(["executions"]) is None

    assert names(models) == ["x2", "x1"]
    beside.close()


def test_what_is_being_made_anew_goes_on_when_it_is_asked_for_again_and_after_a_restart(open_: Open) -> None:  # noqa: F811
    models = open_()
    save(models, record(1))
    models.rebuild(["executions"])
    beside = models.beside()
    store(beside, changes_of(record(1)), offset=1, names=["executions"], is_whole=False)
    beside.close()

    models.rebuild(["executions"])
    again = open_()

    assert again.rebuilding()["executions"].offset == 1
    assert again.standing("executions").checkpoint.offset == 1
    assert again.beside().find(EXECUTIONS, "number", 1, is_own=True) is not None
    assert again.beside().find(INCIDENTS, "number", 1, is_own=True) is None


def test_who_writes_goes_on_in_the_new_rows_and_may_make_them_anew_again(open_: Open) -> None:  # noqa: F811
    models = open_()
    save(models, record(1))
    for number in (1, 2, 3):
        models.rebuild(list(BOTH))
        beside = models.beside()
        there = list(models.select(executions_where()))
        store(beside, changes_of(*there), offset=models.standing("search").checkpoint.offset, names=BOTH, is_whole=False)
        assert models.swap(BOTH) == {"executions": 0, "search": 0}
        save(models, record(1 + number))
        assert rebuilds(models) == {model.name: number if model.name in BOTH else 0 for model in READ_MODELS}
        beside.close()
    assert names(open_(read_only=True)) == ["x4", "x3", "x2", "x1"]


def test_nothing_is_made_anew_of_rows_that_are_not_whole_yet(open_: Open) -> None:  # noqa: F811
    models = open_()
    store(models, changes_of(record(1)), is_whole=False)
    models.rebuild(["executions"])
    assert models.rebuilding() == {}


def test_a_raised_version_ends_what_was_being_made_anew_of_the_one_before(open_: Open) -> None:  # noqa: F811
    models = open_()
    save(models, record(1))
    models.rebuild(["incidents"])
    raised = open_(models=[replace(model, version=model.version + 1) if model.name == "incidents" else model for model in READ_MODELS])

    store(raised, Changes(), offset=1, names=["incidents"])

    assert raised.rebuilding() == {}
    assert list(raised.select(incidents_where(is_open=True))) == []


def test_rows_are_the_same_however_they_differ_in_order_and_each_one_that_differs_is_counted(open_: Open) -> None:  # noqa: F811
    models = open_()
    same, other, gone, new = (SearchRecord(number, "k", "int", whole=number) for number in range(4))
    save(models, record(1), same, other, gone, SearchRecord(9, "k", "null"))
    models.rebuild(["search"])
    beside = models.beside()
    rows = changes_of(SearchRecord(9, "k", "null"), new, other._replace(whole=None), same)
    store(beside, rows, offset=1, names=["search"], is_whole=False)

    assert models.swap(["search"]) == {"search": 3}

    assert [stand.differing for stand in models.stands() if stand.model == "search"] == [3]
    assert models.find(SEARCH_VALUES, "number", 3) == new
    beside.close()


def test_every_making_tells_its_rows_and_what_they_take_up(open_: Open) -> None:  # noqa: F811
    models = open_()
    save(models, *(record(number) for number in range(5)))
    models.rebuild(["executions"])
    told = {(stand.model, stand.rebuild): stand for stand in open_(read_only=True).stands()}
    assert (told["executions", 0].rows, told["executions", 1].rows) == (5, 0)
    assert (told["executions", 0].position, told["executions", 1].position) == (1, 0)
    assert (told["executions", 0].bytes or 0) > 0
