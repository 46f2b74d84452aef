"""What is told of rounds to those who watch lists, and rows as they are written for them."""

from __future__ import annotations

from infra.server import watching_service
from infra.server.watching_service import Changes, RowTexts
from tests.workers.harness import Bench, sequence


def test_a_round_is_told_once_to_all_who_watch_its_workflow_and_to_nobody_after_the_last_has_gone() -> None:
    bench = Bench()
    bench.publish(sequence("noop"), {**sequence("noop"), "name": "other"})
    changes, owner = Changes(bench.engine.owner), bench.engine.owner
    of_all, of_w, of_other = list[tuple[int, int]](), list[tuple[int, int]](), list[tuple[int, int]]()
    ends = [
        changes.add(workflow, lambda partition, offset, heard=heard: heard.append((partition, offset)))  # type: ignore[misc]  # bound early
        for workflow, heard in ((None, of_all), ("w", of_w), ("other", of_other))
    ]
    bench.start("w")
    bench.move()
    assert of_all == of_w
    assert of_all[-1] == (0, owner.position)
    assert of_other == []
    bench.start("other")
    bench.move()
    assert of_other[-1] == of_all[-1] == (0, owner.position)
    for end in (*ends, ends[0]):
        end()
    before = len(of_all)
    bench.start("w")
    bench.move()
    assert len(of_all) == before
    assert owner.hearers._all == ()


def test_a_row_is_written_once_while_it_stays_as_it_is_and_the_oldest_are_forgotten() -> None:
    texts, written = RowTexts(), list[tuple[int, tuple[int, str]]]()

    def value_of(partition: int, record: tuple[int, str]) -> list[object]:
        written.append((partition, record))
        return [partition, *record]

    for table, partition, record in (("a", 0, (1, "x")), ("a", 0, (1, "x")), ("a", 1, (1, "x")), ("b", 0, (1, "x")), ("a", 0, (1, "y"))):
        assert texts.of(table, partition, record, value_of) == b'[%d,%d,"%b"]' % (partition, record[0], record[1].encode())
    assert len(written) == 4
    for number in range(watching_service.WRITTEN_MAX):
        texts.of("a", 0, (number, "z"), value_of)
    before = len(written)
    texts.of("a", 0, (watching_service.WRITTEN_MAX - 1, "z"), value_of)
    texts.of("a", 0, (1, "x"), value_of)
    assert len(written) == before + 1
    assert len(texts._texts) == watching_service.WRITTEN_MAX
