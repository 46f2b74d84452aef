"""`llm`: asks a model once and gives `{text, value, model, finish_reason, usage, ignored_settings, calls}`.

With a `schema` the answer is JSON that matches it: checked here, whatever the provider promises, and said back with JSON pointers up to
`repair` times. A chain of models goes on to the next one where one is overloaded, limited, late, or ends in the middle. Each request on
the wire is one of `calls`; a failure has them in its details.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from contracts.credentials import CredentialName
from contracts.definitions import Budget
from contracts.errors import InvalidInput
from contracts.messages import FilePart, Message, TextPart, read_messages, text_message
from contracts.models import ALIAS_PATTERN, CHAIN_MAX, PRESETS, REPAIR_DEFAULT, check_model, models_in
from contracts.ports.activities import ActivityContext
from contracts.prompts import REPAIR_MAX, STOPS_MAX
from contracts.server_tools import server_tools
from contracts.values import encode
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.conversation import Conversation, Wanted
from workers.running.ai.turns import TurnConversation, Turns
from workers.running.ai.wire import Options
from workers.running.redaction import RULES_MAX, Redaction, rule_problem
from workers.running.watch import seconds_of

AGENT: Final = "agent"
"""Under this name stands the config of an agent whose model call it is: no definition can write it here."""
_OF_THE_TURNS: Final = ("input", "tool_mode", "must_call")
"""Fields of an agent that are none of `llm`."""
_ALIAS: Final = re.compile(ALIAS_PATTERN)


def web_url(url: str) -> str:
    """An http or https URL."""
    if "{{" not in url:
        try:
            found = urlsplit(url)
        except ValueError:
            found = urlsplit("")
        if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment:
            raise PydanticCustomError("url", "expected an http or https URL without query and fragment")
    return url


def _rule(rule: str) -> str:
    if "{{" not in rule and (problem := rule_problem(rule)) is not None:
        raise PydanticCustomError("redact", "{problem}", {"problem": problem})
    return rule


def _names_a_model(model: Any) -> Any:
    for one in [model] if isinstance(model, str) else model:
        if not (isinstance(model, str) and _ALIAS.fullmatch(one)):
            check_model(one)
    return model


NamedModel: TypeAlias = Annotated[str | Annotated[list[str], Field(min_length=1, max_length=CHAIN_MAX)], AfterValidator(_names_a_model)]
"""A model, a chain of them, or a name of `settings.models`."""


class Asking(configs.Config):
    """How a model is asked, whatever it is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, protected_namespaces=())

    files: list[Any] = Field(
        default_factory=list, description="Files for the model to read: `{media_type, data}` (base64) or `{media_type, url}`."
    )
    answer_schema: dict[str, Any] | None = Field(default=None, alias="schema", description="JSON Schema that the answer is to match.")
    repair: int = Field(default=REPAIR_DEFAULT, ge=0, le=REPAIR_MAX, description="How often the model is told what is wrong with its JSON.")
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False, description="How freely it answers.")
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000, description="How long the answer may be.")
    seed: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1, description="For models that draw the same with the same.")
    stop: list[str] = Field(default_factory=list, max_length=STOPS_MAX, description="Texts before which the answer ends.")
    stream: bool = Field(default=True, description="Whether the answer is asked for piece by piece, and shown as it comes.")
    strict: bool = Field(default=False, description="Whether a setting that the model ignores is a failure.")
    timeout: str = Field(default="5m", description="How long each request may take, a duration.")
    credential: CredentialName | None = Field(
        default=None, description="The credential with the key; without one the provider's environment variable counts."
    )
    base_url: Annotated[str, AfterValidator(web_url)] | None = Field(
        default=None, description="Where the provider's protocol is spoken instead."
    )
    budget: Budget | None = Field(default=None, description="How much all runs of the node may use together, at most.")
    redact: list[Annotated[str, AfterValidator(_rule)]] = Field(
        default_factory=list, max_length=RULES_MAX, description="What is made unreadable in the answer: RE2, or `field:NAME`."
    )


class _Asked(configs.Config):
    """Whom to ask, and what."""

    model: NamedModel = Field(
        description="`provider:model`, a list of them of which the next is asked where one cannot, or a name of `settings.models`."
    )
    system: str = Field(default="", description="What the model is to know and do at all times.")
    prompt: str | None = Field(default=None, description="What it is asked.")
    messages: list[Any] | None = Field(default=None, description="In place of `prompt`: a conversation, each `{role, content}`.")


