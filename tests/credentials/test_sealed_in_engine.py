"""Secret inputs in an embedded engine: replay needs no key, and a folder without its key shows everything but secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import AnswerTask
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidInput, NoCredential
from contracts.person import Person
from contracts.ports.credentials import Use
from contracts.sealed_value import MARK, SEALED
from infra.clock import ManualClock
from infra.credentials.sealed_values import SealedValues
from infra.files.blobs import MemoryBlobs
from infra.files.snapshots import MemorySnapshots
from infra.log.memory import MemoryLog
from infra.server.wiring import build_engine, open_engine
from infra.settings.model import EngineSettings
from tests.cli.conftest import CommandLine, refold  # noqa: F401  # a fixture
from tests.credentials.conftest import Opens
from tests.credentials.test_planted import PLANTED, found_in, left_in

SECRET = {"type": "string", "writeOnly": True}
SIGN_IN: dict[str, Any] = {
    "name": "sign_in",
    "input": {"type": "object", "required": ["password"], "properties": {"user": {"type": "string"}, "password": SECRET}},
    "nodes": [{"id": "check", "type": "code", "config": {"source": "len(input['password'])", "input": "{{ input }}"}}],
    "output": {"length": "{{ nodes.check.output }}", "password": "{{ input.password }}"},
}


def test_a_run_of_the_command_line_leaves_no_secret_and_is_proved_without_the_key(refold: CommandLine) -> None:  # noqa: F811
    file = refold.file("sign_in.json", json.dumps(SIGN_IN))
    done = refold("run", file, "--id", "one", "--input", json.dumps({"user": "ann", "password": PLANTED[4]}), "--json")
    assert done.json["output"] == {"length": len(PLANTED[4]), "password": "•••"}
    (refold.data / "master.key").unlink()
    assert not [found for where, content in left_in(refold.data) for found in found_in(content, where)]
    refold("verify")
    assert any("•••" in json.dumps(event, ensure_ascii=False) for event in refold.history("one"))
    again = refold("run", file, "--input", json.dumps({"user": "ann", "password": PLANTED[5]}), code=None)
    assert again.code != 0
    assert "master key" in again.err
    assert PLANTED[5] not in again.out + again.err


def test_what_was_sealed_for_one_is_opened_for_it_and_by_every_process(opens: Opens) -> None:
    one, other = opens().sealed_values, opens().sealed_values
    sealed = one.seal("s3cret", "a")
    assert SEALED.fullmatch(sealed)
    assert (one.seal("s3cret", "a"), other.seal("s3cret", "a")) == (sealed, sealed)
    assert one.seal("s3cret", "b") != sealed
    assert len(one.seal("x" * 20, "a")) == len(one.seal("x", "a"))
    assert other.opened([sealed], "a", Use("a")) == {sealed: "s3cret"}
    assert other.opened([sealed, f"{MARK}AAAA~", f"{MARK}A~"], "b", Use("b")) == {}


def test_odd_texts_come_back_as_they_were(opens: Opens) -> None:
    values = opens().sealed_values
    for odd in ("", " ", '"\\', "\0", "\U0001f511", "x" * 60_000, MARK, f"{MARK}abc~"):
        sealed = values.seal(odd, "a")
        assert values.opened([sealed], "a", Use()) == {sealed: odd}


def test_the_engines_own_credential_is_not_made_changed_or_deleted_by_others(opens: Opens) -> None:
    store = opens()
    sealed = store.sealed_values.seal("s3cret", "a")
    for act in (
        lambda: store.create("refold.sealed-values", "values", {"a": "b"}, "ann"),
        lambda: store.rotate("refold.sealed-values", {"a": "b"}, "ann", 0),
        lambda: store.delete("refold.sealed-values", "ann"),
    ):
        with pytest.raises(Exception, match="the engine's own"):
            act()
    store.rotate_master_key("ann")
    assert SealedValues(opens()).opened([sealed], "a", Use()) == {sealed: "s3cret"}


def test_an_engine_seals_answers_where_their_form_says(tmp_path: Path) -> None:
    form = {"type": "object", "properties": {"password": {**SECRET, "minLength": 3}}}

    asks = {"name": "asks", "nodes": [{"id": "ask", "type": "human_task", "config": {"kind": "data_input", "question": "?", "form": form}}]}
    with open_engine(EngineSettings(data=tmp_path / "data"), ManualClock(1_800_000_000_000)) as engine:
        engine.publish(WorkflowDefinition.model_validate(asks))
        name = engine.start("asks")
        engine.run_until(lambda: (found := engine.owner.executions.get(name)) is not None and "ask" in found.state.runs, 5)
        with pytest.raises(InvalidInput) as refused:
            engine.ask(name, AnswerTask("ask", 1, "approved", Person("ann"), b'{"password":"x"}'))
        assert "x" not in refused.value.problems[0].message.replace("characters", "")
        engine.ask(name, AnswerTask("ask", 1, "approved", Person("ann"), json.dumps({"password": PLANTED[3]}).encode()))
    assert not [found for where, content in left_in(tmp_path / "data") for found in found_in(content, where)]


def test_where_no_credentials_are_kept_nothing_is_stored_in_plain(tmp_path: Path) -> None:

    engine = build_engine(EngineSettings(data=None), MemoryLog(), MemoryBlobs(), MemorySnapshots(), ManualClock(1))
    engine.owner.claim()
    engine.publish(WorkflowDefinition.model_validate(SIGN_IN))
    with pytest.raises(NoCredential):
        engine.start("sign_in", {"password": PLANTED[0]})
