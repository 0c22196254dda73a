"""Starts checks when they are due, takes in their results, tells people what changed."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from diagnostics.model.alert import (
    AlertChange,
    AlertPhase,
    AlertRule,
    AlertSeverity,
    AlertState,
    MonitoringAlert,
)
from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthStatus
from diagnostics.post_solution_monitoring.alerts.state import NO_DATA_RULE, announce, step
from diagnostics.post_solution_monitoring.checks import HealthCheck, ancestors, result_of
from diagnostics.post_solution_monitoring.evaluation import is_stale, status_of
from diagnostics.post_solution_monitoring.history import History
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.deadline import Call, DeadlinePool, Outcome
from diagnostics.runtime.redaction import redact
from diagnostics.runtime.scheduler import Scheduler, phase_of

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # without it, Python prints alerts to stderr where logging is not set up

SPREAD_FROM = 100
"""From so many checks on, their later runs are spread over the interval instead of starting all at once."""

HEARTBEAT = "\theartbeat"
"""The state under which a monitor says that it lives and what it watches; no check can have this name."""

_STATE_FIELDS = (
    "recent", "good", "seen", "firing", "entries", "flapping", "held", "quiet", "noise", "episode", "passed",
)  # fmt: skip

Expand = Callable[[Outcome[Any]], Mapping[str, CheckResult]]
Observe = Callable[[str, CheckResult, AlertState], None]


@dataclass(slots=True)
class _Line:
    """One rule over the results of one check, and what people know of it."""

    state: AlertState = field(default_factory=AlertState)
    announced: AlertPhase = AlertPhase.OK
    open: MonitoringAlert | None = None


@dataclass(slots=True)
class _Watched:
    """One check and all that is known of it; guarded by the watcher's lock."""

    check: HealthCheck
    rule: AlertRule
    expand: Expand | None = None
    observe: Observe | None = None
    failing: _Line = field(default_factory=_Line)
    no_data: _Line = field(default_factory=_Line)
    last: CheckResult | None = None
    last_known: CheckResult | None = None
    seen_at: float | None = None
    call: Call | None = None
    started_at: float = 0.0

    def lines(self) -> tuple[tuple[str, _Line], ...]:
        return (("failing", self.failing), ("no_data", self.no_data))

    @property
    def is_failing(self) -> bool:
        known = self.last_known
        return self.failing.state.is_open or (known is not None and known.state is CheckState.FAIL)


_WATCHERS: weakref.WeakSet[Watcher] = weakref.WeakSet()


