"""``diagnose watch``: phase 6 in the terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, option
from diagnostics.cli.output import say
from diagnostics.cli.targets import target_from, target_options

_SIGNS = {True: "present", False: "absent", None: "not seen"}


@click.command()
@target_options
@baseline_option
@option(
    "--session",
    default=None,
    metavar="ID",
    help="Watch what that session's diagnosis rested on; the symptoms when not given.",
)
@option("--minutes", type=click.FloatRange(min=0.05), default=60.0, show_default=True, help="How long to watch.")
@option(
    "--interval",
    type=click.FloatRange(min=1.0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="From one look to the next.",
)
def watch(baseline: Path | None, session: str | None, minutes: float, interval: float, **flags: Any) -> int:
    """Look again and again, print each change, and end with the verdict: holds, returned or inconclusive."""
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.system_monitor.baseline import read

    system = UltimateDiagnosticSystem(
        target=target_from(**flags), baseline=read(baseline) if baseline is not None else NO_BASELINE
    )
    if session is not None:
        cause = SessionStore().load(session).get("root_cause") or {}
        system.watched_findings = tuple(
            dict.fromkeys([cause.get("mechanism", ""), *(w["mechanism"] for w in cause.get("whys", []))])
        )
    seen: dict[str, bool | None] = {}

    def look() -> dict[str, bool | None]:
        found = system.look_again()
        for name, state in found.items():
            if seen.get(name, "new") != state:
                say(f"{time.strftime('%H:%M:%S')}  {name:<40} {_SIGNS[state]}")
        seen.update(found)
        return found

    system.look_again_hook = look
    result = system.phase_6_post_solution_monitoring(minutes, wait=True, interval_seconds=interval)
    say(f"verdict: {result.verdict}; {'; '.join(result.recommendations)}")
    return {"holds": Exit.OK, "returned": Exit.FOUND}.get(result.verdict, Exit.INCONCLUSIVE)
