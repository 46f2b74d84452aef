"""The conformance suite of the worker protocol: point it at any worker.

    python -m tests.protocol.conformance -- node examples/worker.mjs

The command is started with REFOLD_SERVER set and has to offer, in the queue `default`, three activities, and a fourth if it takes steps:

    echo          gives its input back
    break_down    fails with the type `conformance.failed`, the message `as asked`, and says that trying again is useless
    linger        for `input.seconds` gives a sign of life with progress every tenth of a second or so; gives "lingered";
                  stops when it is cancelled
    add_up        makes each of `input.numbers` a step, named `number 0`, `number 1` …, and gives their sum; in the one of the index
                  `input.pause_at` it waits for a minute, or until it is cancelled
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from contracts.commands import CompleteActivity, LoseActivity, RecordStep
from contracts.values import decode
from tests.protocol.host import Host

KINDS: Final = {"echo", "break_down", "linger"}
AWKWARD: Final = {"text": 'ü "quoted" \\ \n \u2028 😀', "numbers": [0, -1, 1.5, 9007199254740991], "nothing": None, "empty": [{}, [], ""]}
STOP_WITHIN_S: Final = 10.0


@contextmanager
def running(command: list[str], host: Host) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that runs as long as the block; it is killed at its end if it still lives."""
    environment = {**os.environ, "REFOLD_SERVER": host.url}
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def results_of(host: Host, execution: str) -> list[dict[str, Any]]:
    return [result for result in host.results() if result["task"].startswith(f"{execution}/")]


def lingering(host: Host, **node: Any) -> str:
    """An execution whose activity is known to run."""
    execution = host.run("linger", {"seconds": 60}, **node)
    host.until(lambda: any("progress" in result for result in results_of(host, execution)))
    return execution


# What a worker has to do. Each of these gets a server and a worker of its own.


def it_says_its_version_name_kinds_and_credits(host: Host, worker: subprocess.Popen[bytes]) -> None:
    poll = host.until(lambda: host.bodies("poll"))[0]
    assert poll["protocol"] == 1
    assert set(poll["kinds"]) >= KINDS, f"offers {poll['kinds']}"
    assert poll["worker"], "has no name"
    assert 1 <= poll["credits"] <= 1000
    assert poll["running"] == []


def it_gives_back_the_output_unchanged(host: Host, worker: subprocess.Popen[bytes]) -> None:
    values: tuple[Any, ...] = (AWKWARD, None, [], "text", 0, False)
    for value in values:
        assert host.output_of(host.run("echo", {} if value is None else value)) == ({} if value is None else value)


def it_tells_how_an_activity_failed(host: Host, worker: subprocess.Popen[bytes]) -> None:
    execution = host.run("break_down", retry={"max_attempts": 5})
    failure = host.end_of(execution).failure
    assert failure is not None
    assert (failure.type, failure.message, failure.attempt) == ("conformance.failed", "as asked", 1), failure


def it_gives_signs_of_life_and_says_when_it_begins(host: Host, worker: subprocess.Popen[bytes]) -> None:
    execution = host.run("linger", {"seconds": 0.5}, timeouts={"heartbeat": "10s", "start_to_close": "20s"})
    assert host.output_of(execution) == "lingered"
    told = results_of(host, execution)
    assert told[0].get("started") is True, f"report_start was asked for, the first word was {told[0]}"
    assert any(isinstance(result.get("progress"), int | float) for result in told), f"no progress in {told}"


def it_stops_what_is_cancelled_within_a_second(host: Host, worker: subprocess.Popen[bytes]) -> None:
    execution = lingering(host)
    host.cancel(execution)
    assert host.end_of(execution).status == "cancelled"
    assert host.output_of(host.run("linger", {"seconds": 1.2})) == "lingered"  # which it takes when it has heard of the cancel, or later
    count = len(results_of(host, execution))
    assert host.output_of(host.run("linger", {"seconds": 0.5})) == "lingered"
    assert results_of(host, execution)[count:] == [], "it went on after the cancel"
    assert not any("output" in result or "error" in result for result in results_of(host, execution))


def it_takes_no_more_than_its_credits(host: Host, worker: subprocess.Popen[bytes]) -> None:
    most = host.until(lambda: host.bodies("poll"))[0]["credits"]
    executions = [host.run("echo", {"number": number}) for number in range(2 * most)]
    assert [host.output_of(execution)["number"] for execution in executions] == list(range(2 * most))
    for poll in host.bodies("poll"):
        assert poll["credits"] + len(poll["running"]) <= most, f"{poll['credits']} more than {len(poll['running'])} in hand"


def it_names_what_it_has_with_every_poll(host: Host, worker: subprocess.Popen[bytes]) -> None:
    task = f"{lingering(host)}/n@1"
    first = len(host.bodies("poll"))
    host.output_of(host.run("echo", 1))  # makes it poll
    host.until(lambda: len(host.bodies("poll")) > first)
    assert all(task in poll["running"] for poll in host.bodies("poll")[first:])


