"""The how-to pages whose commands run on a data folder do what they say."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CommandLine, filled, prepared  # noqa: F401  # fixtures
from tests.docs.transcript import check_page


@pytest.mark.parametrize("page", ["how-to/rebuild-read-models.md", "how-to/see-what-happened.md"])
def test_a_page_does_what_it_says(page: str, filled: CommandLine) -> None:  # noqa: F811
    filled("read-models", "rebuild", "all")
    check_page(filled, page)
