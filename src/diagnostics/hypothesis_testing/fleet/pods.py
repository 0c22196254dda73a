"""Resource metrics of pods -> clues: who is starved of processor or memory now, against its own day.

Only utilisations (a usage as a share of its limit) are judged, since there the resource itself says what is much: waiting grows like
1 / (1 - utilisation), so the level compared is -log(1 - utilisation). From 1 to 10 percent nobody waits longer; from 60 to 99
everybody does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind
from diagnostics.hypothesis_testing.fleet.habits import MIN_SLOTS, PRICE, TAIL, speaks
from diagnostics.hypothesis_testing.fleet.shifts import every, levels, shifts
from diagnostics.hypothesis_testing.fleet.tables import pl

#: Utilisation of a pod's own resource; a node's would be shared with its neighbours.
RESOURCE = re.compile(
    r"^(?!node).*(cpu|mem|disk|thread|connection|descriptor).*(rate|util|ratio|percent)", re.IGNORECASE
)
#: A rate of requests.
WORKLOAD = re.compile("workload|requests.*(rate|s)$|(^|[^a-z])(rps|qps|ops)([^a-z]|$)", re.IGNORECASE)
#: Above this share of the limit no difference is made.
FULL = 0.99
#: Noise of the waiting is never taken to be less than this: what a tenth of the limit in use makes; for memory, of which caches and
#: heaps take what they get while nobody waits, what forty percent makes.
CALM, CALM_MEMORY = 0.1, 0.5
#: What changed differs from the day's level and from that of so many minutes before too; so a slow drift of the day is no change.
BEFORE = 30


def utilisations(columns: list[str]) -> list[str]:
    """Return the columns that are a pod's utilisation of a limit, in percent."""
    return [name for name in columns if RESOURCE.match(name)]


def clues(metrics: pl.DataFrame, now: frozenset[str], skip: frozenset[str]) -> list[Clue]:
    """Return one clue a pod and resource.

    Args:
        metrics: ``ts`` (Unix seconds), ``pod``, and utilisations in percent.
        now: Slots of the incident (minutes since 1970).
        skip: Slots that are neither the incident nor "as always".
    """
    found: list[Clue] = []
    recent = {str(slot) for slot in range(min(map(int, now)) - BEFORE, min(map(int, now)))}
    for name in utilisations(metrics.columns):
        table = _table(metrics, name)
        day = shifts(levels(table, ("pod",), name, log=False), ("pod",), now, skip, floor=_calm(name))
        lately = table.filter(pl.col("slot").is_in(list(recent - skip))).group_by("pod").agg(pl.col(name).median())
        before = dict(lately.iter_rows())
        for pod, waits, usual, _, against_day, _ in day.iter_rows():
            step = waits - max(usual, before.get(pod, usual))
            sigmas = against_day * (step / (waits - usual) if waits > usual else 1.0)
            value, was = _percent(waits), _percent(usual)
            reason = f"{pod}: {name} is {value:.3g}, usually {was:.3g} ({sigmas:+.1f} robust sigmas)"
            evidence = {"now": value, "usual": was, "sigmas": sigmas}
            found.append(
                Clue(node=pod, inner=name, kind=Kind.METRIC, score=speaks(sigmas), reason=reason, evidence=evidence)
            )
    return found


def strongest(metrics: pl.DataFrame) -> pl.DataFrame:
    """Return ``slot, nats``: how strongly the most used up resource of any pod speaks in each slot."""
    parts = [
        every(levels(_table(metrics, name), ("pod",), name, log=False), ("pod",), frozenset(), floor=_calm(name))
        for name in utilisations(metrics.columns)
    ]
    nats = math.sqrt(2.0) * pl.col("sigmas") - PRICE
    return (
        pl.concat([part.group_by("slot").agg(nats=nats.max()) for part in parts])
        .group_by("slot")
        .agg(pl.col("nats").max())
    )


def silent(
    metrics: pl.DataFrame, callers: Mapping[str, Sequence[str]], slots: frozenset[str], skip: frozenset[str]
) -> list[Clue]:
    """Return one clue a pod that went on working but stopped calling those who live on its calls alone.

    The requests a pod gets per request of its only caller are compared with the day's: a Poisson deviance, and beyond what 0.8 of the
    other slots show. This needs no span: a rate of requests is enough.

    Args:
        metrics: ``ts``, ``pod`` and a rate of requests a second (a column that ``WORKLOAD`` fits).
        callers: For each pod, who calls it.
        slots: Slots of the incident.
        skip: Slots that are neither the incident nor "as always".
    """
    column = next((name for name in metrics.columns if WORKLOAD.search(name)), None)
    only = [(called, who[0]) for called, who in callers.items() if len(who) == 1]
    if column is None or not only:
        return []
    rates = (
        _slotted(metrics).select("slot", "pod", n=pl.col(column).cast(pl.Float64) * 60).filter(pl.col("n").is_finite())
    )
    pairs = pl.DataFrame(only, schema=["called", "caller"], orient="row")
    table = pairs.join(rates.rename({"pod": "called", "n": "got"}), on="called").join(
        rates.rename({"pod": "caller", "n": "asked"}), on=["slot", "caller"]
    )
    usual = table.filter(~pl.col("slot").is_in(list(slots | skip)) & (pl.col("asked") > 0))
    share = (
        usual.group_by("called")
        .agg(share=(pl.col("got") / pl.col("asked")).median(), seen=pl.len())
        .filter(pl.col("seen") >= MIN_SLOTS)
    )
    table = table.join(share, on="called").with_columns(due=pl.col("share") * pl.col("asked"))
    got, due = pl.col("got"), pl.col("due")
    nats = pl.when(got < due).then(due - got + pl.when(got > 0).then(got * (got / due).log()).otherwise(0)).otherwise(0)
    table = table.with_columns(nats=nats)
    known = (
        table.filter(~pl.col("slot").is_in(list(slots | skip)))
        .group_by("called")
        .agg(restless=pl.col("nats").quantile(TAIL))
    )
    found = []
    now = table.filter(pl.col("slot").is_in(list(slots))).join(known, on="called")
    for (caller,), rows in now.sort("called").group_by("caller", maintain_order=True):
        beyond = [max(0.0, row["nats"] - row["restless"]) for row in rows.iter_rows(named=True)]
        lost = rows.sort("nats").row(-1, named=True)
        reason = f"{caller}: calls {lost['called']} {lost['got']:.0f} times, {lost['due']:.0f} are usual for as many requests"
        evidence = {"now": lost["got"], "usual": lost["due"]}
        found.append(
            Clue(
                node=str(caller),
                inner=f"calls to {lost['called']}",
                kind=Kind.OPERATION,
                score=speaks((2 * max(beyond)) ** 0.5),
                reason=reason,
                evidence=evidence,
            )
        )
    return found


def _slotted(metrics: pl.DataFrame) -> pl.DataFrame:
    return metrics.with_columns(pl.col("pod").cast(pl.String), slot=(pl.col("ts") // 60).cast(pl.Int64).cast(pl.String))


def _table(metrics: pl.DataFrame, name: str) -> pl.DataFrame:
    waits = _waiting(pl.col(name).cast(pl.Float64)).alias(name)
    return _slotted(metrics).select("slot", "pod", waits).drop_nulls().filter(pl.col(name).is_finite())


def _calm(name: str) -> float:
    return CALM_MEMORY if "mem" in name.lower() else CALM


def _waiting(percent: pl.Expr) -> pl.Expr:
    return -(1 - (percent / 100).clip(0, FULL)).log()


def _percent(waiting: float) -> float:
    return 100 * (1 - math.exp(-waiting))
