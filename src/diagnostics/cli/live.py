"""The terminal's live view: traffic lights, open alerts, last changes, verdict. One frame is a function of what is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from diagnostics.cli.output import printable
from diagnostics.reports.formats import seconds
from diagnostics.texts.live import labels

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from diagnostics.runtime.clock import Clock

REFRESH_SECONDS = 0.5
MOST_ALERTS, MOST_CHANGES = 5, 6
#: A sign, a word and a colour each: whoever sees no colours sees the others.
_LIGHTS = {
    "DOWN": ("✗", "red"),
    "CRITICAL": ("✗", "red"),
    "DEGRADED": ("!", "yellow"),
    "UNKNOWN": ("?", "cyan"),
    "HEALTHY": ("✓", "green"),
}
_WORST_FIRST = tuple(_LIGHTS)
_VERDICTS = {"holds": "HEALTHY", "returned": "CRITICAL", "inconclusive": "UNKNOWN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one frame shows.

    Attributes:
        health: A ``HealthReport`` as plain values.
        changes: Moment and text of what changed, the newest last.
        verdict: Of the watch so far: holds, returned, inconclusive; empty when nobody judges.
        reason: Of the verdict.
        left_seconds: Until the view ends.
    """

    health: Mapping[str, Any]
    changes: Sequence[tuple[str, str]] = field(default=())
    verdict: str = ""
    reason: str = ""
    left_seconds: float = 0.0


def can_be_live() -> bool:
    """Return whether standard output is a terminal that can be painted over."""
    try:
        tty = sys.stdout.isatty()
    except (ValueError, AttributeError):
        return False
    return tty and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def light(status: str, words: Mapping[str, str]) -> Text:
    """Return sign and word of a status, in its colour."""
    from rich.text import Text

    sign, colour = _LIGHTS.get(status, _LIGHTS["UNKNOWN"])
    return Text(f"{sign} {words.get(f'health.{status.lower()}', status)}", style=f"bold {colour}", no_wrap=True)


def frame(shown: Shown, *, now: datetime, height: int, lang: str = "en") -> RenderableType:
    """Return the view; what does not fit the height is counted, the worst is shown."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    words = labels(lang)
    health = printable(shown.health)
    alerts = list(health.get("active_alerts") or ())
    blind = list(health.get("could_not_look") or ())[:3]
    changes = list(shown.changes)[-MOST_CHANGES:][::-1]
    head = light(str(health["overall_status"]), words)
    head.append(f"  {now:%H:%M:%S} UTC", style="default not bold")
    if health.get("maintenance"):
        head.append(f"  {words['maintenance']}: {health['maintenance']}", style="default not bold")
    below = max(1, min(len(alerts), MOST_ALERTS)) + max(1, len(changes)) + len(blind) + 7
    checks = sorted(health.get("checks") or (), key=lambda c: (_WORST_FIRST.index(c["status"]), c["name"]))
    room = max(3, height - below - 2)
    rows = Table(box=None, show_header=False, padding=(0, 2, 0, 0), expand=True)
    rows.add_column(no_wrap=True)
    rows.add_column(no_wrap=True, overflow="ellipsis", ratio=2)
    rows.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
    rows.add_column(no_wrap=True, justify="right")
    for check in checks[:room]:
        detail = check.get("detail", "")
        if check.get("because_of"):
            detail = f"{words['because_of']} {check['because_of']}: {detail}"
        rows.add_row(light(check["status"], words), Text(check["name"]), Text(detail), Text(_age(check, now, words)))
    parts: list[RenderableType] = [head, rows]
    if len(checks) > room:
        parts.append(Text(f"… {len(checks) - room} {words['more']}", style="dim"))
    parts += [_line("! ", f"{words['could_not_look']}: {gap}") for gap in blind]
    parts += ["", Text(f"{words['open_alerts']} ({len(alerts)})", style="bold")]
    parts += [
        _line("■ ", f"{str(alert['timestamp'])[11:19]}  {alert['component']}: {alert['message']}")
        for alert in alerts[-MOST_ALERTS:][::-1]
    ] or [_line("  ", words["no_alerts"])]
    parts += ["", Text(words["changes"], style="bold")]
    parts += [_line("  ", printable(f"{at}  {text}")) for at, text in changes] or [_line("  ", words["no_changes"])]
    parts += ["", _foot(shown, words)]
    return Group(*parts)


def show(
    look: Callable[[], tuple[Shown, bool]], *, clock: Clock, lang: str = "en", every_seconds: float = REFRESH_SECONDS
) -> None:
    """Paint what ``look`` returns until it says that it was the last; the last frame stays on the screen."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=sys.stdout, highlight=False)
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        while True:
            shown, ended = look()
            live.update(frame(shown, now=clock.now(), height=console.size.height, lang=lang), refresh=True)
            if ended:
                return
            clock.sleep(every_seconds)


def _foot(shown: Shown, words: Mapping[str, str]) -> Text:
    from rich.text import Text

    foot = Text(no_wrap=True, overflow="ellipsis")
    if shown.verdict:
        sign, colour = _LIGHTS[_VERDICTS.get(shown.verdict, "UNKNOWN")]
        word = words.get(f"verdict.{shown.verdict}", shown.verdict)
        foot.append(f"{words['verdict']}: {sign} {word}", style=f"bold {colour}")
        foot.append(f"  {printable(shown.reason)}  ")
    foot.append(f"{words['left'].format(seconds(max(0.0, round(shown.left_seconds))))} · {words['ends']}", style="dim")
    return foot


def _line(sign: str, text: str) -> Text:
    from rich.text import Text

    return Text(f"{sign}{text}", no_wrap=True, overflow="ellipsis")


def _age(check: Mapping[str, Any], now: datetime, words: Mapping[str, str]) -> str:
    at = check.get("at")
    if not at:
        return "–"
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return words["ago"].format(seconds(max(0.0, round((now - moment).total_seconds()))))
