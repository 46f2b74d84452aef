"""Courtesy: folding waits for lists, and is not starved by them."""

from __future__ import annotations

import threading

from workers.reading.courtesy import Courtesy


def test_who_folds_goes_on_when_the_lists_have_been_read() -> None:
    courtesy, done = Courtesy(wait_max_s=60.0), list[str]()
    courtesy.come()
    courtesy.come()

    def fold() -> None:
        courtesy.give_way()
        done.append("folded")

    folding = threading.Thread(target=fold)
    folding.start()
    for name in ("one list", "another"):
        done.append(name)
        courtesy.go()
    folding.join(60.0)
    assert done == ["one list", "another", "folded"]


def test_lists_without_an_end_starve_nobody() -> None:
    courtesy = Courtesy(wait_max_s=0.0, fold_s=60.0)
    courtesy.come()
    for _ in range(3):
        courtesy.give_way()
    assert not courtesy._is_free.is_set()
