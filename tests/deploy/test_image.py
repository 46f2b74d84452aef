"""The image: its steps run as processes here, and what comes of them runs as it would in a container.

That is, with bubblewrap: as the first process of its own, as a user that is nobody here, on a file system that it cannot write to.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from refold import __version__
from tests.deploy import dockerfile
from tests.deploy.conftest import ROOT, run
from tests.deploy.product import check_command, check_environment

NEEDS_BUBBLEWRAP = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
READY_S = 60
USER = "10001"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the first stage makes."""
    folder = tmp_path_factory.mktemp("image")
    dockerfile.build(folder)
    return folder


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Contained:
    """A command in a container's stead."""

    def __init__(self, image: Path, data: Path, *words: str | Path, **environment: str) -> None:
        kept = ["--bind", str(data), str(data), "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/var/tmp"]
        alone = ["--unshare-user", "--uid", USER, "--gid", USER, "--unshare-pid", "--as-pid-1", "--die-with-parent"]
        reading, writing = os.pipe()
        command = ["bwrap", "--ro-bind", "/", "/", *kept, *alone, "--info-fd", str(writing), "--chdir", str(data)]
        variables = {"PATH": f"{image}/opt/refold/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*command, *words],
            env={**variables, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[writing],
        )
        os.close(writing)
        with os.fdopen(reading) as info:
            self.inner = int(info.read().split('"child-pid":')[1].split(",")[0].split("}")[0])

    def stop(self) -> int:
        """What `docker stop` and the kubelet do first."""
        os.kill(self.inner, signal.SIGTERM)
        return self.process.wait(timeout=READY_S)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.inner, signal.SIGKILL)
            self.process.wait()


Contain = Callable[..., Contained]


@pytest.fixture
def contain(image: Path, tmp_path: Path) -> Iterator[Contain]:
    started: list[Contained] = []

    def make(*words: str | Path, **environment: str) -> Contained:
        started.append(Contained(image, tmp_path, *words, **environment))
        return started[-1]

    yield make
    for one in started:
        one.kill()


# What is written there.


def test_the_context_has_what_the_wheel_is_made_of_and_nothing_of_the_work_tree() -> None:
    sent = {name.as_posix() for name in dockerfile.context()}
    assert {"pyproject.toml", "README.md", "LICENSE", "refold/cli/main.py", "infra/server/lifetime.py", "infra/deploy/image.lock"} <= sent
    assert not [name for name in sent if name.startswith(("tests/", "docs/", ".", "infra/deploy/chart"))]


def test_every_variable_and_the_command_are_known_to_refold() -> None:
    stage = dockerfile.steps()[-1]
    check_environment(dockerfile.variables(stage), "serve")
    check_command(dockerfile.command(*dockerfile.given(stage, "CMD")))
    assert dockerfile.command(*dockerfile.given(stage, "ENTRYPOINT")) == ["refold"]
    assert dockerfile.given(stage, "USER") == [f"{USER}:{USER}"]


def test_the_image_s_lock_has_the_versions_that_are_tested() -> None:
    def pinned(name: str) -> dict[str, str]:
        lines = [line.split(" ")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line and not line.startswith(" ")]
        return dict(line.split("==") for line in lines)

    tested = {**pinned("requirements-dev.lock"), **pinned("requirements.lock")}
    ours = {**pinned("infra/deploy/image.lock"), **pinned("infra/deploy/build.lock")}
    assert {name: version for name, version in ours.items() if tested.get(name, version) != version} == {}
    assert "aiokafka" in ours


# What comes of it.


def test_what_the_steps_make_is_this_version_with_its_extras_and_without_pip(image: Path) -> None:
    python = image / "opt/refold/bin/python"
    done = run(python, "-P", "-c", "import aiokafka, refold; print(refold.__version__, refold.__file__)", cwd=image)
    assert done.stdout.split() == [__version__, str(next((image / "opt/refold").glob("lib/*/site-packages/refold/__init__.py")))], (
        done.stderr
    )
    assert run(python, "-m", "pip", "--version").returncode != 0
    assert not list((image / "opt/refold").glob("lib/*/site-packages/refold/_engine/infra/deploy"))


@NEEDS_BUBBLEWRAP
def test_it_runs_as_a_user_without_rights_on_a_file_system_that_it_cannot_write_to(contain: Contain) -> None:
    ran = contain("sh", "-c", "id -u; refold --version; touch /usr/made 2>/dev/null || echo refused")
    out, _ = ran.process.communicate(timeout=60)
    assert out.split("\n")[:3] == [USER, f"refold {__version__}", "refused"]


@NEEDS_BUBBLEWRAP
def test_a_server_is_healthy_and_stops_as_the_first_process_when_it_is_asked_to(contain: Contain, tmp_path: Path) -> None:
    stage = dockerfile.steps()[-1]
    health = dockerfile.command(*dockerfile.given(stage, "HEALTHCHECK"))
    variables = {name: value for name, value in dockerfile.variables(stage).items() if name.startswith("REFOLD_")}
    variables |= {"REFOLD_PORT": str(free_port()), "REFOLD_DATA": str(tmp_path / "data"), "REFOLD_HOST": "127.0.0.1"}
    server = contain("refold", *dockerfile.command(*dockerfile.given(stage, "CMD")), **variables)
    assert server.process.stdout is not None
    assert "serves" in server.process.stdout.readline()
    assert contain(*health, **variables).process.wait(timeout=60) == 0
    assert server.stop() == 0
    assert "stopped" in server.process.stdout.read()
    assert contain(*health, **variables).process.wait(timeout=60) != 0


@NEEDS_BUBBLEWRAP
def test_a_server_that_is_only_starting_stops_too_when_it_is_asked_to(contain: Contain, tmp_path: Path) -> None:
    """The first process is not ended by a signal that it does not handle: it would be killed when its time is up."""
    server = contain("refold", "serve", REFOLD_PORT=str(free_port()), REFOLD_DATA=str(tmp_path / "data"))
    deadline = time.monotonic() + READY_S
    while not (tmp_path / "data" / "lock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert server.stop() in (0, 143)
