"""Where settings come from: defaults, then a file, then the environment, then flags; what comes later wins.

A setting has the same name everywhere: `stop_s` is a key of the file, `REFOLD_STOP_S` in the environment, and
`--set stop_s=5` as a flag; those of every day have a flag of their own (`--data`). Names that nobody knows and values
that do not fit are refused, all at once: a setting that is silently not what somebody meant is worse than none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ValidationError

from contracts.errors import InvalidSettings
from infra.settings.model import ClientSettings, EngineSettings, ServerSettings

FILE_DEFAULT: Final = Path("refold.toml")
PREFIX: Final = "REFOLD_"
CONFIG_VARIABLE: Final = "REFOLD_CONFIG"
NOT_SETTINGS: Final = ("REFOLD_TEST_", "REFOLD_BENCH_", "REFOLD_KAFKA")
"""Variables that begin so belong to the project's own tests and measurements, or to the address of a log on Kafka."""
FILE_BYTES_MAX: Final = 1024 * 1024
MODELS: Final[tuple[type[BaseModel], ...]] = (ClientSettings, EngineSettings, ServerSettings)
DATA_DEFAULT: Final = Path(".refold")
"""On the command line there is always a data folder."""

Origin = Literal["default", "file", "environment", "flag"]


class Given(NamedTuple):
    """A value as it was given: by whom, and where exactly (`refold.toml`, `REFOLD_PORT`, `--port`)."""

    value: Any
    origin: Origin
    place: str = ""

    def __str__(self) -> str:
        return f"{self.origin} {self.place}" if self.place else self.origin


class Setting(NamedTuple):
    """A setting as it counts."""

    name: str
    value: Any
    given: Given
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, and where each comes from."""

    client: ClientSettings
    engine: EngineSettings
    server: ServerSettings
    given: Mapping[str, Given]

    def rows(self) -> Iterator[Setting]:
        """Each setting, as it counts."""
        for model in (self.client, self.engine, self.server):
            for name, field in type(model).model_fields.items():
                yield Setting(name, getattr(model, name), self.given[name], field.description or "")


def known() -> list[str]:
    """The names of all settings."""
    return [name for model in MODELS for name in model.model_fields]


def read_settings(flags: Mapping[str, Given], environment: Mapping[str, str], config: Path | None = None) -> Settings:
    """The settings as they count. Raises InvalidSettings that says all that is wrong with them."""
    problems: list[str] = []
    given = {name: Given(field.default, "default") for model in MODELS for name, field in model.model_fields.items()}
    given["data"] = Given(DATA_DEFAULT, "default")
    for source in (_of_file(config, environment), _of_environment(environment), flags.items()):
        for name, one in source:
            if name in given:
                given[name] = one
            else:
                problems.append(_unknown(name, one))
    models = [_checked(model, given, problems) for model in MODELS]
    if problems:
        raise InvalidSettings("; ".join(problems))
    client, engine, server = models
    assert isinstance(client, ClientSettings)
    assert isinstance(engine, EngineSettings)
    assert isinstance(server, ServerSettings)
    return Settings(client=client, engine=engine, server=server, given=given)


# Sources.


def _of_file(config: Path | None, environment: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    """What the file says: the one that is named, else `refold.toml` in this folder, if there is one."""
    named = config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    file = named or FILE_DEFAULT
    if named is None and not file.exists():
        return
    for name, value in _read_toml(file).items():
        yield name, Given(_in_folder(name, value, file.parent), "file", str(file))


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            return tomllib.loads(opened.read(FILE_BYTES_MAX).decode())
    except OSError as error:
        raise InvalidSettings(f"the settings file {file} cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"the settings file {file} is not TOML: {error}") from None


def _in_folder(name: str, value: Any, folder: Path) -> Any:
    """A path in a file is meant from where the file is."""
    return folder / value if name in ("data", "files") and isinstance(value, str) else value


def _of_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    """What the environment says; an empty variable says nothing."""
    names = {PREFIX + name.upper(): name for name in known()}
    for variable, value in sorted(environment.items()):
        if variable.startswith(PREFIX) and value and variable != CONFIG_VARIABLE and not variable.startswith(NOT_SETTINGS):
            yield names.get(variable, variable), Given(value, "environment", variable)


def flag_of(text: str) -> tuple[str, Given]:
    """The setting in `NAME=VALUE`. Raises InvalidSettings."""
    name, sign, value = text.partition("=")
    if not sign:
        raise InvalidSettings(f"--set: expected NAME=VALUE, found {text!r}")
    return name.strip(), Given(value.strip(), "flag", "--set")


# What is wrong.


def _unknown(name: str, given: Given) -> str:
    if given.origin == "environment":
        nearest = _nearest(name, [PREFIX + other.upper() for other in known()] + [CONFIG_VARIABLE])
        return f"there is no setting for {given}; the nearest is {nearest}"
    return f"there is no setting {name} ({given}); the nearest is {_nearest(name, known())}"


def _nearest(word: str, names: Iterable[str]) -> str:
    return max(names, key=lambda name: SequenceMatcher(None, word.lower(), name.lower()).ratio())


def _checked(model: type[BaseModel], given: Mapping[str, Given], problems: list[str]) -> BaseModel | None:
    try:
        return model(**{name: given[name].value for name in model.model_fields})
    except ValidationError as error:
        for name in dict.fromkeys(str(one["loc"][0]) for one in error.errors()):
            found = given[name].value
            problems.append(f"setting {name} ({given[name]}): expected {_expected(model, name)}, found {found!r}")
        return None


def _expected(model: type[BaseModel], name: str) -> str:
    """In words what may stand there, as the model says."""
    whole = model.model_json_schema()["properties"][name]
    schema = next((one for one in whole.get("anyOf", ()) if one.get("type") != "null"), whole)
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}.get(schema.get("type"), "text")
    if "pattern" in schema:
        return str(whole["format"])
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if lowest is not None and highest is not None:
        return f"{words} from {lowest:,g} to {highest:,g}"
    return words if lowest is None else f"{words} of at least {lowest:,g}"
