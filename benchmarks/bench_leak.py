"""How often the leak verdict is right: simulated memory of known shape, an hour at one sample in six seconds.

``python -m benchmarks leak [--runs 200]``

Levels, noise (0.05 to 0.6 %), growth (5 to 100 % an hour), teeth (4 to 60, regular or not), time constants and steps are drawn
at random, with a fixed seed. Beside it the two usual rules: the slope of a least-squares line with p < 0.01, and *the last
quarter is 5 % above the first*. Exit code 1 when more than 3 % of the healthy shapes are called a leak, or fewer than 80 %
of the leaks are found.
"""

import argparse
import collections
import math
import random
import sys

import numpy as np
from scipy import stats

from diagnostics.stats.leak import leak

SPAN = 3600.0
POINTS = 600
HEALTHY = ["flat", "saw", "warm-up", "warm-up saw", "slow warm-up", "step", "wave", "hump", "stairs"]
LEAKS = ["leak", "leak saw", "leak warm-up", "leak warm-up saw", "leak step", "leak wave"]
UNKNOWABLE = ["random walk"]


def simulate(kind: str, rng: random.Random) -> tuple[list[float], list[float]]:
    base = rng.uniform(80, 800) * 2**20
    noise = rng.choice([0.0005, 0.002, 0.006]) * base
    rate = rng.uniform(0.05, 1.0) * base / SPAN if "leak" in kind else 0.0
    amplitude, period, irregular = rng.uniform(0.05, 0.4) * base, SPAN / rng.uniform(4, 60), rng.choice([0, 0.3])
    tau = SPAN * rng.uniform(0.01, 0.5 if "slow" in kind else 0.2)
    size, place, phase = rng.uniform(0.1, 0.8) * base, SPAN * rng.uniform(0.15, 0.85), rng.random()
    edges = [0.0]
    while edges[-1] < SPAN:
        edges.append(edges[-1] + period * rng.uniform(1 - irregular, 1 + irregular))
    steps = sorted(rng.uniform(0, SPAN) for _ in range(rng.randint(2, 4)))
    walked, tooth = 0.0, 0
    times = [SPAN * n / (POINTS - 1) for n in range(POINTS)]
    values = []
    for x in times:
        value = base + rate * x + rng.gauss(0, noise)
        if "saw" in kind:
            while edges[tooth + 1] < x:
                tooth += 1
            value += amplitude * (x - edges[tooth]) / (edges[tooth + 1] - edges[tooth])
        if "warm-up" in kind:
            value += size * (1 - math.exp(-x / tau))
        if "step" in kind:
            value += size * (x > place)
        if "wave" in kind:
            value += amplitude * math.sin(2 * math.pi * (x / period + phase))
        if "hump" in kind:
            value += size * math.exp(-(((x - place) / (SPAN * 0.08)) ** 2))
        if "stairs" in kind:
            value += size * sum(x > step for step in steps) / len(steps)
        if "walk" in kind:
            walked += rng.gauss(0, 0.004 * base)
            value += walked
        values.append(value)
    return times, values


def least_squares(times: list[float], values: list[float]) -> bool:
    line = stats.linregress(times, values)
    return bool(line.slope > 0 and line.pvalue < 0.01)


def quarters(times: list[float], values: list[float]) -> bool:
    part = len(values) // 4
    return bool(np.mean(values[-part:]) > 1.05 * np.mean(values[:part]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    called: dict[str, collections.Counter] = {}
    for kind in (*HEALTHY, *LEAKS, *UNKNOWABLE):
        rng = random.Random(kind)
        called[kind] = counts = collections.Counter()
        for _ in range(runs):
            times, values = simulate(kind, rng)
            counts[leak(times, values).growth.value] += 1
            counts["least squares"] += least_squares(times, values)
            counts["quarters"] += quarters(times, values)
    print(f"{runs} series of each shape; % of them.\n")
    print(
        "| shape | leak | settling | stepped | stable | unknown | least squares says leak | last quarter 5 % above first |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    names = ["leak", "settling", "stepped", "stable", "unknown", "least squares", "quarters"]
    for kind, counts in called.items():
        print(f"| {kind} | " + " | ".join(f"{100 * counts[name] / runs:.1f}" for name in names) + " |")

    def share(kinds: list[str], name: str) -> float:
        return 100 * sum(called[kind][name] for kind in kinds) / (runs * len(kinds))

    for name, shown in (("leak", "ours"), ("least squares", "least squares"), ("quarters", "quarters")):
        print(f"\n{shown}: false alarms {share(HEALTHY, name):.1f} %, leaks found {share(LEAKS, name):.1f} %.", end="")
    kept = share(HEALTHY, "leak") <= 3 and share(LEAKS, "leak") >= 80
    print(f"\n\nBar: at most 3 % false, at least 80 % found: {'kept' if kept else 'MISSED'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