class Watcher:
    """All checks of one monitor. Public methods may be called from any thread."""

    def __init__(
        self,
        *,
        rule: AlertRule,
        clock: Clock,
        history: History,
        pool: DeadlinePool,
        tell: Callable[[MonitoringAlert], None],
    ) -> None:
        self.scheduler: Scheduler[tuple[str, str]] = Scheduler(self._act, clock=clock, name="diagnostics-monitor")
        self.version = 0
        self.version_of_results = 0
        self.history_error = ""
        self._rule = rule
        self._clock = clock
        self._history = history
        self._pool = pool
        self._tell = tell
        self._lock = threading.RLock()
        _WATCHERS.add(self)
        self._watched: dict[str, _Watched] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._descendants: dict[str, list[str]] | None = None
        self._maintenance: dict[str, float | None] = {}
        self._kept_states: dict[str, dict[str, object]] = {}
        self._kept_alerts: dict[tuple[str, str], MonitoringAlert] = {}
        self._read_kept()

    def _read_kept(self) -> None:
        self._kept_states = self._guarded(self._history.states, {})
        still_open: list[MonitoringAlert] = self._guarded(lambda: self._history.alerts(active_only=True), [])
        self._kept_alerts = {(alert.component, _kind_of(alert)): alert for alert in still_open}

    def take_over(self) -> None:
        """Go on where another process stopped that watched the same with the same history."""
        with self._lock:
            self._read_kept()
            for watched in self._watched.values():
                if watched.expand is None:
                    watched.failing, watched.no_data = _Line(), _Line()
                    self._restore(watched)
                    self._save(watched)  # what the other one could not write any more is written now
            self.version += 1

    def hold(self) -> None:
        """Take the lock before a fork, so that no other thread holds it in the child for ever."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Give the lock back after a fork."""
        self._lock.release()

    # ---- which checks

    def add(
        self,
        check: HealthCheck,
        *,
        rule: AlertRule | None = None,
        expand: Expand | None = None,
        observe: Observe | None = None,
        scheduled: bool = True,
    ) -> None:
        """Watch one more check; one of the same name is replaced and keeps its alert."""
        with self._lock:
            former = self._watched.get(check.name)
            watched = _Watched(check=check, rule=rule or self._rule, expand=expand, observe=observe)
            if former is not None:
                watched.failing, watched.no_data, watched.call = former.failing, former.no_data, former.call
            elif expand is None:
                self._restore(watched)
            self._watched[check.name] = watched
            self._parents[check.name] = check.depends_on
            self._descendants = None
            self.version += 1
            if scheduled and self.scheduler.is_planned:
                self._plan(check, first_delay=0.0)

    def remove(self, name: str) -> bool:
        """Forget a check; an alert of it that is open is resolved. Returns whether it was known."""
        with self._lock:
            watched = self._watched.pop(name, None)
            if watched is None:
                return False
            self._parents.pop(name, None)
            self._descendants = None
            for kind in ("run", "first", "late"):
                self.scheduler.remove((kind, name))
            for _, line in watched.lines():
                if line.announced is not AlertPhase.OK:
                    self._emit(watched, line, AlertChange.RESOLVED, "the check was removed")
            self.version += 1
            self._guarded(lambda: self._history.forget(name), None)
            return True

    def names(self) -> list[str]:
        """Return the names of all checks that people see."""
        with self._lock:
            return [name for name, watched in self._watched.items() if watched.expand is None]

    def plan_all(self) -> None:
        """Make every check due now, and later ones at their interval."""
        with self._lock:
            checks = [w.check for w in self._watched.values() if self._is_scheduled(w)]
        for check in checks:
            self._plan(check, first_delay=0.0, spread=len(checks) >= SPREAD_FROM)

    def _is_scheduled(self, watched: _Watched) -> bool:
        return watched.observe is None  # a finding is filled in by the look that it belongs to

    def _plan(self, check: HealthCheck, *, first_delay: float, spread: bool = False) -> None:
        if spread:
            # Once soon (within a tenth of the interval), so that there is data; then at its own place.
            place = phase_of(check.name, check.interval_seconds)
            self.scheduler.add(("first", check.name), delay=place / 10)
            self.scheduler.add(
                ("run", check.name), delay=check.interval_seconds / 2 + place, interval=check.interval_seconds
            )
        else:
            self.scheduler.add(("run", check.name), delay=first_delay, interval=check.interval_seconds)

    # ---- running

    def _act(self, key: tuple[str, str]) -> None:
        kind, name = key
        if kind == "late":
            self._late(name)
        elif kind == "flush":
            self.flush_history()
        else:
            self._begin(name)

    def _begin(self, name: str) -> None:
        """Start one check; its result comes in on the worker's thread, or on ours when it is late."""
        with self._lock:
            watched = self._watched.get(name)
            if watched is None:
                return
            if watched.call is not None and not watched.call.is_finished:
                hung = self._clock.monotonic() - watched.started_at
                if hung >= watched.check.timeout_seconds:
                    self._take_in(name, Outcome(value=(False, f"no answer for {hung:.0f} s; it still hangs")))
                return
            watched.started_at = self._clock.monotonic()
            timeout = watched.check.timeout_seconds
            watched.call = self._pool.start(
                watched.check.check_function,
                timeout,
                clock=self._clock,
                on_done=lambda call: self._done(name, call),
            )
            self.scheduler.add(("late", name), delay=timeout)

    def _done(self, name: str, call: Call) -> None:
        outcome = call.outcome()
        call.forget()
        with self._lock:
            watched = self._watched.get(name)
            if watched is None or watched.call is not call:
                return
            self.scheduler.remove(("late", name))
            self._take_in(name, outcome)

    def _late(self, name: str) -> None:
        with self._lock:
            watched = self._watched.get(name)
            if watched is None or watched.call is None or not watched.call.abandon():
                return
            self._take_in(name, watched.call.outcome())

    def run_now(self, names: Iterable[str] | None = None) -> None:
        """Run checks side by side, wait for each its own timeout, and take in the parents' results first."""
        from diagnostics.runtime.clock import SYSTEM_CLOCK

        started: list[tuple[str, Call | None]] = []
        with self._lock:
            wanted = list(self._watched) if names is None else [name for name in names if name in self._watched]
            for name in self._parents_first(wanted):
                watched = self._watched[name]
                if not self._is_scheduled(watched):
                    continue
                if watched.call is not None and not watched.call.is_finished:
                    started.append((name, None))
                    continue
                watched.started_at = self._clock.monotonic()
                watched.call = self._pool.start(
                    watched.check.check_function, watched.check.timeout_seconds, clock=self._clock
                )
                started.append((name, watched.call))
        began = SYSTEM_CLOCK.monotonic()
        for name, call in started:
            timeout = self._watched[name].check.timeout_seconds if name in self._watched else 0.0
            if call is None:
                with self._lock:
                    self._begin(name)  # says that it still hangs
                continue
            call.wait(timeout - (SYSTEM_CLOCK.monotonic() - began))
            outcome = call.outcome()
            call.forget()
            with self._lock:
                if name in self._watched:
                    self._take_in(name, outcome)

    def step_now(self) -> int:
        """Run the checks that are due now and wait for them; return how many."""
        due = [name for kind, name in self.scheduler.take_due() if kind in ("run", "first")]
        self.run_now(due)
        return len(due)

    def flush_history(self) -> None:
        """Make durable what the history still holds back, and say there what is watched and that we live."""
        self._guarded(lambda: self._history.save_state(HEARTBEAT, self._heartbeat()), None)
        self._guarded(self._history.flush, None)

    def _heartbeat(self) -> dict[str, object]:
        with self._lock:
            checks = [w.check for w in self._watched.values() if w.expand is None]
        return {
            "at": self._clock.now().isoformat(),
            "maintenance": self.maintenance_reason(),
            "checks": {
                check.name: {
                    "interval_seconds": check.interval_seconds,
                    "timeout_seconds": check.timeout_seconds,
                    "critical": check.critical,
                    "description": check.description,
                    "depends_on": list(check.depends_on),
                }
                for check in checks
            },
        }

    def _parents_first(self, names: list[str]) -> list[str]:
        return sorted(names, key=lambda name: len(ancestors(name, self._parents)))

    # ---- results

    def _take_in(self, name: str, outcome: Outcome[Any]) -> None:
        watched = self._watched[name]
        if watched.expand is not None:
            for child, result in watched.expand(outcome).items():
                if child in self._watched:
                    self._record(child, result)
            return
        self._record(name, result_of(outcome, watched.check.timeout_seconds))

    def _record(self, name: str, result: CheckResult) -> None:
        watched = self._watched[name]
        result = replace(result, at=self._clock.now())
        watched.last = result
        watched.seen_at = self._clock.monotonic()
        unknown = result.state is CheckState.UNKNOWN
        before = watched.failing.state.phase, watched.no_data.state.phase
        watched.no_data.state = step(watched.no_data.state, NO_DATA_RULE, bad=unknown)
        bad = result.state is CheckState.FAIL
        if not unknown:
            watched.last_known = result
            # What breaks while somebody works on it is expected; what recovers is told all the same.
            if not (bad and self.maintenance_reason()):
                watched.failing.state = step(watched.failing.state, watched.rule, bad=bad)
        self._guarded(lambda: self._history.add_result(name, result), None)
        if watched.observe is not None:
            watched.observe(name, result, watched.failing.state)
        changed = self._reconcile(watched)
        for child in self._children(name):
            self._reconcile(self._watched[child])
        self.version += 1
        self.version_of_results += 1
        if changed or before != (watched.failing.state.phase, watched.no_data.state.phase):
            self._save(watched)

    def _children(self, name: str) -> list[str]:
        """Return all that depends on this check, near and far."""
        if self._descendants is None:
            self._descendants = {}
            for other, parents in self._parents.items():
                if parents:
                    for ancestor in ancestors(other, self._parents):
                        self._descendants.setdefault(ancestor, []).append(other)
        return self._descendants.get(name, [])

    def _blamed(self, name: str) -> str:
        """Return the failing check farthest up that explains this one; empty when there is none."""
        failing = [p for p in ancestors(name, self._parents) if p in self._watched and self._watched[p].is_failing]
        return failing[-1] if failing else ""

    def _reconcile(self, watched: _Watched) -> bool:
        name = watched.check.name
        changed = False
        for _, line in watched.lines():
            if not line.state.is_open and line.announced is AlertPhase.OK:
                continue
            silenced = bool(self.maintenance_reason()) or bool(self._blamed(name))
            announced, change = announce(line.state, line.announced, silenced=silenced)
            if change is not None:
                self._emit(watched, line, change)
                line.announced = announced
                changed = True
        return changed

    # ---- alerts

    def _emit(self, watched: _Watched, line: _Line, change: AlertChange, why: str = "") -> None:
        now = self._clock.now().isoformat()
        check = watched.check
        is_no_data = line is watched.no_data
        opened = line.open
        if opened is None:
            digest = hashlib.blake2b(f"{check.name}|{is_no_data}|{now}".encode(), digest_size=6).hexdigest()
            critical = check.critical and not is_no_data
            opened = MonitoringAlert(
                timestamp=now,
                alert_id=f"{check.name}-{digest}",
                severity=AlertSeverity.CRITICAL if critical else AlertSeverity.WARNING,
                component=check.name,
                message="",
            )
        resolved = change is AlertChange.RESOLVED
        alert = replace(
            opened,
            message=self._message(watched, line, change, why),
            details=self._details(watched, line),
            resolved=resolved,
            resolution_timestamp=now if resolved else None,
            change=change,
        )
        line.open = None if resolved else alert
        self._guarded(lambda: self._history.add_alert(alert), None)
        level = logging.INFO if resolved else logging.WARNING
        _log.log(level, "alert.%s", change.value, extra={"component": check.name, "alert_message": alert.message})
        self._tell(alert)

    def _message(self, watched: _Watched, line: _Line, change: AlertChange, why: str) -> str:
        name, state = watched.check.name, line.state
        said = watched.last.detail if watched.last is not None else ""
        reason = why or said or watched.check.description
        reason = f": {reason}" if reason else ""
        if line is watched.no_data:
            what = "has data again" if change is AlertChange.RESOLVED else "has no data"
            return f"{name} {what}{reason}"
        if change is AlertChange.RESOLVED:
            return f"{name} is well again, {state.good} good results in a row{reason if why else ''}"
        if change is AlertChange.FLAPPING:
            held = watched.rule.settle_after
            return f"{name} goes up and down; silent until it has held for {held} results{reason}"
        if change is AlertChange.SETTLED:
            return f"{name} went up and down and now keeps failing{reason}"
        message = f"{name} fails in {sum(state.recent)} of the last {len(state.recent)} results{reason}"
        silent = [c for c in self._children(name) if self._watched[c].is_failing]
        return f"{message}; because of it also: {', '.join(sorted(silent))}" if silent else message

    def _details(self, watched: _Watched, line: _Line) -> dict[str, object]:
        check, last = watched.check, watched.last
        details: dict[str, object] = {
            "kind": "no_data" if line is watched.no_data else "failing",
            "critical": check.critical,
            "bad": sum(line.state.recent),
            "of": len(line.state.recent),
            "interval_seconds": check.interval_seconds,
        }
        if last is not None:
            details |= {"state": last.state.value, "detail": last.detail, "metrics": dict(last.metrics)}
        if check.description:
            details["description"] = redact(check.description)
        if check.depends_on:
            details["depends_on"] = list(check.depends_on)
        silent = [c for c in self._children(check.name) if self._watched[c].is_failing]
        if silent:
            details["also_failing"] = sorted(silent)
        return details

    def open_alerts(self) -> list[MonitoringAlert]:
        """Return the alerts that people were told of and that are not over."""
        with self._lock:
            lines = [line for w in self._watched.values() for line in (w.failing, w.no_data)]
            return sorted((line.open for line in lines if line.open is not None), key=lambda alert: alert.timestamp)

    # ---- maintenance

    def open_maintenance(self, reason: str, seconds: float | None = None) -> None:
        """Be silent about what breaks, until closed or for so many seconds."""
        with self._lock:
            until = None if seconds is None else self._clock.monotonic() + seconds
            self._maintenance[reason] = until
            self.version += 1

    def close_maintenance(self, reason: str) -> None:
        """Close the window of this reason; what fails from now on counts."""
        with self._lock:
            self._maintenance.pop(reason, None)
            self.version += 1

    def maintenance_reason(self) -> str:
        """Return why alerts are silent; empty when they are not."""
        if not self._maintenance:
            return ""
        with self._lock:
            now = self._clock.monotonic()
            for reason, until in list(self._maintenance.items()):
                if until is not None and until <= now:
                    del self._maintenance[reason]
            return "; ".join(self._maintenance)

    # ---- what is known

    def health(self) -> tuple[CheckHealth, ...]:
        """Return what is known of each check now."""
        with self._lock:
            now = self._clock.monotonic()
            return tuple(self._health_of(w, now) for w in self._watched.values() if w.expand is None)

    def _health_of(self, watched: _Watched, now: float) -> CheckHealth:
        check, last = watched.check, watched.last
        age = None if watched.seen_at is None else now - watched.seen_at
        stale = is_stale(age, check.interval_seconds, check.timeout_seconds)
        status = status_of(last, watched.failing.state, watched.no_data.state, critical=check.critical, stale=stale)
        state = CheckState.UNKNOWN if last is None or stale else last.state
        if last is None:
            detail = "not looked yet"
        else:
            detail = f"no data for {age:.0f} s" if stale else last.detail
        return CheckHealth(
            name=check.name,
            status=status,
            state=state,
            phase=watched.failing.state.phase,
            detail=detail,
            critical=check.critical,
            at=last.at if last else None,
            duration_seconds=last.duration_seconds if last else 0.0,
            because_of=self._blamed(check.name) if status is not HealthStatus.HEALTHY else "",
            metrics=last.metrics if last is not None and state is not CheckState.UNKNOWN else {},
        )

    def metrics(self) -> dict[str, float]:
        """Return the newest numbers of all checks."""
        with self._lock:
            return {
                name: value
                for w in self._watched.values()
                if w.last is not None
                for name, value in w.last.metrics.items()
            }

    # ---- what survives a restart

    def _save(self, watched: _Watched) -> None:
        state: dict[str, object] = {
            kind: {name: getattr(line.state, name) for name in _STATE_FIELDS} for kind, line in watched.lines()
        }
        self._guarded(lambda: self._history.save_state(watched.check.name, state), None)

    def _restore(self, watched: _Watched) -> None:
        """Go on where the last process stopped: what people were told is not told again, and is resolved."""
        kept: Any = self._kept_states.get(watched.check.name, {})
        for kind, line in watched.lines():
            line.state = state_from(kept.get(kind))
            line.open = self._kept_alerts.get((watched.check.name, kind))
            if line.open is None:
                continue
            line.announced = AlertPhase.FIRING
            if line.open.change is AlertChange.FLAPPING:
                line.announced = AlertPhase.FLAPPING
            if not line.state.is_open:
                line.state = AlertState(firing=True)

    def _guarded(self, act: Callable[[], Any], default: Any) -> Any:
        """Use the history; a full disk must not stop the watching."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - the history is a convenience, the watch is not
            if not self.history_error:
                _log.exception("history.failed")
            self.history_error = redact(f"{type(error).__name__}: {error}")
            return default


def state_from(kept: Any) -> AlertState:
    """Return an alert's state as it was kept; the first state when it was not."""
    try:
        values = {name: kept[name] for name in _STATE_FIELDS}
        return AlertState(**values | {"recent": tuple(kept["recent"]), "entries": tuple(kept["entries"])})
    except (KeyError, TypeError):  # not kept, or kept by a release that knew other fields
        return AlertState()


def _kind_of(alert: MonitoringAlert) -> str:
    return str(alert.details.get("kind", "failing"))


_held = threading.local()


def _before_fork() -> None:
    _held.watchers = list(_WATCHERS)
    for watcher in _held.watchers:
        watcher.hold()


def _after_fork() -> None:
    for watcher in _held.watchers:
        watcher.let_go()
    _held.watchers = []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
