"""``diagnose alerts``: what was alerted, what could not be told, and whether a receiver is reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, option
from diagnostics.cli.output import printable, say

if TYPE_CHECKING:
    from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory

history_option = option(
    "--history",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="File of the monitor's history; beside the sessions when not given.",
)


@click.group()
def alerts() -> None:
    """Look at the alerts of a monitor, and at the notices that no receiver took."""


@alerts.command("list")
@history_option
@option("--open", "open_only", is_flag=True, help="Only those that are not over.")
@option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="The newest so many.")
@format_option("term", "json")
def list_(history: Path | None, open_only: bool, limit: int, form: str) -> int:
    """List alerts, the newest last."""
    kept = _history(history)
    found = kept.alerts(active_only=open_only, limit=limit)
    if form == "json":
        say(json.dumps([alert.to_dict() for alert in found], ensure_ascii=False, indent=2))
        return Exit.OK
    for alert in found:
        state = f"resolved {alert.resolution_timestamp}" if alert.resolved else alert.change.value
        say(printable(f"{alert.timestamp}  {alert.severity.value:<8}  {state}  {alert.alert_id}  {alert.message}"))
    if not found:
        say("No alerts.")
    return Exit.OK


@alerts.command("dead")
@history_option
@option("--retry", is_flag=True, help="Send them again: the monitor does so when it starts next.")
@format_option("term", "json")
def dead(history: Path | None, retry: bool, form: str) -> int:
    """List the notices that were given up, with the reason."""
    kept = _history(history)
    found = kept.deliveries(dead=True)
    if retry:
        for delivery in found:
            kept.mark(delivery.delivery_id, attempts=0, error="", dead=False)
    if form == "json":
        say(json.dumps([delivery.to_dict() for delivery in found], ensure_ascii=False, indent=2))
        return Exit.OK
    for delivery in found:
        told = delivery.alert
        say(
            printable(
                f"{delivery.channel}  {told.change.value}  {told.alert_id}  {delivery.attempts} tries  {delivery.error}"
            )
        )
    if not found:
        say("No notice was given up.")
    elif retry:
        say(f"{len(found)} will be sent again when the monitor starts next.", err=True)
    return Exit.OK


@alerts.command("test")
@click.argument("channels", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@option("--only", multiple=True, metavar="NAME", help="Only this receiver; repeatable.")
@option("--dry-run", is_flag=True, help="Check the file and its secrets, send nothing.")
def test(channels: Path, only: tuple[str, ...], dry_run: bool) -> int:
    """Send a test notice and its recovery to every receiver that FILE describes."""
    from dataclasses import replace

    from diagnostics.errors import ConfigurationError, DeliveryError
    from diagnostics.integrations import channels_from
    from diagnostics.integrations.routing import Routed
    from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    found = channels_from(channels)
    unknown = set(only) - {channel.name for channel in found}
    if unknown:
        names = ", ".join(channel.name for channel in found)
        raise ConfigurationError(f"There is no receiver {min(unknown)!r} in {channels.name}.", hint=f"It has: {names}.")
    now = SYSTEM_CLOCK.now().isoformat()
    fired = MonitoringAlert(
        timestamp=now,
        alert_id=f"test-{now}",
        severity=AlertSeverity.INFO,
        component="diagnose-test",
        message="This is a test: nothing is wrong.",
    )
    over = replace(fired, resolved=True, resolution_timestamp=now, change=AlertChange.RESOLVED)
    failed = 0
    for channel in found:
        if only and channel.name not in only:
            continue
        if dry_run:
            say(f"{channel.name}: as it should be; nothing was sent")
            continue
        # The filter is for real alerts; a test is for the line.
        to = channel.channel if isinstance(channel, Routed) else channel
        try:
            to.send(fired)
            to.send(over)
        except DeliveryError as error:
            failed += 1
            say(f"{channel.name}: not taken: {error}")
        else:
            say(f"{channel.name}: taken")
    return Exit.FOUND if failed else Exit.OK


def _history(path: Path | None) -> SqliteHistory:
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.errors import ConfigurationError
    from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory

    chosen: Any = path or SessionStore().path.with_name("history.db")
    if not chosen.exists():
        raise ConfigurationError(
            f"There is no history {chosen.name}.",
            hint="A monitor writes one: PostSolutionMonitor(history=SqliteHistory(FILE)).",
        )
    return SqliteHistory(chosen)
