"""``diagnose watch``: phase 6 in the terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, lang_option, option
from diagnostics.cli.output import say
from diagnostics.cli.targets import target_from, target_options

#: After this, what is still there did not go by itself.
SETTLE_SECONDS = 90.0
_SIGNS = {True: "present", False: "absent", None: "unknown"}


@click.command()
@target_options
@baseline_option
@option(
    "--session",
    default=None,
    metavar="ID",
    help="Watch what that session's diagnosis rested on; the symptoms when not given.",
)
@option(
    "--history",
    default=None,
    metavar="FILE",
    help="Look at what a monitor in another process knows: the file or PostgreSQL URL of its history; without a target.",
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
@option("--plain", is_flag=True, help="Lines instead of the live view; always so where there is no terminal.")
@lang_option
def watch(
    baseline: Path | None,
    session: str | None,
    history: str | None,
    minutes: float,
    interval: float,
    plain: bool,
    lang: str,
    **flags: Any,
) -> int:
    """Look again and again, show each change, and end with the verdict: holds, returned or inconclusive.

    On a terminal it is a live view: traffic lights, open alerts, last changes, verdict.
    Right after a change it first waits, at most 90 s, until what was before the change is no longer seen.
    With --history it ends with the status of the whole: 0 healthy, 1 not, 4 unknown.
    """
    from diagnostics.cli.live import can_be_live

    live = can_be_live() and not plain
    if history is not None:
        if session is not None or any(flags.values()):
            raise click.UsageError("--history shows what another monitor watches: give no target and no session.")
        from diagnostics.cli.watch_history import watch_history

        return watch_history(history, minutes=minutes, interval=interval, live=live, lang=lang)
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.system_monitor.baseline import read
    from diagnostics.texts.live import labels

    words = labels(lang)
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
    changes: deque[tuple[str, str]] = deque(maxlen=50)

    def look() -> dict[str, bool | None]:
        found = system.look_again()
        for name, state in found.items():
            if seen.get(name, "new") != state:
                at, text = time.strftime("%H:%M:%S"), f"{name:<40} {words[f'seen.{_SIGNS[state]}']}"
                changes.append((at, text))
                if not live:
                    say(f"{at}  {text}")
        seen.update(found)
        return found

    if document is not None and "phase_5" in document.get("phases_completed", []):
        _settle(look, min(SETTLE_SECONDS, minutes * 30), interval)
    system.look_again_hook = look
    if live:
        result = _live(system, changes, minutes, interval, lang)
    else:
        result = system.phase_6_post_solution_monitoring(minutes, wait=True, interval_seconds=interval)
    if document is not None:
        _remember(store, document, result)
    said = words.get(f"verdict.{result.verdict}", result.verdict)
    say(f"{words['verdict']}: {said}; {'; '.join(result.recommendations)}")
    return {"holds": Exit.OK, "returned": Exit.FOUND}.get(result.verdict, Exit.INCONCLUSIVE)


def _live(system: Any, changes: deque[tuple[str, str]], minutes: float, interval: float, lang: str) -> Any:
    """Watch in the background and paint what is known, until the time is over; return the result."""
    from diagnostics.cli.live import Shown, show
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    ends = SYSTEM_CLOCK.monotonic() + 60 * minutes

    def shown() -> tuple[Shown, bool]:
        known = system.monitoring_result()
        now = Shown(
            health=known.final_health,
            changes=tuple(changes),
            verdict=known.verdict,
            reason=known.reason,
            left_seconds=ends - SYSTEM_CLOCK.monotonic(),
        )
        return now, known.state != "watching"

    system.phase_6_post_solution_monitoring(minutes, interval_seconds=interval)
    try:
        show(shown, clock=SYSTEM_CLOCK, lang=lang)
    finally:
        system.close()
    return system.monitoring_result()


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
