"""`refold follow`: what happens as it happens, the same of a server and of a data folder."""

from __future__ import annotations

import signal

import pytest

from .conftest import CommandLine, WaitForLine

TWO = """
name: two
nodes:
  - {id: first, type: noop}
  - {id: wait, type: wait_signal, config: {name: go}}
  - {id: no, type: fail, config: {type: order.refused, message: not today}}
edges: [{from: first, to: wait}, {from: wait.received, to: no}]
settings: {on_failure: fail}
"""


@pytest.fixture
def served(refold: CommandLine) -> CommandLine:
    url = refold.serve()
    refold("deploy", refold.file("two.yaml", TWO), "--server", url)
    refold.url = url
    return refold


def test_a_server_and_the_folder_beside_it_tell_the_same(served: CommandLine) -> None:
    served("start", "two", "--id", "a", "--server", served.url)
    served("signal", "a", "go", "--server", served.url)
    options = [[], ["--type", "node.failed"], ["--filter", "data.path == 'first'"]]
    for words in options:
        told = [served("follow", "a", "--json", *words, *place, code=None).out for place in (["--server", served.url], [])]
        assert told[0] == told[1] != ""
    assert served("follow", "a", code=1).out.splitlines()[-1].endswith("a  execution.failed  order.refused: not today")


def test_a_folder_is_followed_while_a_server_works_on_it(served: CommandLine, waiting_for_line: WaitForLine) -> None:
    everything, one = served.start("follow", "--from", "0"), served.start("follow", "a1", "--server", served.url)
    served("start", "two", "--id", "a0", "--server", served.url)
    assert one.wait(30) == 1  # it is not there yet
    assert waiting_for_line(everything, "a0  node.completed  first")
    served("signal", "a0", "go", "--server", served.url)
    assert waiting_for_line(everything, "a0  execution.failed")


def test_ctrl_c_says_from_where_to_go_on(served: CommandLine, waiting_for_line: WaitForLine) -> None:
    served("start", "two", "--id", "a", "--server", served.url)
    places: list[list[str]] = [["--server", served.url], []]
    positions: list[str] = []
    for place in places:
        following = served.start("follow", "a", *place)
        waiting_for_line(following, "node.started  wait")
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=30)
        assert following.returncode == 130
        positions.append(said.rpartition("--from ")[2].split()[0].rstrip("`"))
    served("signal", "a", "go", "--server", served.url)
    whole = served("follow", "a", code=1).out.splitlines()
    for place, position in zip(places, positions, strict=True):
        rest = served("follow", "a", "--from", position, *place, code=1).out.splitlines()
        assert rest == whole[-len(rest) :]
        assert "signal.received" in rest[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "there is no execution nothing"),
        (["--type", "node.faild"], "refold: --type: there are no events 'refold.node.faild'"),
        (["--filter", "type =="], "refold: --filter, line 1, column "),
        (["--from", "yesterday"], "refold: --from: expected 0 for the beginning"),
        (["a", "--workflow", "two"], "give either EXECUTION or --workflow"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_line(served: CommandLine, words: list[str], said: str) -> None:
    for place in (["--server", served.url], []):
        refused = served("follow", *words, *place, code=None)
        assert refused.code in (1, 2)
        assert said in refused.err
        assert refused.err.count("\n") == 1
