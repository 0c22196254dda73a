"""What a person sees: the result on stdout, progress on stderr, colour never the only signal."""

from __future__ import annotations

import codecs
import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.words import words

_MARKS = {"root_cause_identified": ("✗", "red"), "healthy": ("✓", "green"), "unknown": ("?", "yellow")}
_PHASES = {
    "phase_1": "Triage",
    "phase_2": "Looking",
    "phase_3": "Testing hypotheses",
    "phase_4": "Asking why",
    "phase_5": "Applying",
    "phase_6": "Watching",
}
#: What a terminal of one of the old encodings sees instead of our signs.
_PLAIN = {
    "✗": "x",
    "✓": "+",
    "→": "->",
    "←": "<-",
    "…": "...",
    "·": "-",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "\u00a0": " ",
}


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def prepare_streams() -> None:
    """Make stdout and stderr take every character: a sign that a terminal lacks must never end a diagnosis."""
    codecs.register_error("diagnose", _plainer)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="diagnose")


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line; a reader that has gone (head, a closed terminal) must not end the work or change its exit code."""
    try:
        # NO_COLOR and FORCE_COLOR win over what the stream is; None lets click ask the stream.
        click.echo(text, err=err, color=_colour())
    except (OSError, ValueError):
        _into_nothing(sys.stderr if err else sys.stdout)


def _colour() -> bool | None:
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    return True if forced and forced != "0" else None


def _into_nothing(stream: Any) -> None:
    """Lead a broken stream to nowhere, so that Python does not complain again when it flushes it at the end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


def printable(value: Any) -> Any:
    """Return the value with texts that cannot command a terminal: logs and reports were written by strangers."""
    if isinstance(value, str):
        return _CONTROL.sub("?", value)
    if isinstance(value, Mapping):
        return {key: printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list | tuple) else value


def mark(status: str) -> str:
    """Return a sign and, where the terminal takes it, its colour."""
    sign, colour = _MARKS.get(status, ("·", "white"))
    return click.style(sign, fg=colour, bold=True)


class Progress:
    """Lines on stderr: one for each step, with the seconds since the start; silent with ``-q``."""

    def __init__(self, *, quiet: bool = False, lang: str = "en") -> None:
        self._began = time.monotonic()
        self._quiet = quiet
        self._lang = lang

    def __call__(self, phase: str, what: str) -> None:
        name = _PHASES.get(phase, phase)
        if what.lower() == name.lower():
            self.line(words(name, self._lang))
        else:
            self.line(f"{words(name, self._lang)}: {words(what, self._lang)}")

    def line(self, text: str) -> None:
        """Write one line with the time."""
        if not self._quiet:
            seconds = click.style(f"{time.monotonic() - self._began:6.1f} s", dim=True)
            say(f"{seconds}  {text}", err=True)


def check_writable(out: Path | None) -> None:
    """Say before the work, not after it, that its result could not be written.

    Raises:
        click.ClickException: There is no such folder, or it may not be written to.
    """
    if out is None or str(out) == "-":
        return
    if out.is_dir():
        raise click.ClickException(f"cannot write {out}: it is a folder; give a file in it")
    if out.exists():
        allowed = os.access(out, os.W_OK)
    elif not out.parent.is_dir():
        raise click.ClickException(f"cannot write {out}: there is no folder {out.parent}; create it or give another")
    else:
        allowed = os.access(out.parent, os.W_OK)
    if not allowed:
        raise click.ClickException(f"cannot write {out}: no permission; give another file with -o")


def write(text: str, out: Path | None) -> None:
    """Write a result to ``out``, or to stdout.

    Raises:
        click.ClickException: The file cannot be written; the result went to stdout instead, so that it is not lost.
    """
    if out is None or str(out) == "-":
        say(text)
        return
    try:
        out.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", errors="replace")
    except OSError as error:
        say(text)
        raise click.ClickException(f"cannot write {out}: {error.strerror}; the result is on standard output") from error


