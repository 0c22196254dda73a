"""Ranking many series by change, beside numpy and polars: ``python -m benchmarks scan [--series 10000] [--rounds 5]``.

Each case runs in an interpreter of its own, the rounds interleaved; CPU time of the process, median of the rounds, as a ratio to
``numpy.percentile``. 20 of the series step at two thirds of the day; the last column says how many of them come first.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np

POINTS, CHANGED = 1440, 20
SPLIT = POINTS * 2 // 3


def make(n: int) -> tuple[np.ndarray, set[int]]:
    """Series by time: a daily wave, noise, some rounded; 20 are raised by 60 interquartile ranges after the split."""
    r = np.random.default_rng(1)
    t = np.arange(POINTS)
    x = r.uniform(10, 1000, n)[:, None] * (1 + 0.05 * np.sin(2 * np.pi * t / POINTS + r.uniform(0, 6, n)[:, None]))
    x += r.normal(0, 1, (n, POINTS)) * r.uniform(0.5, 20, n)[:, None]
    x[::17] = np.round(x[::17])
    bad = r.choice(n, CHANGED, replace=False)
    x[bad, SPLIT:] += 60 * np.subtract(*np.percentile(x[bad, :SPLIT], [75, 25], axis=1))[:, None]
    return x, set(bad.tolist())


def first(order) -> set[int]:
    return {int(i) for i in order[:CHANGED]}


def numpy_percentile(x):
    def run():
        low, middle, high = np.percentile(x[:, :SPLIT], [25, 50, 75], axis=1)
        return first(np.argsort(-(x[:, SPLIT:].max(axis=1) - middle) / np.maximum(high - low, 1e-12), kind="stable"))

    return run


def polars_quantile(x):
    import polars as pl

    frame = pl.DataFrame({f"m{i}": row for i, row in enumerate(x)})

    def run():
        before, every = frame[:SPLIT], pl.all()
        low, middle, high = (before.select(every.quantile(q)).to_numpy()[0] for q in (0.25, 0.5, 0.75))
        far = frame[SPLIT:].select(every.max()).to_numpy()[0]
        return first(np.argsort(-(far - middle) / np.maximum(high - low, 1e-12), kind="stable"))

    return run


def ours(x):
    from diagnostics.stats.scan import changes

    return lambda: first(changes(x, SPLIT).ranking())


def ours_float32(x):
    return ours(x.astype(np.float32))


def ours_onsets(x):
    from diagnostics.stats.scan import onsets

    return lambda: first(np.argsort(-onsets(x).score, kind="stable"))


def ours_onsets_float32(x):
    return ours_onsets(x.astype(np.float32))


def ours_sketches(x):
    from diagnostics.stats.scan import Sketches

    sketches = Sketches(len(x))
    columns = np.ascontiguousarray(x.T)
    for column in columns[:SPLIT]:
        sketches.update(column)
    sketches.mark()
    for column in columns[SPLIT:]:
        sketches.update(column)

    def run():
        sketches._normal = None  # Each round reads the sample anew.
        return first(sketches.changes().ranking())

    return run


def read_once(x):
    y = x.astype(np.float32)
    return lambda: y.max(axis=1) is None


CASES = {
    "numpy percentile": numpy_percentile,
    "polars quantile": polars_quantile,
    "ours, changes, float64": ours,
    "ours, changes, float32": ours_float32,
    "ours, onsets, float64": ours_onsets,
    "ours, onsets, float32": ours_onsets_float32,
    "ours, from sketches": ours_sketches,
    "floor: read once, float32": read_once,
}


def child(name: str, n: int) -> None:
    """One round: CPU seconds of the second of two runs."""
    x, bad = make(n)
    try:
        run = CASES[name](x)
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}))
        return
    run()
    start = time.process_time()
    found = run()
    print(json.dumps({"cpu": time.process_time() - start, "found": len(found & bad) if found else None}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child")
    given = parser.parse_args()
    if given.child:
        child(given.child, given.series)
        return 0
    rounds: dict[str, list[dict]] = {name: [] for name in CASES}
    for _ in range(given.rounds):
        for name, results in rounds.items():
            command = [sys.executable, "-m", "benchmarks.bench_scan", "--child", name, "--series", str(given.series)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            results.append(json.loads(answer))
    print(
        f"{given.series} series of {POINTS} values, {CHANGED} changed; numpy {version('numpy')}, {given.rounds} rounds\n"
    )
    print(f"| case | CPU ms | share of numpy percentile | changed ones in the first {CHANGED} |\n|---|--:|--:|--:|")
    whole = statistics.median(r["cpu"] for r in rounds["numpy percentile"])
    for name, results in rounds.items():
        if "missing" in results[0]:
            print(f"| {name} | not installed | | |")
            continue
        cpu = statistics.median(r["cpu"] for r in results)
        found = results[0]["found"]
        print(f"| {name} | {cpu * 1e3:.1f} | {cpu / whole:.3f} | {'' if found is None else found} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
