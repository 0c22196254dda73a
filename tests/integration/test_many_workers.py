"""Many workers, one that watches; when it dies by SIGKILL another goes on, and people are told nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.support.postgres import Postgres
from tests.receivers import Web, listening

from diagnostics.integrations import WebhookChannel
from diagnostics.model.alert import AlertRule, AlertSeverity, MonitoringAlert
from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory
from diagnostics.post_solution_monitoring.election import Election, FileElection, PostgresElection
from diagnostics.post_solution_monitoring.heartbeat import SILENT_ROUNDS, Heartbeat
from diagnostics.testing import FakeClock


@pytest.fixture(params=["file", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Election]]:
    made: list[Election] = []

    def factory() -> Election:
        if request.param == "file":
            made.append(FileElection(tmp_path / "leader"))
        else:
            server: Postgres = request.getfixturevalue("postgres")
            made.append(PostgresElection(server.url.replace("+psycopg", ""), name=str(tmp_path)))
        return made[-1]

    yield factory
    for one in made:
        one.resign()


def test_one_leads_and_another_when_it_resigns(make: Callable[[], Election]) -> None:
    first, second = make(), make()
    assert isinstance(first, Election)
    assert first.try_lead()
    assert not second.try_lead()
    assert first.try_lead()
    assert first.still_leads()
    assert not second.still_leads()
    first.resign()
    assert not first.still_leads()
    assert second.try_lead()
    assert not first.try_lead()


def test_whoever_lost_the_database_leads_no_more(postgres: Postgres, tmp_path: Path) -> None:
    import psycopg

    url = postgres.url.replace("+psycopg", "")
    first, second = PostgresElection(url, name=str(tmp_path)), PostgresElection(url, name=str(tmp_path))
    assert first.try_lead()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'diagnostics-election'"
        )
    for _ in range(100):
        if not first.still_leads():
            break
        time.sleep(0.05)
    assert not first.still_leads()
    assert second.try_lead()
    second.resign()


def test_a_database_that_is_away_elects_nobody() -> None:
    assert not PostgresElection("postgresql://nobody@127.0.0.1:1/none").try_lead()


PROGRAM = textwrap.dedent(
    """
    import os, sys, time
    from pathlib import Path
    from diagnostics.integrations import WebhookChannel
    from diagnostics.model.alert import AlertRule
    from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory, election
    election.RETRY_SECONDS = 0.1
    from diagnostics.post_solution_monitoring import monitor as module
    module.RETRY_SECONDS = 0.1

    folder, url = Path(sys.argv[1]), sys.argv[2]
    monitor = PostSolutionMonitor(
        history=SqliteHistory(folder / "history.db"), default_checks=False,
        rule=AlertRule(bad_to_fire=1, window=1, good_to_resolve=1, flap_entries=1000),
        channels=[WebhookChannel(url, "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")],
        election=election.FileElection(folder / "leader"),
    )
    def check():
        (folder / "watching").write_text(str(os.getpid()))
        return (folder / "state").read_text().strip() == "good"
    monitor.add_health_check("api", check, 0.05)
    monitor.start_monitoring()
    print("ready", flush=True)
    for line in sys.stdin:
        print(monitor.get_current_health().overall_status, monitor.is_following, flush=True)
    """
)


def started(folder: Path, url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    return process


def says(process: subprocess.Popen[str]) -> tuple[str, bool]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("?\n")
    process.stdin.flush()
    status, following = process.stdout.readline().split()
    return status, following == "True"


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    ends = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def test_the_leader_is_killed_and_another_goes_on_without_a_word_too_many(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("good")
    receiver = Web()
    with listening(receiver):
        workers = {worker.pid: worker for worker in (started(tmp_path, f"{receiver.url}/hook") for _ in range(3))}
        try:
            assert wait_for((tmp_path / "watching").exists)
            assert sorted(says(worker)[1] for worker in workers.values()) == [False, True, True]

            (tmp_path / "state").write_text("bad")
            assert wait_for(lambda: receiver.taken)
            leader = int((tmp_path / "watching").read_text())
            os.kill(leader, signal.SIGKILL)
            workers.pop(leader).wait()
            assert wait_for(lambda: (tmp_path / "watching").read_text() not in ("", str(leader)))
            # Those who follow answer from the shared history.
            assert wait_for(lambda: {says(worker)[0] for worker in workers.values()} == {"CRITICAL"})
            (tmp_path / "state").write_text("good")

            assert wait_for(lambda: len(receiver.taken) > 1)
            assert wait_for(lambda: {says(worker)[0] for worker in workers.values()} == {"HEALTHY"})
        finally:
            for worker in workers.values():
                worker.kill()
                worker.wait()
    assert [json.loads(call.body)["type"] for call in receiver.taken] == ["alert.fired", "alert.resolved"]


def test_a_monitor_that_follows_runs_no_checks_and_stops_cleanly(tmp_path: Path) -> None:
    other = FileElection(tmp_path / "leader")
    assert other.try_lead()
    ran: list[int] = []
    monitor = PostSolutionMonitor(
        history=SqliteHistory(tmp_path / "history.db"), default_checks=False, rule=AlertRule(),
        election=FileElection(tmp_path / "leader"),
    )  # fmt: skip
    monitor.add_health_check("api", lambda: ran.append(1) or True, 0.05)
    monitor.start_monitoring()
    assert monitor.is_following
    assert monitor.get_current_health().overall_status == "UNKNOWN"
    monitor.stop_monitoring()
    assert not monitor.is_following
    assert ran == []
    other.resign()


def test_whoever_takes_over_sends_what_the_leader_could_not(tmp_path: Path) -> None:
    """The leader died between keeping a notice and sending it; one that only follows must not send it, the next leader must."""
    receiver = Web()
    other = FileElection(tmp_path / "leader")
    assert other.try_lead()
    with listening(receiver):
        history = SqliteHistory(tmp_path / "history.db")
        channel = WebhookChannel(f"{receiver.url}/hook", "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")
        monitor = PostSolutionMonitor(
            history=history, default_checks=False, channels=[channel], election=FileElection(tmp_path / "leader")
        )
        monitor.start_monitoring()
        history.enqueue(
            channel.name,
            MonitoringAlert(
                timestamp="2026-01-01T00:00:00+00:00", alert_id="a", severity=AlertSeverity.CRITICAL, component="api",
                message="fails",
            ),
        )  # fmt: skip
        assert monitor.is_following
        assert receiver.taken == []

        other.resign()

        assert wait_for(lambda: receiver.taken)
        assert wait_for(lambda: not history.deliveries())
        monitor.stop_monitoring()
    assert len(receiver.taken) == 1


def test_a_heartbeat_falls_silent_when_no_result_comes_in_any_more() -> None:
    receiver, results = Web(), [0]
    with listening(receiver):
        heartbeat = Heartbeat(f"{receiver.url}/beat", 60.0, lambda: results[0], clock=FakeClock())
        for _ in range(3):
            results[0] += 1
            assert heartbeat.beat()
        beats = [heartbeat.beat() for _ in range(SILENT_ROUNDS + 2)]
        assert beats == [True] * (SILENT_ROUNDS - 1) + [False] * 3
        results[0] += 1
        assert heartbeat.beat()
    assert len(receiver.calls) == 3 + SILENT_ROUNDS - 1 + 1


def test_a_monitor_beats_while_it_watches() -> None:
    receiver = Web()
    with listening(receiver):
        monitor = PostSolutionMonitor(default_checks=False)
        monitor.add_health_check("api", lambda: True, 0.02)
        monitor.add_heartbeat(f"{receiver.url}/beat", interval_seconds=0.05)
        with monitor:
            assert wait_for(lambda: len(receiver.calls) >= 2)
