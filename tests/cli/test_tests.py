"""`refold test`: which files are taken, how failures are told, exit codes, reports, and that it is the same in several processes."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import TINY, CommandLine, wait_for_line

PASSES = "{workflow: tiny.yaml, cases: [{name: it sums, mocks: {double: {output: 4}}, expect: {output: {sum: 4}}}]}"
FAILS = """
workflow: ../tiny.yaml
cases:
  - name: it sums otherwise
    mocks: {double: {output: 4}}
    expect: {output: {sum: 5}}
  - name: nothing is given
"""
MINE = """
import os
import refold

@refold.activity
def greet(name: str) -> str:
    print("a word that is no answer")
    return f"hello {name}"

@refold.activity
async def refuse(name: str) -> str:
    raise refold.ActivityError("no.way", "never", retryable=False)

@refold.activity
def die(name: str) -> None:
    os._exit(3)
"""


@pytest.fixture
def tests(refold: CommandLine) -> CommandLine:
    refold.file("tiny.yaml", TINY)
    return refold


def test_files_are_found_by_their_names_in_folders_that_are_not_hidden(tests: CommandLine) -> None:
    for folder in ("a", ".hidden", "node_modules", "b"):
        (tests.folder / folder).mkdir()
        (tests.folder / folder / "one.test.yaml").write_text(PASSES.replace("tiny.yaml", "../tiny.yaml"))
    (tests.folder / "b" / "two.test.json").write_text(
        json.dumps({"workflow": "../tiny.yaml", "cases": [{"name": "x", "real": ["*"], "expect": {"output": {"sum": 42}}}]})
    )
    (tests.folder / "b" / "other.yaml").write_text("no: tests")
    found = tests("test", "--json").json
    assert [one["file"] for one in found["cases"]] == ["a/one.test.yaml", "b/one.test.yaml", "b/two.test.json"]
    assert (found["passed"], found["failed"], found["error"]) == (3, 0, 0)


def test_a_failure_is_told_as_what_was_expected_and_found_with_its_line(tests: CommandLine) -> None:
    (tests.folder / "t").mkdir()
    (tests.folder / "t" / "f.test.yaml").write_text(FAILS)
    said = tests("test", "t", code=1).out
    assert "\n".join(said.splitlines()[:-1]) == (
        "t/f.test.yaml\n"
        "  FAILED  it sums otherwise\n"
        "    output\n"
        '      expected  {"sum":5}\n'
        '      found     {"sum":4}\n'
        "    ran: double, done\n"
        "    at t/f.test.yaml:4\n"
        "\n"
        "  ERROR   nothing is given\n"
        "    mocks: nothing is given for attempt 1 of double, a `code`; say what it gives: `mocks: {double: {output: …}}`,"
        " or let it run: `real: [double]`\n"
        "    at t/f.test.yaml:7\n"
    )
    assert said.splitlines()[-1].startswith("0 passed, 1 failed, 1 could not run in 1 file, ")


def test_a_long_difference_is_told_line_by_line(tests: CommandLine) -> None:
    text = json.dumps(
        {
            "workflow": "tiny.yaml",
            "cases": [
                {
                    "name": "a",
                    "mocks": {"double": {"output": list(range(40))}},
                    "expect": {"output": {"sum": [*range(20), "x", *range(21, 40)]}},
                }
            ],
        }
    )
    said = tests("test", tests.file("f.test.json", text), code=1).out
    assert '      -    "x",\n      +    20,\n' in said


def test_no_tests_fail_and_so_do_none_that_are_picked(tests: CommandLine) -> None:
    assert tests("test", code=1).complaint.startswith("refold: there are no tests in .")
    tests.file("a.test.yaml", PASSES)
    assert tests("test", "-k", "IT SUMS").out.startswith("1 passed in 1 file")
    assert "none was run, which is no success" in tests("test", "-k", "nix", code=1).complaint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{workflow: tiny.yaml, cases: [{name: a, expct: {}}]}", "a.test.yaml:1:41: cases[0].expct: `expct` is not a field here"),
        ("{workflow: tny.yaml, cases: [{name: a}]}", "there is no definition tny.yaml (unknown_file); did you mean `tiny.yaml`?"),
        ("cases: [", "not YAML"),
        ("", "begin with `workflow: FILE` and `cases:`"),
        ("- a", "begin with `workflow: FILE` and `cases:`"),
        ("{workflow: bad.yaml, cases: [{name: a}]}", "bad.yaml:1:"),
        ("{workflow: tiny.yaml, with: [tiny.yaml], cases: [{name: a}]}", "with[0]: two files define workflow tiny"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_place_and_the_others_still_run(tests: CommandLine, text: str, said: str) -> None:
    tests.file("bad.yaml", "{name: bad, nodes: [{id: A, type: noop}]}")
    tests.file("a.test.yaml", text)
    tests.file("b.test.yaml", PASSES)
    result = tests("test", code=2)
    assert said in result.err
    assert result.out.startswith("1 passed")


def test_what_is_not_there_is_named_with_what_is(tests: CommandLine) -> None:
    assert "did you mean tiny.yaml?" in tests("test", "tinny.yaml", code=2).complaint
    assert "-j: expected a number" in tests("test", "-j", "0", code=2).complaint


def test_a_report_for_build_servers_says_the_same(tests: CommandLine) -> None:
    (tests.folder / "t").mkdir()
    (tests.folder / "t" / "f.test.yaml").write_text(FAILS.replace("it sums otherwise", '"a < b & \\x07"'))
    tests("test", "t", "--junit", "out/report.xml", code=1)
    root = ElementTree.parse(tests.folder / "out/report.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "1")
    case, other = root.iter("testcase")
    assert (case.get("name"), case.get("line"), case.get("file")) == ("a < b & \ufffd", "4", "t/f.test.yaml")
    assert '  found     {"sum":4}' in (case.findtext("failure") or "")
    assert "nothing is given" in (other.findtext("error") or "")


def test_coverage_says_what_no_case_has_taken(tests: CommandLine) -> None:
    branches = (
        "{name: b, nodes: [{id: c, type: condition, config: {expression: input.yes_}}, {id: y, type: noop}, {id: n, "
        "type: noop}], edges: [{from: c.true, to: y}, {from: c.false, to: n}]}"
    )
    tests.file("b.yaml", branches)
    tests.file("b.test.yaml", "{workflow: b.yaml, cases: [{name: a, input: {yes_: true}}]}")
    assert tests("test", "--coverage").out.splitlines()[:-1] == [
        "coverage of b.yaml, workflow b",
        "  nodes        2/3  without n",
        "  edges        1/2  without c.false -> n",
        "  cases        1/2  without c.false",
    ]
    (found,) = tests("test", "--coverage", "--json").json["coverage"]
    assert found["cases"] == {"taken": 1, "there": 2, "missing": ["c.false"]}


def test_several_processes_find_the_same_in_the_same_order(tests: CommandLine) -> None:
    cases = [{"name": f"case {number}", "real": ["*"], "input": {"n": number}, "expect": {"output": {"sum": 8}}} for number in range(120)]
    tests.file("many.test.json", json.dumps({"workflow": "tiny.yaml", "cases": cases}))

    def found(*more: str) -> object:
        said = tests("test", "--json", "--coverage", *more, code=1).json
        return [(one["name"], one["status"], one["differences"]) for one in said["cases"]], said["coverage"]

    assert found() == found("-j", "3")


def test_activities_of_ones_own_run_in_a_process_of_their_own(tests: CommandLine) -> None:
    tests.file("mine.py", MINE)
    tests.file(
        "own.yaml",
        "{name: own, settings: {on_failure: fail}, nodes: [{id: a, type: greet}, {id: b, type: refuse}], edges: [{from: a, to: b}]}",
    )
    tests.file(
        "own.test.yaml",
        "{workflow: own.yaml, cases: [{name: x, input: {name: Ann}, real: [a], mocks: {b: {output: done}}}, {name: y, "
        "input: {name: Ann}, real: [a, b], expect: {error: no.way}}, {name: z, input: {name: Ann}, "
        "mocks: {a: {output: {name: Bob}}}, real: [b], expect: {error: no.way}}]}",
    )
    wrong = tests("test", "--worker", "mine", code=2)
    assert "it is not of the shape of what `greet` gives" in wrong.complaint
    tests.file("own.test.yaml", (tests.folder / "own.test.yaml").read_text().replace("output: {name: Bob}", "output: hello Bob"))
    assert tests("test", "--worker", "mine").out.startswith("3 passed")
    assert "nobody here runs `greet`" in tests("test", code=1).out


def test_a_process_of_activities_that_dies_is_told(tests: CommandLine) -> None:
    tests.file("mine.py", MINE)
    tests.file("own.yaml", "{name: own, nodes: [{id: a, type: die}]}")
    tests.file("own.test.yaml", "{workflow: own.yaml, cases: [{name: x, input: {name: A}, real: [a]}]}")
    assert "mine: its process has ended (3)" in tests("test", "--worker", "mine", code=2).complaint


def test_it_runs_again_when_a_file_has_changed(tests: CommandLine) -> None:
    test = tests.file("a.test.yaml", PASSES)
    process = tests.start("test", "--watch")
    assert wait_for_line(process, "passed").startswith("1 passed")
    wait_for_line(process, "waiting for a change")
    test.write_text(PASSES.replace("sum: 4", "sum: 5"))
    assert wait_for_line(process, "passed").startswith("0 passed, 1 failed")
    test.write_text("{")
    wait_for_line(process, "waiting for a change")
    test.write_text(PASSES)
    assert wait_for_line(process, "passed").startswith("1 passed")


def test_an_execution_is_written_down_as_a_test_that_passes(tests: CommandLine) -> None:
    tests("run", "tiny.yaml", "--id", "one", "--input", '{"n": 4}')
    said = tests("test", "--record", "one").out
    assert said.startswith("tiny.test.yaml holds execution one as a test: ")
    assert tests("test").out.startswith("1 passed")
    assert "tiny.test.yaml is there already" in tests("test", "--record", "one", code=2).complaint
    there = tests("test", "--record", "one", "--output", "more/x.test.yaml", code=2).complaint
    assert "cannot be written" in there
    assert "there is no execution nix" in tests("test", "--record", "nix", code=1).complaint


def test_a_server_writes_the_same_and_what_waits_is_looked_at_until_then(filled: CommandLine) -> None:
    def recorded(execution: str, *more: str) -> object:
        return filled("test", "--record", execution, "--json", *more).json

    of_folder = {name: recorded(name) for name in ("good", "failed", "stuck", "waiting")}
    server = filled.serve()
    assert {name: recorded(name, "--server", server) for name in of_folder} == of_folder


TO_RENEW = """\
workflow: tiny.yaml   # a comment
fixtures: {sum: 9}
cases:
  - name: as a block
    mocks: {double: {output: 4}}
    expect:
      output:
        sum: 5   # this stays

      # a comment that stays
      lasted: 3h # so does this
      path:
      - double
      called: {done: 7, double: 2}
      order: [done, double]
  - {name: in one line, mocks: {double: {output: "${{x}"}}, expect: {output: {sum: 5}, has: {sum: 7}}}
  - {name: with a fixture, mocks: {double: {output: 4}}, expect: {output: {sum: "${sum}"}}}
  - {name: it passes, mocks: {double: {output: 4}}, expect: {output: {sum: 4}}}
  - name: for each
    each: [{n: 1}, {n: 2}]
    mocks: {double: {output: "${n}"}}
    expect: {output: {sum: 5}}
