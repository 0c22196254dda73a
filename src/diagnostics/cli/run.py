"""``diagnose run``: phases 1 to 4 from outside; changes nothing."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import (
    baseline_option,
    error_option,
    format_option,
    lang_option,
    option,
    pairs,
    quiet_option,
    text_or_stdin,
)
from diagnostics.cli.output import Progress, check_writable, render, say, write
from diagnostics.cli.targets import target_from, target_options
from diagnostics.cli.words import words

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem


@click.command()
@click.argument("problem", required=False, default="")
@error_option
@option(
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="What else is known (deploy=10:40, failure_rate=30%); repeatable.",
)
@target_options
@baseline_option
@option(
    "--deadline",
    type=click.FloatRange(min=1.0, max=600.0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="For phases 1 to 4 together.",
)
@format_option("term", "json", "md", "html")
@option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write the result there instead of to stdout.",
)
@option(
    "--recording",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write all that was seen (redacted; .gz compresses), to attach to a report or to replay.",
)
@lang_option
@option("--project", default="backend", show_default=True, metavar="NAME", help="Name of the application, for reports.")
@option("--no-store", is_flag=True, help="Do not keep the session.")
@quiet_option
def run(
    problem: str,
    error: str,
    context: tuple[str, ...],
    baseline: Path | None,
    deadline: float,
    form: str,
    out: Path | None,
    recording: Path | None,
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
    check_writable(out)
    check_writable(recording)
    known = pairs(context, "--context")
    said = text_or_stdin(error)
    target = target_from(name=project, **flags)
    from diagnostics.cli.keeping import ForgivingStore
    from diagnostics.diagnostic_orchestrator.report import build
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.diagnosis import Status
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.system_monitor.baseline import read as read_baseline

    progress = Progress(quiet=quiet, lang=lang)
    system = UltimateDiagnosticSystem(
        project,
        target=target,
        baseline=read_baseline(baseline) if baseline is not None else NO_BASELINE,
        store=None if no_store else ForgivingStore(lambda text: say(text, err=True)),
        # What the start cost is part of the promise.
        deadline_seconds=max(0.5, deadline - (time.monotonic() - began) - min(0.5, 0.1 * deadline)),
        progress=progress,
    )
    try:
        system.phase_1_triage(problem, said, known)
        system.phase_2_systematic_diagnosis()
        system.phase_3_hypothesis_testing()
        system.phase_4_root_cause_analysis()
    except BaseException:
        # Whoever waits for OUT must never take the one of an earlier run for ours.
        if form == "json" and out is not None:
            with contextlib.suppress(click.ClickException):
                write(_document(system, began), out)
        raise
    diagnosis = system.diagnosis
    assert diagnosis is not None
    if recording is not None:
        from diagnostics.diagnostic_orchestrator.recording import write as write_recording

        write_recording(system.recording(), recording)
    write(_document(system, began) if form == "json" else render(build(system), form, lang=lang), out)
    if out is not None and str(out) != "-":
        progress.line(f"{words('written to', lang)} {out}")
    return {
        Status.ROOT_CAUSE_IDENTIFIED: Exit.FOUND,
        Status.HEALTHY: Exit.OK,
        Status.UNKNOWN: Exit.INCONCLUSIVE,
    }[diagnosis.status]


def _document(system: UltimateDiagnosticSystem, began: float) -> str:
    from diagnostics.diagnostic_orchestrator.report import outcome
    from diagnostics.reports.json_report import clean

    page = clean(outcome(system, time.monotonic() - began))
    return json.dumps(page, ensure_ascii=False, indent=2, allow_nan=False)
