"""Settings: how an engine and a server are made. What is not said has a default that is safe on a laptop.

A setting has one name: the field here, in capitals after `REFOLD_` in the environment, and the key in a settings file
(`infra/settings/sources.py`). So no two of these models have a field of the same name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from contracts.credentials import NAME_PATTERN
from contracts.definitions import DURATION_PATTERN
from contracts.public_events import SOURCE_DEFAULT
from contracts.values import VALUE_BYTES_MAX_DEFAULT
from domain.expressions.durations import parse_duration
from workers.running.activity_settings import CODE_PROCESSES_DEFAULT
from workers.running.redaction import RULES_MAX, rule_problem

ROLES_DEFAULT: Final = ("api", "owner", "projector", "worker")
ROLES: Final = (*ROLES_DEFAULT, "publisher")
READ_MODELS_VARIABLE: Final = "REFOLD_READ_MODELS"
"""How the setting `read_models` is called in the environment, where a projector finds it."""
_NAME: Final = r"(\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])"


class ClientSettings(BaseModel):
    """The settings of commands that ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: str | None = Field(default=None, description="the server that is asked; without one the data folder is used")


class ServerSettings(BaseModel):
    """The settings of a server; sizes in bytes, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    host: str = Field(default="127.0.0.1", description="the address to listen at; there are no users and no rights yet, so keep it local")
    hosts: str = Field(
        default="",
        pattern=rf"^({_NAME}(,{_NAME})*)?$",
        json_schema_extra={"format": "names like refold.example or *.refold.example, with commas between; or *"},
        description="further names that this server is asked by, and whose pages may ask it, with commas between; `*` takes all",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="the port to listen at; 0 takes a free one")
    body_bytes_max: int = Field(
        default=16 * 1024 * 1024, ge=1024, description="how large a request may be; a larger one is refused with 413"
    )
    requests_max: int = Field(default=2_000, ge=1, description="how many requests may be under way; one more is refused with 429")
    lane: bool = Field(default=True, description="whether hot requests go past the web framework; off, they are answered alike, but slower")
    ui: bool = Field(default=True, description="whether the web UI is served; off, only the HTTP API is")
    stop_s: float = Field(default=10.0, ge=0, description="how long a stopping server lets running activities end")
    roles: str = Field(
        default=",".join(ROLES_DEFAULT),
        pattern=rf"^({'|'.join(ROLES)})(,({'|'.join(ROLES)}))*$",
        json_schema_extra={"format": f"some of {', '.join(ROLES)}, with commas between"},
        description="what this process does on a log on Kafka: some of api, owner, projector, worker, publisher, with commas between",
    )
    node: str | None = Field(
        default=None, min_length=1, max_length=200, description="what this process is called among those that share a log on Kafka"
    )
    session_s: float = Field(
        default=6.0,
        ge=1.0,
        le=600,
        description="how long a process may be silent until its partitions go to others; the same in all processes",
    )
    events_retention_h: float = Field(
        default=168.0, ge=1.0, le=87_600, description="how many hours public events stay in their topic on Kafka, where this publishes"
    )
    projector_nice: int = Field(default=10, ge=0, le=19, description="by how much the projector gives way to the engine")

    traces: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#]+(/[^?#]*)?$",
        json_schema_extra={"format": "an address like http://127.0.0.1:4318"},
        description="where the spans of what has ended go, by OTLP over HTTP; without it they are only made when asked for",
    )

    @property
    def host_names(self) -> tuple[str, ...]:
        """The further names."""
        return tuple(filter(None, self.hosts.split(",")))

    @property
    def role_names(self) -> tuple[str, ...]:
        """The roles, each once."""
        return tuple(dict.fromkeys(self.roles.split(",")))

    def has_role(self, role: str) -> bool:
        """Whether this process has the role."""
        return role in self.role_names


def _lines(given: object) -> object:
    """Of a text each line is one."""
    return tuple(line.strip() for line in given.splitlines() if line.strip()) if isinstance(given, str) else given


class EngineSettings(BaseModel):
    """The settings of an embedded engine; sizes in bytes, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: Path | None = Field(default=None, description="the data folder; without one everything is in memory and gone at the end")
    log: str | None = Field(default=None, description="where the log is: `kafka://HOST:PORT[,HOST:PORT]`; without it in the data folder")
    read_models: str | None = Field(
        default=None, description="where the read models of a log on Kafka are: `postgresql://…`; without it in the data folder"
    )
    keys: Path | None = Field(
        default=None,
        description="the folder of the keys of sealed executions of a log on Kafka, which all its processes share; "
        "without it none is sealed there",
    )
    files: Path | None = Field(default=None, description="the folder that `read_file` and `write_file` may use; None allows no files")
    templates: Path | None = Field(default=None, description="the folder of your own templates of definitions, beside those of Refold")
    allow_private_addresses: bool = Field(default=False, description="whether `http_request` may reach loopback and private addresses")
    allow_unsandboxed: bool = Field(default=False, description="whether `code` with `sandbox: process` may run without bubblewrap")
    bubblewrap: str = Field(
        default="bwrap", min_length=1, description="the program that makes the process sandbox: a name to look up in PATH, or a path"
    )
    code_processes: int = Field(
        default=CODE_PROCESSES_DEFAULT, ge=1, le=1_000, description="how many `code` nodes run at a time; further ones wait"
    )
    output_bytes_max: int = Field(
        default=VALUE_BYTES_MAX_DEFAULT, ge=1024, le=VALUE_BYTES_MAX_DEFAULT, description="the largest output of an activity, as JSON"
    )
    redact: Annotated[tuple[str, ...], BeforeValidator(_lines)] = Field(
        default=(),
        max_length=RULES_MAX,
        description="what is made unreadable in all that activities give back and say: regular expressions, and `field:NAME`",
    )
    mcp_servers: Path | None = Field(
        default=None, description="the file that says which MCP servers activities may use, and how they are started"
    )
    concurrency: int = Field(default=32, ge=1, le=1_000, description="how many activities of each built-in kind run at a time")
    queues: str = Field(
        default="default", min_length=1, description="the queues whose built-in activities run here on a log on Kafka, with commas between"
    )
    inbox_max: int = Field(default=10_000, ge=1, description="how many commands may wait to be decided")
    live_max: int = Field(default=5_000, ge=1, description="how many open executions are kept as objects; the others are packed")
    lease_s: float = Field(default=30.0, ge=0.1, le=3_600, description="how long a worker may be silent until its activities run elsewhere")
    event_source: str = Field(
        default=SOURCE_DEFAULT,
        min_length=1,
        max_length=400,
        pattern=r"^[!-~]+$",
        json_schema_extra={"format": "a URI or a path, without blanks"},
        description="the `source` of public events: what tells this Refold from others; the same in all processes of a log",
    )
    trigger_brokers: str | None = Field(
        default=None,
        min_length=1,
        description="the brokers that Kafka triggers read which name none themselves: `kafka://HOST:PORT[,HOST:PORT]`; "
        "without it those of a log on Kafka",
    )
    retention: str | None = Field(
        default=None,
        pattern=DURATION_PATTERN,
        json_schema_extra={"format": "a duration, such as 12h or 30d"},
        description="how long executions are kept that have ended, where their definition does not say; without it for ever",
    )
    retention_of_tests: str = Field(
        default="1d",
        pattern=DURATION_PATTERN,
        json_schema_extra={"format": "a duration, such as 12h or 30d"},
        description="how long test runs are kept that have ended, whatever their definition says, where anything may be removed",
    )
    archive: str | None = Field(
        default=None,
        min_length=1,
        description="the folder, or the URL of an object store, that bundles of what has ended go into; without one nothing is removed",
    )
    blobs_grace_h: float = Field(
        default=36.0,
        ge=0.001,
        le=8_760,
        description="how many hours a big value that nothing refers to stays on a log on Kafka; the same in all its processes",
    )
    remove_unarchived: bool = Field(
        default=False, description="whether what is not kept any longer is removed without a bundle of it, where there is no `archive`"
    )
    erasable: bool = Field(
        default=False, description="whether all executions are sealed, so that they can be erased; off, those whose definition asks for it"
    )
    debugger: bool = Field(
        default=True,
        description="whether executions may be debugged; off, no breakpoint is set and nothing is changed at a halt, which can only be let "
        "go on",
    )
    master_key: str | None = Field(
        default=None,
        min_length=1,
        description="where the master key of credentials is: a file, or `env:VARIABLE`; without it `master.key` in the data folder",
    )
    public_url: str | None = Field(
        default=None,
        max_length=1_000,
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        json_schema_extra={"format": "an address like https://refold.example"},
        description="where people reach this server: what links in messages begin with, and where they come back to who authorize a "
        "credential; name its host in `hosts`, too",
    )
    smtp: str | None = Field(
        default=None,
        pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
        json_schema_extra={"format": "a host and a port, like smtp.example.com:587"},
        description="the server that takes the mail of human tasks and of nodes of the kind `email`",
    )
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how mail is kept secret on its way: `starttls` (587), `tls` from the first byte (465), or `none`"
    )
    smtp_credential: str | None = Field(
        default=None, pattern=NAME_PATTERN, description="the credential, `basic`, that is shown to the mail server; without it none is"
    )
    mail_from: str | None = Field(default=None, max_length=254, description="the address that mail comes from")
    slack_token: str | None = Field(
        default=None, pattern=NAME_PATTERN, description="the credential, `bearer`, with the bot's token that is shown to Slack"
    )
    slack_signing: str | None = Field(
        default=None, pattern=NAME_PATTERN, description="the credential, `signing`, with the secret that Slack signs its requests with"
    )
    slack_url: str = Field(
        default="https://slack.com/api",
        max_length=1_000,
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        json_schema_extra={"format": "an address like https://slack.com/api"},
        description="what the addresses of Slack's methods begin with",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="how logs are written: `text` for people, `json` as one object a line"
    )
    threads: bool = Field(default=True, description="False runs activities inside `step`, without any thread")

    @property
    def retention_ms(self) -> int:
        """The default retention in milliseconds; 0 where there is none."""
        return parse_duration(self.retention) if self.retention else 0

    @property
    def retention_of_tests_ms(self) -> int:
        """The retention of test runs in milliseconds; 0, for ever, where nothing may be removed."""
        return parse_duration(self.retention_of_tests) if self.archive or self.remove_unarchived else 0

    @field_validator("redact")
    @classmethod
    def _usable(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        for rule in rules:
            if (problem := rule_problem(rule)) is not None:
                raise ValueError(problem)
        return rules

    @property
    def queue_names(self) -> tuple[str, ...]:
        """The queues, each once."""
        return tuple(dict.fromkeys(self.queues.split(",")))
