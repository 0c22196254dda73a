"""``diagnose run``: phases 1 to 4 from outside; changes nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.output import Progress, render, write
from diagnostics.cli.targets import target_from, target_options


@click.command()
@click.argument("problem", required=False, default="")
@click.option("--error", default="", metavar="TEXT", help="Error message or traceback, as it was seen.")
@click.option(
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="What else is known (deploy=10:40, failure_rate=30%); repeatable.",
)
@target_options
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What is normal: a file that `diagnose record` wrote.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=1.0, max=600.0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="For phases 1 to 4 together.",
)
@click.option("--format", "form", type=click.Choice(["term", "json", "md", "html"]), default="term", show_default=True)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write the result there instead of to stdout.",
)
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", show_default=True)
@click.option("--project", default="backend", show_default=True, metavar="NAME")
@click.option("--no-store", is_flag=True, help="Do not keep the session.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def run(
    problem: str,
    error: str,
    context: tuple[str, ...],
    baseline: Path | None,
    deadline: float,
    form: str,
    out: Path | None,
    lang: str,
    project: str,
    no_store: bool,
    quiet: bool,
    **flags: Any,
) -> int:
    """Find the root cause of PROBLEM. Every flag is optional; what is missing is listed under "could not look".

    \b
    diagnose run "Meeting creation fails" --pid 4711 --db "$DATABASE_URL" --url http://127.0.0.1:8000 --log app.log
    """  # noqa: D301 - click's marker against re-wrapping
    began = time.monotonic()
    from diagnostics.diagnostic_orchestrator.report import build, outcome
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.diagnosis import Status
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.system_monitor.baseline import read as read_baseline

    target = target_from(name=project, **flags)
    system = UltimateDiagnosticSystem(
        project,
        target=target,
        baseline=read_baseline(baseline) if baseline is not None else NO_BASELINE,
        store=None if no_store else SessionStore(),
        # What the start cost is part of the promise.
        deadline_seconds=max(2.0, deadline - (time.monotonic() - began) - 0.5),
        progress=Progress(quiet=quiet),
    )
    pairs = (item.partition("=") for item in context)
    system.phase_1_triage(problem, error, {key.strip(): value.strip() for key, _, value in pairs})
    system.phase_2_systematic_diagnosis()
    system.phase_3_hypothesis_testing()
    system.phase_4_root_cause_analysis()
    diagnosis = system.diagnosis
    assert diagnosis is not None
    if form == "json":
        write(json.dumps(outcome(system, time.monotonic() - began), ensure_ascii=False, indent=2), out)
    else:
        write(render(build(system), form, lang=lang), out)
    return {
        Status.ROOT_CAUSE_IDENTIFIED: Exit.FOUND,
        Status.HEALTHY: Exit.OK,
        Status.UNKNOWN: Exit.INCONCLUSIVE,
    }[diagnosis.status]
