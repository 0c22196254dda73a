"""``diagnose triage``: phase 1 alone, for one report or for many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import error_option, format_option, option, text_or_stdin
from diagnostics.cli.output import check_writable, printable, say, write

#: Characters; a report with all its tracebacks is far shorter.
LONGEST_LINE = 4 << 20


@click.command()
@click.argument("problem", required=False)
@error_option
@option(
    "--input",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Reports as JSON lines: problem_description, error_message, context, id.",
)
@option(
    "--output",
    "-o",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="One JSON line for each report; standard output when not given.",
)
@format_option("term", "json")
def triage(problem: str | None, error: str, source: Path | None, out: Path | None, form: str) -> int:
    """Say where PROBLEM lies, how bad it is, and which causes its text speaks for. Text narrows; it does not decide."""
    check_writable(out)
    error = text_or_stdin(error)
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
        sure = f"(severity {found.severity}, confidence {found.confidence:.0%})"
        lines = [
            f"{click.style(str(found.priority), bold=True)}  {found.category}  {sure}",
            f"  {printable(found.reason)}",
            *(f"  - {c.mechanism}: {printable(c.because)}" for c in found.candidates),
            "  Next: diagnose run, which looks instead of reading",
        ]
        text = "\n".join(lines)
    write(text, out)
    return Exit.OK


def _many(source: Path, out: Path | None) -> int:
    from diagnostics.core_diagnostics.classification import triage_lines

    if out is not None and out.exists() and source.exists() and out.samefile(source):
        raise click.UsageError("--output is the same file as --input; the reports would be lost. Give another file.")
    try:
        stream = source.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise click.ClickException(
            f"cannot read {source}: {error.strerror}; give a file with one JSON object a line"
        ) from error
    read, failed = 0, 0
    with stream, _sink(out) as line_out:
        for result in triage_lines(_lines(stream)):
            read += 1
            failed += "error" in result
            line_out(json.dumps(result, ensure_ascii=False))
    if failed:
        say(
            f"{failed} of {read} line(s) could not be read; each has its line number and the reason in the output.",
            err=True,
        )
    if not read:
        say(f"{source} holds no report; give one JSON object a line.", err=True)
    return Exit.OK


@contextmanager
def _sink(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Return what takes one line; a full disk is a clear message."""
    if out is None:
        yield say
        return
    try:
        with out.open("w", encoding="utf-8", errors="replace") as file:

            def write_line(line: str) -> None:
                file.write(line + "\n")

            yield write_line
    except OSError as error:
        raise click.ClickException(f"cannot write {out}: {error.strerror}") from error


def _lines(stream: TextIO) -> Iterator[str]:
    """Yield lines of bounded length: a file without line ends must not fill the memory."""
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            while (more := stream.readline(LONGEST_LINE)) and not more.endswith("\n"):
                pass
            line = f"a line of more than {LONGEST_LINE} characters"
        yield line
