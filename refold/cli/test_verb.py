"""The verb of the command line that tests workflows: `refold test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refold.cli.options import Json, Where, asking, takes


@takes(where=asking)
def run_tests(
    where: Where,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", help="Files or folders; this folder without any.")] = None,
    picked: Annotated[str | None, typer.Option("-k", metavar="TEXT", help="Only cases with this in their file or name.")] = None,
    jobs: Annotated[str, typer.Option("--jobs", "-j", metavar="N", help="In so many processes; `auto`: one for each core.")] = "1",
    module: Annotated[
        str | None, typer.Option("--worker", metavar="MODULE[:NAME]", help="The module with your own activities, for `real`.")
    ] = None,
    files: Annotated[
        Path | None, typer.Option("--files", metavar="DIR", help="The folder of read_file and write_file, for `real`.")
    ] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say which nodes, edges, cases and error edges were taken.")] = False,
    report: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write a report as JUnit's XML.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Write what failing cases expect as it was found, and run again.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file has changed.")] = False,
    lists_all: Annotated[bool, typer.Option("--verbose", "-v", help="A line for each case.")] = False,
    record: Annotated[
        str | None, typer.Option("--record", metavar="EXECUTION", help="Write a test from an execution, instead of running any.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where the recorded test is written; WORKFLOW.test.yaml without it.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Test workflows by the cases in files, in virtual time. Exit code: 0 passed; 1 failed, or none; 2 unreadable."""
    if record is not None:
        from refold.cli.commands.testing import recording

        return recording.record(where, record, output, as_json)
    from refold.cli.commands.testing import run
    from refold.cli.commands.testing.batch import How, processes_for

    how = How(module, files, picked, processes_for(jobs), coverage)
    wanted = run.Wanted(paths or [Path()], how, report, lists_all, as_json)
    if update and watch:
        raise typer.BadParameter("give either --update or --watch")
    if update:
        run.update(wanted)
    return run.watch(wanted) if watch else run.run_tests(wanted)
