"""`refold credentials`: what is kept in a data folder, given by stdin or a file, and never shown."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from refold.cli.commands.credential_values import values_in
from refold.cli.commands.output import BadInput
from tests.cli.conftest import ROOT, TINY, CommandLine

NEEDS = "name: order\nnodes: [{id: pay, type: http_request, config: {url: 'https://x.example', credential: crm}}]\n"


def test_a_credential_is_kept_listed_rotated_and_deleted(refold: CommandLine) -> None:
    token = refold.file("token", "s3cr3t-t0ken\n")
    assert refold("credentials", "list").out == "no credentials are kept\n"
    assert refold("credentials", "create", "crm", "--kind", "bearer", "--file", token).out == "credential crm of kind bearer is kept\n"
    token.write_text("an0ther-t0ken\n")
    assert "crm is at version 2; the one before counts until" in refold("credentials", "rotate", "crm", "--file", token).out
    assert refold("credentials", "rotate", "crm", "--file", token).out == (
        "credential crm has these values already; it stays at version 2\n"
    )
    shown = refold("credentials", "show", "crm", "--json").json
    assert [(one["version"], one["written_by"]) for one in shown["versions"]] == [(1, "command line"), (2, "command line")]
    assert refold("credentials", "uses", "crm").out == "nobody was given crm\n"
    refold("deploy", refold.file("order.yaml", NEEDS))
    assert "named by workflow order at nodes.pay.config.credential" in refold("credentials", "show", "crm").out
    assert "is named by workflow order (nodes.pay.config.credential)" in refold("credentials", "delete", "crm", code=1).complaint
    assert "credential crm is deleted" in refold("credentials", "delete", "crm", "--force").out
    assert refold("credentials", "show", "crm", code=1).complaint == (
        "refold: there is no credential crm; `refold credentials list` shows those there are"
    )


def test_values_are_asked_for_in_a_terminal_and_not_shown(refold: CommandLine) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "refold", "credentials", "create", "crm", "--kind", "basic", "--data", str(refold.data)]
    with subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        cwd=refold.folder,
    ):
        os.close(theirs)
        said = b""
        for prompt, answer in ((b"username: ", b"ann\n"), (b"password: ", b"s3cr3t\n")):
            while prompt not in said:
                said += os.read(ours, 1_000)
            os.write(ours, answer)
        while b"is kept" not in said:
            said += os.read(ours, 1_000)
    os.close(ours)
    assert b"s3cr3t" not in said
    assert refold("credentials", "list", "--json").json[0]["kind"] == "basic"


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("bearer", "{token}\n", {"token": "{token}"}),
        ("signing", "whsec_x\r\n", {"secret": "whsec_x"}),
        ("basic", "ann:pass:word\n", {"username": "ann", "password": "pass:word"}),
        ("basic", '{"username": "a:b", "password": "c"}', {"username": "a:b", "password": "c"}),
        ("header", "X-Api-Key: s3cr3t\n", {"name": "X-Api-Key", "value": "s3cr3t"}),
        ("values", '{"one": "1"}', {"one": "1"}),
    ],
)
def test_values_are_written_as_people_write_them(kind: str, text: str, values: dict[str, str]) -> None:
    assert values_in(kind, text) == values


@pytest.mark.parametrize(
    ("kind", "text"), [("basic", "s3cr3t"), ("values", "s3cr3t"), ("values", '{"a": ["s3cr3t"]}'), ("values", "[" * 99_999)]
)
def test_what_is_no_value_is_refused_without_repeating_it(kind: str, text: str) -> None:
    with pytest.raises(BadInput, match=f"the values of a credential of kind {kind}: expected") as caught:
        values_in(kind, text)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "bearer"), "/values: token is missing (missing); bearer needs token"),
        (("--kind", "baerer"), "/kind: there is no kind of credentials 'baerer' (unknown_kind); there are basic, bearer"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_way_out(refold: CommandLine, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    empty = refold.file("empty", "")
    assert said in refold("credentials", "create", "crm", *words, "--file", empty, code=2).complaint
    assert (
        "cannot be the name of a credential" in refold("credentials", "create", "a b", "--kind", "bearer", "--file", __file__, code=2).err
    )
    assert not refold.data.exists()


def test_a_folder_without_its_key_says_what_is_missing(refold: CommandLine) -> None:
    refold("credentials", "create", "crm", "--kind", "bearer", "--file", refold.file("token", "s3cr3t-t0ken"))
    (refold.data / "master.key").unlink()
    assert "the master key is missing: there is no file" in refold("credentials", "list").out
    (row,) = json.loads(refold("credentials", "list", "--json").out)
    assert row["missing"].startswith("the master key is missing")
    complaint = refold("credentials", "rotate", "crm", "--file", refold.file("token", "an0ther"), code=1).complaint
    assert "credential crm: the master key is missing" in complaint


def test_another_master_key_is_not_said_to_open_what_it_cannot(refold: CommandLine) -> None:
    refold("credentials", "create", "crm", "--kind", "bearer", "--file", refold.file("token", "s3cr3t-t0ken"))
    (refold.data / "master.key").unlink()
    (refold.data / "master.key").write_text("9Xz" + "A" * 40 + "=\n")
    said = refold("credentials", "rotate-master-key").out
    assert "opens all other credentials; 0 were wrapped anew" in said
    assert "credential crm cannot be opened, and was left as it is" in said


def test_the_audit_of_a_folder_tells_what_was_done_to_credentials(refold: CommandLine) -> None:
    file = refold.file("token", "s3cr3t-t0ken")
    refold("credentials", "create", "crm", "--kind", "bearer", "--file", file)
    refold("deploy", refold.file("tiny.yaml", TINY))
    found = refold("audit", "--json").json
    assert ("CreateCredential", "credential crm, version 1") in [(row["command"], row["about"]) for row in found]
