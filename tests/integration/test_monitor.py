"""PostSolutionMonitor with real threads; time is a FakeClock wherever nothing has to hang."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time

import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.model.alert import AlertChange, AlertRule
from diagnostics.model.health import CheckResult, CheckState, HealthStatus
from diagnostics.post_solution_monitoring import (
    FixState,
    MemoryHistory,
    PostSolutionMonitor,
    SqliteHistory,
    temporary_monitoring,
)
from diagnostics.testing import FakeClock

FIRED, RESOLVED, FLAPPING = AlertChange.FIRED, AlertChange.RESOLVED, AlertChange.FLAPPING


class Scene:
    """A monitor whose checks say what the test wants."""

    def __init__(self, history=None, rule=None, clock=None, **options):
        self.clock = clock or FakeClock()
        self.told = []
        self.answers = {}
        self.monitor = PostSolutionMonitor(
            None, None, self.told.append, clock=self.clock, default_checks=False, history=history, rule=rule, **options
        )

    def add(self, name, **options):
        self.answers[name] = True
        self.monitor.add_health_check(name, lambda: self.answers[name], 10, **options)
        return self

    def run(self, times=1, **answers):
        self.answers.update(answers)
        for _ in range(times):
            self.clock.advance(10)
            self.monitor.run_once()
        return self

    @property
    def changes(self):
        return [(alert.component, alert.change) for alert in self.told]

    @property
    def health(self):
        return self.monitor.get_current_health()


def wait_until(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


# ---- one check


def test_nothing_watched_is_not_healthy():
    assert Scene().health.overall_status is HealthStatus.UNKNOWN


def test_before_the_first_result_nothing_is_known():
    scene = Scene().add("api")
    scene.monitor.start_monitoring()
    scene.monitor.stop_monitoring()
    report = Scene().add("api").monitor._build_report()
    assert report.overall_status is HealthStatus.UNKNOWN
    assert report.could_not_look == ("api: not looked yet",)


def test_a_good_check_is_healthy():
    report = Scene().add("api").run().health
    assert report.overall_status is HealthStatus.HEALTHY
    assert report["component_status"] == {"api": HealthStatus.HEALTHY}
    assert report.timestamp == "2026-01-01T00:00:10+00:00"


def test_one_bad_result_degrades_and_tells_nobody_three_are_critical_and_tell_once():
    scene = Scene().add("api").run(5)
    assert scene.run(api=False).health.overall_status is HealthStatus.DEGRADED
    assert scene.told == []

    scene.run(10, api=(False, "p95 4.8 s"))

    assert scene.health.overall_status is HealthStatus.CRITICAL
    assert scene.changes == [("api", FIRED)]
    assert scene.told[0].message == "api fails in 3 of the last 5 results: p95 4.8 s"
    assert scene.health.active_alerts == tuple(scene.told)


def test_the_recovery_is_told_once_with_the_id_of_the_alert():
    scene = Scene().add("api").run(3, api=False).run(20, api=True)
    fired, resolved = scene.told
    assert (fired.change, resolved.change) == (FIRED, RESOLVED)
    assert fired.alert_id == resolved.alert_id
    assert resolved.resolved
    assert resolved.resolution_timestamp == "2026-01-01T00:01:20+00:00"
    assert fired.timestamp == resolved.timestamp
    assert scene.health.active_alerts == ()
    assert scene.health.overall_status is HealthStatus.HEALTHY


def test_two_incidents_have_two_ids():
    scene = Scene().add("api").run(3, api=False).run(5, api=True).run(3, api=False)
    assert len({alert.alert_id for alert in scene.told}) == 2


def test_a_check_that_is_not_critical_degrades_at_most():
    scene = Scene().add("api").add("news", critical=False).run(5, news=False)
    assert scene.health.overall_status is HealthStatus.DEGRADED
    assert scene.told[0].severity == "WARNING"


def test_all_critical_checks_failing_is_down():
    scene = Scene().add("api").add("db").run(3, api=False, db=False)
    assert scene.health.overall_status is HealthStatus.DOWN


def test_a_warning_degrades_and_never_fires():
    scene = Scene().add("disk").run(10, disk=CheckResult(state=CheckState.WARN, detail="8 % free"))
    assert scene.health.overall_status is HealthStatus.DEGRADED
    assert scene.told == []


def test_no_data_is_not_ok_and_is_an_alert_of_its_own():
    scene = Scene().add("api").run(3).run(2, api=None)
    assert scene.told == []
    scene.run(1)

    assert scene.health.overall_status is HealthStatus.UNKNOWN
    assert [alert.details["kind"] for alert in scene.told] == ["no_data"]
    assert scene.told[0].severity == "WARNING"
    assert scene.told[0].message.startswith("api has no data: ")

    scene.run(3, api=True)
    assert scene.changes == [("api", FIRED), ("api", RESOLVED)]
    assert scene.health.overall_status is HealthStatus.HEALTHY


def test_one_look_that_could_not_see_does_not_erase_what_was_seen():
    scene = Scene().add("api").run(5, api=False).run(1, api=None)
    assert scene.health.overall_status is HealthStatus.CRITICAL


def test_data_that_are_old_are_no_data():
    scene = Scene().add("api").run()
    scene.clock.advance(3 * 10 + 30 + 1)
    report = scene.monitor._build_report()
    assert report.overall_status is HealthStatus.UNKNOWN
    assert report.could_not_look == ("api: no data for 61 s",)


def test_flapping_is_told_once_then_silence_then_the_settled_state():
    scene = Scene().add("api")
    for _ in range(5):
        scene.run(3, api=False).run(5, api=True)
    scene.run(30)
    assert [change for _, change in scene.changes] == [FIRED, RESOLVED, FIRED, RESOLVED, FLAPPING, RESOLVED]


def test_a_short_rule_makes_a_short_watch_meaningful():
    scene = Scene(rule=AlertRule(bad_to_fire=1, window=1, good_to_resolve=2)).add("api")
    scene.run(api=False).run(2, api=True)
    assert scene.changes == [("api", FIRED), ("api", RESOLVED)]


def test_a_removed_check_resolves_its_alert_and_leaves_the_report():
    scene = Scene().add("api").add("db").run(3, api=False)
    assert scene.monitor.remove_health_check("api")
    assert not scene.monitor.remove_health_check("api")
    scene.monitor.flush_alerts(5)
    assert scene.changes == [("api", FIRED), ("api", RESOLVED)]
    assert scene.monitor.health_checks == ("db",)
    assert scene.run().health.overall_status is HealthStatus.HEALTHY


def test_coroutine_checks_are_awaited():
    scene = Scene()

    async def check():
        await asyncio.sleep(0)
        return False, "from a coroutine"

    scene.monitor.add_health_check("async", check, 10)
    assert scene.run().health.checks[0].detail == "from a coroutine"


def test_arguments_by_place_as_the_old_users_pass_them():
    monitor = PostSolutionMonitor(logging.getLogger("old"), None, None, default_checks=False)
    monitor.add_health_check("api", lambda: True, 60, False, "answers", 5)
    assert monitor.run_once().checks[0].critical is False


def test_a_wrong_check_is_refused():
    with pytest.raises(ConfigurationError):
        PostSolutionMonitor(default_checks=False).add_health_check("api", lambda: True, interval_seconds=0)


# ---- dependencies and maintenance


def test_a_failing_parent_silences_its_children_and_its_alert_names_them():
    scene = Scene().add("page", depends_on=["api"]).add("api", depends_on=("db",)).add("db").add("mail")
    scene.run(10, page=False, api=False, db=False)

    assert scene.changes == [("db", FIRED)]
    assert scene.told[0].message.endswith("because of it also: api, page")
    assert scene.told[0].details["also_failing"] == ["api", "page"]
    assert {check.name: check.because_of for check in scene.health.checks} == {
        "page": "db", "api": "db", "db": "", "mail": "",
    }  # fmt: skip

    scene.run(5, page=True, api=True, db=True)
    assert scene.changes == [("db", FIRED), ("db", RESOLVED)]


def test_a_child_that_keeps_failing_when_its_parent_is_well_is_told():
    scene = Scene().add("db").add("api", depends_on="db").run(5, api=False, db=False).run(5, db=True)
    assert scene.changes == [("db", FIRED), ("db", RESOLVED), ("api", FIRED)]


def test_a_child_whose_parent_is_well_is_told():
    scene = Scene().add("db").add("api", depends_on="db").run(3, api=False)
    assert scene.changes == [("api", FIRED)]


def test_what_breaks_in_a_maintenance_window_is_told_only_when_it_lasts():
    scene = Scene().add("api").run(5)
    with scene.monitor.maintenance("deploy 42"):
        scene.run(10, api=False)
        assert scene.health.maintenance == "deploy 42"
        assert scene.health.overall_status is HealthStatus.DEGRADED
    assert scene.told == []
    scene.run(2)
    assert scene.told == []
    scene.run(1)
    assert scene.changes == [("api", FIRED)]


def test_what_recovers_in_a_maintenance_window_is_told():
    scene = Scene().add("api").run(3, api=False)
    scene.monitor.open_maintenance("repair", seconds=1000)
    scene.run(5, api=True)
    assert scene.changes == [("api", FIRED), ("api", RESOLVED)]


def test_a_window_that_nobody_closes_ends_by_itself():
    scene = Scene().add("api")
    scene.monitor.open_maintenance("forgotten", seconds=25)
    scene.run(2, api=False)
    assert scene.told == []
    scene.run(3)
    assert scene.changes == [("api", FIRED)]


# ---- telling


def test_a_failing_callback_stops_nothing_and_is_reported():
    def broken(alert):
        raise RuntimeError("pager is down, token=abc123secret")

    clock, told = FakeClock(), []
    monitor = PostSolutionMonitor(None, None, broken, clock=clock, default_checks=False)

    class Channel:
        name = "mail"

        def send(self, alert):
            told.append(alert.change)

    monitor.add_alert_channel(Channel())
    monitor.add_health_check("api", lambda: False, 10)
    for _ in range(5):
        monitor.run_once()

    assert told == [FIRED]
    (said,) = monitor.get_current_health().could_not_look
    assert said.startswith("alerts to callback: 1 not delivered (RuntimeError: pager is down")
    assert "abc123secret" not in said


def test_a_hanging_receiver_delays_neither_the_watch_nor_other_receivers():
    hang, told = threading.Event(), []

    class Hangs:
        name = "hangs"

        def send(self, alert):
            hang.wait(60)

    class Works:
        name = "works"

        def send(self, alert):
            told.append(alert.component)

    monitor = PostSolutionMonitor(default_checks=False, channels=[Hangs(), Works()], rule=AlertRule(bad_to_fire=1))
    monitor.add_health_check("api", lambda: False, 0.05)
    try:
        monitor.start_monitoring()
        wait_until(lambda: told)
        first = monitor.get_current_health().checks[0].at
        wait_until(lambda: monitor.get_current_health().checks[0].at > first)
    finally:
        hang.set()
        monitor.stop_monitoring()


def test_a_channel_that_fails_is_tried_again():
    clock, attempts = FakeClock(), []

    class Flaky:
        name = "flaky"

        def send(self, alert):
            attempts.append(alert.alert_id)
            if len(attempts) < 3:
                raise ConnectionError("reset")

    monitor = PostSolutionMonitor(clock=clock, default_checks=False, channels=[Flaky()], rule=AlertRule(bad_to_fire=1))
    monitor.add_health_check("api", lambda: False, 10)
    monitor.run_once()

    assert len(attempts) == 3
    assert len(set(attempts)) == 1
    assert clock.sleeps == [1.0, 5.0]
    assert monitor.get_current_health().could_not_look == ()


def test_a_coroutine_callback_is_awaited():
    told = []

    async def callback(alert):
        await asyncio.sleep(0)
        told.append(alert.component)

    monitor = PostSolutionMonitor(None, None, callback, default_checks=False, rule=AlertRule(bad_to_fire=1))
    monitor.add_health_check("api", lambda: False, 10)
    monitor.run_once()
    assert told == ["api"]


def test_the_logger_gets_a_line_for_each_change(caplog):
    logger = logging.getLogger("shop")
    scene = Scene()
    scene.monitor.logger = logger
    with caplog.at_level(logging.INFO, logger="shop"):
        scene.add("api").run(3, api=False).run(5, api=True)
    lines = [record.message for record in caplog.records if record.name == "shop"]
    assert [line.split(":")[0] for line in lines] == ["Alert fired", "Alert resolved"]


def test_a_diagnostic_logger_gets_them_too(tmp_path):
    from diagnostics.core_diagnostics.logger import DiagnosticLogger

    path = tmp_path / "diagnostics.log"
    logger = DiagnosticLogger("shop", path)
    scene = Scene()
    scene.monitor.logger = logger
    scene.add("api").run(3, api=(False, "100% of %s failed"))
    logger.flush()
    assert "Alert fired: api fails in 3 of the last 3 results: 100% of %s failed" in path.read_text()


# ---- threads


def test_a_hung_check_delays_no_other_and_starts_no_second_thread():
    hang, runs, hung_runs = threading.Event(), [], []

    def hung():
        hung_runs.append(1)
        hang.wait(60)

    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("hung", hung, 0.05, timeout_seconds=0.1)
    monitor.add_health_check("quick", lambda: runs.append(1) or True, 0.05)
    try:
        with monitor:
            wait_until(lambda: monitor.get_current_health().component_status["hung"] is HealthStatus.CRITICAL)
            wait_until(lambda: len(runs) > 10)
        assert len(hung_runs) == 1
        report = monitor.get_current_health()
        assert report.component_status["quick"] is HealthStatus.HEALTHY
        assert "no answer" in report.checks[0].detail
    finally:
        hang.set()


def test_a_check_that_hung_once_is_asked_again_when_it_comes_back():
    hang, runs = threading.Event(), []

    def sometimes():
        runs.append(1)
        if len(runs) == 1:
            hang.wait(60)
        return True

    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("sometimes", sometimes, 0.05, timeout_seconds=0.1)
    with monitor:
        wait_until(lambda: monitor.get_current_health().checks[0].state is CheckState.FAIL)
        hang.set()
        wait_until(lambda: monitor.get_current_health().overall_status is HealthStatus.HEALTHY)


def test_run_once_waits_for_each_check_no_longer_than_its_timeout():
    hang = threading.Event()
    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("hung", lambda: hang.wait(60), 10, timeout_seconds=0.2)
    monitor.add_health_check("quick", lambda: True, 10)
    began = time.monotonic()
    report = monitor.run_once()
    hang.set()
    assert time.monotonic() - began < 5
    assert [check.state for check in report.checks] == [CheckState.FAIL, CheckState.PASS]


def test_it_works_from_within_an_event_loop_without_blocking_it():
    async def main():
        monitor = PostSolutionMonitor(default_checks=False)

        async def check():
            await asyncio.sleep(0.01)
            return True

        monitor.add_health_check("async", check, 0.05)
        monitor.add_health_check("blocking", lambda: time.sleep(0.3) or True, 0.5)
        monitor.start_monitoring()
        longest, before = 0.0, time.perf_counter()
        while monitor.get_current_health().overall_status is not HealthStatus.HEALTHY:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now
        await asyncio.to_thread(monitor.stop_monitoring)
        return longest

    assert asyncio.run(asyncio.wait_for(main(), 20)) < 0.25


def test_checks_can_come_and_go_while_it_runs():
    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("first", lambda: True, 0.05)
    with monitor:
        monitor.add_health_check("second", lambda: True, 1000)
        wait_until(lambda: monitor.get_current_health().component_status.get("second") is HealthStatus.HEALTHY)
        monitor.remove_health_check("second")
        assert "second" not in monitor.get_current_health().component_status


def test_start_and_stop_can_be_called_twice_and_again():
    runs = []
    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("api", lambda: runs.append(1) or True, 0.02)
    for _ in range(2):
        monitor.start_monitoring()
        monitor.start_monitoring()
        seen = len(runs)
        wait_until(lambda seen=seen: len(runs) > seen)
        monitor.stop_monitoring()
        monitor.stop_monitoring()
        assert not monitor.monitoring_active
    seen = len(runs)
    time.sleep(0.1)
    assert len(runs) <= seen + 1


def test_a_running_monitor_does_not_keep_the_interpreter_from_exiting():
    program = (
        "import threading\n"
        "from diagnostics.post_solution_monitoring import PostSolutionMonitor\n"
        "m = PostSolutionMonitor(default_checks=False)\n"
        "started = threading.Event()\n"
        "m.add_health_check('hung', lambda: (started.set(), threading.Event().wait()), 1)\n"
        "m.start_monitoring(); started.wait(10); print('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_ask_and_can_watch_for_itself():
    program = (
        "import os, time\n"
        "from diagnostics.post_solution_monitoring import PostSolutionMonitor\n"
        "m = PostSolutionMonitor(default_checks=False)\n"
        "m.add_health_check('api', lambda: True, 0.01)\n"
        "m.start_monitoring()\n"
        "codes = []\n"
        "for _ in range(10):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        m.get_current_health()\n"
        "        assert not m.monitoring_active\n"
        "        m.start_monitoring()\n"
        "        before = m.get_current_health().checks[0].at\n"
        "        until = time.monotonic() + 10\n"
        "        while m.get_current_health().checks[0].at == before and time.monotonic() < until: time.sleep(0.01)\n"
        "        os._exit(0 if m.get_current_health().overall_status == 'HEALTHY' else 1)\n"
        "    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "print(codes)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == f"{[0] * 10}\n", done.stderr


def test_with_another_clock_wait_drives_the_checks_at_their_intervals():
    scene, runs = Scene(), []
    scene.monitor.add_health_check("api", lambda: runs.append(scene.clock.monotonic()) or True, 10)
    assert scene.monitor.wait(35)
    assert runs == [0, 10, 20, 30]
    assert scene.clock.monotonic() == 35
    scene.monitor.wait(10)
    assert runs[-1] == 40


# ---- history


def test_a_restart_repeats_no_notice_and_resolves_what_was_open(tmp_path):
    path, clock = tmp_path / "history.db", FakeClock()
    before = Scene(SqliteHistory(path, clock=clock), clock=clock).add("api").run(3, api=False)
    before.monitor.stop_monitoring()
    before.monitor.history.close()

    after = Scene(SqliteHistory(path, clock=clock), clock=clock).add("api")
    assert [alert.alert_id for alert in after.monitor.active_alerts] == [before.told[0].alert_id]
    after.run(5, api=False)
    assert after.told == []
    after.run(5, api=True)
    assert [(a.alert_id, a.change) for a in after.told] == [(before.told[0].alert_id, RESOLVED)]
    assert [a.resolved for a in after.monitor.history.alerts()] == [True]


def test_a_crash_repeats_no_notice_either(tmp_path):
    path, clock = tmp_path / "history.db", FakeClock()
    Scene(SqliteHistory(path, clock=clock), clock=clock).add("api").run(3, api=False)  # neither stopped nor closed
    after = Scene(SqliteHistory(path, clock=clock), clock=clock).add("api").run(5, api=False)
    assert after.told == []
    assert [change for _, change in after.run(5, api=True).changes] == [RESOLVED]


def test_results_and_alerts_are_in_the_history():
    history = MemoryHistory()
    Scene(history).add("api").run(3, api=False)
    assert [result.state for result in history.results("api")] == [CheckState.FAIL] * 3
    assert [alert.component for alert in history.alerts()] == ["api"]


def test_a_history_that_fails_does_not_stop_the_watch_and_is_reported(tmp_path):
    history = SqliteHistory(tmp_path / "history.db")
    scene = Scene(history).add("api")
    history.close()
    scene.run(30, api=False)
    assert scene.changes == [("api", FIRED)]
    assert any(said.startswith("history: ProgrammingError") for said in scene.health.could_not_look)


def test_the_trend_of_what_a_check_measures():
    scene = Scene().add("disk")
    for minute in range(60):
        scene.run(disk=CheckResult(state=CheckState.PASS, metrics={"percent": 50 + minute / 10 + (minute % 3) / 50}))
    trend = scene.monitor.trend("disk", "percent")
    assert trend.is_rising()
    assert trend.slope * 10 == pytest.approx(0.1, rel=0.1)
    assert scene.monitor.trend("disk", "unknown") is None
    assert scene.health.performance_metrics["percent"] == pytest.approx(55.94)


# ---- does the fix hold


def watched(looks, names=("db-lock-wait", "db-pool-exhausted"), **options):
    scene = Scene()
    answers = iter(looks)
    watch = scene.monitor.watch_findings(names, lambda: next(answers), interval_seconds=10, **options)
    for _ in looks:
        scene.clock.advance(10)
        scene.monitor.run_once()
    return scene, watch.verdict()


def look(lock=False, pool=False):
    return {"db-lock-wait": lock, "db-pool-exhausted": pool}


def test_a_fix_holds_when_the_findings_stay_away_for_long_enough():
    scene, verdict = watched([look()] * 12)
    assert verdict.state is FixState.HOLDS
    assert verdict.holds
    tally = verdict.findings["db-lock-wait"]
    assert (tally.looks, tally.present, tally.unknown) == (12, 0, 0)
    assert tally.upper_bound == pytest.approx(1 - 0.05 ** (1 / 12))
    assert verdict.watched_seconds == 120
    assert scene.told == []
    assert scene.health.component_status == {
        "finding:db-lock-wait": HealthStatus.HEALTHY,
        "finding:db-pool-exhausted": HealthStatus.HEALTHY,
    }


def test_a_finding_that_returns_is_told_and_ends_the_verdict_for_good():
    scene, verdict = watched([look()] * 5 + [look(lock=True)] * 3 + [look()] * 20)
    assert verdict.state is FixState.RETURNED
    assert verdict.returned == ("db-lock-wait",)
    assert verdict.findings["db-pool-exhausted"].state is FixState.HOLDS
    assert "db-lock-wait was seen in 3 of 28 looks" in verdict.reason
    assert scene.changes == [("finding:db-lock-wait", FIRED), ("finding:db-lock-wait", RESOLVED)]


def test_one_sighting_is_no_return_but_keeps_the_verdict_open_for_a_while():
    assert watched([look()] * 8 + [look(pool=True)])[1].state is FixState.INCONCLUSIVE
    assert watched([look()] * 8 + [look(pool=True)] + [look()] * 5)[1].state is FixState.HOLDS


def test_too_few_looks_are_inconclusive():
    _, verdict = watched([look()] * 4)
    assert verdict.state is FixState.INCONCLUSIVE
    assert "at least 5 are needed" in verdict.reason


@pytest.mark.parametrize("blind", [{}, None, {"db-lock-wait": None, "db-pool-exhausted": None}])
def test_looks_that_could_not_see_prove_nothing(blind):
    _, verdict = watched([blind] * 12)
    assert verdict.state is FixState.INCONCLUSIVE
    assert verdict.findings["db-lock-wait"].unknown == 12


def test_a_look_that_raises_could_not_see():
    scene = Scene()
    watch = scene.monitor.watch_findings(["db-lock-wait"], lambda: 1 / 0, interval_seconds=10)
    scene.run(3)
    assert watch.verdict().findings["db-lock-wait"].unknown == 3
    assert scene.health.overall_status is HealthStatus.UNKNOWN


def test_one_look_serves_all_findings_and_hides_behind_them():
    scene, looks = Scene(), []
    scene.monitor.watch_findings(["a", "b"], lambda: looks.append(1) or {"a": False, "b": False})
    scene.run(3)
    assert len(looks) == 3
    assert scene.monitor.health_checks == ("finding:a", "finding:b")


def test_findings_are_watched_on_the_monitor_s_own_threads_too():
    monitor = PostSolutionMonitor(default_checks=False)
    watch = monitor.watch_findings(["a"], lambda: {"a": False}, interval_seconds=0.02)
    with monitor:
        wait_until(lambda: watch.verdict().holds)


# ---- for a while


def test_temporary_monitoring_watches_while_the_block_runs_and_for_the_rest_of_its_time():
    clock, runs = FakeClock(), []
    watch = temporary_monitoring(None, duration_minutes=1, clock=clock, default_checks=False)
    watch.monitor.add_health_check("api", lambda: runs.append(1) or True, 10)
    report = watch.run()
    assert clock.monotonic() == 60
    assert len(runs) >= 6
    assert report.overall_status is HealthStatus.HEALTHY
    assert not watch.monitor.monitoring_active


def test_temporary_monitoring_with_the_real_clock():
    told = []
    began = time.monotonic()
    with temporary_monitoring(
        None, 60, None, told.append, duration_seconds=0.3, default_checks=False, rule=AlertRule(bad_to_fire=1)
    ) as monitor:
        monitor.add_health_check("api", lambda: False, 0.05)
    assert 0.3 <= time.monotonic() - began < 10
    assert [alert.component for alert in told] == ["api"]


def test_an_error_in_the_block_ends_the_watch_at_once_and_passes_through():
    began = time.monotonic()
    with pytest.raises(KeyError, match="mine"), temporary_monitoring(None, 60, default_checks=False) as monitor:
        raise KeyError("mine")
    assert time.monotonic() - began < 10
    assert not monitor.monitoring_active


def test_a_negative_duration_is_refused():
    with pytest.raises(ConfigurationError):
        temporary_monitoring(None, duration_minutes=-1)


def test_a_promise_alerts_when_its_budget_burns_and_recovers_when_it_does_not():
    from diagnostics.post_solution_monitoring import Slo

    scene = Scene()
    counts = [0.0, 0.0]
    scene.monitor.add_slo(Slo(name="orders", objective=0.999), lambda: (counts[0], counts[1]))
    scene.monitor.start_monitoring()

    def live(minutes, bad):
        for _ in range(minutes):
            counts[0] += 1000 - bad
            counts[1] += bad
            scene.monitor.step()
            scene.clock.sleep(60)
        scene.monitor.flush_alerts(5)

    live(60, 1)
    assert scene.told == []
    live(30, 50)
    (fired,) = scene.told
    assert fired.component == "slo:orders"
    assert "times what 99.9000% allows" in fired.message
    counts[:] = [0.0, 0.0]  # the service was restarted
    live(60 * 7, 0)
    assert [alert.change for alert in scene.told] == [FIRED, RESOLVED]


def test_a_promise_without_traffic_is_not_kept_but_unknown():
    from diagnostics.post_solution_monitoring import Slo

    scene = Scene()
    scene.monitor.add_slo(Slo(name="orders", objective=0.999), lambda: (0.0, 0.0))
    scene.monitor.start_monitoring()
    scene.monitor.wait(200)
    assert scene.monitor.get_current_health().overall_status is HealthStatus.UNKNOWN
