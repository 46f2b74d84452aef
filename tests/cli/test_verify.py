"""`refold verify` on several cores, of what is not older, and with a certificate that another machine checks."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from refold.cli.commands.certificate import read, signed, write
from tests.cli.conftest import TINY, WAITS, CommandLine
from tests.cli.test_look import change_definition_of_tiny


@pytest.fixture
def verified(refold: CommandLine) -> CommandLine:
    """Four executions, and a certificate of them."""
    tiny, waits = refold.file("tiny.yaml", TINY), refold.file("waits.yaml", WAITS)
    for number in range(3):
        refold("run", tiny, "--input", f'{{"n": {number}}}', "--id", f"e{number}")
    refold("run", waits, "--id", "open", "--timeout", "0", code=None)
    refold("verify", "--certificate", "c.json")
    return refold


def test_on_several_cores_comes_out_the_same(verified: CommandLine) -> None:
    one, many = (verified("verify", "--jobs", jobs, "--certificate", f"{jobs}.json", "--json").json for jobs in ("1", "3"))
    assert one == {**many, "certificate": {**many["certificate"], "digest": one["certificate"]["digest"]}}
    assert one["executions"] == 4
    parts = [json.loads((verified.folder / f"{jobs}.json").read_text())["partitions"] for jobs in "13"]
    assert parts[0] == parts[1]


def test_a_difference_is_found_in_whichever_share_it_lies(verified: CommandLine) -> None:
    change_definition_of_tiny(verified.data / "log.db")
    one, many = (verified("verify", "--jobs", jobs, "--json", code=1).json["differences"] for jobs in ("1", "4"))
    assert sorted(told["execution"] for told in many) == ["e0", "e1", "e2"]
    assert sorted(many, key=str) == sorted(one, key=str)


def test_a_certificate_holds_also_after_more_has_happened(verified: CommandLine) -> None:
    verified("run", "tiny.yaml", "--id", "later")
    verified("signal", "open", "approved")
    said = verified("verify", "--against", "c.json", "--jobs", "2").out
    assert "\nit is what the certificate says: made by Refold " in said
    assert "of 4 executions decided again: 0 differences" in said
    assert "of 5 executions" in verified("verify").out


def test_another_log_is_not_what_it_says(verified: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for number in range(3):
        verified("run", "tiny.yaml", "--input", f'{{"n": {number + 7}}}', "--id", f"e{number}", data=other)
    verified("run", "waits.yaml", "--id", "open", "--timeout", "0", data=other, code=None)
    verified("run", "waits.yaml", "--id", "more", "--timeout", "0", data=other, code=None)
    done = verified("verify", "--against", "c.json", data=other, code=1)
    assert "refold: partition 0: the digest is " in done.err
    assert "it is not what the certificate says" in done.out
    parted = verified("verify", "--against", "c.json", "--json", data=other, code=1).json["certificate"]["parted"]
    assert any("the certificate says" in line for line in parted)


def test_a_log_that_ends_before_it_is_refused(verified: CommandLine, tmp_path: Path) -> None:
    verified("run", "tiny.yaml", data=tmp_path / "short")
    complaint = verified("verify", "--against", "c.json", data=tmp_path / "short", code=2).complaint
    assert complaint.startswith("refold: partition 0 ends at offset ")
    assert ", and the certificate goes to " in complaint


def test_a_certificate_with_another_log_behind_its_definition_shows_the_difference(verified: CommandLine) -> None:
    change_definition_of_tiny(verified.data / "log.db")
    done = verified("verify", "--against", "c.json", code=1)
    assert "partition 0: 3 differences, the certificate says 0" in done.err


@pytest.mark.parametrize(("content", "says"), [
    ("{}", "is no certificate of `refold verify`: Object missing required field `format`"),
    ("[" * 100_000, "is no certificate of `refold verify`"),
    ("\udc80", "is no certificate of `refold verify`"),
])  # fmt: skip
def test_what_is_no_certificate_is_named(refold: CommandLine, content: str, says: str) -> None:
    (refold.folder / "bad.json").write_text(content, errors="surrogateescape")
    refold("run", refold.file("tiny.yaml", TINY))
    assert says in refold("verify", "--against", "bad.json", code=2).complaint


def test_one_that_was_changed_is_told(verified: CommandLine) -> None:
    file = verified.folder / "c.json"
    value = json.loads(file.read_text())
    value["partitions"][0]["digest"] = "0" * 64
    file.write_text(json.dumps(value))
    assert "c.json was changed" in verified("verify", "--against", "c.json", code=2).complaint
    file.write_text(json.dumps({**value, "format": 9}))
    assert "format 9; this build reads format 1" in verified("verify", "--against", "c.json", code=2).complaint


def test_only_what_is_not_older_is_verified(verified: CommandLine) -> None:
    assert "of 4 executions" in verified("verify", "--since", "1h").out
    assert "0 decisions with 0 events of 0 executions" in verified("verify", "--since", "1ms").out
    assert verified("verify", "--since", "soon", code=2).complaint.startswith("refold: --since: expected a duration like 30d or 12h")
    assert "leave EXECUTION out" in verified("verify", "e0", "--jobs", "2", code=2).complaint
    assert "--since: the certificate says since when" in verified("verify", "--since", "1h", "--against", "c.json", code=2).complaint


def test_one_that_names_a_partition_twice_is_of_another_log(verified: CommandLine) -> None:
    file = verified.folder / "c.json"
    made = read(file)
    write(file, signed(msgspec.structs.replace(made, partitions=made.partitions * 2)))
    refused = verified("verify", "--against", "c.json", code=2).complaint
    assert "the certificate is of a log with 2 partitions, and this one has 1" in refused
