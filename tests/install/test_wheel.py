"""What is in the wheel, and what it brings into an environment."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import refold

from .conftest import ROOT, Installation, run

ENGINE = ("api", "contracts", "domain", "infra", "projections", "workers")


def test_the_wheel_holds_the_face_with_the_engine_inside_and_nothing_else(wheel: Path) -> None:
    held = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    assert {path.parts[0] for path in held} == {"refold", f"refold-{refold.__version__}.dist-info"}
    face = {path.relative_to(ROOT) for path in (ROOT / "refold").rglob("*.py")}
    engine = {"refold/_engine" / path.relative_to(ROOT) for package in ENGINE for path in (ROOT / package).rglob("*.py")}
    assert {path for path in held if path.suffix == ".py"} == face | engine
    assert Path("refold/py.typed") in held


def test_the_wheel_holds_the_examples_that_are_workflow_templates_and_nothing_else_of_them(wheel: Path) -> None:
    held = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    examples = Path("refold/_engine/examples")
    assert {path for path in held if examples in path.parents} == {
        examples / file.name for file in (ROOT / "examples").glob("*.yaml") if not file.stem.endswith(".test")
    }


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"refold-{refold.__version__}.dist-info"
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        assert archive.read(f"{info}/entry_points.txt").decode().split() == ["[console_scripts]", "refold", "=", "refold.cli.main:main"]
        metadata = archive.read(f"{info}/METADATA").decode()
    assert f"\nName: refold\nVersion: {refold.__version__}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata


def test_the_program_says_its_version(installation: Installation, tmp_path: Path) -> None:
    said = run(installation.refold, "--version", cwd=tmp_path, env=installation.environment())
    assert (said.returncode, said.stdout) == (0, f"refold {refold.__version__}\n"), said.stderr


def test_what_users_import_is_light_and_brings_no_names_of_the_engine(installation: Installation, tmp_path: Path) -> None:
    heavy = ("pydantic", "msgspec", "httpx2", "asyncio", "typer", "fastapi", *ENGINE)
    loaded, findable = f"[n for n in {heavy} if n in sys.modules]", f"[n for n in {ENGINE} if importlib.util.find_spec(n)]"
    code = f"import importlib.util, refold, sys; print({loaded}, {findable})"
    said = run(installation.python, "-c", code, cwd=tmp_path, env=installation.environment())
    assert (said.returncode, said.stdout) == (0, "[] []\n"), said.stderr


USED = """
import refold


@refold.activity
def charge(order_id: str, amount: int, context: refold.ActivityContext) -> str:
    context.logger.info("charging")
    return order_id


client = refold.Client()
reveal_type(client.run)
reveal_type(charge)
reveal_type(charge("A-1", 5, 7))
reveal_type(client.get("x"))
"""


def test_a_users_type_checker_sees_the_types_of_the_face(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(USED)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", installation.python, "--cache-dir", tmp_path / "cache")
    done = run(*mypy, "mine.py", cwd=tmp_path, env=installation.environment())
    said = done.stdout.replace("builtins.", "")
    assert (
        'Revealed type is "refold.worker.activities.Activity'
        '[[order_id: str, amount: int, context: refold.worker.activities.ActivityContext], str]"' in said
    )
    assert 'Revealed type is "dict[str, Any]"' in said
    assert "through_incidents: bool" in said
    errors = [line for line in said.splitlines() if "error:" in line]
    assert len(errors) == 1, said
    assert 'Argument 3 to "__call__" of "Activity" has incompatible type "int"' in errors[0]


WITHOUT_EXTRA = ("__init__", "address", "topics")
"""What of a log on Kafka every installation can import."""
OF_AN_EXTRA = (
    "refold/ai/durability",
    "refold/ai/langgraph",
    "infra/state_graph",
    "infra/credentials/",
    "infra/log/kafka/",
    "infra/store/postgres",
    "running/databases",
    "refold/kafka/",
    "refold/worker/kafka",
    "ai/asking",
    "ai/converting",
    "ai/faults",
    "ai/pipes",
    "ai/servers",
    "assistants/server",
    "providers/plain_openai",
    "running/rag/",
)
"""What needs the extra `ai`, `credentials`, `kafka`, `langgraph`, `postgres` or `rag`."""


def test_the_wheel_declares_all_that_it_imports(installation: Installation, tmp_path: Path) -> None:
    modules = sorted(
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for package in (*ENGINE, "refold")
        for path in (ROOT / package).rglob("*.py")
        if path.name not in ("__main__.py", "program.py")  # they run when they are imported
        and (path.stem in WITHOUT_EXTRA or not any(part in path.as_posix() for part in OF_AN_EXTRA))
    )
    code = f"import importlib, refold.cli.commands; [importlib.import_module(name) for name in {modules}]"
    done = run(installation.python, "-c", code, cwd=tmp_path, env=installation.environment())
    assert done.returncode == 0, done.stderr


def test_an_installation_without_the_extra_says_what_a_log_on_kafka_needs(installation: Installation, tmp_path: Path) -> None:
    said = run(installation.refold, "kafka", "init", "--log", "kafka://127.0.0.1:1", cwd=tmp_path, env=installation.environment())
    assert said.returncode == 1
    assert "a log on Kafka needs aiokafka: pip install '.[kafka]' in a checkout of Refold, or pip install " in said.stderr
