"""CEL as its specification has it: every case that applies to JSON values passes, but for those that a rule of ours contradicts."""

from __future__ import annotations

from collections import defaultdict

from tests.cel.cases import Case, cases, passes
from tests.cel.deviations import DEVIATIONS, RULES

APPLICABLE = 1_612
PASSING_MIN = 1_536


def test_every_case_passes_or_contradicts_a_rule_of_ours() -> None:
    found = list(cases())
    failed = {case.id for case in found if not passes(case)}
    assert len(found) == APPLICABLE
    assert failed == set(DEVIATIONS)
    assert len(found) - len(failed) >= PASSING_MIN


def test_every_deviation_names_its_rule() -> None:
    assert set(DEVIATIONS.values()) == set(RULES)


def test_no_two_cases_have_one_name_and_different_answers() -> None:
    by_id: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases():
        by_id[case.id].append(case)
    assert not [id for id in DEVIATIONS if len({passes(case) for case in by_id[id]}) > 1]
