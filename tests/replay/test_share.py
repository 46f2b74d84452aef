"""Shares of a journal: each execution is of exactly one, and together they have the digest of the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import decode_record, encode_decision
from contracts.commands import CreateExecution
from contracts.events import ExecutionCreated
from contracts.journal import Decided, Decision, Source
from domain.replay.share import Share, digest_of

NAMES = st.lists(st.text(max_size=8), max_size=30)


def records(names: list[str]) -> list[Decided]:
    """A decision of each of these executions, in this order."""
    found = []
    for number, name in enumerate(names):
        decision = Decision(Source(0, number), name, 1, 1_000 + number, CreateExecution("w", 1, "h", b"{}"), (ExecutionCreated(),))
        record = decode_record(encode_decision(decision, b"n" * 8, b"")[0])
        assert isinstance(record, Decided)
        found.append(record)
    return found


@given(NAMES, st.integers(1, 5))
def test_each_execution_is_of_one_share_and_together_they_are_the_whole(names: list[str], of: int) -> None:
    whole, shares = Share(), [Share(number, of) for number in range(of)]
    for offset, record in enumerate(records(names)):
        assert whole.takes(offset, record)
        assert sum(share.takes(offset, record) for share in shares) == 1
    seen = {name: last for share in shares for name, last in share.seen.items()}
    assert seen == whole.seen
    assert digest_of(seen.items()) == digest_of(whole.seen.items())


def test_the_digest_tells_names_counts_and_chains_apart() -> None:
    said = [("ab", (1, b"x")), ("c", (1, b"y"))]
    others = [[("a", (1, b"x")), ("bc", (1, b"y"))], [("ab", (2, b"x")), ("c", (1, b"y"))], [("ab", (1, b"x"))], []]
    assert digest_of(said) == digest_of(said[::-1])
    assert digest_of(said) not in [digest_of(other) for other in others]


def test_of_those_that_began_earlier_nothing_is_taken() -> None:
    share = Share(since=1_002)
    assert [share.takes(offset, record) for offset, record in enumerate(records(["a", "b", "c", "a"]))] == [False, False, True, False]
