"""`examples/approval.yaml`, with time skipped: two people approve, one refuses, nobody answers, nobody needs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts import commands as c
from contracts.events import TaskReminded
from contracts.person import Person
from tests.domain.spec import World

APPROVAL = (Path(__file__).parents[2] / "examples" / "approval.yaml").read_text()
MANAGER, ADA = Person("Manager@example.com"), Person("ada@example.com", ("finance",))
HOUR_MS = 3_600_000


def paying(amount: float, *answers: tuple[float, Person, str]) -> World:
    """A payment, and what people say after so many hours."""
    world = World(APPROVAL)
    for hours, by, port in answers:
        world.at(round(hours * HOUR_MS), c.AnswerTask("approve", 1, port, by, None, "as agreed"))
    return world.start({"payee": "ACME", "amount": amount})


def ended(world: World) -> tuple[str | None, Any, float, int]:
    """The outcome, the output, after how many hours, and how often people were reminded."""
    return world.outcome, world.output, world.took_ms / HOUR_MS, len(world.events(TaskReminded))


def test_two_people_approve() -> None:
    world = paying(2_500.0, (0.5, MANAGER, "approved"), (9, ADA, "approved"))
    assert ended(world) == ("paid", {"payee": "ACME", "approved_by": ["Manager@example.com", "ada@example.com"]}, 9, 2)


def test_one_person_refuses() -> None:
    world = paying(2_500.0, (0.5, MANAGER, "approved"), (2, ADA, "rejected"))
    assert ended(world) == ("refused", {"why": "as agreed"}, 2, 1)


def test_the_same_person_twice_is_one_and_a_day_later_it_is_refused() -> None:
    world = paying(2_500.0, (0.5, MANAGER, "approved"), (1, MANAGER, "approved"), (25, ADA, "approved"))
    assert ended(world) == ("refused", {"why": "nobody has answered"}, 24, 2)
    assert [rejected.reason for command, rejected in world.rejections if isinstance(command, c.AnswerTask)] == [
        "already_answered",
        "already_ended",
    ]


def test_what_is_small_nobody_is_asked_about() -> None:
    assert ended(paying(999.0)) == ("paid", {"payee": "ACME", "approved_by": []}, 0, 0)
