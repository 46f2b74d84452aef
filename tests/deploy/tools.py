"""The programs that check what is deployed, without a container engine and without a cluster.

`make deploy-tools` builds them once, into `.tools/`: Go takes some minutes for it, so a test does not begin with that. In CI all but
`promtool` are built, which alone takes as long as the others together.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

BUILD_TIMEOUT_S: Final = 1_200
FOLDER: Final = Path(__file__).parents[2] / ".tools"
HOW_TO_GET: Final = "`make deploy-tools` builds it once, with Go 1.26 or newer"


class NoTool(Exception):
    """A tool is not here and cannot be built; the message says why."""


class Tool(NamedTuple):
    """A Go module's program, and what it is called once it is built."""

    name: str
    package: str
    version: str

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}-{self.version}"


HELM: Final = Tool("helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0")
VALIDATE: Final = Tool("kubectl-validate", "sigs.k8s.io/kubectl-validate", "v0.0.4")
COMPOSE: Final = Tool("compose", "github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")
PROMTOOL: Final = Tool("promtool", "github.com/prometheus/prometheus/cmd/promtool", "v0.316.0")
KUBERNETES: Final = "1.30"
"""The newest version whose schemas the validator carries."""


def find(tool: Tool) -> Path:
    """The program. Raises NoTool where it was not built."""
    if not tool.path.exists():
        raise NoTool(f"there is no {tool.name}; {HOW_TO_GET}")
    return tool.path


def build(tool: Tool) -> Path:
    """Build it beside its place and move it there, so that two that do it at once do no harm."""
    go = shutil.which("go")
    if go is None:
        raise NoTool(f"there is no {tool.name} and no `go`; {HOW_TO_GET}")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        command = [go, "install", "-trimpath", "-ldflags=-s -w", f"{tool.package}@{tool.version}"]
        environment = {**os.environ, "GOBIN": folder}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_TIMEOUT_S, cwd=folder, env=environment)
        if done.returncode:
            raise NoTool(f"{tool.name} could not be built: {done.stderr.strip()[-500:]}; {HOW_TO_GET}")
        os.rename(next(Path(folder).iterdir()), tool.path)
    return tool.path


if __name__ == "__main__":
    for one in (HELM, COMPOSE, VALIDATE, PROMTOOL):
        if one.name in sys.argv[1:] or not sys.argv[1:]:
            print(one.path if one.path.exists() else build(one))
