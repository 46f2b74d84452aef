"""What credentials look like to those who keep and use them: never with their values."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import models
from contracts.credentials import KINDS, NAME_PATTERN, SUMMARY_LENGTH_MAX
from contracts.definitions import DURATION_PATTERN

OVERLAP_DEFAULT: Final = "1h"
WORKFLOWS_MAX: Final = 100
VALUES_MAX: Final = 100
_VALUES: Final[Any] = {"writeOnly": True}
_EXAMPLE: Final[Any] = {"name": "crm", "kind": "bearer", "values": {"token": "…"}}
_ROTATION: Final[Any] = {"values": {"token": "…"}, "overlap": "24h"}
_SHOWN: Final[Any] = {
    "name": "crm",
    "kind": "bearer",
    "summary": "the token of the CRM",
    "workflows": ["order"],
    "version": 2,
    "versions": [
        {"version": 1, "written_by": "anonymous", "written_at": "2026-11-21T08:00:00.000Z", "valid_until": "2026-11-22T09:00:00.000Z"},
        {"version": 2, "written_by": "anonymous", "written_at": "2026-11-22T08:00:00.000Z", "valid_until": None},
    ],
    "master_key": "6bffcef6",
    "missing": None,
    "needed_by": [{"kind": "workflow", "name": "order", "version": 3, "path": "nodes.charge.config.credential"}],
    "is_own": False,
    "last_use": None,
    "consent": None,
}


class CredentialRequest(BaseModel):
    """A credential to keep."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, json_schema_extra={"example": _EXAMPLE})

    name: str = Field(pattern=NAME_PATTERN, description="what definitions call it")
    kind: str = Field(max_length=100, description=f"what it is: {', '.join(KINDS)}")
    values: dict[str, str] = Field(repr=False, max_length=VALUES_MAX, json_schema_extra=_VALUES, description="its values, by their names")
    summary: str = Field(default="", max_length=SUMMARY_LENGTH_MAX, description="what it is for")
    workflows: list[str] | None = Field(
        default=None, max_length=WORKFLOWS_MAX, description="the workflows that may use it; without any, all may"
    )


class RotateRequest(BaseModel):
    """Other values for a credential."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, json_schema_extra={"example": _ROTATION})

    values: dict[str, str] = Field(repr=False, max_length=VALUES_MAX, json_schema_extra=_VALUES, description="all of its values")
    overlap: str = Field(default=OVERLAP_DEFAULT, pattern=DURATION_PATTERN, description="how long the values before count beside them")


class CredentialVersion(BaseModel):
    """Values that it has, or had."""

    version: int
    written_by: str
    written_at: models.Time
    valid_until: models.Time | None = Field(description="until when they count beside the next ones; of the newest null")


class Need(BaseModel):
    """Something that names a credential."""

    kind: Literal["workflow", "resource"]
    name: str = Field(description="of the workflow; of a resource `KIND/NAME`")
    version: int | None = Field(description="of the workflow")
    path: str = Field(description="where in it")


class CredentialUse(BaseModel):
    """Whoever was given a credential: an attempt of a node, or the engine for a `purpose` of its own."""

    at: models.Time
    version: int
    execution_id: str | None
    path: str | None
    attempt: int | None
    workflow: str | None
    purpose: str | None


class Consent(BaseModel):
    """How far a person is with authorizing a credential of kind `oauth2`."""

    stage: Literal["none", "begun", "expired", "came_back", "given", "refused"] = Field(
        description="`begun`: somebody was sent, and is waited for; `came_back`: and tokens are asked for, unless that was broken off"
    )
    at: models.Time | None = Field(description="since when it is there")
    by: str | None
    said: str = Field(description="why it was refused, in the words of the server")
    given_at: models.Time | None = Field(description="when somebody has authorized it last")
    given_by: str | None


class CredentialShown(BaseModel):
    """A credential, without its values."""

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})

    name: str
    kind: str
    summary: str
    workflows: list[str]
    version: int
    versions: list[CredentialVersion]
    master_key: str = Field(description="the id of the master key that opens it")
    missing: str | None = Field(description="what is missing to open it here")
    needed_by: list[Need] | None = Field(description="what names it; null where that was not asked for")
    is_own: bool = Field(description="whether it is the engine's own, which nobody may change")
    last_use: CredentialUse | None = Field(
        description="who was given it last, as far back as uses are kept; null where they are not looked at"
    )
    consent: Consent | None = Field(description="null where nobody needs to authorize it")


class CredentialField(BaseModel):
    """A value of a kind."""

    name: str
    says: str
    is_required: bool
    is_secret: bool = Field(description="whether it is to be seen by nobody while it is typed")
    choices: list[str] | None = Field(description="where it is one of a few")


class CredentialKindShown(BaseModel):
    """What a credential may be."""

    kind: str
    summary: str
    fields: list[CredentialField]
    takes_any: bool = Field(description="whether its values may have any names")


class CredentialKinds(BaseModel):
    """All kinds."""

    kinds: list[CredentialKindShown]
    redirect_uri: str | None = Field(
        description="what is registered with a server of OAuth 2.0, for credentials that people authorize from the web UI, where the "
        "setting `public_url` says it; else `oauth2/callback` behind the address by which this machine itself opens the web UI"
    )


class Credentials(BaseModel):
    """All credentials, by name."""

    credentials: list[CredentialShown]


class AuthorizeRequest(BaseModel):
    """Where the server sends a person back to who has authorized a credential."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"redirect_uri": "http://127.0.0.1:8085/"}})

    redirect_uri: str = Field(max_length=2_000, pattern=r"^https?://[^\s#]+$", description="as it is registered with the server")


_PAGE: Final = r"^https?://([^\s/?#@\[\]]+|\[[0-9a-fA-F:.]+\](:[0-9]+)?)/([^\s?#]*/)?$"


class ConnectRequest(BaseModel):
    """By which address the page is open that a person leaves to authorize a credential, and comes back to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"page": "http://127.0.0.1:8080/"}})

    page: str = Field(max_length=1_000, pattern=_PAGE, description="of the root of the web UI")


class Authorize(BaseModel):
    """Where a person is to go who authorizes a credential."""

    url: str


class AuthorizedRequest(BaseModel):
    """What a person came back with."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, json_schema_extra={"example": {"state": "…", "code": "…"}})

    state: str = Field(max_length=1_000, repr=False)
    code: str = Field(max_length=10_000, repr=False, json_schema_extra=_VALUES)


class MasterKeyRotated(BaseModel):
    """Another master key wraps all credentials."""

    master_key: str = Field(description="the id of the master key that wraps now")
    rewrapped: int = Field(description="how many it was made to wrap")
    missing: list[str] = Field(description="those that cannot be opened here, and were left as they are")


class CredentialUses(BaseModel):
    """The last uses of a credential, the latest first."""

    uses: list[CredentialUse]


class CredentialDeleted(BaseModel):
    """A credential is no more."""

    name: str
    needed_by: list[Need] = Field(description="what still names it")
