"""`refold dead-letters`, on a data folder and at a server."""

from __future__ import annotations

import pytest

from tests.cli.conftest import WAITS, CommandLine

EMITS = """
name: emits
nodes: [{id: tell, type: emit_signal, config: {execution: w-1, name: approved, payload: {n: 12}}}]
"""


@pytest.fixture
def buried(refold: CommandLine) -> CommandLine:
    refold("run", refold.file("emits.yaml", EMITS))
    refold("deploy", refold.file("waits.yaml", WAITS))
    return refold


@pytest.mark.parametrize("place", ["folder", "server"])
def test_a_letter_is_listed_shown_sent_and_dropped(buried: CommandLine, place: str) -> None:
    at = ("--server", buried.serve()) if place == "server" else ()
    assert buried("dead-letters", "list", *at).out.splitlines()[1].split()[:2] == ["0", "open"]
    shown = buried("dead-letters", "show", "0", "--json", *at).json
    assert (shown["content"]["fields"]["payload"], shown["can_be_sent"]) == ({"n": 12}, True)
    assert buried("dead-letters", "send", "0", *at, code=1).complaint.startswith("refold: there is no execution w-1")
    buried("start", "waits", "--id", "w-1", *at)
    sent = buried("dead-letters", "send", "0", "--reason", "it is there", *at).out
    assert sent.startswith("dead letter 0 is sent: SendSignal is given to execution w-1")
    assert "was sent by anonymous" in buried("dead-letters", "drop", "0", "--reason", "no", *at, code=1).complaint
    assert buried("dead-letters", "drop", "0", "--reason", "", *at, code=2).complaint.startswith("refold: --reason")
    assert buried("dead-letters", "list", *at).out == "no dead letters are open\n"
    assert "sent     " in buried("dead-letters", "show", "0", *at).out
