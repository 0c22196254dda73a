"""Do the tests keep their promises? False alarms, coverage and power by simulation: ``python -m benchmarks simulate``.

Noise is a first-order autoregression (rho 0, 0.5, 0.9) under marginals that telemetry has: normal, Student's t with
three degrees of freedom, lognormal, Pareto with infinite variance, two modes that take turns (``regime``), and two
modes thrown for each value on top of the autoregression (``bimodal``). Nothing ever changes, so that each "worse" or
"better" is a false alarm. Every cell has a seed of its own; intervals are Wilson's (95 %).
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from scipy import signal, special, stats

from diagnostics.stats import sequential
from diagnostics.stats.changepoint import step_in_mean, step_in_rate
from diagnostics.stats.comparison import compare
from diagnostics.stats.proportions import difference, wilson
from diagnostics.stats.samples import latency_ratio, mean_shift, median_shift, rank_test
from diagnostics.stats.sequential import Direction
from diagnostics.stats.trend import trend
from diagnostics.stats.verdicts import together

SEED = 20261125
RHOS = (0.0, 0.5, 0.9)
Rng = np.random.Generator
Alarm = Callable[[Rng, str, float], bool]


def autoregression(rng: Rng, rho: float, n: int) -> np.ndarray:
    """Return a stationary AR(1) with unit variance."""
    noise = rng.normal(size=n) * math.sqrt(1.0 - rho * rho)
    noise[0] /= math.sqrt(1.0 - rho * rho)
    return signal.lfilter([1.0], [1.0, -rho], noise)


def _upper(z: np.ndarray) -> np.ndarray:
    return np.maximum(special.ndtr(-z), 1e-300)


NOISE: dict[str, Callable[[Rng, np.ndarray], np.ndarray]] = {
    "normal": lambda rng, z: z,
    "t3": lambda rng, z: special.stdtrit(3, special.ndtr(z)),
    "lognormal": lambda rng, z: np.exp(z),
    "pareto": lambda rng, z: _upper(z) ** (-1.0 / 1.5),
    "regime": lambda rng, z: 0.2 * z + np.where(z > 0.5, 5.0, 1.0),
    "bimodal": lambda rng, z: z + 5.0 * (rng.random(len(z)) < 0.4),
}
COUNTS: dict[str, Callable[[Rng, np.ndarray], np.ndarray]] = {
    "poisson 5": lambda rng, z: stats.poisson.ppf(special.ndtr(z), 5.0),
    "poisson 0.5": lambda rng, z: stats.poisson.ppf(special.ndtr(z), 0.5),
    "bursts": lambda rng, z: stats.nbinom.ppf(special.ndtr(z), 2, 2 / 7),
    "two modes": lambda rng, z: rng.poisson(np.where(z > 0.5, 12.0, 2.0)),
}


def values(rng: Rng, noise: str, rho: float, n: int) -> list[float]:
    """Return noise in which nothing changes."""
    return NOISE[noise](rng, autoregression(rng, rho, n)).tolist()


def counts(rng: Rng, noise: str, rho: float, n: int) -> list[int]:
    """Return counts whose rate never changes."""
    return [int(k) for k in COUNTS[noise](rng, autoregression(rng, rho, n))]


def outcomes(rng: Rng, rho: float, n: int, rate: float, share: float = 0.5) -> list[bool]:
    """Return outcomes that come in bursts: an autoregression (``share`` of the variance) and noise, over a limit."""
    latent = math.sqrt(share) * autoregression(rng, rho, n) + math.sqrt(1.0 - share) * rng.normal(size=n)
    return (latent > -special.ndtri(rate)).tolist()


def positive(series: Sequence[float]) -> list[float]:
    """Return latencies whose logarithms are the series."""
    return np.exp(np.clip(np.array(series) * 0.5, -300, 300)).tolist()


def alarmed(direction: Direction) -> bool:
    """Whether a verdict says that something changed."""
    return direction in (Direction.WORSE, Direction.BETTER)


# Tests of one look: 150 values before, 200 after.
N, M = 150, 200


def _pair(test: Callable[[list[float], list[float]], bool]) -> Alarm:
    def run(rng: Rng, noise: str, rho: float) -> bool:
        series = values(rng, noise, rho, N + M)
        return test(series[:N], series[N:])

    return run


ONCE: dict[str, Alarm] = {
    "rank_test": _pair(lambda a, b: rank_test(a, b).p_value < 0.05),
    "median_shift": _pair(lambda a, b: not (s := median_shift(a, b)).low <= 0.0 <= s.high),
    "mean_shift": _pair(lambda a, b: mean_shift(a, b).p_value < 0.05),
    "latency_ratio": _pair(lambda a, b: latency_ratio(positive(a), positive(b)).p_value < 0.05),
    "trend": _pair(lambda a, b: trend(range(N + M), a + b).p_value < 0.05),
    "step_in_mean": _pair(lambda a, b: step_in_mean(a + b) is not None),
    "compare gauge": _pair(lambda a, b: alarmed(compare(a, b, kind="gauge").verdict)),
    "compare latency": _pair(lambda a, b: alarmed(compare(positive(a), positive(b), kind="latency").verdict)),
    "compare tail": _pair(lambda a, b: alarmed(compare(a, b, kind="tail").verdict)),
}


def _count_pair(test: Callable[[list[int], list[int]], bool]) -> Alarm:
    def run(rng: Rng, noise: str, rho: float) -> bool:
        series = counts(rng, noise, rho, N + M)
        return test(series[:N], series[N:])

    return run


ONCE_COUNTS: dict[str, Alarm] = {
    "compare count": _count_pair(lambda a, b: alarmed(compare(a, b, kind="count").verdict)),
    "step_in_rate": _count_pair(lambda a, b: step_in_rate([*a, *b]) is not None),
}


def _bursty_rate(rng: Rng, noise: str, rho: float) -> bool:
    seen = outcomes(rng, rho, 5000, 0.02 if noise == "rare" else 0.3)
    return alarmed(compare(seen[:2000], seen[2000:], kind="rate").verdict)


# Tests that are read after each of 1,000 buckets; 100 before.
BASE, LOOKS = 100, 1000


def _watched(kind: str) -> Alarm:
    def run(rng: Rng, noise: str, rho: float) -> bool:
        series = values(rng, noise, rho, BASE + LOOKS)
        if kind == "latency":
            series = positive(series)
        found = compare(series[:BASE], series[BASE:], kind=kind, horizon=LOOKS, smallest_effect=0.3)
        return alarmed(found.verdict)

    return run


def _in_sequence(rng: Rng, noise: str, rho: float) -> bool:
    series = values(rng, noise, rho, BASE + LOOKS)
    return alarmed(sequential.compare(series[:BASE], series[BASE:], horizon=LOOKS, smallest_effect=0.5).direction)


WATCHED: dict[str, Alarm] = {
    "sequential.compare": _in_sequence,
    "compare gauge, watched": _watched("gauge"),
    "compare latency, watched": _watched("latency"),
}


def _watched_counts(rng: Rng, noise: str, rho: float) -> bool:
    series = counts(rng, noise, rho, BASE + LOOKS)
    return alarmed(compare(series[:BASE], series[BASE:], kind="count", horizon=LOOKS, smallest_effect=0.3).verdict)


def _watched_rate(rng: Rng, noise: str, rho: float) -> bool:
    """Buckets of 20 outcomes: 1,000 looks at 20,000 outcomes, 2,000 before."""
    seen = outcomes(rng, rho, 22_000, 0.05 if noise == "rare" else 0.3)
    return alarmed(compare(seen[:2000], seen[2000:], kind="rate", horizon=20_000, smallest_effect=0.02).verdict)


def _interval_of_a_watched_rate(rng: Rng, noise: str, rho: float) -> bool:
    """The truth leaves the confidence sequence at any of 1,000 looks (independent outcomes)."""
    rate = 0.05 if noise == "rare" else 0.3
    hits = np.cumsum(rng.random(LOOKS) < rate)
    # Once left is left: it is enough to look where the rate is farthest out, by the exact ratio to the truth.
    n = np.arange(1, LOOKS + 1)
    ratio = (
        special.betaln(0.5 + hits, 0.5 + n - hits) - special.betaln(0.5, 0.5) - special.xlogy(hits, rate)
    ) - special.xlog1py(n - hits, -rate)
    at = int(np.argmax(ratio))
    r = sequential.watched_rate(int(hits[at]), int(n[at]))
    return not r.low <= rate <= r.high


def _independent_rates(rng: Rng, noise: str, rho: float) -> bool:
    rate = 0.02 if noise == "rare" else 0.3
    return difference(int(rng.binomial(400, rate)), 400, int(rng.binomial(600, rate)), 600).p_value < 0.05


def _six_together(rng: Rng, noise: str, rho: float) -> bool:
    """Six metrics of one service, half of their variance shared: any false alarm after Holm's correction."""
    shared = autoregression(rng, rho, N + M)
    found = []
    for _ in range(6):
        mixed = math.sqrt(0.5) * shared + math.sqrt(0.5) * autoregression(rng, rho, N + M)
        series = NOISE[noise](rng, mixed).tolist()
        found.append(compare(series[:N], series[N:], kind="gauge"))
    return bool(together(found).changed)


