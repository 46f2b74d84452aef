"""What is wrong with the body of a request is told to whoever sent it, and to nobody else."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest

from api.hooks.contents import content_of
from api.problems import BadRequest


@pytest.mark.parametrize("body", [b"--x\r\nnonsense\r\n--x--", b"--y\r\n\r\n--x--", b"", b"--x--\r\nmore after the end"])
def test_a_broken_form_is_no_line_of_the_log(caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    with caplog.at_level(logging.DEBUG), suppress(BadRequest):
        asyncio.run(content_of(body, "multipart/form-data; boundary=x", "auto"))
    assert [one for one in caplog.records if one.name.startswith("python_multipart")] == []