def it_reports_again_what_was_not_acknowledged(host: Host, worker: subprocess.Popen[bytes]) -> None:
    host.until(lambda: host.bodies("poll"))
    host.answers["results"].append(503)  # taken in, but the worker does not hear of it
    execution = host.run("echo", 5)
    assert host.output_of(execution) == 5
    host.until(lambda: len([result for result in results_of(host, execution) if "output" in result]) >= 2)
    host.output_of(host.run("echo", 6))
    host.until(lambda: not any(task.startswith(f"{execution}/") for task in host.bodies("poll")[-1]["running"]))
    ends = [command for command in host.commands(execution) if isinstance(command, CompleteActivity)]
    assert len(ends) == 1, f"{host.commands(execution)}"


def it_comes_back_after_errors_of_the_server(host: Host, worker: subprocess.Popen[bytes]) -> None:
    host.until(lambda: host.bodies("poll"))
    host.answers["poll"].extend([503, 503])
    assert [host.output_of(host.run("echo", number)) for number in range(3)] == [0, 1, 2]


def it_records_steps_and_does_none_again(host: Host, worker: subprocess.Popen[bytes]) -> None:
    if "add_up" not in host.until(lambda: host.bodies("poll"))[0]["kinds"]:
        return
    host.answers["results"].append(503)  # taken in, but the worker does not hear of it: it says it again
    execution = host.run("add_up", {"numbers": [1, 2, 3, 40], "pause_at": 2})
    host.until(lambda: sum("step" in result for result in results_of(host, execution)) >= 3)
    assert not any("output" in result for result in results_of(host, execution)), "it did not wait for the receipt of a step"
    host.until(lambda: "number 1" in steps_of(host, execution))
    lost = LoseActivity("n", 1, "somebody")
    host.call(lambda: host.engine.send(execution, lost))
    first = len(results_of(host, execution))
    host.until(lambda: any(task == f"{execution}/n@2" for task in host.bodies("poll")[-1]["running"]))
    host.call(lambda: host.engine.send(execution, CompleteActivity("n", 2, b'"enough"')))
    assert not any("number 0" in str(result) or "number 1" in str(result) for result in results_of(host, execution)[first:])
    assert steps_of(host, execution) == {"number 0": 1, "number 1": 2}


def it_gives_back_what_may_have_begun_at_its_first_step(host: Host, worker: subprocess.Popen[bytes]) -> None:
    if "add_up" not in host.until(lambda: host.bodies("poll"))[0]["kinds"]:
        return
    host.is_unsure = True
    execution = host.run("add_up", {"numbers": [1, 2]})
    assert host.output_of(execution) == 3
    assert results_of(host, execution)[0] == {"task": f"{execution}/n@1", "again": True}
    assert steps_of(host, execution) == {"number 0": 1, "number 1": 2}


def steps_of(host: Host, execution: str) -> dict[str, Any]:
    """The steps that are recorded, and what they gave."""
    return {one.name: decode(one.output) for one in host.commands(execution) if isinstance(one, RecordStep)}


def it_ends_what_runs_when_it_is_asked_to_stop(host: Host, worker: subprocess.Popen[bytes]) -> None:
    execution = host.run("linger", {"seconds": 1.0})
    host.until(lambda: results_of(host, execution))
    worker.send_signal(signal.SIGTERM)
    assert host.output_of(execution) == "lingered"
    assert worker.wait(STOP_WITHIN_S) == 0
    assert len(host.call(host.remote.workers).workers) == 0, "it went without a good-bye"


def it_ends_at_once_where_its_version_is_not_spoken(host: Host, worker: subprocess.Popen[bytes]) -> None:
    host.until(lambda: worker.poll() is not None or host.asked)
    assert worker.wait(STOP_WITHIN_S) not in (0, None)
    assert len(host.asked) <= 3, "it asked again and again"
    assert worker.stderr is not None
    assert b"426" in worker.stderr.read()


RULES: Final[list[Callable[[Host, subprocess.Popen[bytes]], None]]] = [
    it_says_its_version_name_kinds_and_credits,
    it_gives_back_the_output_unchanged,
    it_tells_how_an_activity_failed,
    it_gives_signs_of_life_and_says_when_it_begins,
    it_stops_what_is_cancelled_within_a_second,
    it_takes_no_more_than_its_credits,
    it_names_what_it_has_with_every_poll,
    it_reports_again_what_was_not_acknowledged,
    it_comes_back_after_errors_of_the_server,
    it_records_steps_and_does_none_again,
    it_gives_back_what_may_have_begun_at_its_first_step,
    it_ends_what_runs_when_it_is_asked_to_stop,
    it_ends_at_once_where_its_version_is_not_spoken,
]


def check(rule: Callable[[Host, subprocess.Popen[bytes]], None], command: list[str]) -> None:
    """Hold a worker to one rule. Raises AssertionError."""
    with Host() as host:
        if rule is it_ends_at_once_where_its_version_is_not_spoken:
            host.answers["poll"].append(426)
        with running(command, host) as worker:
            rule(host, worker)
            host.verify()


def main(words: list[str]) -> int:
    """Hold the worker of a command to all rules, and say how it went."""
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    failed = 0
    for rule in RULES:
        name = rule.__name__.replace("_", " ")
        try:
            check(rule, command)
            sys.stdout.write(f"ok      {name}\n")
        except AssertionError as error:
            failed += 1
            sys.stdout.write(f"FAILED  {name}: {error}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
