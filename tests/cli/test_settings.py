"""Settings: where they come from, which one counts, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.settings.model import ClientSettings, EngineSettings, ServerSettings
from infra.settings.sources import MODELS, known, read_settings
from tests.cli.conftest import CommandLine, Result, WaitForLine

CLEAN = {"REFOLD_DATA": ""}


def rows(result: Result) -> dict[str, dict[str, Any]]:
    return {row["setting"]: row for row in result.json}


def test_a_name_means_one_setting() -> None:
    assert len(known()) == len(set(known()))
    assert set(known()) == {*ClientSettings.model_fields, *EngineSettings.model_fields, *ServerSettings.model_fields}


def test_all_settings_are_listed_with_value_and_origin(refold: CommandLine) -> None:
    listed = rows(refold("settings", "--json", env=CLEAN))
    assert set(listed) == set(known())
    assert {row["origin"] for row in listed.values()} == {"default"}
    assert (listed["data"]["value"], listed["port"]["value"]) == (".refold", 8080)
    assert all(row["meaning"] for row in listed.values())


def test_flags_count_more_than_the_environment_and_that_more_than_the_file(refold: CommandLine) -> None:
    refold.file("refold.toml", 'data = "of-file"\nport = 1\nstop_s = 1.5\nconcurrency = 2\n')
    env = {**CLEAN, "REFOLD_PORT": "3", "REFOLD_CONCURRENCY": "4"}
    listed = rows(refold("settings", "--json", "--set", "concurrency=5", env=env))
    wanted = ("data", "stop_s", "port", "concurrency", "host")
    assert {name: (listed[name]["value"], listed[name]["origin"], listed[name]["place"]) for name in wanted} == {
        "data": ("of-file", "file", "refold.toml"),
        "stop_s": (1.5, "file", "refold.toml"),
        "port": (3, "environment", "REFOLD_PORT"),
        "concurrency": (5, "flag", "--set"),
        "host": ("127.0.0.1", "default", None),
    }  # fmt: skip
    text = refold("settings", env=env).out
    assert "environment REFOLD_PORT" in text
    assert "file refold.toml" in text


def sample(name: str) -> str:
    """A value that fits a setting, as text: yes, or the least number that may be."""
    schema = next(model.model_json_schema()["properties"][name] for model in MODELS if name in model.model_fields)
    return "true" if schema["type"] == "boolean" else str(max(3, schema["minimum"]))


def test_every_setting_can_stand_in_the_file_in_the_environment_and_after_set(refold: CommandLine) -> None:
    samples = {"server": "http://127.0.0.1:1", "data": "d", "log": "kafka://127.0.0.1:1", "files": ".", "templates": ".", "host": "::1",
               "read_models": "postgresql://db/x", "hosts": "a.b,*.c", "node": "a", "roles": "api,owner", "queues": "q,r",
               "bubblewrap": "jail", "redact": "field:ssn", "mcp_servers": "mcp.json", "log_format": "json", "event_source": "urn:x",
               "retention": "30d", "retention_of_tests": "2d", "archive": "a", "master_key": "k", "keys": "k", "traces": "http://127.0.0.1:1",
               "trigger_brokers": "127.0.0.1:1", "public_url": "https://a.b", "smtp": "127.0.0.1:25", "smtp_tls": "none",
               "smtp_credential": "c", "mail_from": "a@b.example",
               "slack_token": "c", "slack_signing": "d", "slack_url": "https://a.b/api"}  # fmt: skip
    values = {name: samples.get(name) or sample(name) for name in known()}
    written = "".join(f"{name} = {json.dumps(value) if name in samples else value}\n" for name, value in values.items())
    refold.file("refold.toml", written)
    of_file = rows(refold("settings", "--json", env=CLEAN))
    (refold.folder / "refold.toml").unlink()
    of_environment = rows(refold("settings", "--json", env={f"REFOLD_{name.upper()}": value for name, value in values.items()}))
    flags = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    of_flags = rows(refold("settings", "--json", *flags, env=CLEAN))
    for name in known():
        assert of_file[name]["value"] == of_environment[name]["value"] == of_flags[name]["value"], name
        origins = (of_file[name]["origin"], of_environment[name]["origin"], of_flags[name]["origin"])
        assert origins == ("file", "environment", "flag"), name


def test_a_password_in_an_address_is_not_shown(refold: CommandLine) -> None:
    for address in ("postgresql://ada:hun:ter2@db/x?sslmode=require", "postgresql://ada@db/x?password=hun:ter2&sslmode=require"):
        shown = rows(refold("settings", "--json", env={"REFOLD_READ_MODELS": address}))["read_models"]["value"]
        assert shown.replace("***", "hun:ter2") == address
        assert "ter2" not in shown + refold("settings", env={"REFOLD_READ_MODELS": address}).out


def test_another_file_may_be_named_and_its_paths_are_meant_from_where_it_is(refold: CommandLine, tiny: Path) -> None:
    (refold.folder / "etc").mkdir()
    file = refold.file("etc/mine.toml", 'data = "kept"\n')
    ways: list[tuple[list[str | Path], dict[str, str]]] = [(["--config", file], CLEAN), ([], {**CLEAN, "REFOLD_CONFIG": str(file)})]
    for words, env in ways:
        assert rows(refold("settings", "--json", *words, env=env))["data"]["value"] == str(refold.folder / "etc" / "kept")
    refold("run", tiny, "--config", file, env=CLEAN)
    assert (refold.folder / "etc" / "kept" / "log.db").exists()


@pytest.mark.parametrize(
    ("file", "env", "words", "said"),
    [
        ("", {"REFOLD_PRT": "1"}, [], "there is no setting for environment REFOLD_PRT; the nearest is REFOLD_PORT"),
        ("concurency = 1", {}, [], "there is no setting concurency (file refold.toml); the nearest is concurrency"),
        ("", {}, ["--set", "live-max=1"], "there is no setting live-max (flag --set); the nearest is live_max"),
        ("", {"REFOLD_PORT": "http"}, [], "setting port (environment REFOLD_PORT): expected a whole number from 0 to 65,535, found 'http'"),
        ("", {"REFOLD_ROLES": "boss"}, [], "expected some of api, owner, projector, worker, publisher, with commas between, found 'boss'"),
        ("stop_s = -1", {}, [], "setting stop_s (file refold.toml): expected a number of at least 0, found -1"),
        ("threads = 'maybe'", {}, [], "setting threads (file refold.toml): expected true or false, found 'maybe'"),
        ("data = 5", {}, [], "setting data (file refold.toml): expected text, found 5"),
        ("", {}, ["--set", "lease_s=nan"], "setting lease_s (flag --set): expected a number from 0.1 to 3,600, found 'nan'"),
        ("", {}, ["--set", "port"], "--set: expected NAME=VALUE, found 'port'"),
        ("port = ", {}, [], "the settings file refold.toml is not TOML: "),
        ("", {}, ["--config", "nothing.toml"], "the settings file nothing.toml cannot be read: No such file"),
        ("", {}, ["--files", "nothing"], "setting files (flag --files): nothing: expected a folder, found nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_origin(refold: CommandLine, file: str, env: dict[str, str], words: list[str], said: str) -> None:
    if file:
        refold.file("refold.toml", file)
    command = ["continue"] if "--files" in words else ["settings"]
    assert said in refold(*command, *words, env={**CLEAN, **env}, code=2).complaint


def test_all_that_is_wrong_is_told_at_once(refold: CommandLine) -> None:
    complaint = refold("list", env={"REFOLD_PRT": "1", "REFOLD_PORT": "x"}, code=2).complaint
    assert "REFOLD_PRT" in complaint
    assert "setting port" in complaint


def test_variables_of_tests_and_measurements_are_no_settings() -> None:
    assert read_settings({}, {"REFOLD_TEST_X": "1", "REFOLD_BENCH_DIR": "/"}).server.port == 8080


def test_a_server_has_the_settings_it_was_given(refold: CommandLine, waiting_for_line: WaitForLine) -> None:
    import http.client

    refold.file("refold.toml", "body_bytes_max = 1024\n")
    host = refold.serve("--set", "stop_s=0").removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("POST", "/v1/workflows", b"x" * 2000, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 413


# The shell.


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(refold: CommandLine, shell: str) -> None:
    assert "_REFOLD_COMPLETE=" in refold(env={"_REFOLD_COMPLETE": f"source_{shell}"}, code=None).out
    assert "--install-completion" in refold("--help").out


def completed(refold: CommandLine, line: str, **env: str) -> list[str]:
    words = {"_REFOLD_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    return refold(env={**words, **env}, code=None).out.split()


def test_executions_workflows_and_settings_are_completed(filled: CommandLine) -> None:
    assert completed(filled, "refold show ") == ["waiting", "stuck", "failed", "good"]
    assert completed(filled, "refold signal wa") == ["waiting"]
    assert completed(filled, "refold start w") == ["waits"]
    assert completed(filled, "refold settings --set li") == ["live_max="]
    url = filled.serve()
    assert completed(filled, f"refold show --server {url} st") == ["stuck"]


def test_nothing_is_completed_where_there_is_nothing(refold: CommandLine) -> None:
    assert completed(refold, "refold show ") == []
    assert completed(refold, "refold start --server http://127.0.0.1:1 x", REFOLD_DATA="") == []


def test_a_server_that_others_can_reach_says_what_that_means(refold: CommandLine, waiting_for_line: WaitForLine) -> None:
    for host, words in (("0.0.0.0", "at every address of this machine"), ("127.0.0.1", None)):
        process = refold.start("serve", "--port", "0", "--host", host, "--data", str(refold.folder / host))
        waiting_for_line(process, " at http")
        process.terminate()
        said = process.communicate(timeout=30)[1]
        assert said.count("\n") == (0 if words is None else 1)
        assert words is None or (words in said and "may do everything" in said)


@pytest.mark.parametrize("files", ["data", "data/blobs", "link"])
@pytest.mark.parametrize("words", [["run", "tiny.yaml"], ["serve", "--port", "0"]], ids=lambda words: words[0])
def test_a_folder_of_files_in_the_data_folder_is_refused(refold: CommandLine, tiny: Path, files: str, words: list[str]) -> None:
    refold("deploy", tiny)
    (refold.folder / "link").symlink_to("data")
    assert "it lies in the data folder" in refold(*words, "--files", files, code=2).complaint


def test_the_data_folder_may_lie_in_the_folder_of_files(refold: CommandLine, tiny: Path) -> None:
    refold("run", tiny, "--files", ".")
