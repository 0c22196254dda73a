"""No notice is lost: not when the receiver is away, not when the monitor is killed; none comes twice unmarked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.receivers import Web, listening

from diagnostics.errors import DeliveryError
from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
from diagnostics.post_solution_monitoring import MemoryHistory, SqliteHistory
from diagnostics.post_solution_monitoring.alerts.delivery import CallbackChannel, Outbox
from diagnostics.runtime.deadline import DeadlinePool
from diagnostics.testing import FakeClock

FIRED = MonitoringAlert(
    timestamp="2026-01-01T00:00:00+00:00",
    alert_id="a",
    severity=AlertSeverity.CRITICAL,
    component="api",
    message="fails",
)
RESOLVED = replace(FIRED, resolved=True, change=AlertChange.RESOLVED)


class Pager:
    """A receiver that answers as it is told."""

    name = "pager"

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.got: list[MonitoringAlert] = []
        self.tries = 0

    def send(self, alert: MonitoringAlert, /) -> None:
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.got.append(alert)


@pytest.fixture
def pool() -> DeadlinePool:
    return DeadlinePool(max_workers=8)


def test_a_receiver_that_is_away_for_a_while_gets_everything_in_order(pool: DeadlinePool) -> None:
    pager, clock, history = Pager(*[OSError("refused")] * 6), FakeClock(), MemoryHistory()
    box = Outbox(pager, pool, clock=clock, history=history)
    box.put(FIRED)
    box.put(RESOLVED)
    assert box.wait_empty(10)
    assert [alert.change for alert in pager.got] == [AlertChange.FIRED, AlertChange.RESOLVED]
    assert (box.delivered, box.failed) == (2, 0)
    assert history.deliveries() == []


def test_what_a_receiver_will_never_take_is_kept_as_a_dead_letter_and_holds_up_nothing(pool: DeadlinePool) -> None:
    pager, history = Pager(DeliveryError("HTTP 400", retryable=False)), MemoryHistory()
    box = Outbox(pager, pool, clock=FakeClock(), history=history)
    box.put(FIRED)
    box.put(RESOLVED)
    assert box.wait_empty(10)
    assert pager.got == [RESOLVED]
    (dead,) = history.deliveries(dead=True)
    assert (dead.alert, dead.attempts) == (FIRED, 1)
    assert "HTTP 400" in dead.error


def test_a_receiver_that_asks_for_patience_gets_it(pool: DeadlinePool) -> None:
    pager, clock = Pager(DeliveryError("429", retry_after=42.0)), FakeClock()
    box = Outbox(pager, pool, clock=clock, history=MemoryHistory())
    box.put(FIRED)
    assert box.wait_empty(10)
    assert clock.sleeps == [42.0]
    assert pager.got == [FIRED]


def test_a_storm_is_told_at_the_receiver_s_pace_and_whole(pool: DeadlinePool) -> None:
    pager, clock = Pager(), FakeClock()
    box = Outbox(pager, pool, clock=clock, history=MemoryHistory(), per_minute=10)
    for number in range(35):
        box.put(replace(FIRED, alert_id=str(number)))
    assert box.wait_empty(10)
    assert [alert.alert_id for alert in pager.got] == [str(number) for number in range(35)]
    assert 120 <= sum(clock.sleeps) <= 180


def test_a_receiver_that_hangs_is_left_and_tried_again(pool: DeadlinePool, monkeypatch: pytest.MonkeyPatch) -> None:
    from diagnostics.post_solution_monitoring.alerts import delivery

    monkeypatch.setattr(delivery, "SEND_SECONDS", 0.05)
    hanging = threading.Event()
    first = threading.Event()

    class Hangs(Pager):
        def send(self, alert: MonitoringAlert, /) -> None:
            if not first.is_set():
                first.set()
                hanging.wait(10)
            super().send(alert)

    pager = Hangs()
    box = Outbox(pager, pool, clock=FakeClock(), history=MemoryHistory())
    box.put(FIRED)
    assert box.wait_empty(10)
    assert box.delivered == 1
    hanging.set()


def test_a_function_of_the_user_is_called_once_and_never_again_after_a_restart(
    pool: DeadlinePool, tmp_path: Path
) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    calls: list[MonitoringAlert] = []

    def fails(alert: MonitoringAlert) -> None:
        calls.append(alert)
        raise OSError

    Outbox(CallbackChannel(fails), pool, clock=FakeClock(), history=history).put(FIRED)
    again = Outbox(CallbackChannel(fails), pool, clock=FakeClock(), history=history)
    again.resume()
    again.wait_empty(10)
    for _ in range(100):
        if calls:
            break
        time.sleep(0.01)
    assert len(calls) == 1
    assert history.deliveries() == history.deliveries(dead=True) == []


def test_after_a_restart_what_was_on_its_way_is_sent_first(pool: DeadlinePool, tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    history.enqueue("pager", FIRED)
    history.close()
    pager = Pager()
    box = Outbox(pager, pool, clock=FakeClock(), history=SqliteHistory(tmp_path / "history.db"))
    box.resume()
    box.put(RESOLVED)
    box.resume()
    assert box.wait_empty(10)
    assert pager.got == [FIRED, RESOLVED]


PROGRAM = textwrap.dedent(
    """
    import sys, time
    from diagnostics.integrations import WebhookChannel
    from diagnostics.model.alert import AlertRule
    from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory

    folder, url = sys.argv[1:]
    channel = WebhookChannel(url, "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")
    rule = AlertRule(bad_to_fire=1, window=1, good_to_resolve=1, flap_entries=1000)
    monitor = PostSolutionMonitor(
        history=SqliteHistory(folder + "/history.db"), default_checks=False, rule=rule, channels=[channel]
    )
    def check():
        with open(folder + "/state") as file:
            return file.read().strip() == "good"
    monitor.add_health_check("api", check, 0.05)
    monitor.start_monitoring()
    print("watching", flush=True)
    while True:
        time.sleep(60)
    """
)


def started(tmp_path: Path, url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "watching"
    return process


def settled(receiver: Web, wanted: list[str]) -> list[str]:
    """Wait until the changes in the order of their first coming are these; return them."""
    ends = time.monotonic() + 30
    while True:
        seen: dict[str, str] = {}
        for call in list(receiver.taken):
            seen.setdefault(call.headers["webhook-id"], json.loads(call.body)["type"])
        if list(seen.values()) == wanted or time.monotonic() > ends:
            return list(seen.values())
        time.sleep(0.05)


def test_kills_of_monitor_and_receiver_lose_nothing_and_repeat_nothing_unmarked(tmp_path: Path) -> None:
    """Everything dies in turn while the service goes down and up; each change is told, repetitions bear the same id."""
    state = tmp_path / "state"
    receiver = Web()
    wanted: list[str] = []
    with listening(receiver):
        state.write_text("good")
        for round_ in range(4):
            process = started(tmp_path, f"{receiver.url}/hook")
            # The line is cut before or after the receiver took the notice: the sender cannot know which.
            receiver.first = ["drop", "drop-after"] if round_ % 2 else ["drop-after"]
            state.write_text("bad" if round_ % 2 == 0 else "good")
            wanted.append("alert.fired" if round_ % 2 == 0 else "alert.resolved")
            ends = time.monotonic() + 20
            while len(receiver.calls) <= round_ and time.monotonic() < ends:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = started(tmp_path, f"{receiver.url}/hook")
        try:
            assert settled(receiver, wanted) == wanted
            # Taken by the receiver is not yet noted by the sender: that takes it a moment, which a kill must not cut.
            history: Any = SqliteHistory(tmp_path / "history.db")
            ends = time.monotonic() + 20
            while history.deliveries() and time.monotonic() < ends:
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
    assert history.deliveries() == []
    assert history.deliveries(dead=True) == []
