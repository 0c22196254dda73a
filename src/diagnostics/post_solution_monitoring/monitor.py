"""PostSolutionMonitor: watches a service after a fix, or always; a facade."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from diagnostics.model.alert import AlertRule, MonitoringAlert
from diagnostics.model.health import CheckResult, CheckState, HealthReport
from diagnostics.plugins.protocols import AlertChannel
from diagnostics.post_solution_monitoring.alerts.delivery import CallbackChannel, Outbox
from diagnostics.post_solution_monitoring.checks import HealthCheck, result_of
from diagnostics.post_solution_monitoring.election import RETRY_SECONDS, Election
from diagnostics.post_solution_monitoring.evaluation import overall
from diagnostics.post_solution_monitoring.findings import DEFAULT_MIN_LOOKS, FindingsWatch
from diagnostics.post_solution_monitoring.heartbeat import Heartbeat
from diagnostics.post_solution_monitoring.history import History, MemoryHistory
from diagnostics.post_solution_monitoring.remote import report_from
from diagnostics.post_solution_monitoring.slo import Slo, SloCheck
from diagnostics.post_solution_monitoring.watcher import Watcher
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock, SystemClock
from diagnostics.runtime.deadline import DeadlinePool, Outcome

if TYPE_CHECKING:
    from diagnostics.stats.trend import Trend

_log = logging.getLogger(__name__)

MAX_WORKERS = 64
REPORT_SECONDS = 1.0
"""A report is built at most so often while nothing changes; its ages are that old at most."""
FLUSH_SECONDS = 15.0
ON_DEMAND_SECONDS = 10.0
"""A monitor that was never started runs its checks when asked, at most so often."""


class PostSolutionMonitor:
    """Asks its health checks on their schedule, tells people what changed, knows the health at any moment.

    Every check runs under its own timeout on a thread of its own, so one that hangs delays no other; the
    calling thread, and an event loop on it, are never blocked by ``start_monitoring``. With another clock
    than the machine's it does not run by itself but is driven by ``wait`` or ``step``.

    Example::

        with PostSolutionMonitor(logger, db_engine, alert_callback=page_me) as monitor:
            monitor.add_health_check("api", lambda: ping() < 0.2, interval_seconds=10)
            monitor.wait(600)
            print(monitor.get_current_health().overall_status)

    Args:
        logger: A ``DiagnosticLogger`` or ``logging.Logger``; gets one line for each alert and start and stop.
        db_engine: Engine or AsyncEngine of the application; its database gets a check. Its pool is not used.
        alert_callback: Plain or coroutine function; called once for each change of an alert.
        clock: Source of time.
        history: Where results and alerts are kept; in memory when not given.
        default_checks: Watch disk, memory, descriptors and the database.
        rule: When alerts fire and resolve; a short watch after a fix wants a shorter rule.
        channels: More receivers of alerts.
        election: Decides which of many workers watches; the others answer from the history that they share.
    """

    def __init__(
        self,
        logger: object | None = None,
        db_engine: Any = None,
        alert_callback: Callable[[MonitoringAlert], object] | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
        history: History | None = None,
        default_checks: bool = True,
        rule: AlertRule | None = None,
        channels: Iterable[AlertChannel] = (),
        election: Election | None = None,
    ) -> None:
        self.logger = logger
        self.db_engine = db_engine
        self.history: History = history if history is not None else MemoryHistory()
        self.rule = rule if rule is not None else AlertRule()
        self._clock = clock
        self._runs_by_itself = isinstance(clock, SystemClock)
        self._pool = DeadlinePool(max_workers=MAX_WORKERS)
        self._outboxes: list[Outbox] = []
        self._watcher = Watcher(rule=self.rule, clock=clock, history=self.history, pool=self._pool, tell=self._tell)
        self._election = election
        self._election_thread: threading.Thread | None = None
        self._heartbeats: list[Heartbeat] = []
        self._started_at: float | None = None
        self._started = ""
        self._was_stopped = False
        self._is_watching = False
        self._asked_at: float | None = None
        self._stopped = threading.Event()
        self._report_lock = threading.Lock()
        self._report: tuple[int, float, HealthReport] | None = None
        if alert_callback is not None:
            self.add_alert_channel(CallbackChannel(alert_callback))
        for channel in channels:
            self.add_alert_channel(channel)
        if default_checks:
            from diagnostics.post_solution_monitoring.default_checks import default_checks as ours

            for check in ours(db_engine):
                self._watcher.add(check)

    # ---- what to watch

    def add_health_check(
        self,
        name: str,
        check_function: Callable[[], object],
        interval_seconds: float,
        critical: bool = True,
        description: str = "",
        timeout_seconds: float = 30,
        depends_on: Iterable[str] = (),
        *,
        rule: AlertRule | None = None,
    ) -> HealthCheck:
        """Watch one more thing; a check of the same name is replaced.

        Args:
            name: Unique within this monitor.
            check_function: Plain or coroutine function; returns a boolean, ``(boolean, detail)`` or a
                ``CheckResult``. Raising is a failure, unless the error says that the check itself is broken
                (``TypeError``, ``ImportError``, ``PermissionError``, ...): then nothing is known.
            interval_seconds: From one start to the next.
            critical: Whether its failure is the service's failure.
            description: For people.
            timeout_seconds: A run that takes longer counts as failed.
            depends_on: Checks whose failure explains the failure of this one, and silences it.
            rule: Another rule than the monitor's.

        Raises:
            ConfigurationError: An argument makes no sense.
        """
        parents = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
        check = HealthCheck(
            name=name,
            check_function=check_function,
            interval_seconds=interval_seconds,
            timeout_seconds=timeout_seconds,
            critical=critical,
            description=description,
            depends_on=parents,
        )
        self._watcher.add(check, rule=rule)
        return check

    def remove_health_check(self, name: str) -> bool:
        """Stop watching; an open alert of the check is resolved. Returns whether there was such a check."""
        return self._watcher.remove(name)

    @property
    def health_checks(self) -> tuple[str, ...]:
        """Names of what is watched."""
        return tuple(self._watcher.names())

    def watch_findings(
        self,
        names: Iterable[str],
        look: Callable[[], Mapping[str, bool | None]],
        *,
        interval_seconds: float = 15.0,
        timeout_seconds: float = 30.0,
        min_looks: int = DEFAULT_MIN_LOOKS,
        rule: AlertRule | None = None,
    ) -> FindingsWatch:
        """Keep watching the findings that a diagnosis rested on, and say when they return.

        Args:
            names: The findings (mechanisms); each gets a check ``finding:<name>``.
            look: Looks for all of them at once; True where the finding is present, False where it is absent,
                None or missing where it could not look. Plain or coroutine function.
            interval_seconds: From one look to the next.
            timeout_seconds: Of one look; one that takes longer could not look.
            min_looks: With fewer looks that could see, there is no verdict.
            rule: When a finding counts as returned.
        """
        wanted = tuple(dict.fromkeys(names))
        used = rule if rule is not None else self.rule
        watch = FindingsWatch(wanted, min_looks=min_looks, good_in_row=used.good_to_resolve)
        began = self._clock.monotonic()

        def observe(name: str) -> Callable[[str, CheckResult, Any], None]:
            def take(_: str, result: CheckResult, alert: Any) -> None:
                watch.observe(name, result, alert, self._clock.monotonic() - began)

            return take

        def expand(outcome: Outcome[Any]) -> dict[str, CheckResult]:
            return {f"finding:{name}": _finding_result(name, outcome, timeout_seconds) for name in wanted}

        for name in wanted:
            self._watcher.add(
                HealthCheck(
                    name=f"finding:{name}",
                    check_function=look,
                    interval_seconds=interval_seconds,
                    timeout_seconds=timeout_seconds,
                    description=f"{name} was found before the fix",
                ),
                rule=used,
                observe=observe(name),
            )
        self._watcher.add(
            HealthCheck(
                name=f"look:{','.join(wanted)}",
                check_function=look,
                interval_seconds=interval_seconds,
                timeout_seconds=timeout_seconds,
            ),
            expand=expand,
        )
        return watch

    def add_slo(
        self, slo: Slo, totals: Callable[[], tuple[float, float]], *, interval_seconds: float = 60.0
    ) -> HealthCheck:
        """Watch a promise: alert when its error budget burns too fast in a long and in a short window.

        Args:
            slo: What is promised.
            totals: Returns how many events were good and how many bad since the service began; a total that falls
                is taken for a restart. Plain function.
            interval_seconds: From one look to the next.
        """
        # The windows have counted already: one look that says so is enough, and three that do not.
        rule = AlertRule(bad_to_fire=1, window=1, good_to_resolve=3)
        return self.add_health_check(
            f"slo:{slo.name}",
            SloCheck(slo, totals, self._clock),
            interval_seconds,
            description=f"{slo.objective:.4%} of the events are good over {slo.period_days:g} days",
            rule=rule,
        )

    def add_heartbeat(self, url: str, *, interval_seconds: float = 60.0) -> None:
        """Tell somebody outside that the monitor watches: a GET of ``url`` at every interval, while looks come in.

        Whoever stops hearing it (a service for dead men's switches, an Uptime monitor) knows that nobody watches.
        """
        beat = Heartbeat(url, interval_seconds, lambda: self._watcher.version_of_results, clock=self._clock)
        self._heartbeats.append(beat)
        if self.monitoring_active:
            beat.start()

    def add_alert_channel(self, channel: AlertChannel) -> None:
        """Send every change of an alert there too."""
        box = Outbox(channel, self._pool, clock=self._clock, history=self.history)
        self._outboxes.append(box)
        if self.monitoring_active:
            box.resume()

    @contextmanager
    def maintenance(self, reason: str, seconds: float | None = None) -> Iterator[None]:
        """Be silent about what breaks while the block runs, at most ``seconds``; recoveries are told."""
        self._watcher.open_maintenance(reason, seconds)
        try:
            yield
        finally:
            self._watcher.close_maintenance(reason)

    def open_maintenance(self, reason: str, seconds: float | None = None) -> None:
        """Open a maintenance window; ``close_maintenance`` or the time closes it."""
        self._watcher.open_maintenance(reason, seconds)

    def close_maintenance(self, reason: str) -> None:
        """Close the window of this reason."""
        self._watcher.close_maintenance(reason)

    # ---- watching

    @property
    def monitoring_active(self) -> bool:
        """Whether the watching thread lives; with a clock that is driven, whether the checks are planned."""
        scheduler = self._watcher.scheduler
        return scheduler.is_running or (not self._runs_by_itself and scheduler.is_planned)

    def start_monitoring(self) -> None:
        """Start to watch, on threads of the monitor; returns at once. A second call does nothing.

        With an election it watches while this process leads, and stands ready while another one does.
        """
        if self.monitoring_active or self._election_thread is not None:
            return
        self._stopped.clear()
        if self._election is not None:
            self._stand()
            self._election_thread = threading.Thread(
                target=self._keep_standing, name="diagnostics-election", daemon=True
            )
            self._election_thread.start()
            return
        self._watch()

    def _watch(self) -> None:
        self._mark_started()
        for box in self._outboxes:
            box.resume()
        self._watcher.plan_all()
        if self._runs_by_itself:
            self._watcher.scheduler.add(("flush", ""), delay=FLUSH_SECONDS, interval=FLUSH_SECONDS)
            self._watcher.scheduler.start()
        self._watcher.flush_history()  # says at once what is watched
        for beat in self._heartbeats:
            beat.start()
        self.say(f"Monitoring started: {len(self.health_checks)} checks.")

    def _stand(self) -> None:
        """Watch if this process leads, follow if it does not."""
        assert self._election is not None
        if self.monitoring_active:
            if not self._election.still_leads():
                self._rest()
                self.say("Another process may watch now: this one lost the election.", logging.WARNING)
        elif self._election.try_lead():
            self._watcher.take_over()
            self._watch()

    def _keep_standing(self) -> None:
        while not self._stopped.wait(RETRY_SECONDS):
            try:
                self._stand()
            except Exception:  # noqa: BLE001 - whatever fails here fails again or passes; the thread must live
                _log.exception("monitor.election_failed")

    def _rest(self) -> None:
        """Stop to watch, without ending the monitor."""
        self._watcher.scheduler.stop()
        self._watcher.scheduler.clear()
        for beat in self._heartbeats:
            beat.stop()

    @property
    def is_following(self) -> bool:
        """Whether another process watches in its place."""
        return self._election_thread is not None and not self.monitoring_active

    def _mark_started(self) -> None:
        self._is_watching = True
        self._was_stopped = False
        if self._started_at is None:
            self._started_at = self._clock.monotonic()
            self._started = self._clock.now().isoformat()

    def stop_monitoring(self) -> None:
        """Stop to watch; alerts stay as they are. A second call does nothing."""
        was_active = self.monitoring_active
        self._stopped.set()
        thread, self._election_thread = self._election_thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(10.0)
        self._rest()
        self._was_stopped = True
        self._is_watching = False
        self._started_at = None
        self.flush_alerts(5.0)
        if was_active or thread is None:
            self._watcher.flush_history()
        if self._election is not None:
            self._election.resign()
        if was_active:
            self.say("Monitoring stopped.")

    def __enter__(self) -> Self:
        self.start_monitoring()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_monitoring()

    def run_once(self) -> HealthReport:
        """Run every check now, side by side, wait for them, and return the report."""
        self._watcher.run_now()
        self._asked_at = self._clock.monotonic()
        self.flush_alerts(5.0)
        return self.get_current_health()

    def step(self) -> int:
        """Run what is due now and wait for it; return how many checks ran."""
        self._mark_started()
        return self._watcher.step_now()

    def wait(self, seconds: float) -> bool:
        """Wait while the monitor watches; return False when it was stopped meanwhile.

        When the monitor was not started, or runs by another clock than the machine's, this drives it.
        """
        if self._watcher.scheduler.is_running:
            return not self._stopped.wait(seconds)
        until = self._clock.monotonic() + seconds
        if not self._watcher.scheduler.is_planned:
            self._watcher.plan_all()
        while True:
            self.step()
            left = until - self._clock.monotonic()
            if left <= 0:
                return True
            following = self._watcher.scheduler.seconds_to_next()
            self._clock.sleep(left if following is None else min(left, max(following, 0.001)))

    # ---- what is known

    def get_current_health(self) -> HealthReport:
        """Return the health as it is known now; runs checks only while the monitor was never started.

        The report is shared, and built at most once a second while nothing changes: cheap under load.
        """
        watcher = self._watcher
        now = self._clock.monotonic()
        kept = self._report
        if kept is not None and kept[0] == watcher.version and 0 <= now - kept[1] < REPORT_SECONDS:
            return kept[2]
        with self._report_lock:
            now = self._clock.monotonic()
            kept = self._report
            if kept is not None and kept[0] == watcher.version and 0 <= now - kept[1] < REPORT_SECONDS:
                return kept[2]
            if self.would_run_checks:
                watcher.run_now()
                self._asked_at = self._clock.monotonic()
            version = watcher.version
            report = self._build_report()
            self._report = (version, self._clock.monotonic(), report)
            return report

    @property
    def would_run_checks(self) -> bool:
        """Whether ``get_current_health`` would run checks itself, because nobody else does."""
        if self._is_watching or self._was_stopped or self.monitoring_active or self._election_thread is not None:
            return False
        return self._asked_at is None or self._clock.monotonic() - self._asked_at >= ON_DEMAND_SECONDS

    def _build_report(self) -> HealthReport:
        if self.is_following:
            return report_from(self.history, self._clock.now())
        checks = self._watcher.health()
        blind = [f"{c.name}: {c.detail}" for c in checks if c.state is CheckState.UNKNOWN]
        if self._watcher.history_error:
            blind.append(f"history: {self._watcher.history_error}")
        blind += [
            f"alerts to {box.channel.name}: {box.failed} not delivered ({box.last_error})"
            for box in self._outboxes
            if box.failed
        ]
        uptime = 0.0 if self._started_at is None else self._clock.monotonic() - self._started_at
        return HealthReport(
            timestamp=self._clock.now().isoformat(),
            overall_status=overall(checks),
            component_status={check.name: check.status for check in checks},
            active_alerts=tuple(self._watcher.open_alerts()),
            performance_metrics=self._watcher.metrics(),
            uptime_seconds=uptime,
            checks=checks,
            could_not_look=tuple(blind),
            maintenance=self._watcher.maintenance_reason(),
            last_restart=self._started or None,
        )

    @property
    def active_alerts(self) -> list[MonitoringAlert]:
        """Alerts that are open."""
        return self._watcher.open_alerts()

    def trend(self, check: str, metric: str, *, since_seconds: float = 3600.0) -> Trend | None:
        """Return where a number that a check measures is heading; None with too little history."""
        from datetime import timedelta

        from diagnostics.post_solution_monitoring.trends import trend_of

        since = self._clock.now() - timedelta(seconds=since_seconds)
        return trend_of(self.history.results(check, since=since), metric)

    # ---- telling

    def flush_alerts(self, seconds: float) -> bool:
        """Wait until alerts are delivered or given up; return whether all are."""
        waits = [box.wait_empty(seconds) for box in self._outboxes]
        return all(waits)

    def notifications(self) -> list[tuple[str, int, int]]:
        """Return for each receiver its name, how many notices it took, and how many were given up."""
        return [(box.channel.name, box.delivered, box.failed) for box in self._outboxes]

    def _tell(self, alert: MonitoringAlert) -> None:
        for box in self._outboxes:
            box.put(alert)
        self.say(
            f"Alert {alert.change.value}: {alert.message}",
            logging.INFO if alert.resolved else logging.WARNING,
        )

    def say(self, text: str, level: int = logging.INFO) -> None:
        """Write a line to the user's logger, if there is one."""
        target = getattr(self.logger, "logger", self.logger)
        if target is None or not hasattr(target, "log"):
            return
        try:
            target.log(level, text)
        except Exception:  # noqa: BLE001 - the user's logger must not stop the watching
            _log.exception("monitor.logger_failed")


def _finding_result(name: str, outcome: Outcome[Any], timeout_seconds: float) -> CheckResult:
    if outcome.error is not None:
        failed = result_of(outcome, timeout_seconds)
        return CheckResult(
            state=CheckState.UNKNOWN,
            detail=f"could not look: {failed.detail}",
            duration_seconds=failed.duration_seconds,
        )
    seen = outcome.value.get(name) if isinstance(outcome.value, Mapping) else None
    if seen is None:
        return CheckResult(state=CheckState.UNKNOWN, detail="could not look", duration_seconds=outcome.elapsed_seconds)
    state = CheckState.FAIL if seen else CheckState.PASS
    detail = f"{name} is {'present again' if seen else 'absent'}"
    return CheckResult(state=state, detail=detail, duration_seconds=outcome.elapsed_seconds)
