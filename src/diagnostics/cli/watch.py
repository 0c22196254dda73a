"""``diagnose watch``: phase 6 in the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, option
from diagnostics.cli.output import say
from diagnostics.cli.targets import target_from, target_options

#: After this, what is still there did not go by itself.
SETTLE_SECONDS = 90.0
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
    """Look again and again, print each change, and end with the verdict: holds, returned or inconclusive.

    Right after a change it first waits, at most 90 s, until what was before the change is no longer seen.
    """
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.system_monitor.baseline import read

    store = SessionStore()
    document = store.load(session) if session is not None else None
    system = UltimateDiagnosticSystem(
        target=target_from(**flags), baseline=read(baseline) if baseline is not None else NO_BASELINE
    )
    if document is not None:
        cause = document.get("root_cause") or {}
        names = [cause.get("mechanism"), *(why.get("mechanism") for why in cause.get("whys", []))]
        system.watched_findings = tuple(dict.fromkeys(name for name in names if name))
    seen: dict[str, bool | None] = {}

    def look() -> dict[str, bool | None]:
        found = system.look_again()
        for name, state in found.items():
            if seen.get(name, "new") != state:
                say(f"{time.strftime('%H:%M:%S')}  {name:<40} {_SIGNS[state]}")
        seen.update(found)
        return found

    if document is not None and "phase_5" in document.get("phases_completed", []):
        _settle(look, min(SETTLE_SECONDS, minutes * 30), interval)
    system.look_again_hook = look
    result = system.phase_6_post_solution_monitoring(minutes, wait=True, interval_seconds=interval)
    if document is not None:
        _remember(store, document, result)
    say(f"verdict: {result.verdict}; {'; '.join(result.recommendations)}")
    return {"holds": Exit.OK, "returned": Exit.FOUND}.get(result.verdict, Exit.INCONCLUSIVE)


def _settle(look: Callable[[], Mapping[str, bool | None]], seconds: float, interval: float) -> None:
    """Wait after a change until what it cured is gone: logs and pools still hold what was before it."""
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    until = SYSTEM_CLOCK.monotonic() + seconds
    while any(look().values()):
        left = until - SYSTEM_CLOCK.monotonic()
        if left <= 0:
            break
        say(f"settling for at most {left:.0f} s: what was before the change is still seen", err=True)
        SYSTEM_CLOCK.sleep(min(left, interval))


def _remember(store: Any, document: dict[str, Any], result: Any) -> None:
    from diagnostics.errors import DiagnosticsError
    from diagnostics.model.record import plain
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    document["monitoring"] = plain(result)
    document["phases_completed"] = sorted({*document.get("phases_completed", []), "phase_6"})
    document.setdefault("success_metrics", {})["monitoring_completed"] = result.state == "done"
    status = (document.get("verdict") or {}).get("status", "unknown")
    try:
        store.save(document["session_info"]["session_id"], document, status=status, at=SYSTEM_CLOCK.now())
    except DiagnosticsError as error:
        say(f"The session could not be updated: {error}", err=True)
