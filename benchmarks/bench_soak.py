"""Ten thousand checks on one machine, some of which hang and some raise: lateness, memory, CPU.

Bars: no check late by more than 1 s (p99), RSS flat, CPU under one core (docs/reference/monitoring.md).
``python -m benchmarks soak --minutes 10`` is the whole; without arguments it takes one minute.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from array import array
from pathlib import Path

from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory
from diagnostics.stats.trend import trend


def rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--interval", type=float, default=10.0)
    parser.add_argument("--minutes", type=float, default=1.0)
    asked, _ = parser.parse_known_args()

    # A float each: what the benchmark itself keeps must not look like a leak.
    lateness = array("f")
    looks = array("L", bytes(8 * asked.checks))
    last = array("d", bytes(8 * asked.checks))
    over = threading.Event()
    began = time.monotonic()

    def check_of(number: int):
        def note() -> None:
            now = time.monotonic()
            looks[number] += 1
            # The first look comes at once; from the second on every check has its own place in the interval.
            if looks[number] > 2:
                lateness.append(max(0.0, now - last[number] - asked.interval))
            last[number] = now

        def passes() -> bool:
            note()
            return True

        def raises() -> bool:
            note()
            raise ConnectionError("refused")

        def hangs() -> bool:
            over.wait()
            return True

        return hangs if number % 100 == 7 else raises if number % 100 == 13 else passes

    with tempfile.TemporaryDirectory() as folder:
        history = SqliteHistory(Path(folder) / "history.db")
        told: list[object] = []
        monitor = PostSolutionMonitor(history=history, default_checks=False, alert_callback=told.append)
        for number in range(asked.checks):
            monitor.add_health_check(f"check-{number:05}", check_of(number), asked.interval, timeout_seconds=5.0)
        monitor.start_monitoring()
        memory: list[tuple[float, float]] = []
        cpu_from = seconds_from = 0.0
        ends = began + asked.minutes * 60
        # The first two rounds are warm-up: threads start, alerts of what hangs and raises fire once.
        warm = began + 5 * asked.interval
        while time.monotonic() < ends:
            time.sleep(1.0)
            if time.monotonic() >= warm:
                if not memory:
                    cpu_from, seconds_from = time.process_time(), time.monotonic()
                memory.append((time.monotonic() - began, rss_mib()))
        cpu = (time.process_time() - cpu_from) / (time.monotonic() - seconds_from) if memory else float("nan")
        health = monitor.get_current_health()
        size = (Path(folder) / "history.db").stat().st_size / 2**20
        over.set()
        monitor.stop_monitoring()
        history.close()

    print("| figure | seen | bar |")
    print("|---|--:|--:|")
    print(
        f"| checks, interval, length | {asked.checks}, {asked.interval:g} s, {asked.minutes:g} min | 10,000, 10 s, 10 min |"
    )
    print(f"| looks | {sum(looks)} | |")
    if lateness:
        late = sorted(lateness)
        print(f"| late, p99 | {late[min(len(late) - 1, int(0.99 * len(late)))]:.3f} s | 1 s |")
        print(f"| late, worst | {late[-1]:.3f} s | |")
    print(f"| CPU, cores | {cpu:.2f} | 1 |")
    if len(memory) > 20:
        found = trend([at for at, _ in memory], [value for _, value in memory])
        print(f"| RSS, first and last | {memory[0][1]:.0f} and {memory[-1][1]:.0f} MiB | flat |")
        print(f"| RSS, slope | {found.slope * 60:.2f} MiB a minute [{found.low * 60:.2f}, {found.high * 60:.2f}] | |")
    print(f"| alerts told (of {2 * asked.checks // 100} checks that hang or raise) | {len(told)} | |")
    print(f"| components that are not healthy | {sum(s != 'HEALTHY' for s in health.component_status.values())} | |")
    print(f"| history on disk | {size:.0f} MiB | |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
