"""What the kinds of RAG share: the fields of a model that embeds and of a store, and what comes in over `ai_*` edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from contracts.credentials import CredentialName
from contracts.errors import NoCredential
from contracts.models import split_model
from contracts.ports.activities import ActivityContext
from contracts.ports.credentials import Secret
from contracts.usage import COUNT_MAX, ModelCall
from workers.running.activities import config as configs
from workers.running.activities.llm import web_url
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.conversation import key_in
from workers.running.rag.asking import done
from workers.running.watch import seconds_of

LOCAL_MODEL: Final = "local:multilingual-e5-small"
EMBEDDERS: Final = ("openai", "google", "ollama")
"""The providers that have models that embed; `openai` is also whoever speaks its protocol, at a `base_url`."""
STORE_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,62}$"
TOP_K_MAX: Final = 1_000
TIMEOUT: Final = "5m"
STORES_FOLDER: Final = "stores"


def _embedder(model: str) -> str:
    if "{{" in model or model == LOCAL_MODEL:
        return model
    try:
        provider, _ = split_model(model)
    except ValueError as error:
        raise PydanticCustomError("model", "{said}", {"said": f"{error}; on this machine there is {LOCAL_MODEL}"}) from None
    if provider not in EMBEDDERS:
        said = f"{provider} has no models that embed; there are {', '.join(EMBEDDERS)} and {LOCAL_MODEL}"
        raise PydanticCustomError("model", "{said}", {"said": said})
    return model


EmbeddingModel: TypeAlias = Annotated[str, AfterValidator(_embedder)]
WebUrl: TypeAlias = Annotated[str, AfterValidator(web_url)]


class Embedder(configs.Config):
    """A model that makes vectors of texts, and where it is asked."""

    model: EmbeddingModel = Field(default=LOCAL_MODEL, description=f"`provider:model`, or `{LOCAL_MODEL}`, which asks nobody.")
    dimensions: int | None = Field(default=None, ge=1, le=16_000, description="How many numbers a vector has, for models that let one say.")
    base_url: WebUrl | None = Field(default=None, description="Where OpenAI's protocol is spoken instead.")
    credential: CredentialName | None = Field(default=None, description="The credential with the key.")


class StoreConfig(configs.Config):
    """Which store, where it lies, and which model its vectors are of."""

    store: str | None = Field(
        default=None, pattern=rf"{STORE_PATTERN}|\{{\{{", description="The name of the store; without it what came over `ai_vector_store`."
    )
    credential: CredentialName | None = Field(
        default=None, description="The credential with the URL of a PostgreSQL (kind values, `url`); without it a file in the data folder."
    )
    embedding: Embedder | None = Field(
        default=None, description="The model of its vectors; without it what came over `ai_embedding`, else that of the store."
    )
    timeout: str = Field(default=TIMEOUT, description="How long it may take, a duration.")


class Parts:
    """One attempt: what it may use, and what came in."""

    def __init__(self, settings: ActivitySettings, context: ActivityContext, data: Any) -> None:
        self._settings, self._context = settings, context
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}

    def offered(self, type_: str) -> Mapping[str, Any]:
        """What came first over an edge of this type; empty where nothing did."""
        found = self.data.get(type_)
        one = found[0] if isinstance(found, list) and found else None
        return one if isinstance(one, dict) else {}

    def embedding(self, wanted: Embedder | None, timeout: str) -> dict[str, Any] | None:
        """The model as the RAG process is told of it: what the node says, else what was offered. Raises ActivityError `ai.auth`."""
        store = self.offered("ai_vector_store").get("offers")
        offered = self.offered("ai_embedding").get("offers") or (store.get("embedding") if isinstance(store, dict) else None)
        if wanted is None and isinstance(offered, dict):
            wanted = configs.read_config(Embedder, offered)
        return (
            None if wanted is None else self.asked(wanted.model, wanted.base_url, wanted.credential, timeout, dimensions=wanted.dimensions)
        )

    def asked(self, model: str, base_url: str | None, credential: str | None, timeout: str, **more: Any) -> dict[str, Any]:
        """A model of a provider, with the key for it. Raises ActivityError `ai.auth`."""
        secret = None if credential is None else self._secret(credential)
        headers = {"traceparent": self._context.traceparent, "idempotency-key": self._context.idempotency_key}
        return {
            "model": model, "base_url": base_url, "credential": credential, "timeout_s": seconds_of(timeout, "timeout"), "headers": headers,
            "key": None if secret is None else key_in(secret, credential or "", model.partition(":")[0]),
            "checks_address": not self._settings.allow_private_addresses, **more,
        }  # fmt: skip

    def store(self, wanted: StoreConfig) -> dict[str, Any]:
        """The store as the RAG process is told of it. Raises ActivityError `input.invalid`, `ai.auth`, `store.unavailable`."""
        offered = self.offered("ai_vector_store").get("offers")
        offered = offered if isinstance(offered, dict) else {}
        name, database = wanted.store or offered.get("store"), wanted.credential or (None if wanted.store else offered.get("credential"))
        if not isinstance(name, str):
            message = "config.store: expected the name of a store, or an edge of the type `ai_vector_store` from a `vector_store`"
            raise ActivityError("input.invalid", message, retryable=False)
        return {
            "store": name,
            "url": self._url(database),
            "folder": self._folder(database),
            "timeout_s": seconds_of(wanted.timeout, "timeout"),
        }

    def question(self, query: str | None) -> str:
        """What is looked for: what the node says, else what came in. Raises ActivityError `input.invalid`."""
        said = [query, self.data.get("query"), *(self.offered(type_).get("text") for type_ in ("ai_chain", "ai_agent"))]
        found = next((one for one in said if isinstance(one, str) and one.strip()), None)
        if found is None:
            message = "config.query: expected what is looked for, as a text, here or as `query` in what comes in"
            raise ActivityError("input.invalid", message, retryable=False)
        return found

    def done(self, work: str, given: dict[str, Any]) -> dict[str, Any]:
        """What has come of a work; what it asked of providers is noted. Raises ActivityError, Cancelled."""
        try:
            found = done(self._settings.rag, self._context, work, given, given["timeout_s"])
        except ActivityError as error:
            if isinstance(error.details, dict):
                self._note(error.details.get("calls", ()))
            raise
        assert isinstance(found, dict)
        self._note(found.get("calls", ()))
        return found

    def _note(self, calls: Any) -> None:
        for call in calls:
            tokens = call.get("tokens")
            count, error = min(tokens or 0, COUNT_MAX), call.get("error", "")
            noted = ModelCall(call["model"], count, is_measured=tokens is not None, took_ms=call.get("took_ms", 0), error=error)
            self._context.note_call(noted)

    def _secret(self, credential: str) -> Secret:
        try:
            return self._context.credential(credential)
        except NoCredential as error:
            details = {"credential": credential}
            raise ActivityError("ai.auth", f"credential `{credential}`: {error.why}", details=details, retryable=error.retryable) from None

    def _url(self, database: str | None) -> str | None:
        if database is None:
            return None
        url = self._secret(database).values.get("url")
        if not url:
            message = f"credential `{database}` has no `url`: it is to be of kind values, with the URL of a PostgreSQL under that name"
            raise ActivityError("ai.auth", message, details={"credential": database}, retryable=False)
        return url

    def _folder(self, database: str | None) -> str | None:
        if database is not None:
            return None
        if self._settings.data is None:
            message = "there is no data folder that a store could lie in: name a PostgreSQL by `credential`"
            raise ActivityError("store.unavailable", message, retryable=False)
        return str(self._settings.data / STORES_FOLDER)


def listed(given: Any) -> list[Any]:
    """A list of what is one or several."""
    return given if isinstance(given, list) else [given]
