"""Each command says the same of the same state, whether it asks a data folder or a server."""

import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from refold import Client
from tests.cli.conftest import NEEDS_A_PERSON, WAITS, CommandLine, WaitForLine

OWN_KIND = """
name: labels
nodes: [{id: print, type: print_label, queue: printers}]
"""
LOOKS = [
    ["list"],
    ["list", "--status", "failed", "--status", "running"],
    ["list", "--workflow", "waits", "--limit", "1"],
    ["list", "--filter", "status in ['failed', 'incident'] || parent != null"],
    ["list", "--filter", "workflow == 'waits' && created_at < now && outcome == null", "--limit", "1"],
    ["list", "--filter", "created_at > now"],
    ["show", "good"],
    ["show", "good", "--at", "3"],
    ["show", "stuck"],
    ["show", "label"],
    ["history", "stuck"],
    ["incidents"],
    ["workers"],
    ["node-kinds"],
]
STEERS = [
    ["signal", "w0", "approved", '{"by": "Ada"}'],
    ["signal", "w1", "other", "--no-continue"],
    ["pause", "w2", "--reason", "lunch"],
    ["resume", "w2"],
    ["cancel", "w3"],
    ["terminate", "w4", "--reason", "enough"],
    ["resolve", "s0", "retry"],
    ["resolve", "s1", "retry", "--variables", '{"n": 4}'],
    ["resolve", "s2", "skip", "--output", "5", "--incident", "1"],
    ["resolve", "s3", "fail"],
    ["signal", "w0", "approved"],
    ["signal", "nobody", "approved"],
    ["resolve", "w1", "retry"],
    ["show", "s0", "--at", "99"],
]


@pytest.fixture(scope="module")
def served(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A data folder with an execution of each sort, one of which waits for a worker, and a server that holds it."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    line = CommandLine(folder)
    line.url = line.serve()
    try:
        line("deploy", line.file("labels.yaml", OWN_KIND), "--server", line.url)
        line("start", "labels", "--id", "label", "--server", line.url)
        yield line
    finally:
        line.close()


def told(line: CommandLine, words: list[str], *options: str, code: int | None = None) -> tuple[int, str]:
    """What a command says without its progress, without times, and without the options of the place."""
    result = line(*words, *options, code=code, env={"REFOLD_DATA": "" if options else str(line.data)})
    text = re.sub(r"^ *\d+\.\d\d s  .*\n", "", result.out + result.err, flags=re.MULTILINE)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>", text)
    return result.code, text.replace(f" --server {line.url}" if options else "\0", "")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_looking_says_the_same_both_ways(served: CommandLine, words: list[str], form: list[str]) -> None:
    by_folder, by_server = (told(served, [*words, *form], *options) for options in ([], ["--server", served.url]))
    assert by_folder == by_server
    assert by_folder[0] == 0


@pytest.mark.parametrize("filter_", ["version == '3'", "", "nam == 1", "flag &&\n  x", "workflow = 'x'", "status == 'complete'"])
def test_a_filter_is_refused_with_the_same_words_both_ways(served: CommandLine, filter_: str) -> None:
    by_folder, by_server = (told(served, ["list", "--filter", filter_], *options) for options in ([], ["--server", served.url]))
    assert by_folder == by_server
    assert by_folder[0] == 2


def test_schemas_are_the_same_both_ways(served: CommandLine) -> None:
    assert told(served, ["schemas"]) == told(served, ["schemas"], "--server", served.url)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CommandLine, CommandLine]]:
    """Two data folders that hold the same executions, one of them held by a server."""
    first = CommandLine(tmp_path_factory.mktemp("first"))
    filling = first.start("serve", "--port", "0")
    assert filling.stdout is not None
    url = filling.stdout.readline().rsplit(" at ", 1)[1].strip()
    with Client(url) as client:
        client.publish(WAITS)
        client.publish(NEEDS_A_PERSON)
        for number in range(5):
            client.start("waits", execution_id=f"w{number}")
            client.start("needs_a_person", execution_id=f"s{number}")
        for number in range(5):
            next(event for event in client.stream(f"s{number}") if event["type"] == "refold.incident.raised")
    filling.terminate()
    assert filling.wait(30) == 0
    second = CommandLine(tmp_path_factory.mktemp("second"))
    shutil.copytree(first.data, second.data, dirs_exist_ok=True)
    second.url = second.serve()
    try:
        yield first, second
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("words", STEERS, ids=" ".join)
def test_steering_does_and_says_the_same_both_ways(twins: tuple[CommandLine, CommandLine], words: list[str]) -> None:
    by_folder, by_server = twins
    assert told(by_folder, [*words]) == told(by_server, [*words], "--server", by_server.url)
    shown = ["show", words[1], "--json"]
    assert told(by_folder, shown) == told(by_server, shown, "--server", by_server.url)


