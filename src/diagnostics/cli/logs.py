"""``diagnose logs FILE…``: what logs hold, what is new since the onset, and what became more or less frequent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, lang_option, option
from diagnostics.cli.output import printable, say
from diagnostics.cli.words import words

if TYPE_CHECKING:
    from diagnostics.system_monitor.log_survey import LogSurvey, SurveyedTemplate

_COLOURS = {"CRITICAL": "red", "ERROR": "red", "WARNING": "yellow"}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@option("--onset", default="", metavar="TIME", help="When it began, with its zone; found in the errors when not given.")
@option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="Lines of each list.")
@lang_option
@format_option("term", "json")
def logs(files: tuple[Path, ...], onset: str, top: int, lang: str, form: str) -> int:
    """Read logs from end to end: their templates, what is new since the onset, and what changed its rate."""
    from diagnostics.system_monitor.log_survey import survey_logs

    try:
        found = survey_logs(files, onset=_moment(onset))
    except OSError as error:
        raise click.ClickException(f"cannot read {error.filename or files[0]}: {error.strerror or error}") from error
    say(_as_json(found, top) if form == "json" else "\n".join(_page(found, top, lang)))
    return Exit.OK


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time; give 2026-11-25T07:30:00Z", param_hint="--onset") from error
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no zone; give {text}Z or {text}+03:00", param_hint="--onset")
    return at


def _page(found: LogSurvey, top: int, lang: str) -> Iterable[str]:
    def said(text: str) -> str:
        return words(text, lang)

    yield f"{found.lines:,} {said('lines')}, {found.records:,} {said('records')}, {len(found.templates)} {said('templates')}"
    if found.start is not None and found.end is not None and found.timed:
        yield f"{_at(found.start)} … {_at(found.end)}"
    elif found.lines:
        yield said("The lines have no moments: one line stands for one second.")
    if found.onset is None:
        yield said("No onset was given, and errors show no step: nothing is compared.")
    else:
        how = said("given" if found.onset_given else "step in the errors")
        how += f", ±{found.onset_within_seconds:.0f} s" if found.onset_within_seconds else ""
        yield f"{said('Onset')}: {_at(found.onset)} ({how})"
        if not found.tests:
            yield said("The onset lies outside of the logs: nothing is compared.")
    if found.tests:
        yield from _changes(found, top, lang)
    yield ""
    yield click.style(said("Most frequent"), bold=True)
    yield from (f"  {one.count:>9,}  {_level(one)}{printable(one.text)}" for one in found.templates[:top])


def _changes(found: LogSurvey, top: int, lang: str) -> Iterable[str]:
    from diagnostics.log_templates.changes import FALSE_ALARMS, Kind

    heads = {
        Kind.NEW: "New since the onset",
        Kind.MORE: "More frequent",
        Kind.FEWER: "Less frequent",
        Kind.GONE: "Gone since the onset",
    }
    tests = words("{tests} templates compared; at most {share:.0%} of what is named are false alarms", lang)
    yield tests.format(tests=found.tests, share=FALSE_ALARMS)
    for kind, head in heads.items():
        of_kind = [one for one in found.templates if one.change is not None and one.change.kind is kind]
        if not of_kind:
            continue
        of_kind.sort(key=lambda one: (not one.change.unlikely, one.change.adjusted, -one.count) if one.change else ())
        yield ""
        more = f" ({top} / {len(of_kind)})" if len(of_kind) > top else f" ({len(of_kind)})"
        yield click.style(words(head, lang), bold=True) + more
        yield from (_change(one, lang) for one in of_kind[:top])


def _change(one: SurveyedTemplate, lang: str) -> str:
    change = one.change
    if change is None:
        return ""
    chance = f"p={change.adjusted:.1g}" if change.adjusted else "p<1e-300"
    chance = chance if change.unlikely else words("may be chance", lang)
    if one.before and one.after:
        how = f"×{change.rate.ratio:.3g} ({change.rate.low:.2g}–{change.rate.high:.2g}), {one.before:,} → {one.after:,}"
    else:
        how = f"{one.before:,} → {one.after:,}"
    ever = f", {words('as never before', lang)}" if change.record and one.before else ""
    return f"  {how}, {chance}{ever}  {_level(one)}{printable(one.text)}"


def _level(one: SurveyedTemplate) -> str:
    return click.style(f"{one.level} ", fg=_COLOURS[one.level]) if one.level in _COLOURS else ""


def _at(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _as_json(found: LogSurvey, top: int) -> str:
    from diagnostics.log_templates.changes import Kind

    def plain(one: SurveyedTemplate) -> dict[str, object]:
        page: dict[str, object] = {
            "template": one.text,
            "level": one.level,
            "example": one.example,
            "count": one.count,
            "first_seen": one.first_seen.isoformat(),
            "last_seen": one.last_seen.isoformat(),
        }
        if one.change is not None:
            rate = one.change.rate
            page |= {
                "before": one.before,
                "after": one.after,
                "change": one.change.kind,
                "ratio": rate.ratio if one.before else None,
                "ratio_low": rate.low,
                "ratio_high": rate.high if one.before else None,
                "p_adjusted": one.change.adjusted,
                "unlikely": one.change.unlikely,
                "as_never_before": one.change.record,
            }
        return page

    kept = [
        one
        for index, one in enumerate(found.templates)
        if index < top or (one.change is not None and one.change.kind is not Kind.SAME)
    ]
    page = {
        "files": list(found.files),
        "lines": found.lines,
        "records": found.records,
        "bytes": found.bytes_read,
        "invalid_json": found.invalid_json,
        "timed": found.timed,
        "start": found.start.isoformat() if found.start else None,
        "end": found.end.isoformat() if found.end else None,
        "onset": found.onset.isoformat() if found.onset else None,
        "onset_given": found.onset_given,
        "onset_within_seconds": found.onset_within_seconds,
        "tests": found.tests,
        "templates_in_all": len(found.templates),
        "templates": [plain(one) for one in kept],
    }
    return json.dumps(page, ensure_ascii=False, indent=2)