class LlmConfig(Asking, _Asked):
    """Whom to ask, what, and how the answer is to be."""

    @model_validator(mode="after")
    def _asks_something(self) -> LlmConfig:
        if (self.prompt is None) == (self.messages is None):
            raise PydanticCustomError("prompt", "expected a `prompt`, or `messages` in its place")
        return self


class Llm:
    """Asks a model."""

    name = "llm"
    summary = "Asks a language model, and gives its answer: text, or JSON that matches a schema."
    category = "ai"
    icon = "sparkles"
    presets = PRESETS
    begins_with = '{"model": "openai:gpt-5-mini", "prompt": "{{ input.text }}"}'
    Config = LlmConfig

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings
        self._process = settings.ai

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Ask. Raises ActivityError `ai.…`, `http.…`, `input.invalid`, see the reference."""
        hidden, conversation = self._conversation(context, config, data)
        try:
            return hidden.value(conversation.outcome())
        except ActivityError as error:
            raise _redacted(error, hidden) from None

    def _conversation(self, context: ActivityContext, config: dict[str, Any], data: Any) -> tuple[Redaction, Conversation]:
        checks = not self._settings.allow_private_addresses
        if AGENT in config:
            wanted, turns = _of_agent(context.path, config[AGENT], data)
            return Redaction(wanted.redact), TurnConversation(self._process, context, _wanted(wanted), checks, turns)
        wanted = configs.read_config(LlmConfig, config)
        return Redaction(wanted.redact), Conversation(self._process, context, _wanted(wanted), checks)

    def close(self) -> None:
        """End the AI process."""
        self._process.close()


def _of_agent(path: str, config: dict[str, Any], data: Any) -> tuple[LlmConfig, Turns]:
    """A model call of an agent: the config of one, and what was said before. Raises ActivityError `input.invalid`."""
    given = {name: value for name, value in config.items() if name not in _OF_THE_TURNS and value is not None}
    if "input" in config:
        asked = config["input"]
        given["prompt"] = asked if isinstance(asked, str) else encode(asked).decode()
    turns = Turns(
        path=path, mode=config.get("tool_mode", "auto"), tools=[*data["tools"], *_of_servers(data)], turns=data["turns"],
        is_to_call=bool(config.get("must_call")),
    )  # fmt: skip
    return configs.read_config(LlmConfig, given), turns


def _of_servers(data: Any) -> list[dict[str, Any]]:
    """The tools that MCP servers have listed, by the names that the engine knows them by."""
    if "servers" not in data:
        return []
    lists = tuple((one["name"], encode(one["list"])) for one in data["servers"])
    wanted = None if data.get("wanted") is None else tuple(data["wanted"])
    return [one.as_told() for one in server_tools(tuple(one["name"] for one in data["tools"]), lists, wanted)]


def _redacted(error: ActivityError, hidden: Redaction) -> ActivityError:
    if not hidden:
        return error
    details = None if error.details is None else hidden.value(error.details)
    return ActivityError(
        error.error_type, hidden.text(str(error)), details=details, retryable=error.retryable, retry_after_s=error.retry_after_s
    )


def _wanted(config: LlmConfig) -> Wanted:
    options = Options(temperature=config.temperature, max_tokens=config.max_tokens, seed=config.seed, stop=tuple(config.stop))
    return Wanted(
        models=models_in(config.model),
        messages=_messages(config),
        schema=config.answer_schema,
        repair=config.repair,
        options=options,
        stream=config.stream,
        shows=not config.redact,
        strict=config.strict,
        timeout_s=seconds_of(config.timeout, "timeout"),
        credential=config.credential,
        base_url=config.base_url,
    )


def _messages(config: LlmConfig) -> list[Message]:
    """All that is said to the model. Raises ActivityError `input.invalid`."""
    try:
        found = read_messages(config.messages or [], "config.messages")
        files = read_messages([{"role": "user", "parts": [_file(one) for one in config.files]}], "config.files") if config.files else []
    except InvalidInput as error:
        problems = [{"path": one.path, "message": one.message} for one in error.problems]
        raise ActivityError("input.invalid", str(error), details=problems, retryable=False) from None
    if config.system:
        found.insert(0, text_message("system", config.system))
    attached = tuple(part for message in files for part in message.parts if isinstance(part, FilePart))
    if config.prompt is not None:
        found.append(Message(role="user", parts=(TextPart(text=config.prompt), *attached)))
    elif attached:
        found.append(Message(role="user", parts=attached))
    if all(message.role == "system" for message in found):
        raise ActivityError("input.invalid", "config.messages: expected a message of role user", retryable=False)
    return found


def _file(one: Any) -> Any:
    return {**one, "type": "file"} if isinstance(one, dict) else one
