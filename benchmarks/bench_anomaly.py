"""The streaming detector on generated series: cost, false alarms, delay: ``python -m benchmarks anomaly [--seeds 10]``.

A value each five minutes for two weeks (4,032); what happens, happens from value 2,500 on. The recorded series with labels are
``python -m benchmarks.rca nab``.
"""

import argparse
import json
import statistics
import sys
import time
import tracemalloc

import numpy as np

from diagnostics.stats.anomaly import AnomalyDetector

N, EVENT, NEAR = 4032, 2500, 288
START = 1_700_000_000 // 86_400 * 86_400
AT = [float(START + 300 * i) for i in range(N)]
HOUR = np.arange(N) * 300 % 86_400 / 3600
WORK = (HOUR >= 9) & (HOUR < 18)


def working(r):
    return np.where(WORK, 80.0, 20.0) + r.normal(0, 2, N)


def autoregressive(r, rho):
    noise, x = r.normal(0, 1, N), np.zeros(N)
    for i in range(1, N):
        x[i] = rho * x[i - 1] + noise[i]
    return x


#: Nothing happens in these.
CALM = {
    "white noise": lambda r: r.normal(100, 5, N),
    "heavy tails (Cauchy)": lambda r: r.standard_cauchy(N),
    "counts (Poisson, mean 2)": lambda r: r.poisson(2, N).astype(float),
    "autocorrelated, rho 0.95": lambda r: autoregressive(r, 0.95),
    "random walk": lambda r: np.cumsum(r.normal(0, 1, N)),
    "working hours": working,
    "daily wave": lambda r: 50 + 20 * np.sin(2 * np.pi * HOUR / 24) + r.normal(0, 2, N),
    "steady growth": lambda r: np.arange(N) * 0.01 + r.normal(0, 1, N),
    "flat line": lambda r: np.full(N, 45.0),
}


def changed(base, change):
    def make(r):
        x = base(r)
        x[EVENT:] = change(x, r)[EVENT:]
        return x

    return make


white = CALM["white noise"]
day_of_event = np.arange(N) // 288 == EVENT // 288 + 1
#: Name: (series, first value of the event).
SICK = {
    "spike of 10 sigmas": (changed(white, lambda x, r: np.where(np.arange(N) == EVENT, x + 50, x)), EVENT),
    "step of 3 sigmas": (changed(white, lambda x, r: x + 15), EVENT),
    "noise three times as wide": (changed(white, lambda x, r: 100 + 3 * (x - 100)), EVENT),
    "stuck at its last value": (changed(white, lambda x, r: np.full(N, x[EVENT - 1])), EVENT),
    "spikes eight times as often": (
        lambda r: np.where(
            r.random(N) < np.where(np.arange(N) >= EVENT, 0.08, 0.01), r.uniform(1, 3, N), r.exponential(0.05, N)
        ),
        EVENT,
    ),
    "slow drift, a sigma a day": (
        changed(white, lambda x, r: x + np.maximum(0, np.arange(N) - EVENT) * 5 / 288),
        EVENT,
    ),
    "no work on a working day": (
        changed(working, lambda x, r: np.where(WORK & day_of_event, 20 + r.normal(0, 2, N), x)),
        int(np.flatnonzero(WORK & day_of_event)[0]),
    ),
    "half of the work": (
        changed(working, lambda x, r: np.where(WORK & day_of_event, x - 30, x)),
        int(np.flatnonzero(WORK & day_of_event)[0]),
    ),
    "work at night": (
        changed(working, lambda x, r: np.where(day_of_event & (HOUR >= 1) & (HOUR < 4), 80 + r.normal(0, 2, N), x)),
        int(np.flatnonzero(day_of_event & (HOUR >= 1))[0]),
    ),
}


def alarms(x) -> list[int]:
    detector = AnomalyDetector()
    return [i for i, (value, at) in enumerate(zip(x.tolist(), AT, strict=True)) if detector.update(value, at).alarm]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    x = working(np.random.default_rng(0)).tolist()
    rounds = []
    for _ in range(5):
        detector = AnomalyDetector()
        start = time.thread_time()
        for value, at in zip(x, AT, strict=True):
            detector.update(value, at)
        rounds.append((time.thread_time() - start) / N)
    tracemalloc.start()
    detector = AnomalyDetector()
    for turn in range(3):
        for value, at in zip(x, AT, strict=True):
            detector.update(value, at + turn * N * 300)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"{statistics.median(rounds) * 1e6:.1f} µs a value, {size / 1000:.0f} kB a series after {3 * N:,} values, ",
        end="",
    )
    print(f"{len(json.dumps(detector.state())) / 1000:.0f} kB as JSON\n")
    print(f"| nothing happens | false alarms in two weeks, mean of {given.seeds} | at most |\n|---|--:|--:|")
    for name, make in CALM.items():
        counts = [len(alarms(make(np.random.default_rng(seed)))) for seed in range(given.seeds)]
        print(f"| {name} | {statistics.mean(counts):.1f} | {max(counts)} |", flush=True)
    print("\n| what happens | found within a day | after so many values, median | longest |\n|---|--:|--:|--:|")
    for name, (make, event) in SICK.items():
        delays = []
        for seed in range(given.seeds):
            after = [i - event for i in alarms(make(np.random.default_rng(seed))) if event <= i < event + NEAR]
            delays += after[:1]
        shown = f"{statistics.median(delays):.0f} | {max(delays)}" if delays else " | "
        print(f"| {name} | {len(delays)} of {given.seeds} | {shown} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
