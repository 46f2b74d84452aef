"""`log`: writes a message to the log of the process, with the execution and the node it comes from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from contracts.ports.activities import ActivityContext
from contracts.values import encode
from refold.worker.logs import LEVELS
from workers.running.activities import config as configs
from workers.running.activity_settings import ActivitySettings


class LogConfig(configs.Config):
    """What to write, and how loud."""

    message: Any = Field(default="", description="The message; what is not a string is written as JSON.")
    level: Annotated[str, AfterValidator(configs.OneOf(*LEVELS))] = Field(
        default="info", description="debug, info, warning or error.", json_schema_extra={"enum": list(LEVELS)}
    )


class Log:
    """Writes a message and gives its data."""

    name = "log"
    summary = "Writes a message to the log and gives its data."
    category = "activities"
    icon = "scroll-text"
    Config = LogConfig
    is_instant = True
    passes_data = True

    def __init__(self, settings: ActivitySettings) -> None:
        pass

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Write the message to the logger `refold.activity`; give the data."""
        wanted = configs.read_config(LogConfig, config)
        message = wanted.message if isinstance(wanted.message, str) else encode(wanted.message).decode()
        context.log(message, wanted.level)
        return data
