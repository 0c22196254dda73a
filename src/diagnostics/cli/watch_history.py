"""``diagnose watch --history``: what a monitor in another process knows, read from its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.output import printable, say
from diagnostics.errors import DiagnosticsError
from diagnostics.texts.live import labels

if TYPE_CHECKING:
    from diagnostics.model.health import HealthReport
    from diagnostics.post_solution_monitoring.history import History

#: How far back the last changes reach when the view begins.
BEFORE = timedelta(hours=24)
NEWEST = 20


def watch_history(where: str, *, minutes: float, interval: float, live: bool, lang: str) -> int:
    """Show what is known until the time is over; return the exit code of the last status."""
    from diagnostics.cli.live import Shown, show
    from diagnostics.model.record import plain
    from diagnostics.post_solution_monitoring.remote import report_from
    from diagnostics.runtime.clock import SYSTEM_CLOCK as clock  # noqa: N811 - one clock, used often here

    history = _opened(where)
    ends = clock.monotonic() + 60 * minutes
    said: dict[str, str] = {}
    last: HealthReport | None = None

    def look() -> tuple[Shown, bool]:
        nonlocal last
        last = report_from(history, clock.now())
        left = ends - clock.monotonic()
        changes = tuple(changes_of(history, clock.now() - BEFORE, lang)) if live else ()
        return Shown(health=plain(last), changes=changes, left_seconds=left), left <= 0

    try:
        if live:
            show(look, clock=clock, lang=lang, every_seconds=min(1.0, interval))
        else:
            while True:
                shown, ended = look()
                _say_changes(shown.health, said, clock.now(), lang)
                if ended:
                    break
                clock.sleep(max(0.0, min(interval, ends - clock.monotonic())))
    finally:
        history.close()
    assert last is not None
    words = labels(lang)
    status = last.overall_status.value
    say(f"{words['verdict']}: {words[f'health.{status.lower()}']}")
    return {"HEALTHY": Exit.OK, "UNKNOWN": Exit.INCONCLUSIVE}.get(status, Exit.FOUND)


def changes_of(history: History, since: datetime, lang: str) -> Iterator[tuple[str, str]]:
    """Yield what changed since then, oldest first: alerts, deploys, fixes, and what people did."""
    words = labels(lang)
    found: list[tuple[datetime, str]] = [
        (event.at, f"{words[key]}: {event.title}")
        for event in history.events(since=since, limit=NEWEST)
        if (key := f"event.{event.kind.value}") in words
    ]
    for alert in history.alerts(limit=NEWEST):
        found.append(
            (datetime.fromisoformat(alert.timestamp), f"{words['alert.open']} {alert.component}: {alert.message}")
        )
        if alert.resolved and alert.resolution_timestamp:
            found.append(
                (datetime.fromisoformat(alert.resolution_timestamp), f"{words['alert.resolved']} {alert.component}")
            )
    for at, text in sorted((at, text) for at, text in found if at >= since):
        yield f"{at:%H:%M:%S}", text


def _say_changes(health: Any, said: dict[str, str], now: datetime, lang: str) -> None:
    words = labels(lang)
    for check in health["checks"]:
        if said.get(check["name"]) != check["status"]:
            said[check["name"]] = check["status"]
            word = words[f"health.{check['status'].lower()}"]
            say(printable(f"{now:%H:%M:%S}  {check['name']:<40} {word}  {check['detail']}".rstrip()))
    gap = "; ".join(health["could_not_look"])
    if said.get("") != gap:
        said[""] = gap
        if gap:
            say(printable(f"{now:%H:%M:%S}  {words['could_not_look']}: {gap}"))


def _opened(where: str) -> History:
    """Open a history that exists.

    Raises:
        click.UsageError: There is none.
    """
    from diagnostics.post_solution_monitoring import open_history

    if not where.startswith(("postgresql:", "postgres:", "postgresql+")):
        path = Path(where.removeprefix("sqlite:///"))
        if not path.is_file():
            raise click.UsageError(f"There is no history at {path}.")
    try:
        return open_history(where)
    except DiagnosticsError as error:
        raise click.ClickException(str(error)) from error
