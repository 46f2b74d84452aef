"""Why a start is refused where so many executions run at a time: said of one, of several, and of a key."""

import pytest

from contracts.definitions import Concurrency
from workers.partition.concurrency import too_many


@pytest.mark.parametrize(
    ("limit", "slot", "said"),
    [
        (1, "", "1 execution of rej runs already: a, b"),
        (2, "", "2 executions of rej run already: a, b"),
        (1, "eu", "1 execution of rej with the key eu runs already: a, b"),
    ],
)
def test_a_refusal_says_how_many_run_of_what(limit: int, slot: str, said: str) -> None:
    refused = too_many(Concurrency(limit=limit, policy="reject"), "rej", slot, ["a", "b"])
    assert (refused.reason, str(refused)) == ("concurrency_limit", said)
