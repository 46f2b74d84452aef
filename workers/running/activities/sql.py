"""`sql`: runs statements in a database, PostgreSQL or a SQLite file of the allowed folder, in one transaction; gives the rows.

Statements take no template: whatever comes from outside is bound (`:name`), and so is never read as SQL. With the parameter
`idempotency_key`, which is always there, a statement can tell that an attempt before has done it already.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from contracts.credentials import CredentialName
from contracts.ports.activities import ActivityContext
from refold.extras import how_to_install
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.egress.addresses import Allow, Resolve, is_any, is_public, resolve

if TYPE_CHECKING:
    from workers.running.databases import Statement

STATEMENT_LENGTH_MAX: Final = 64 * 1024
STATEMENTS_MAX: Final = 100
ROWS_MAX: Final = 100_000
KEY: Final = "idempotency_key"


_LITERAL: Final = BeforeValidator(configs.AsWritten("expected SQL as it is, no template: bind values as `:name`, with `parameters`"))
_Text = Annotated[str, _LITERAL, Field(min_length=1, max_length=STATEMENT_LENGTH_MAX, json_schema_extra={"x-refold-literal": True})]


class _Several(configs.Config):
    statement: _Text = Field(description="A statement of SQL; values are bound as `:name`.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="What is bound, by name.")


class SqlConfig(configs.Config):
    """Where to run what."""

    url: str = Field(description="`postgresql://HOST:PORT/DATABASE`, or `sqlite:///FILE` with a file in the allowed folder.")
    credential: CredentialName | None = Field(default=None, description="The name of a credential of kind basic: user and password.")
    statement: _Text | None = Field(default=None, description="A statement of SQL; values are bound as `:name`.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="What is bound, by name.")
    statements: (
        Annotated[
            list[Annotated[_Several, _LITERAL]],
            _LITERAL,
            Field(min_length=1, max_length=STATEMENTS_MAX, json_schema_extra={"x-refold-literal": True}),
        ]
        | None
    ) = Field(default=None, description="In place of `statement`: several, in one transaction.")
    read_only: bool = Field(default=False, description="Whether the database is to refuse what changes anything.")
    rows_max: int = Field(default=1_000, ge=0, le=ROWS_MAX, description="The most rows that a statement may give.")
    bytes_max: int = Field(default=4 * 1024 * 1024, ge=0, description="The most that all rows together may be, as JSON.")
    timeout: str = Field(default="30s", description="How long all of it may take, a duration.")

    @model_validator(mode="after")
    def _says_what_runs(self) -> SqlConfig:
        if (self.statement is None) == (self.statements is None):
            raise ValueError("expected a `statement`, or `statements` in its place")
        return self


class Sql:
    """Runs statements."""

    name = "sql"
    summary = "Runs SQL in PostgreSQL or a SQLite file, in one transaction, with bound values; gives the rows."
    category = "activities"
    icon = "database"
    begins_with = '{"url": "postgresql://db.example.com/shop", "statement": "SELECT * FROM orders WHERE id = :id", "parameters": {"id": 7}}'
    Config = SqlConfig
    gives: Final = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"type": "object"}},
            "row_count": {"type": ["integer", "null"]},
            "results": {"type": "array", "items": {"type": "object"}},
        },
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings, lookup: Resolve = resolve, is_allowed: Allow = is_public) -> None:
        self._settings = settings
        self._is_allowed: Allow = is_any if settings.allow_private_addresses else is_allowed
        self._lookup = lookup

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Run them. Raises ActivityError `sql.…`, `input.invalid`, `file.forbidden`, `http.forbidden_address`, see the reference."""
        wanted = configs.read_config(SqlConfig, config)
        if find_spec("sqlalchemy") is None:
            message = f"databases are asked by a library that is not installed here: {how_to_install('sql')}"
            raise ActivityError("sql.not_installed", message, retryable=False)
        from workers.running import databases

        secret = None if wanted.credential is None else context.credential(wanted.credential)
        if secret is not None and secret.kind != "basic":
            message = f"config.credential: expected a credential of kind basic; {wanted.credential} is of kind {secret.kind}"
            raise ActivityError("input.invalid", message, retryable=False)
        place = databases.Place(self._settings, self._lookup, self._is_allowed, wanted.url, wanted.read_only, secret)
        limits = databases.Limits(wanted.rows_max, wanted.bytes_max, wanted.timeout)
        results = databases.run(context, place, _statements(wanted), limits, {KEY: context.idempotency_key})
        return {"results": results} if wanted.statements is not None else results[0]


def _statements(wanted: SqlConfig) -> list[Statement]:
    from workers.running.databases import Statement

    if wanted.statements is None:
        return [Statement("statement", wanted.statement or "", wanted.parameters)]
    return [Statement(f"statements.{number}.statement", one.statement, one.parameters) for number, one in enumerate(wanted.statements)]
