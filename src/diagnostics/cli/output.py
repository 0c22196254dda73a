"""What a person sees: the result on stdout, progress on stderr, colour never the only signal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

_MARKS = {"root_cause_identified": ("✗", "red"), "healthy": ("✓", "green"), "unknown": ("?", "yellow")}
_PHASES = {
    "phase_1": "Triage",
    "phase_2": "Looking",
    "phase_3": "Testing hypotheses",
    "phase_4": "Asking why",
    "phase_5": "Applying",
    "phase_6": "Watching",
}


def mark(status: str) -> str:
    """Return a sign and, where the terminal takes it, its colour; ASCII where the encoding has no more."""
    sign, colour = _MARKS.get(status, ("·", "white"))
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        sign = {"✗": "x", "✓": "ok", "?": "?"}.get(sign, "-")
    return click.style(sign, fg=colour, bold=True)


class Progress:
    """Lines on stderr: one for each step, with the seconds since the start; silent with ``-q``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._quiet = quiet

    def __call__(self, phase: str, what: str) -> None:
        if not self._quiet:
            self.line(f"{_PHASES.get(phase, phase)}: {what}")

    def line(self, text: str) -> None:
        """Write one line with the time."""
        if not self._quiet:
            seconds = click.style(f"{time.monotonic() - self._began:6.1f} s", dim=True)
            click.echo(f"{seconds}  {text}", err=True)


def write(text: str, out: Path | None) -> None:
    """Write a result to ``out``, or to stdout.

    Raises:
        click.ClickException: The file cannot be written.
    """
    if out is None or str(out) == "-":
        click.echo(text)
        return
    try:
        out.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {out}: {error.strerror}") from error


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
    from diagnostics.causal_map import standard_map

    russian = lang == "ru"
    verdict = report.get("verdict") or {}
    status = verdict.get("status", "unknown")
    lines: list[str] = []
    causes = report.get("root_causes") or []
    if status == "root_cause_identified" and causes:
        cause = causes[0]
        node = standard_map()[cause["mechanism"]]
        title = node.title_ru if russian else cause["title"]
        lines.append(
            f"{mark(status)} {click.style(title, bold=True)}  ({cause['mechanism']}, {cause['posterior']:.0%})"
        )
        lines.append(f"  {cause['summary']}")
        lines.append("")
        for number, why in enumerate(cause["whys"], 1):
            seen = ", ".join(why["evidence"]) or ("предположение" if russian else "assumed")
            lines.append(f"  {number}. {why['question']}")
            lines.append(f"     {why['answer']}  [{seen}]")
        if cause.get("against"):
            lines.append("")
            lines.append("  " + ("Против:" if russian else "Against:"))
            lines.extend(f"  - {text}" for text in cause["against"])
        others = [f"{c['mechanism']} {c['posterior']:.0%}" for c in causes[1:4] if c["posterior"] >= 0.01]
        if others:
            lines.append("  " + ("Другие: " if russian else "Others: ") + ", ".join(others))
        remedies = cause.get("remedies") or []
        if remedies:
            lines.append("")
            lines.append("  " + ("Что делать: " if russian else "What to do: ") + "; ".join(remedies))
            lines.append("  " + ("Дальше: diagnose apply --plan" if russian else "Next: diagnose apply --plan"))
    elif status == "healthy":
        said = "Проблем не найдено" if russian else "No problem found"
        lines.append(f"{mark(status)} {click.style(said, bold=True)}  ({verdict.get('headline', '')})")
    else:
        said = "Причина не установлена" if russian else "No root cause could be named"
        lines.append(f"{mark(status)} {click.style(said, bold=True)}: {verdict.get('headline', '')}")
        for cause in causes[:3]:
            lines.append(f"  - {cause['title']} ({cause['mechanism']}, {cause['posterior']:.0%}): {cause['summary']}")
        if report.get("ruled_out"):
            lines.append("  " + ("Исключено: " if russian else "Ruled out: ") + ", ".join(report["ruled_out"][:10]))
    gaps = report.get("could_not_look") or []
    if gaps:
        lines.append("")
        lines.append("  " + ("Не удалось посмотреть:" if russian else "Could not look:"))
        lines.extend(f"  - {g['what']}: {g['why']}" + (f" → {g['hint']}" if g.get("hint") else "") for g in gaps)
    return "\n".join(lines)
