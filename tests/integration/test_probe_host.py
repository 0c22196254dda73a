"""The host probe on this host."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.model.observation import Reading
from diagnostics.runtime import host
from diagnostics.system_monitor import SystemMetrics, SystemMonitor
from diagnostics.system_monitor.host import TrendsUnavailable, trend_of
from diagnostics.system_monitor.probes.host import HostProbe, disk_readings
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.runner import look
from diagnostics.testing.clock import FakeClock

pytestmark = pytest.mark.alone

ALWAYS = {
    "host.cpu.count", "host.cpu.utilization", "host.cpu.iowait", "host.cpu.steal", "host.load.per_cpu", "host.cpu.runnable",
    "host.memory.total", "host.memory.available", "host.swap.used", "host.swap.rate", "host.disk.free_ratio",
    "host.disk.free_bytes", "host.disk.read_only", "host.network.sockets", "host.network.retransmit_rate",
    "host.network.listen_overflow_rate", "host.network.ephemeral_ports_used_ratio",
}  # fmt: skip


def test_every_promised_reading_is_there(tmp_path: Path) -> None:
    seen = look([HostProbe(window_seconds=0.5, logs=(str(tmp_path / "a.log"),))])

    assert seen.names() >= ALWAYS
    assert not seen.all_failures()
    assert all(0 <= r.value <= 1 for r in seen if isinstance(r, Reading) and r.name.endswith(("ratio", "utilization")))
    assert any("log" in r.labels["used_by"] for r in seen.readings("host.disk.free_ratio"))


def test_whoever_takes_the_cpu_is_named_and_told_apart() -> None:
    burning = [sys.executable, "-c", "while True: pass"]
    ours, theirs = subprocess.Popen(burning), subprocess.Popen(burning)
    try:
        seen = look([HostProbe(pids=(ours.pid,), window_seconds=1.0)])
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()

    by_pid = {r.labels["pid"]: r for r in seen.readings("host.process.cpu")}
    assert by_pid[str(ours.pid)].labels["ours"] == "true"
    assert by_pid[str(theirs.pid)].labels["ours"] == "false"
    assert "while True" in by_pid[str(theirs.pid)].labels["command"]
    assert str(os.getpid()) not in by_pid
    assert seen.value("host.cpu.utilization") > 0.5
    assert seen.value("host.cpu.runnable") >= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_full_disk_is_seen_where_the_application_writes(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (folder / "big").write_bytes(b"x" * 1_000_000)

        seen = look([HostProbe(paths=(str(folder),), window_seconds=0.2)])
    finally:
        subprocess.run(["umount", str(folder)], check=True)

    (free,) = [r for r in seen.readings("host.disk.free_ratio") if r.labels["mount"] == str(folder)]
    assert free.value < 0.1
    assert free.labels["used_by"] == "app"


def test_a_path_that_does_not_exist_yet_is_on_the_disk_above_it(tmp_path: Path) -> None:
    uses = [(str(tmp_path / "not" / "there"), "app")]

    seen = list(disk_readings(uses, host.mounts(), Notes(datetime.now(UTC))))

    assert seen
    assert seen[0].labels["used_by"] == "app"


def test_a_sample_of_the_kernel_is_cheap() -> None:
    before = os.times()
    for _ in range(20):
        host.cpu_times(), host.meminfo(), host.vmstat(), host.network_counters()
    after = os.times()

    assert after.user + after.system - before.user - before.system < 0.4


def test_the_monitor_gives_ten_numbers() -> None:
    metrics = SystemMonitor().get_current_metrics()

    assert isinstance(metrics, SystemMetrics)
    assert 0 <= metrics["cpu_percent"] <= 100
    assert 0 < metrics.memory_used_gb < metrics.memory_total_gb
    assert metrics.process_count > 0
    assert set(metrics.to_dict()) == {
        "timestamp", "cpu_percent", "memory_percent", "memory_used_gb", "memory_total_gb", "disk_percent", "disk_free_gb",
        "network_connections", "process_count", "load_average",
    }  # fmt: skip


def test_one_sample_has_no_trend() -> None:
    monitor = SystemMonitor(clock=FakeClock())

    assert isinstance(monitor.analyze_performance_trends(), TrendsUnavailable)
    monitor.get_current_metrics()
    assert "error" in monitor.analyze_performance_trends()


def test_samples_older_than_the_period_are_left_out() -> None:
    clock = FakeClock()
    monitor = SystemMonitor(clock=clock)
    monitor.get_current_metrics()
    monitor.get_current_metrics()
    clock.advance(3600)
    monitor.get_current_metrics()
    monitor.get_current_metrics()

    assert monitor.analyze_performance_trends(minutes=10)["sample_count"] == 2


@pytest.mark.parametrize(
    ("values", "direction"),
    [
        ([10, 20, 30, 40, 50, 60], "increasing"),
        ([60, 50, 40, 30, 20, 10], "decreasing"),
        ([50, 51, 50, 52, 50, 51, 50], "stable"),
        ([50, 50.1, 50.2, 50.3, 50.4, 50.5, 50.6], "stable"),
        ([10, 90], "unknown"),
    ],
)
def test_a_trend_is_more_than_chance_and_large_enough_to_matter(values: list[float], direction: str) -> None:
    assert trend_of(values).trend == direction


def test_the_summary_is_written_where_the_caller_wants_it() -> None:
    class Lines:
        def __init__(self) -> None:
            self.said: list[str] = []

        def info(self, message: str, *args: object) -> None:
            self.said.append(message % args)

        warning = info

    lines = Lines()

    SystemMonitor(lines).log_performance_summary()

    assert "cpu_percent=" in lines.said[0]