def without_what_differs(text: str) -> str:
    """An outcome without how long it took."""
    return re.sub(r"in \d+\.\d\d s|\"duration_ms\": \d+", "<duration>", text)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ["run", "tiny.yaml", "--input", '{"n": 4}', "--id", "r1"],
        ["run", "tiny.yaml", "--input", '{"n": "x"}', "--id", "r2"],
        ["run", "fails.yaml", "--id", "r3"],
        ["run", "needs_a_person.yaml", "--id", "r4"],
        ["run", "bad.yaml"],
        ["run", "tiny.yaml", "--input", "{n: 4}"],
        ["run", "tiny.yaml", "--id", "not an id"],
    ],
    ids=lambda words: " ".join(words[1:]),
)
def test_run_ends_the_same_both_ways(served: CommandLine, tmp_path: Path, words: list[str], form: list[str]) -> None:
    served.file("bad.yaml", "name: x\nnodes: [{id: a, type: delay, config: {for: soon}}]\n")
    outcomes = []
    for options in (["--data", str(tmp_path / "own")], ["--server", served.url]):
        result = served(*words, *form, *options, code=None, env={"REFOLD_DATA": ""})
        text = re.sub(r"^ *\d+\.\d\d s  .*\n|^  \S*refold (history|show|verify).*\n", "", result.out + result.err, flags=re.MULTILINE)
        outcomes.append((result.code, without_what_differs(text).replace(" ".join(options), "<place>")))
    assert outcomes[0] == outcomes[1]


def test_the_server_may_stand_in_the_environment(served: CommandLine) -> None:
    rows = served("list", "--json", env={"REFOLD_DATA": "", "REFOLD_SERVER": served.url}).json
    assert {"good", "label"} <= {row["execution_id"] for row in rows}


# Who is there.


def test_what_waits_for_a_worker_is_named_with_the_command_that_helps(served: CommandLine) -> None:
    for options in ([], ["--server", served.url]):
        waiting = served("workers", "--json", *options, env={"REFOLD_DATA": "" if options else str(served.data)}).json["waiting"]
        assert waiting == [{"kind": "print_label", "queue": "printers", "count": 1}]
    text = served("workers", "--server", served.url, env={"REFOLD_DATA": ""}).out
    assert "1 activity waits for a worker that offers print_label in the queue printers" in text
    assert f"worker MODULE --server {served.url} --queues printers" in text


def test_doctor_looks_at_a_server_and_names_what_waits_for_a_worker(served: CommandLine) -> None:
    result = served("doctor", "--json", "--server", served.url, env={"REFOLD_DATA": ""}).json
    checks = {check["what"]: check for check in result["checks"]}
    assert checks["server"]["state"] == "ok"
    assert "print_label" in checks["workers"]["found"]
    assert "worker MODULE" in checks["workers"]["fix"]
    of_folder = {check["what"]: check for check in served("doctor", "--json").json["checks"]}
    assert "print_label" in of_folder["workers"]["found"]
    assert served.url in of_folder["held by"]["found"]


def test_deploy_passes_on_what_the_server_warns_of(served: CommandLine) -> None:
    said = served("deploy", "labels.yaml", "--server", served.url, env={"REFOLD_DATA": ""}).complaint
    assert "labels.yaml:3:21: nodes[0].type (node print): " in said
    assert "print_label" in said


def test_whoever_waits_is_told_that_no_worker_is_there(served: CommandLine) -> None:
    result = served("start", "labels", "--wait", "--timeout", "1", "--server", served.url, env={"REFOLD_DATA": ""}, code=1)
    assert re.search(r"waits for a worker that offers print_label: .*refold worker MODULE --server http://", result.err)


def test_a_worker_that_comes_is_listed(served: CommandLine, waiting_for_line: WaitForLine) -> None:
    served.file("printing.py", "import refold\n\n@refold.activity\ndef print_label() -> str:\n    return 'printed'\n")
    worker = served.start("worker", "printing", "--server", served.url, "--queues", "printers")
    result = served("start", "labels", "--wait", "--json", "--server", served.url, env={"REFOLD_DATA": ""})
    assert result.json["output"] == "printed"
    (row,) = served("workers", "--json", "--server", served.url, env={"REFOLD_DATA": ""}).json["workers"]
    assert (row["kinds"], row["queues"], row["connected"]) == (["print_label"], ["printers"], True)
    worker.terminate()
    assert worker.wait(30) == 0


# What does not go.


def test_a_held_folder_names_the_server_to_ask(served: CommandLine) -> None:
    for words in (["signal", "waiting", "approved"], ["continue"], ["start", "waits"], ["run", "waits.yaml"], ["deploy", "waits.yaml"]):
        complaint = served(*words, code=1).complaint
        assert f"is held by process {served._living[0].pid}" in complaint
        assert complaint.endswith(f"ask it instead: --server {served.url}")


