"""``diagnose record``: what is normal, written down beside a healthy system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import option, quiet_option
from diagnostics.cli.output import Progress, check_writable, say
from diagnostics.cli.targets import target_from, target_options

if TYPE_CHECKING:
    from diagnostics.model.finding import Baseline
    from diagnostics.model.target import Target


@click.command()
@target_options
@option(
    "-o",
    "--output",
    "out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the baseline goes.",
)
@option("--seconds", type=click.FloatRange(min=1.0), default=60.0, show_default=True, help="How long to look.")
@option(
    "--interval",
    type=click.FloatRange(min=0.5),
    default=5.0,
    show_default=True,
    help="Seconds from one look to the next.",
)
@quiet_option
def record(out: Path, seconds: float, interval: float, quiet: bool, **flags: Any) -> int:
    """Look at a healthy system for a while and write what is normal, for `diagnose run --baseline FILE`."""
    from diagnostics.causal_map.signatures import match_line
    from diagnostics.runtime.clock import SYSTEM_CLOCK
    from diagnostics.system_monitor import baseline
    from diagnostics.system_monitor.runner import probes_for

    check_writable(out)
    target = target_from(**flags)
    progress = Progress(quiet=quiet)
    probes = probes_for(target, window_seconds=min(2.0, interval), classify_line=match_line)
    progress.line(f"recording {len(probes)} probes for {seconds:.0f} s")
    found = baseline.record(probes, clock=SYSTEM_CLOCK, seconds=seconds, interval_seconds=interval)
    if not found.summaries:
        raise click.ClickException("nothing could be read; give at least one of --pid, --db, --url, --log")
    baseline.write(found, out)
    progress.line(f"{len(found.summaries)} readings and {len(found.facts)} facts written to {out}")
    unread = _unread(found, target)
    for flag in unread:
        say(f"Nothing could be read of {flag}, so the baseline lacks it. `diagnose run` says why.", err=True)
    return Exit.INCONCLUSIVE if unread else Exit.OK


#: Field of the target, its flag, and the beginning of the readings that only it gives.
_READINGS = (
    ("pids", "--pid", "process."),
    ("database_url", "--db", "postgres."),
    ("url", "--url", "endpoint."),
    ("services", "--service", "service."),
    ("logs", "--log", "log."),
)


def _unread(found: Baseline, target: Target) -> list[str]:
    """Return the flags that were given and of which nothing was read: a baseline with a hole would look complete."""
    return [
        flag
        for field, flag, beginning in _READINGS
        if getattr(target, field) and not any(key.startswith(beginning) for key in found.summaries)
    ]