def _not_worse(rng: Rng, noise: str, rho: float) -> bool:
    """The truth is worse by exactly what matters; "not worse" would be wrong."""
    series = values(rng, noise, rho, N + M)
    after = [v + 0.5 for v in series[N:]]
    return compare(series[:N], after, kind="gauge", smallest_effect=0.5).verdict is Direction.NOT_WORSE


def share(alarm: Alarm, name: str, noise: str, rho: float, runs: int) -> tuple[int, int]:
    """Return how often there was an alarm, and the number of runs; the seed is that of the cell."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{name}/{noise}/{rho}".encode())])
    return sum(alarm(rng, noise, rho) for _ in range(runs)), runs


def shown(hits: int, runs: int) -> str:
    """Return a share in percent with Wilson's interval."""
    r = wilson(hits, runs)
    return f"{100 * r.rate:.1f} ({100 * r.low:.1f}-{100 * r.high:.1f})"


def table(tests: dict[str, Alarm], noises: Sequence[str], runs: int, rhos: Sequence[float] = RHOS) -> list[str]:
    """Print one row a test and rho; return the cells whose whole interval lies above 5 %."""
    print("| test | rho | " + " | ".join(noises) + " |\n|---|--:|" + "--:|" * len(noises))
    broken = []
    for name, alarm in tests.items():
        for rho in rhos:
            cells = []
            for noise in noises:
                hits, n = share(alarm, name, noise, rho, runs)
                cells.append(shown(hits, n))
                if wilson(hits, n).low > 0.05:
                    broken.append(f"{name}, {noise}, rho {rho}")
            print(f"| {name} | {rho:g} | " + " | ".join(cells) + " |", flush=True)
    print()
    return broken


