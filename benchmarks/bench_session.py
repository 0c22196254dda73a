"""What a hypothesis session of 100 conditions costs beside its probes: ``python -m benchmarks session``.

The conditions answer at once, so that what is measured is the tester's own: deadlines, judgement, intervals,
posterior, words. CPU seconds of the process, all its threads; the bar is one second.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from diagnostics.causal_map import standard_map
from diagnostics.hypothesis_testing import CommonHypotheses, HypothesisTester, Look, TestCondition, compared
from diagnostics.model.finding import Finding, State
from diagnostics.model.observation import Observations

ROUNDS, BAR_SECONDS = 7, 1.0


def plain() -> None:
    """100 conditions, each asked once."""
    tester = HypothesisTester()
    tester.test_hypothesis("h", [TestCondition(f"c{i}", lambda: 130, 100, "greater_than") for i in range(100)], 0.8)


def repeated() -> None:
    """100 conditions, each asked ten times."""
    tester = HypothesisTester()
    conditions = [TestCondition(f"c{i}", lambda: 130, 100, "greater_than") for i in range(100)]
    tester.test_hypothesis("h", conditions, 0.8, 10)


def of_the_map() -> None:
    """Mechanisms of the map until there are 100 conditions, on one look."""
    known = standard_map()
    findings = tuple(
        Finding(mechanism=n.id, state=State.PRESENT, strength=4.0, sentence="seen", evidence=("E1",)) for n in known
    )
    tester, made = HypothesisTester(), 0
    for id_ in CommonHypotheses.mechanisms():
        conditions = CommonHypotheses.for_mechanism(id_, lambda: Look(observations=Observations(), findings=findings))
        tester.test_hypothesis(id_, conditions)
        made += len(conditions)
        if made >= 100:
            return


def measured(n: int) -> Callable[[], None]:
    """100 comparisons of n latencies before with n after, corrected together."""
    rng = np.random.default_rng(1)
    pairs = [(rng.lognormal(0, 0.5, n).tolist(), rng.lognormal(0.02, 0.5, n).tolist()) for _ in range(100)]

    def run() -> None:
        conditions = [compared(f"c{i}", b, a, kind="latency", smallest_effect=0.1) for i, (b, a) in enumerate(pairs)]
        HypothesisTester().test_hypothesis("h", conditions, 0.5)

    return run


def main() -> int:
    """Print the table; return 1 when a session is over the bar."""
    cases: dict[str, Callable[[], None]] = {
        "100 conditions, asked once": plain,
        "100 conditions, asked ten times": repeated,
        "100 conditions of the causal map": of_the_map,
        "100 comparisons of 200 + 200 latencies, Holm": measured(200),
        "100 comparisons of 1,440 + 1,440 latencies, Holm": measured(1440),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for name, run in cases.items():
        run()
        took[name].clear()
    for _ in range(ROUNDS):
        for name, run in cases.items():
            began = time.process_time()
            run()
            took[name].append(time.process_time() - began)
    print(f"{ROUNDS} rounds, interleaved; CPU seconds, all threads; bar {BAR_SECONDS:g} s\n")
    print("| session | median | worst |\n|---|--:|--:|")
    for name, seconds in took.items():
        print(f"| {name} | {statistics.median(seconds):.3f} | {max(seconds):.3f} |")
    return int(any(statistics.median(s) > BAR_SECONDS for s in took.values()))


if __name__ == "__main__":
    raise SystemExit(main())
