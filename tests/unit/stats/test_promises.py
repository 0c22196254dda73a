"""A seeded sample of the simulation: no test cries wolf more often than it promises (in full: make simulate)."""

import pytest
from benchmarks.bench_simulate import COUNTS, NOISE, ONCE, ONCE_COUNTS, RHOS, WATCHED, share

from diagnostics.stats.proportions import wilson

#: So many runs over all cells of a test; each cell alone would be too few to say anything.
RUNS = 8


@pytest.mark.parametrize("name", [*ONCE, *ONCE_COUNTS, *WATCHED])
def test_no_more_than_five_percent_false_alarms_over_all_noises(name):
    tests = {**ONCE, **ONCE_COUNTS, **WATCHED}
    noises = COUNTS if name in ONCE_COUNTS else NOISE
    runs = RUNS if name not in WATCHED else RUNS // 2

    hits = sum(share(tests[name], name, noise, rho, runs)[0] for noise in noises for rho in RHOS)

    assert wilson(hits, runs * len(noises) * len(RHOS)).low <= 0.05