def test_a_folder_and_a_server_together_are_refused(served: CommandLine) -> None:
    said = served("list", "--data", "x", "--server", served.url, code=2).complaint
    assert "give either a data folder (flag --data) or a server (flag --server), not both" in said
    said = served("list", env={"REFOLD_SERVER": served.url}, code=2).complaint
    assert "(environment REFOLD_DATA) or a server (environment REFOLD_SERVER)" in said


def test_a_flag_counts_more_than_the_environment(served: CommandLine) -> None:
    assert served("list", "--server", served.url, "--json").json == served("list", "--json").json
    elsewhere = {"REFOLD_DATA": "", "REFOLD_SERVER": "http://127.0.0.1:1"}
    assert served("list", "--data", served.data, "--json", env=elsewhere).json == served("list", "--json").json


@pytest.mark.parametrize("words", [["list"], ["workers"], ["run", "tiny.yaml"], ["start", "tiny"], ["continue"]], ids=" ".join)
def test_what_is_in_a_log_that_servers_share_is_asked_of_a_server(served: CommandLine, words: list[str]) -> None:
    elsewhere = {"REFOLD_LOG": "kafka://127.0.0.1:1"}
    said = served(*words, env=elsewhere, code=2).complaint
    assert "in a log that servers share (environment REFOLD_LOG): ask one of them with --server URL, or give --data DIR" in said
    assert served("list", "--data", served.data, "--json", env=elsewhere).json == served("list", "--json").json
    assert served("list", "--server", served.url, "--json", env={"REFOLD_DATA": "", **elsewhere}).json == served("list", "--json").json


@pytest.mark.parametrize("words", [["verify"], ["continue"]], ids=" ".join)
def test_what_only_a_data_folder_can_do_says_so(served: CommandLine, words: list[str]) -> None:
    assert "give --data DIR instead" in served(*words, "--server", served.url, code=2).complaint
    elsewhere = {"REFOLD_LOG": "kafka://127.0.0.1:1"}
    assert "give --data DIR instead" in served(*words, "--server", served.url, env=elsewhere, code=2).complaint


def test_settings_of_an_engine_are_refused_where_a_server_is_asked(served: CommandLine) -> None:
    said = served("run", "tiny.yaml", "--server", served.url, "--files", ".", code=2).complaint
    assert "--files is for an engine on a data folder" in said


@pytest.mark.parametrize(
    "words", [["list"], ["show", "x"], ["signal", "x", "y"], ["run", "tiny.yaml"], ["start", "tiny"], ["doctor"]], ids=" ".join
)
def test_a_server_that_is_not_there_is_told_in_one_line(served: CommandLine, words: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    result = served(*words, "--server", url, code=1)
    assert f"{url} cannot be reached" in (result.out if words == ["doctor"] else result.complaint)


def test_an_address_that_is_none_is_refused(served: CommandLine) -> None:
    assert "ftp://x" in served("list", "--server", "ftp://x", code=2).complaint


@pytest.mark.parametrize("verb", ["show", "history", "signal", "pause", "resume", "cancel", "terminate", "resolve"])
def test_an_unknown_execution_is_named_by_a_server_too(served: CommandLine, verb: str) -> None:
    more = {"signal": ["approved"], "resolve": ["retry"]}.get(verb, [])
    said = served(verb, "nobody", *more, "--server", served.url, code=1).complaint
    assert said == "refold: there is no execution nobody; `refold list` shows those there are"


def test_validate_asks_the_server_for_its_kinds(served: CommandLine) -> None:
    file = served.file("labels.yaml", OWN_KIND)
    assert served("validate", file, "--json", "--server", served.url).json["valid"]
    assert not served("validate", file, "--json", code=2).json["valid"]
    bad = served.file("bad.yaml", "name: x\nnodes: [{id: a, type: delay, config: {for: soon}}]\n")
    by_folder, by_server = (served("validate", bad, *options, code=2).err for options in ([], ["--server", served.url]))
    assert by_folder == by_server
    assert json.loads(served("validate", bad, "--json", code=2).out)["problems"]


def test_the_cluster_of_a_server_is_shown_and_a_data_folder_has_none(served: CommandLine) -> None:
    code, text = told(served, ["cluster"], "--server", served.url)
    assert code == 0
    assert re.search(r"^embedded +alive, leads +api, owner, projector, worker +http://127.0.0.1:\d+ ", text, re.MULTILINE)
    assert re.search(r"^0 +embedded +\d+ +\d+ +\d+ +\d+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+\.\d\d s$", text, re.MULTILINE)
    found = json.loads(served("cluster", "--json", "--server", served.url).out)
    assert [row["owner"] for row in found["partitions"]] == [found["leader"]]
    result = served("cluster", code=2)
    assert "is a data folder, which knows of no processes; ask a server" in result.err