"""
RENEWED = """\
workflow: tiny.yaml   # a comment
fixtures: {sum: 9}
cases:
  - name: as a block
    mocks: {double: {output: 4}}
    expect:
      output:
        sum: 4   # this stays

      # a comment that stays
      lasted: 0s # so does this
      path:
      - double
      - done
      called: {done: 0, double: 1}
      order: [done, double]
  - {name: in one line, mocks: {double: {output: "${{x}"}}, expect: {output: {sum: "${{x}"}, has: {sum: "${{x}"}}}
  - {name: with a fixture, mocks: {double: {output: 4}}, expect: {output: {sum: "${sum}"}}}
  - {name: it passes, mocks: {double: {output: 4}}, expect: {output: {sum: 4}}}
  - name: for each
    each: [{n: 1}, {n: 2}]
    mocks: {double: {output: "${n}"}}
    expect: {output: {sum: 5}}
"""


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_is_expected_is_written_as_it_was_found_and_all_else_stays(tests: CommandLine, mark: str) -> None:
    file = tests.folder / "renew.test.yaml"
    file.write_text(mark + TO_RENEW.replace("${{x}", "$${x}"), encoding="utf-8")
    ended = tests("test", "--update", "renew.test.yaml", code=1)
    assert file.read_text(encoding="utf-8") == mark + RENEWED.replace("${{x}", "$${x}")
    assert "renew.test.yaml: 7 expectations written anew" in ended.out
    assert "renew.test.yaml:4: as a block: `order` stays as it is: it says a part of what is to happen" in ended.err
    assert "with a fixture: `output` stays as it is: it is written with names that are filled in" in ended.err
    assert ended.err.count("its values may come from `each`") == 2
    assert "2 passed, 4 failed" in ended.out
    again = tests("test", "--update", "renew.test.yaml", code=1)
    assert "written anew" not in again.out


def test_a_file_of_json_is_renewed_and_what_stands_for_several_places_is_not(tests: CommandLine) -> None:
    case = {"name": "x", "mocks": {"double": {"output": 4}}, "expect": {"output": {"sum": 5}}}
    tests.file("one.test.json", json.dumps({"workflow": "tiny.yaml", "cases": [case]}, indent=1))
    assert "1 passed" in tests("test", "--update", "one.test.json").out
    shared = "workflow: tiny.yaml\nmocks: {double: {output: &v {sum: 5}}}\ncases: [{name: x, expect: {output: *v}}]\n"
    tests.file("two.test.yaml", shared)
    assert "two.test.yaml is not updated: " in tests("test", "--update", "two.test.yaml", code=2).err
    assert (tests.folder / "two.test.yaml").read_text() == shared
    assert "give either --update or --watch" in tests("test", "--update", "--watch", code=2).err
