"""``diagnose triage``: phase 1 alone, for one report or for many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from diagnostics.cli.exits import Exit


@click.command()
@click.argument("problem", required=False)
@click.option("--error", default="", metavar="TEXT", help="Error message or traceback.")
@click.option(
    "--input",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Reports as JSON lines: problem_description, error_message, context, id.",
)
@click.option(
    "--output",
    "-o",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="One JSON line for each report; standard output when not given.",
)
@click.option("--format", "form", type=click.Choice(["term", "json"]), default="term", show_default=True)
def triage(problem: str | None, error: str, source: Path | None, out: Path | None, form: str) -> int:
    """Say where PROBLEM lies, how bad it is, and which causes its text speaks for. Text narrows; it does not decide."""
    if source is not None:
        return _many(source, out)
    if not problem and not error:
        raise click.UsageError(
            'Say what is wrong: diagnose triage "Saving fails" --error "...", or --input reports.jsonl'
        )
    from diagnostics.core_diagnostics.classification import classify
    from diagnostics.model.problem import Problem

    found = classify(Problem(description=problem or "", error_message=error))
    if form == "json":
        page = {
            "category": found.category,
            "severity": found.severity,
            "priority": found.priority,
            "root_cause_candidates": [c.mechanism for c in found.candidates],
            "reason": found.reason,
            "confidence": found.confidence,
        }
        text = json.dumps(page, ensure_ascii=False, indent=2)
    else:
        lines = [
            f"{click.style(str(found.priority), bold=True)}  {found.category}  (severity {found.severity}, confidence {found.confidence:.0%})",
            f"  {found.reason}",
            *(f"  - {c.mechanism}: {c.because}" for c in found.candidates),
            "  Next: diagnose run, which looks instead of reading",
        ]
        text = "\n".join(lines)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    else:
        click.echo(text)
    return Exit.OK


def _many(source: Path, out: Path | None) -> int:
    from diagnostics.core_diagnostics.classification import triage_lines

    try:
        stream = source.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise click.ClickException(f"cannot read {source}: {error.strerror}") from error
    failed = 0
    with stream:
        results: Iterator[dict[str, object]] = triage_lines(stream)
        target = out.open("w", encoding="utf-8") if out is not None else None
        try:
            for result in results:
                failed += "error" in result
                line = json.dumps(result, ensure_ascii=False)
                if target is not None:
                    target.write(line + "\n")
                else:
                    click.echo(line)
        finally:
            if target is not None:
                target.close()
    if failed:
        click.echo(
            f"{failed} line(s) could not be read; each has its line number and the reason in the output.",
            err=True,
        )
    return Exit.OK
