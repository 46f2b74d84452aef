"""What is remembered of requests to webhooks, however many there are and however long."""

from __future__ import annotations

import msgspec

from api.hooks.deliveries import BODIES_BYTES_MAX, KEPT_MAX, TEXT_LENGTH_MAX, Came, Deliveries, Delivery
from api.hooks.desk import written

LONG = "x" * 30_000


def came(number: int) -> Delivery:
    request = Came("POST", {"x-long": LONG}, LONG, b"{}", "127.0.0.1")
    return Delivery(str(number), 0, f"w.t{number % 100}", "refused", 2, "127.0.0.1", 401, "", LONG, LONG, "", request)


def test_long_headers_queries_keys_and_messages_have_an_end_to_their_memory() -> None:
    kept = Deliveries()
    for number in range(5_000):
        kept.note(came(number))
    found = [one for name in range(100) for one in kept.of(f"w.t{name}")]
    assert len(found) == 5_000
    assert sum(len(msgspec.json.encode(one)) for one in found) < BODIES_BYTES_MAX + len(found) * (2 * TEXT_LENGTH_MAX + 1_000)
    assert kept.of("w.t0")[-1].came is None
    assert kept.of("w.t99")[0].came is not None, "the last ones are whole"


def test_what_is_listed_no_more_leaves_its_content_too_and_makes_room_for_others() -> None:
    kept = Deliveries()
    noted = [came(100 * number) for number in range(20 * KEPT_MAX)]
    for one in noted:
        kept.note(one)
    kept.note(came(1))
    assert [one.came is not None for one in noted] == [False] * 19 * KEPT_MAX + [True] * KEPT_MAX
    assert kept.of("w.t1")[0].came is not None


def test_an_answer_whose_status_allows_no_body_has_none() -> None:
    assert [written(status, {"x": 1}).body for status in (204, 205)] == [b"", b""]
