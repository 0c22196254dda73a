"""Does the fix hold? Counts how often the findings that the diagnosis rested on are still seen."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from diagnostics.model.alert import AlertState
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.model.record import Record

CONFIDENCE = 0.95
DEFAULT_MIN_LOOKS = 5
MAX_UNKNOWN_SHARE = 0.5


class FixState(StrEnum):
    """Whether the fix holds."""

    HOLDS = "holds"
    RETURNED = "returned"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTally(Record):
    """How often one finding was looked for and seen since the watch began.

    Attributes:
        name: Of the finding.
        state: Verdict on this finding alone.
        looks: Looks that could see; ``present`` and absent ones.
        present: Looks that saw it.
        unknown: Looks that could not see.
        absent_in_row: The last looks in a row that did not see it.
        returned_at: When it counted as returned: not with one sighting, but when the alert rule fired.
        last_seen_at: When it was last seen.
        upper_bound: At 95 % confidence it is present in at most this share of looks; 1 without any look.
    """

    name: str
    state: FixState = FixState.INCONCLUSIVE
    looks: int = 0
    present: int = 0
    unknown: int = 0
    absent_in_row: int = 0
    returned_at: datetime | None = None
    last_seen_at: datetime | None = None
    upper_bound: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FixVerdict(Record):
    """Whether the fix holds, with the numbers.

    Attributes:
        state: ``returned`` when one finding returned; ``holds`` when each was looked for often enough and is
            gone.
        reason: In words.
        findings: Each finding with its counts.
        watched_seconds: Since the watch began.
    """

    state: FixState
    reason: str
    findings: Mapping[str, FindingTally] = field(default_factory=dict)
    watched_seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return self.state is FixState.HOLDS

    @property
    def returned(self) -> tuple[str, ...]:
        """Names of the findings that returned."""
        return tuple(name for name, tally in self.findings.items() if tally.state is FixState.RETURNED)


def count(tally: FindingTally, result: CheckResult, alert: AlertState) -> FindingTally:
    """Return the tally after one more look; ``alert`` is the state of its rule after this look."""
    if result.state is CheckState.UNKNOWN:
        return replace(tally, unknown=tally.unknown + 1)
    seen = result.state is CheckState.FAIL
    returned_at = tally.returned_at
    if returned_at is None and alert.firing:
        returned_at = result.at
    return replace(
        tally,
        looks=tally.looks + 1,
        present=tally.present + seen,
        absent_in_row=0 if seen else tally.absent_in_row + 1,
        returned_at=returned_at,
        last_seen_at=result.at if seen else tally.last_seen_at,
    )


def judge_one(tally: FindingTally, *, min_looks: int, good_in_row: int) -> FindingTally:
    """Return the tally with its verdict.

    Any return ends "holds" for good: a finding that comes and goes is not cured. A single sighting that the
    rule did not take for a return leaves the verdict open until it was absent ``good_in_row`` times in a row.
    """
    # Clopper-Pearson, one-sided; with no sighting it is 1 - (1 - confidence) ** (1 / n), "the rule of three".
    upper = upper_bound(tally.present, tally.looks)
    if tally.returned_at is not None:
        state = FixState.RETURNED
    elif (
        tally.looks < min_looks
        or tally.unknown > MAX_UNKNOWN_SHARE * (tally.looks + tally.unknown)
        or (tally.present and tally.absent_in_row < good_in_row)
    ):
        state = FixState.INCONCLUSIVE
    else:
        state = FixState.HOLDS
    return replace(tally, state=state, upper_bound=upper)


def upper_bound(seen: int, looks: int, confidence: float = CONFIDENCE) -> float:
    """Return the largest rate that would show ``seen`` or fewer sightings in 1 - ``confidence`` of all cases.

    Source: Clopper and Pearson (1934), one-sided; solved by bisection on the binomial sum.

    Example:
        >>> round(upper_bound(0, 10), 4)
        0.2589
    """
    if looks == 0 or seen >= looks:
        return 1.0
    from math import comb

    def at_most_seen(rate: float) -> float:
        return sum(comb(looks, k) * rate**k * (1 - rate) ** (looks - k) for k in range(seen + 1))

    if seen == 0:
        return float(1 - (1 - confidence) ** (1 / looks))
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most_seen(middle) > 1 - confidence else (low, middle)
    return high


def judge(
    tallies: Mapping[str, FindingTally], *, min_looks: int, good_in_row: int, watched_seconds: float
) -> FixVerdict:
    """Return the verdict on all findings together."""
    judged = {name: judge_one(tally, min_looks=min_looks, good_in_row=good_in_row) for name, tally in tallies.items()}
    returned = [tally for tally in judged.values() if tally.state is FixState.RETURNED]
    open_ones = [tally for tally in judged.values() if tally.state is FixState.INCONCLUSIVE]
    watched = f"in {watched_seconds:.0f} s"
    if returned:
        state = FixState.RETURNED
        reason = f"{watched} " + "; ".join(f"{t.name} was seen in {t.present} of {t.looks} looks" for t in returned)
    elif open_ones or not judged:
        state = FixState.INCONCLUSIVE
        reason = "; ".join(_why_open(t, min_looks) for t in open_ones) or "no finding was watched"
        reason = f"{watched} {reason}"
    else:
        state = FixState.HOLDS
        reason = f"{watched} " + "; ".join(_why_holds(t) for t in judged.values())
    return FixVerdict(state=state, reason=reason, findings=judged, watched_seconds=watched_seconds)


def _why_open(tally: FindingTally, min_looks: int) -> str:
    looked = f"{tally.name}: {tally.looks} looks"
    if tally.unknown:
        looked += f" and {tally.unknown} that could not see"
    if tally.looks < min_looks:
        return f"{looked}, at least {min_looks} are needed"
    if tally.present:
        return f"{looked}, {tally.present} of them saw it, the last too recently"
    return looked


def _why_holds(tally: FindingTally) -> str:
    return (
        f"{tally.name} was seen in {tally.present} of {tally.looks} looks "
        f"(at {CONFIDENCE:.0%} confidence it is present in at most {tally.upper_bound:.0%} of them)"
    )


class FindingsWatch:
    """Handle of a watch; made by ``PostSolutionMonitor.watch_findings``."""

    def __init__(self, names: tuple[str, ...], *, min_looks: int, good_in_row: int) -> None:
        self.names = names
        self.min_looks = min_looks
        self._good_in_row = good_in_row
        self._lock = threading.Lock()
        self._tallies = {name: FindingTally(name=name) for name in names}
        self._seconds = 0.0

    def observe(self, name: str, result: CheckResult, alert: AlertState, watched_seconds: float) -> None:
        """Take one look into account; called by the monitor."""
        with self._lock:
            self._tallies[name] = count(self._tallies[name], result, alert)
            self._seconds = watched_seconds

    def verdict(self) -> FixVerdict:
        """Return whether the fix holds so far; may be asked at any time."""
        with self._lock:
            tallies, seconds = dict(self._tallies), self._seconds
        return judge(tallies, min_looks=self.min_looks, good_in_row=self._good_in_row, watched_seconds=seconds)