# Power: 3,000 requests before, 6,000 after, buckets of 50; logarithms vary with a standard deviation of 0.5.
BEFORE, AFTER, DEVIATION = 3000, 6000, 0.5


def _slower(rng: Rng, rho: float, change: float) -> list[float]:
    logs = DEVIATION * autoregression(rng, rho, BEFORE + AFTER)
    logs[BEFORE:] += math.log1p(change)
    return np.exp(logs).tolist()


def power_of_latency(rng: Rng, rho: float, change: float, *, watched: bool) -> tuple[bool, float]:
    """Return whether a slowdown was called worse, and after how many requests."""
    seen = _slower(rng, rho, change)
    horizon = AFTER if watched else None
    found = compare(seen[:BEFORE], seen[BEFORE:], kind="latency", smallest_effect=0.05, horizon=horizon)
    return found.verdict is Direction.WORSE, found.n_after * BEFORE / max(1, found.n_before)


def power_of_errors(rng: Rng, *, watched: bool) -> bool:
    """Errors go from 2 % to 4 %."""
    before, after = rng.random(BEFORE) < 0.02, rng.random(AFTER) < 0.04
    horizon = AFTER if watched else None
    found = compare(before.tolist(), after.tolist(), kind="rate", smallest_effect=0.01, horizon=horizon)
    return found.verdict is Direction.WORSE


