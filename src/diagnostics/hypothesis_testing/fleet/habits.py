"""What usually follows what inside a span, and where that habit broke.

A span is read as a chain of events: it starts, writes log lines (or calls others), it ends. For each event, the next one has a usual
share of each possibility. A fault in the code shows as one event after which something else follows than always: the place between the
last event that still came and the one that no longer follows is the region of the code in which it happened. The events further down
the chain say nothing then, since shares are conditional on the event before; so the head of the trouble stands alone.

This is the idea of Nezha (Yu et al., ESEC/FSE 2023: event pairs of a fault-free phase against those of the faulty one), with shares
conditional on the first event instead of counts, so that more or less traffic is no change, and with noise measured instead of limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnostics.hypothesis_testing.fleet.tables import KEY, pl

START, END = "(start)", "(end)"
CONTEXT = ("pod", "op", "chain", "after")
#: A habit needs this many slots in which the event was seen.
MIN_SLOTS = 3
#: Noise is read off this quantile over the slots, turned into a standard deviation: one slot in five may be another incident's.
TAIL, TAIL_SIGMAS = 0.8, 0.8416
#: What looking costs (nats): a log-likelihood ratio begins here.
PRICE = 3.0


def speaks(sigmas: float) -> float:
    """Return the log-likelihood ratio of a shift of so many robust sigmas, under noise with Laplace's tails: sqrt(2) * sigmas - PRICE.

    Telemetry's noise has heavier tails than Gauss's; nothing below about two sigmas speaks for a change.
    """
    return math.sqrt(2.0) * max(0.0, sigmas) - PRICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One event after which something else follows than always.

    Attributes:
        pod: Whose span it is.
        op: Operation of the span.
        chain: ``logs`` or ``calls``: what the events are.
        after: The event that still came.
        missing: The event that usually follows and does so less.
        instead: The event that follows more than usual.
        seen: How often ``after`` came.
        share: Share of ``missing`` after it now.
        usual: Its usual share.
        excess: How many times something else followed than usual.
        nats: Log-likelihood ratio of the change, noise between slots taken into account.
        instead_usual: The usual share of ``instead``; near nought where it is something that never follows.
        restless: What 0.8 of the other slots stay below, of the strongest such ratio in this pod, in sigmas.
    """

    pod: str
    op: str
    chain: str
    after: str
    missing: str
    instead: str
    seen: int
    share: float
    usual: float
    excess: float
    nats: float
    instead_usual: float
    restless: float

    @property
    def sigmas(self) -> float:
        """How unusual it is, beyond what this pod does anyway."""
        return math.sqrt(max(0.0, 2.0 * self.nats - self.restless**2))


def transitions(spans: pl.DataFrame, events: pl.DataFrame, chain: str) -> pl.DataFrame:
    """Count what follows what: ``slot, pod, op, chain, after, next, n``.

    Args:
        spans: Tidy spans.
        events: ``slot, trace, span, at, event`` inside of them.
        chain: Name of this kind of events. Operations that never have one are left out, and slots from which none are known.
    """
    known = spans.select(*KEY, "pod", "op").filter(pl.col("slot").is_in(events["slot"].unique().implode()))
    events = events.join(known, on=list(KEY))
    with_events = known.join(events.select("pod", "op").unique(), on=["pod", "op"], how="semi")
    events = events.sort(*KEY, "at").with_columns(
        after=pl.col("event").shift(1).over(KEY).fill_null(START), last=pl.col("event").shift(-1).over(KEY).is_null()
    )
    count = ["slot", "pod", "op", "after", "next"]
    silent = with_events.join(events.select(*KEY).unique(), on=list(KEY), how="anti")
    parts = [
        events.rename({"event": "next"}).select(count),
        events.filter("last").with_columns(after="event", next=pl.lit(END)).select(count),
        silent.with_columns(after=pl.lit(START), next=pl.lit(END)).select(count),
    ]
    return pl.concat([part.group_by(count).len("n") for part in parts]).with_columns(chain=pl.lit(chain))


def broken(counts: pl.DataFrame, now: frozenset[str], skip: frozenset[str]) -> list[Broken]:
    """Return the contexts whose next event changed, the strongest first.

    The usual share is the median over the other slots, so that other incidents among them do not count. Its noise is the larger of
    the binomial one and of what the 20th and 80th percentile over the slots say (as correlation within a slot, which shrinks the
    number of independent looks); the ratio is that number times the Kullback-Leibler divergence of the shares.

    Args:
        counts: From ``transitions``; several chains may stand in it.
        now: Slots of the incident.
        skip: Slots that are neither the incident nor "as always".
    """
    on = list(CONTEXT)
    counts = counts.with_columns(all=pl.col("n").sum().over(["slot", *on]))
    present = counts.filter(pl.col("slot").is_in(list(now)))
    usual = counts.filter(~pl.col("slot").is_in(list(now | skip)))
    if present.is_empty() or usual.is_empty():
        return []
    seen = present.group_by("slot", *on).agg(pl.col("all").first()).group_by(on).agg(seen=pl.col("all").sum())
    usual = usual.join(seen.select(on), on=on, how="semi")
    options = pl.concat([usual.select(*on, "next"), present.select(*on, "next")]).unique()
    grid = _grid(usual, options)
    habit = _habits(grid)
    hits = present.group_by(*on, "next").agg(hits=pl.col("n").sum())
    rows = habit.join(seen, on=on).join(hits, on=[*on, "next"], how="left").with_columns(pl.col("hits").fill_null(0))
    restless = _by_slot(grid, habit).group_by("pod").agg(restless=(2 * pl.col("nats").quantile(TAIL)).sqrt())
    return _contexts(_judged(rows).join(restless, on="pod", how="left"))


