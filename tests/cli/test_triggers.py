"""How triggers are listed."""

from refold.cli.commands.triggers import line_of


def test_the_list_says_how_many_times_were_passed_over() -> None:
    last = {"execution_id": "e1"}
    skipped = [{"count": 3, "reason": "missed"}, {"count": 1, "reason": "quota_exceeded"}]
    one = {"name": "w.t", "type": "schedule", "workflow": "w", "status": "active", "next": ["n1", "n2"], "last": last, "skipped": skipped}
    assert line_of(one) == ("w.t", "schedule", "w", "active", "n1", "e1", "4")
    assert line_of({**one, "next": [], "last": None, "skipped": []}) == ("w.t", "schedule", "w", "active", "", "", "")
