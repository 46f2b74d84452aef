"""Lists of tasks by who is asked, on every store: the same as one would find by looking at each, and found by an index."""

from __future__ import annotations

import random
from typing import Any

import pytest

from contracts.ports.read_models import Cursor, ReadModels
from contracts.ports.where import Beside, Where
from infra.store.ways import way_of
from projections.tasks import ASKED, NAMES_APART_MAX, TASKS, AskedRecord, TaskRecord, Wanted, tasks_where
from tests.ports.test_list_properties import begin, save, stores  # noqa: F401  # a fixture
from tests.ports.test_plans import Plan, plan  # noqa: F401  # a fixture

NAMES = ["ada", "bob", "eve", "group:fin", "group:ops"]


def tasks_of(chance: random.Random) -> list[TaskRecord]:
    """Several tasks of each execution, with times of their own, some of them the same."""
    made = []
    for number in range(5):
        for path in ("a", "b[1].c", "b[2].c", "d", "e"):
            names = chance.sample(NAMES, chance.randint(0, 3))
            asked = f",{','.join(names)}," if names else ""
            made.append(
                TaskRecord(
                    number,
                    path,
                    chance.randint(1, 2),
                    chance.randint(1, 6),
                    f"x{number}",
                    f"x{number}",
                    chance.choice("vw"),
                    1,
                    path,
                    "confirmation",
                    "Go on?",
                    chance.choice(["open", "open", "answered"]),
                    ",".join(names),
                    asked,
                )
            )
    return made


def asked_rows(task: TaskRecord) -> list[AskedRecord]:
    names = task.assignees.split(",")
    return [AskedRecord(*task[:3], name, task.created_at, int(task.status == "open")) for name in names]


@pytest.mark.parametrize("names", [("ada",), ("nobody",), ("bob", "group:fin"), ("Ada", *(f"group:g{n}" for n in range(NAMES_APART_MAX)))])
@pytest.mark.parametrize("more", [{}, {"workflow": "w"}, {"is_open": False}, {"is_open": False, "workflow": "w", "below": "x3"}])
def test_a_list_of_who_is_asked_has_what_one_finds_by_looking_at_each(
    stores: list[ReadModels], names: tuple[str, ...], more: dict[str, Any]  # noqa: F811
) -> None:  # fmt: skip
    store, tasks = stores[0], tasks_of(random.Random(len(names)))
    begin(stores, ASKED)
    begin(stores, TASKS)
    save(store, TASKS, tasks)
    save(store, ASKED, [row for task in tasks for row in asked_rows(task)])
    plain, wanted = {"", *(name.lower() for name in names)}, Wanted(names=names, **more)

    def is_listed(task: TaskRecord) -> bool:
        is_its = not plain.isdisjoint(task.assignees.split(","))
        return is_its and (task.status == "open" or not wanted.is_open) and wanted.workflow in (None, task.workflow) and (
            wanted.below in (None, task.execution)
        )  # fmt: skip

    found: list[TaskRecord] = []
    after: Cursor | None = None
    while page := store.select(tasks_where(wanted, after, limit=3)):
        found += page
        after = TASKS.cursor(page[-1], 0)
    assert found == sorted(filter(is_listed, tasks), key=lambda task: (task.created_at, *task[:3]))


@pytest.mark.parametrize("count", [0, 10**6])
@pytest.mark.parametrize("is_open", [True, False])
def test_who_is_asked_is_found_by_an_index_in_the_order_of_the_list(plan: Plan, is_open: bool, count: int) -> None:  # noqa: F811
    told = plan(tasks_where(Wanted(names=("ada", "group:fin"), is_open=is_open)), count)
    index = "by_open" if is_open else "by_name"
    assert told.count(index) >= 3
    assert "by_time" not in told
    assert not any(line.strip() in ("SCAN listed", "Seq Scan on tasks_3 listed") for line in told.splitlines())


def test_of_very_many_names_tasks_are_not_looked_up_one_after_the_other() -> None:
    def count(where: Where, most: int) -> int:
        return most if isinstance(where, Beside) else 0

    few, many = ("ada",), tuple(f"group:g{n}" for n in range(NAMES_APART_MAX))
    assert way_of(tasks_where(Wanted(names=few)), count).is_most
    assert not way_of(tasks_where(Wanted(names=many)), count).is_most
