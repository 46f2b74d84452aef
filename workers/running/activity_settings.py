"""What activities may do on this machine: the settings that built-in kinds and the activity worker are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.values import VALUE_BYTES_MAX_DEFAULT
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import McpServer
from workers.running.channels.settings import ChannelSettings
from workers.running.redaction import NO_REDACTION, Redaction

CONCURRENCY_DEFAULT: Final = 32
CODE_PROCESSES_DEFAULT: Final = 4
RAG_PROGRAM: Final = "workers.running.rag.program"


@dataclass(frozen=True, kw_only=True)
class ActivitySettings:
    """The permissions and limits of activities. Whatever opens a door is closed by default."""

    files: Path | None = None
    """The folder that `read_file` and `write_file` may use; None allows no files."""
    data: Path | None = None
    """The engine's data folder, which they may not use, wherever it is."""
    allow_private_addresses: bool = False
    """Whether `http_request` may reach loopback, private, link-local and other addresses that are not public."""
    allow_unsandboxed: bool = False
    """Whether `code` with `sandbox: process` may run without bubblewrap. Such code sees files and network: only for code you trust."""
    bubblewrap: str = "bwrap"
    """The program that makes the process sandbox: a name to look up in PATH, or a path."""
    concurrency: int = CONCURRENCY_DEFAULT
    """How many activities run at the same time."""
    code_processes: int = CODE_PROCESSES_DEFAULT
    """How many `code` nodes run at the same time; further ones wait."""
    output_bytes_max: int = VALUE_BYTES_MAX_DEFAULT
    """The largest output of an activity, as JSON."""
    redaction: Redaction = NO_REDACTION
    """What is made unreadable in all that activities give back and say."""
    mcp_servers: Mapping[str, McpServer] = field(default_factory=dict, compare=False)
    """The MCP servers that `mcp` may ask, by name."""
    channels: ChannelSettings = field(default_factory=ChannelSettings)
    """The mail server that `email` gives mail to, as human tasks do."""
    ai: AiProcess = field(default_factory=AiProcess, compare=False, repr=False)
    """Whom the kinds that ask models ask: one process for all of them. It ends with the first that is closed."""
    rag: AiProcess = field(default_factory=lambda: AiProcess(RAG_PROGRAM), compare=False, repr=False)
    """Who reads documents and searches them: one process for all kinds of RAG. It ends as `ai` does."""
