"""Accuracy and false alarms with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.stats.proportions import wilson
from lab.scenario import Scenario

Answer = tuple[Scenario, str, Sequence[str]]


def share(hits: int, of: int) -> str:
    """Return ``hits/of = 95.0 % [90.1 %, 97.5 %]``, the interval being Wilson's at 95 %."""
    if not of:
        return "0/0"
    rate = wilson(hits, of, 0.95)
    return f"{hits}/{of} = {hits / of:.1%} [{rate.low:.1%}, {rate.high:.1%}]"


def summary(answers: Sequence[Answer]) -> str:
    """Return a line for each kind of scenario that there is."""
    lines = []
    faults = [a for a in answers if a[0].kind in ("fault", "double")]
    if faults:
        lines.append(f"root cause right (top-1): {share(sum(s.is_right(t, n) for s, t, n in faults), len(faults))}")
        third = sum(bool({s.truth, *s.also} & set(n[:3])) for s, _, n in faults)
        lines.append(f"truth among the first three: {share(third, len(faults))}")
    double = [a for a in answers if a[0].kind == "double"]
    if double:
        lines.append(f"both of two faults named: {share(sum(s.names_both(n) for s, _, n in double), len(double))}")
    off = [a for a in answers if a[0].kind == "unknown"]
    if off:
        lines.append(f"off the map, answered unknown: {share(sum(s.is_right(t, n) for s, t, n in off), len(off))}")
    controls = [a for a in answers if a[0].is_healthy]
    if controls:
        alarms = sum(not s.is_right(t, n) for s, t, n in controls)
        lines.append(f"false alarms: {share(alarms, len(controls))}")
    return "\n".join(lines)
