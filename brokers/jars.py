"""What a broker is started from: Java on this machine, and Apache Kafka's jars, which Maven brings once."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

JAVA_MIN: Final = 17
MAVEN_TIMEOUT_S: Final = 300
POM: Final = Path(__file__).with_name("pom.xml")
FOLDER: Final = Path(__file__).parents[1] / ".kafka"
HOW_TO_GET: Final = (
    f"install Java {JAVA_MIN} or newer and Maven (Debian, Ubuntu: apt install default-jre-headless maven), "
    "or name a broker: REFOLD_KAFKA=HOST:PORT"
)


class NoBroker(Exception):
    """There is no broker to be had here; the message says why, and how to get one."""


def find_java() -> str:
    """The Java that runs brokers. Raises NoBroker where there is none, or one that is too old."""
    java = shutil.which("java")
    if java is None:
        raise NoBroker(f"there is no `java`; {HOW_TO_GET}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found.group(1)) < JAVA_MIN:
        raise NoBroker(f"{java} is not Java {JAVA_MIN} or newer ({said.splitlines()[0] if said else 'it says nothing'}); {HOW_TO_GET}")
    return java


def find_jars() -> Path:
    """The folder with the jars; the first time Maven fills it. Raises NoBroker where it cannot."""
    jars = FOLDER / f"jars-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    return jars if jars.is_dir() else _bring(jars)


def _bring(jars: Path) -> Path:
    """Copy the jars beside their place and move them there as one, so that two that do it at once do no harm."""
    maven = shutil.which("mvn")
    if maven is None:
        raise NoBroker(f"Apache Kafka is not in {jars}, and there is no `mvn` to bring it; {HOW_TO_GET}")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        copied = Path(folder) / "jars"
        command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={copied}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MAVEN_TIMEOUT_S, cwd=folder)
        if done.returncode:
            raise NoBroker(f"Maven could not bring Apache Kafka: {(done.stdout + done.stderr).strip()[-500:]}")
        try:
            os.rename(copied, jars)
        except OSError:
            if not jars.is_dir():
                raise
    return jars
