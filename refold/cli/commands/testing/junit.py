"""JUnit's XML, which build servers read: a suite for each file, a case for each case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from refold.cli.commands.output import BadInput
from refold.cli.commands.testing.batch import Batch, Ran
from refold.cli.commands.testing.tell import shown

_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def write(batch: Batch, file: Path) -> None:
    """Write how the cases went. Raises BadInput where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(report(batch))
    except OSError as error:
        raise BadInput(f"the report {file} cannot be written: {error.strerror or error}") from None


def report(batch: Batch) -> bytes:
    """The report as XML."""
    root = Element("testsuites", _counts(batch.ran, batch.seconds))
    for name, group in groupby(batch.ran, lambda one: one.file):
        ran = list(group)
        suite = SubElement(root, "testsuite", {"name": _xml(name), **_counts(ran, sum(one.seconds for one in ran))})
        for one in ran:
            _add(suite, one)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _counts(ran: list[Ran], seconds: float) -> dict[str, str]:
    verdicts = [one.result.verdict for one in ran]
    return {
        "tests": str(len(ran)),
        "failures": str(verdicts.count("failed")),
        "errors": str(verdicts.count("error")),
        "time": f"{seconds:.3f}",
    }


def _add(suite: Element, one: Ran) -> None:
    about = {"name": _xml(one.result.name), "classname": _xml(one.file), "file": _xml(one.file), "line": str(one.line)}
    case = SubElement(suite, "testcase", {**about, "time": f"{one.seconds:.3f}"})
    if one.result.verdict != "passed":
        tag = "failure" if one.result.verdict == "failed" else "error"
        told = list(_told(one))
        SubElement(case, tag, {"message": _xml(told[0])}).text = _xml("\n".join(told))


def _told(one: Ran) -> Iterator[str]:
    for difference in one.result.differences:
        yield from shown(difference)
    yield f"at {one.file}:{one.line}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
