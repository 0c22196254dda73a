"""Phase 6: watch the findings of the walk for a while, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from diagnostics.diagnostic_orchestrator.results import MonitoringResult
from diagnostics.model.alert import AlertRule
from diagnostics.model.record import plain
from diagnostics.post_solution_monitoring import PostSolutionMonitor
from diagnostics.runtime.clock import Clock

#: Looks that a verdict needs at least, and the pause between two of them in a short watch.
LOOKS = 4
#: A watch after a fix has few looks: two of three bring the alarm.
SHORT_WATCH = AlertRule(bad_to_fire=2, window=3, good_to_resolve=3, adapts=False)
SHORTEST_PAUSE = 2.0
LONGEST_PAUSE = 30.0

_ADVICE = {
    "holds": ("the fix holds: keep the ordinary monitoring", "write down what would have prevented it"),
    "returned": ("a finding returned: diagnose again while it lasts", "consider rolling the change back"),
    "inconclusive": ("too few looks for a verdict: watch longer", "check what the probes could not see"),
}


class Watch:
    """One watch after one change; it ends by itself."""

    def __init__(
        self,
        *,
        names: tuple[str, ...],
        look: Callable[[], Mapping[str, bool | None]],
        engine: Any,
        minutes: float,
        interval_seconds: float | None,
        clock: Clock,
        logger: Any = None,
    ) -> None:
        self._names = names
        self._minutes = minutes
        self._clock = clock
        pause = interval_seconds or min(LONGEST_PAUSE, max(SHORTEST_PAUSE, minutes * 60 / (2 * LOOKS)))
        self._monitor = PostSolutionMonitor(
            logger, engine, clock=clock, default_checks=engine is not None, rule=SHORT_WATCH
        )
        self._watch = self._monitor.watch_findings(
            names, look, interval_seconds=pause, timeout_seconds=max(12.0, pause), min_looks=LOOKS
        )
        self._state = "watching"
        self._initial: Mapping[str, Any] = {}
        self._ended = threading.Event()
        self._alerts: set[str] = set()

    def start(self) -> None:
        """Begin; a daemon thread ends the watch when its time is over."""
        self._monitor.start_monitoring()
        self._initial = plain(self._monitor.get_current_health())
        threading.Thread(target=self._until_the_end, name="diagnostics-watch", daemon=True).start()

    def wait(self) -> MonitoringResult:
        """Block until the time is over."""
        self._ended.wait()
        return self.result()

    def stop(self) -> None:
        """End early; the verdict stands on what was seen until now."""
        if self._state == "watching":
            self._finish("stopped")

    def result(self) -> MonitoringResult:
        """Return what was seen so far."""
        health = self._monitor.get_current_health()
        self._alerts.update(alert.alert_id for alert in health.active_alerts)
        judged = self._watch.verdict()
        verdict = str(judged.state)
        return MonitoringResult(
            timestamp=self._clock.now().isoformat(),
            state=self._state,
            monitoring_duration_minutes=self._minutes,
            watched=self._names,
            initial_health=self._initial,
            final_health=plain(health),
            verdict=verdict,
            reason=judged.reason,
            checks=tuple(
                {
                    "name": name,
                    "status": str(tally.state),
                    "detail": f"seen in {tally.present} of {tally.looks} looks; {tally.unknown} could not tell",
                }
                for name, tally in judged.findings.items()
            ),
            total_alerts=len(self._alerts),
            recommendations=_ADVICE.get(verdict, ()),
        )

    def _until_the_end(self) -> None:
        self._monitor.wait(self._minutes * 60)
        if self._state == "watching":
            self._finish("done")

    def _finish(self, state: str) -> None:
        self._state = state
        self._monitor.stop_monitoring()
        self._ended.set()
