"""`refold breakers`: what it says of a breaker that may be about nothing."""

from __future__ import annotations

from tests.cli.conftest import CommandLine


def test_a_kind_that_nobody_has_is_named_with_the_one_that_may_be_meant(refold: CommandLine) -> None:
    url = refold.serve()
    made = refold("breakers", "set", "drive", "--kind", "read_fle", "--server", url)
    assert made.out.startswith("drive opens at 5 failures")
    assert "drive: /match/kind: the kind `read_fle` is not built in, and no worker offers it now" in made.err
    assert made.err.rstrip().endswith("(unknown_kind); did you mean `read_file`?")
    assert refold("breakers", "show", "drive", "--server", url).err == made.err
    assert refold("breakers", "set", "drive", "--kind", "read_file", "--server", url).err == ""


def test_one_about_a_kind_that_is_no_activity_is_refused_in_one_line(refold: CommandLine) -> None:
    url = refold.serve()
    refused = refold("breakers", "set", "clock", "--kind", "delay", "--server", url, code=2)
    assert "`delay` is decided by the engine itself" in refused.complaint