def power_of_trend(rng: Rng, rho: float) -> bool:
    """A leak of two standard deviations in 240 points."""
    line = autoregression(rng, rho, 240) + 2.0 * np.arange(240) / 240
    return trend(range(240), line.tolist()).is_rising()


def power_tables(runs: int) -> None:
    """Print power beside its bars."""
    print("| what | rho | bar | watched at every bucket | median requests until then | one look at the end |")
    print("|---|--:|--:|--:|--:|--:|")
    for change, rho, bar in ((0.1, 0.0, 99), (0.1, 0.5, 95), (0.2, 0.9, 80), (0.5, 0.9, 99)):
        rng = np.random.default_rng([SEED, int(100 * change), int(10 * rho)])
        looked = [power_of_latency(rng, rho, change, watched=True) for _ in range(runs)]
        once = [power_of_latency(rng, rho, change, watched=False)[0] for _ in range(max(1, runs // 5))]
        when = np.median([n for hit, n in looked if hit] or [math.nan])
        print(
            f"| latency +{change:.0%} | {rho:g} | {bar} % | {shown(sum(h for h, _ in looked), runs)} | {when:.0f} "
            f"| {shown(sum(once), len(once))} |",
            flush=True,
        )
    rng = np.random.default_rng([SEED, 2])
    watched = [power_of_errors(rng, watched=True) for _ in range(runs)]
    once = [power_of_errors(rng, watched=False) for _ in range(runs)]
    print(f"| errors 2 % to 4 % | 0 | 95 % | {shown(sum(watched), runs)} | | {shown(sum(once), runs)} |")
    for rho in RHOS:
        rng = np.random.default_rng([SEED, 3, int(10 * rho)])
        seen = [power_of_trend(rng, rho) for _ in range(runs)]
        bar = "95 %" if rho == 0.5 else ""
        print(f"| leak of 2 sd in 240 points | {rho:g} | {bar} | | | {shown(sum(seen), runs)} |", flush=True)
    print()


PLAIN = ("rare", "often")


def main() -> int:
    """Print the tables; return 1 when an error rate is above its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="simulations a cell")
    runs = parser.parse_args().runs
    began = time.process_time()
    print(f"{runs} runs a cell, seed {SEED}; percent (95 % interval)\n")
    broken: list[str] = []
    print(f"### False alarms of one look at {N} values before and {M} after (bar 5 %)\n")
    broken += table(ONCE, list(NOISE), runs)
    broken += table(ONCE_COUNTS, list(COUNTS), runs)
    broken += table({"compare rate": _bursty_rate}, PLAIN, runs)
    broken += table({"proportions.difference (independent)": _independent_rates}, PLAIN, runs, (0.0,))
    print("### False alarms of six metrics tested together, Holm (bar 5 %)\n")
    broken += table({"together": _six_together}, ["normal", "t3", "lognormal"], max(1, runs // 2))
    print('### False "not worse" (bar 2.5 %)\n')
    broken += table({"compare gauge": _not_worse}, ["normal", "t3", "lognormal", "bimodal"], runs)
    print(f"### False alarms of {LOOKS:,} looks after {BASE} buckets (bar 5 %)\n")
    broken += table(WATCHED, list(NOISE), runs)
    broken += table({"compare count, watched": _watched_counts}, list(COUNTS), runs)
    broken += table({"compare rate, watched": _watched_rate}, PLAIN, max(1, runs // 2))
    broken += table({"watched_rate leaves the truth": _interval_of_a_watched_rate}, PLAIN, runs, (0.0,))
    print(f"### Power ({BEFORE:,} requests before, {AFTER:,} after; standard deviation of logarithms {DEVIATION})\n")
    power_tables(runs)
    print(f"{time.process_time() - began:.0f} s CPU; above the promise beyond chance: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