def render(report: dict[str, Any], form: str, *, lang: str) -> str:
    """Return a report as ``json``, ``md``, ``html`` or ``term``."""
    if form == "json":
        from diagnostics.reports.json_report import render as as_json

        return as_json(report)
    if form == "html":
        from diagnostics.reports.html import render as as_html

        return as_html(report, lang=lang)
    if form == "md":
        from diagnostics.reports.markdown import render as as_markdown

        return as_markdown(report, lang=lang)
    return terminal(report, lang=lang)


def terminal(report: dict[str, Any], *, lang: str) -> str:
    """Return the short form that fits a screen: verdict, whys, what to do, what was not seen."""
    report = printable(report)
    verdict = report.get("verdict") or {}
    status = verdict.get("status", "unknown")
    causes = report.get("root_causes") or []
    headline = words(str(verdict.get("headline", "")), lang)
    lines: list[str] = []
    if status == "root_cause_identified" and causes:
        lines += _found(causes, lang)
    elif status == "healthy":
        lines.append(f"{mark(status)} {click.style(words('No problem found', lang), bold=True)}  ({headline})")
    else:
        said = words("No root cause could be named", lang)
        lines.append(f"{mark(status)} {click.style(said, bold=True)}: {headline}")
        for cause in causes[:3]:
            title = _title(cause, lang)
            lines.append(f"  - {title} ({cause['mechanism']}, {cause['posterior']:.0%}): {cause['summary']}")
        if report.get("ruled_out"):
            lines.append("  " + words("Ruled out: ", lang) + ", ".join(report["ruled_out"][:10]))
    gaps = report.get("could_not_look") or []
    if gaps:
        lines.append("")
        lines.append("  " + words("Could not look:", lang))
        lines.extend(_gap(gap, lang) for gap in gaps)
    return "\n".join(lines)


def _found(causes: list[dict[str, Any]], lang: str) -> list[str]:
    cause = causes[0]
    title = click.style(_title(cause, lang), bold=True)
    lines = [
        f"{mark('root_cause_identified')} {title}  ({cause['mechanism']}, {cause['posterior']:.0%})",
        f"  {cause['summary']}",
        "",
    ]
    for number, why in enumerate(cause["whys"], 1):
        seen = ", ".join(why["evidence"]) or words("assumed", lang)
        lines.append(f"  {number}. {_question(why['question'], lang)}")
        lines.append(f"     {_answer(why, lang)}  [{seen}]")
    if cause.get("against"):
        lines += ["", "  " + words("Against:", lang)]
        lines.extend(f"  - {text}" for text in cause["against"])
    others = [f"{c['mechanism']} {c['posterior']:.0%}" for c in causes[1:4] if c["posterior"] >= 0.01]
    if others:
        lines.append("  " + words("Others: ", lang) + ", ".join(others))
    remedies = cause.get("remedies") or []
    if remedies:
        lines += ["", "  " + words("What to do: ", lang) + "; ".join(remedies)]
        lines.append("  " + words("Next: diagnose apply --plan", lang))
    return lines


def _title(cause: Mapping[str, Any], lang: str) -> str:
    if lang == "ru":
        from diagnostics.causal_map import standard_map

        known = standard_map()
        if cause["mechanism"] in known:
            return known[cause["mechanism"]].title_ru
    return str(cause["title"])


def _question(question: str, lang: str) -> str:
    """Ask in the language: the walk asks ``Why: <title of an effect>?``."""
    asked = question.removeprefix("Why: ").removesuffix("?").lower()
    if lang != "ru" or not question.startswith("Why: "):
        return question
    from diagnostics.causal_map import standard_map

    translated = next((node.title_ru for node in standard_map() if node.title.lower() == asked), asked)
    return f"Почему: {translated[:1].lower()}{translated[1:]}?"


def _answer(why: Mapping[str, Any], lang: str) -> str:
    answer = str(why["answer"])
    if lang != "ru":
        return answer
    from diagnostics.causal_map import standard_map

    known = standard_map()
    if why.get("mechanism") not in known:
        return answer
    node = known[why["mechanism"]]
    return node.title_ru + answer.removeprefix(node.title) if answer.startswith(node.title) else answer


def _gap(gap: Mapping[str, Any], lang: str) -> str:
    hint = f" → {words(gap['hint'], lang)}" if gap.get("hint") else ""
    return f"  - {words(gap['what'], lang)}: {words(gap['why'], lang)}{hint}"
