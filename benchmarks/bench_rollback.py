"""False rollbacks of good changes, and harmful changes that are rolled back, under noisy, autocorrelated traffic.

``python -m benchmarks rollback [--runs N]``. A run is one change: 360 buckets of 5 s before it, at most 360 after it, about
50 requests in each. Latency is lognormal; its level wanders as AR(1) with sd 10 %, errors wander too. What is judged is
``safe_implementation.guardrails``, as the executor uses it: worse or still inconclusive at the end of the window is rolled back.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from dataclasses import dataclass

from diagnostics.safe_implementation.guardrails import Bucket, Watch, is_decided, judge
from diagnostics.stats.proportions import wilson

BUCKETS, REQUESTS, SECONDS = 360, 50, 5.0
LOOK_EVERY = 6  # the executor looks at every bucket; fewer looks cost a minute of delay at most, and an hour less here
NOISE, SPREAD, ERRORS = 0.10, 0.6, 0.01
CASES = {
    "good: no difference": (1.0, 0.0),
    "good: 10 % faster": (0.9, 0.0),
    "good: half of the errors": (1.0, -0.005),
    "harmful: 20 % slower": (1.2, 0.0),
    "harmful: 2 points more errors": (1.0, 0.02),
    "harmful: both": (1.2, 0.02),
}


@dataclass
class Traffic:
    """Buckets of a service whose level wanders; ``rho`` is the correlation of neighbours."""

    rng: random.Random
    rho: float
    level: float = 0.0
    mood: float = 0.0

    def bucket(self, slower: float, more_errors: float) -> Bucket:
        """Return the next interval."""
        shock = math.sqrt(1 - self.rho**2)
        self.level = self.rho * self.level + shock * self.rng.gauss(0, NOISE)
        self.mood = self.rho * self.mood + shock * self.rng.gauss(0, 0.3)
        requests = max(1, round(self.rng.gauss(REQUESTS, math.sqrt(REQUESTS))))
        rate = min(1.0, max(0.0, (ERRORS + more_errors) * math.exp(self.mood - 0.045)))
        errors = sum(self.rng.random() < rate for _ in range(requests))
        mean = math.log(0.1 * slower) + self.level + self.rng.gauss(0, SPREAD / math.sqrt(requests))
        return Bucket(requests=requests, errors=errors, log_latency=mean)


def one(rng: random.Random, rho: float, slower: float, more_errors: float) -> tuple[bool, float, str]:
    """Return whether a change was rolled back, after how many seconds, and why."""
    traffic = Traffic(rng, rho)
    for _ in range(50):
        traffic.bucket(1.0, 0.0)
    baseline = [traffic.bucket(1.0, 0.0) for _ in range(BUCKETS)]
    watch = Watch(
        sample=lambda: baseline[0], baseline=baseline, window_seconds=BUCKETS * SECONDS, interval_seconds=SECONDS
    )
    after: list[Bucket] = []
    found = judge(watch, after)
    for number in range(1, watch.horizon + 1):
        after.append(traffic.bucket(slower, more_errors))
        if number % LOOK_EVERY == 0 or number == watch.horizon:
            found = judge(watch, after)
            if is_decided(found):
                break
    verdicts = {str(item.verdict) for item in found}
    why = "worse" if "worse" in verdicts else "inconclusive" if "inconclusive" in verdicts else "kept"
    return why != "kept", len(after) * SECONDS, why


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rho", type=float, nargs="+", default=[0.0, 0.5, 0.9])
    options = parser.parse_args()
    print("| change | rho | rolled back | 95 % (Wilson) | of these inconclusive | median seconds | bar |")
    print("|---|---|---|---|---|---|---|")
    for name, (slower, more_errors) in CASES.items():
        for rho in options.rho:
            rng = random.Random(f"{options.seed} {name} {rho}")
            runs = [one(rng, rho, slower, more_errors) for _ in range(options.runs)]
            back = sum(rolled for rolled, _, _ in runs)
            unsure = sum(why == "inconclusive" for _, _, why in runs)
            interval = wilson(back, len(runs))
            seconds = statistics.median(took for _, took, _ in runs)
            good = name.startswith("good")
            bar = "≤ 5 %" if good else "≥ 95 %"
            print(
                f"| {name} | {rho} | {back / len(runs):.1%} | {interval.low:.1%} to {interval.high:.1%} | {unsure / len(runs):.1%} | "
                f"{seconds:.0f} | {bar} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
