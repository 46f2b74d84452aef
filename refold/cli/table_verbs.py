"""The verbs of the command line that look after what a server has beside its executions."""

from __future__ import annotations

import typer

from refold.cli.archive_verbs import archive
from refold.cli.audit_verbs import audit
from refold.cli.cached_result_verbs import cached_results
from refold.cli.dead_letter_verbs import dead_letters
from refold.cli.read_model_verbs import read_models
from refold.cli.workflow_verbs import workflows


def add_to(app: typer.Typer) -> None:
    """Add them."""
    app.command()(audit)
    app.add_typer(archive, name="archive")
    app.add_typer(workflows, name="workflows")
    app.add_typer(dead_letters, name="dead-letters")
    app.add_typer(cached_results, name="cached-results")
    app.add_typer(read_models, name="read-models")