def strongest(counts: pl.DataFrame) -> pl.DataFrame:
    """Return ``slot, pod, sigmas``: how unusual each pod's strongest break is in each slot, beyond what 0.8 of the slots show."""
    counts = counts.with_columns(all=pl.col("n").sum().over(["slot", *CONTEXT]))
    grid = _grid(counts, counts.select(*CONTEXT, "next").unique())
    rows = _by_slot(grid, _habits(grid))
    return rows.select(
        "slot", "pod", sigmas=(2 * (pl.col("nats") - pl.col("nats").quantile(TAIL).over("pod"))).clip(0).sqrt()
    )


def _grid(counts: pl.DataFrame, options: pl.DataFrame) -> pl.DataFrame:
    """Return how often each possibility followed in each slot in which its event was seen, nought where it did not."""
    on = list(CONTEXT)
    grid = counts.group_by("slot", *on).agg(pl.col("all").first()).join(options, on=on)
    counted = counts.select("slot", *on, "next", hits="n")
    return grid.join(counted, on=["slot", *on, "next"], how="left").with_columns(pl.col("hits").fill_null(0))


def _by_slot(grid: pl.DataFrame, habit: pl.DataFrame) -> pl.DataFrame:
    on = [*CONTEXT, "next"]
    judged = _judged(grid.select("slot", *on, "hits", seen="all").join(habit, on=on))
    return judged.group_by("slot", "pod").agg(pl.col("nats").max())


def _habits(grid: pl.DataFrame) -> pl.DataFrame:
    """Return the usual share of each possibility, and how alike the looks within one slot are (0: independent, 1: one look)."""
    share = pl.col("hits") / pl.col("all")
    habit = grid.group_by(*CONTEXT, "next").agg(
        usual=share.median(), low=share.quantile(1 - TAIL), high=share.quantile(TAIL),
        total=pl.col("all").sum(), each=pl.col("all").mean(), slots=pl.len(),
    )  # fmt: skip
    p, each = pl.col("usual"), pl.col("each").clip(1.5)
    smallest = 1 / (pl.col("total") + 2)
    habit = habit.filter(pl.col("slots") >= MIN_SLOTS).with_columns(p.clip(smallest, 1 - smallest))
    spread = pl.max_horizontal(pl.col("high") - p, p - pl.col("low")) / TAIL_SIGMAS
    alike = ((spread**2 / (p * (1 - p)) - 1 / each) / (1 - 1 / each)).clip(0, 1)
    return habit.select(*CONTEXT, "next", "usual", alike=alike)


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``share``, and ``nats``: the number of independent looks times the Kullback-Leibler divergence from the usual share."""
    x, p = pl.col("hits") / pl.col("seen"), pl.col("usual")
    more = pl.when(x > 0).then(x * (x / p).log()).otherwise(0)
    less = pl.when(x < 1).then((1 - x) * ((1 - x) / (1 - p)).log()).otherwise(0)
    looks = pl.col("seen") / (1 + (pl.col("seen") - 1) * pl.col("alike"))
    return rows.with_columns(share=x, nats=looks * (more + less))


def _contexts(rows: pl.DataFrame) -> list[Broken]:
    lost = pl.col("usual") - pl.col("share")
    found = rows.group_by(*CONTEXT).agg(
        pl.col("nats").max(), pl.col("seen").first(), excess=lost.clip(0).sum() * pl.col("seen").first(),
        missing=pl.col("next").sort_by(lost).last(), instead=pl.col("next").sort_by(lost).first(),
        share=pl.col("share").sort_by(lost).last(), usual=pl.col("usual").sort_by(lost).last(),
        instead_usual=pl.col("usual").sort_by(lost).first(), most=lost.max(), restless=pl.col("restless").first().fill_null(0),
    )  # fmt: skip
    found = found.filter((pl.col("most") > 0) & (pl.col("nats") > 0)).sort(
        "nats", *CONTEXT, descending=[True] + [False] * 4
    )
    return [Broken(**row) for row in found.drop("most").iter_rows(named=True)]
