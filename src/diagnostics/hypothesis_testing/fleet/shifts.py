"""How far a time or a utilisation of now lies from its usual level, with noise measured on the other slots."""

from __future__ import annotations

from diagnostics.hypothesis_testing.fleet.habits import MIN_SLOTS, TAIL, TAIL_SIGMAS
from diagnostics.hypothesis_testing.fleet.tables import pl

#: Noise is never taken to be less than this, on the scale of natural logarithms: five percent.
FLOOR = 0.05
#: Median absolute deviation to standard deviation of a normal distribution.
MAD = 1.4826
#: The variance of a median is so many times that of a mean.
MEDIAN = 1.57


def levels(
    table: pl.DataFrame, by: tuple[str, ...], value: str, *, least: float = 0.0, log: bool = True
) -> pl.DataFrame:
    """Return the level of each group in each slot: ``slot, by, level, log, n, inside``.

    Args:
        table: One row a reading, with the column ``slot``.
        by: Columns of the group.
        value: Column of the readings.
        least: Smallest value that matters: levels are compared as log(value + least), so that ratios count.
        log: Compare logarithms; otherwise the values themselves.

    Returns:
        ``level`` is the median in the value's unit, ``log`` that of what is compared, ``n`` the number of readings, ``inside`` their
        median absolute deviation.
    """
    scale = (pl.col(value) + least).log() if log else pl.col(value)
    return table.with_columns(log=scale).group_by("slot", *by).agg(
        level=pl.col(value).median(), log=pl.col("log").median(), n=pl.len(),
        inside=(pl.col("log") - pl.col("log").median()).abs().median() * MAD,
    )  # fmt: skip


def shifts(
    each: pl.DataFrame, by: tuple[str, ...], now: frozenset[str], skip: frozenset[str], *, floor: float = FLOOR
) -> pl.DataFrame:
    """Compare levels now with those in the other slots, by group.

    What is usual is the median over the slots, its noise the largest of the median absolute deviation, the 80th percentile's distance
    and ``floor``, so that a level which wanders far now and then is not taken for calm; few readings add their own noise.

    Args:
        each: From ``levels``.
        by: Columns of the group.
        now: Slots of the incident.
        skip: Slots that are neither the incident nor "as always".
        floor: Noise is never taken to be less.

    Returns:
        ``by, now, usual`` (in the value's unit), ``n`` (readings now), ``sigmas`` (positive is more) and ``restless``: what the
        strongest shift within the first column of ``by`` stays below in 0.8 of the other slots.
    """
    rows = every(each, by, now | skip, floor=floor)
    present = rows.filter(pl.col("slot").is_in(list(now))).group_by(by).agg(
        now=pl.col("level").mean(), n=pl.col("n").sum(), usual=pl.col("usual").first(), sigmas=pl.col("sigmas").mean(),
    )  # fmt: skip
    worst = rows.filter(~pl.col("slot").is_in(list(now | skip))).group_by("slot", by[0]).agg(pl.col("sigmas").max())
    restless = worst.group_by(by[0]).agg(restless=pl.col("sigmas").quantile(TAIL).clip(0))
    found = present.join(restless, on=by[0], how="left").with_columns(pl.col("restless").fill_null(0))
    return found.select(*by, "now", "usual", "n", "sigmas", "restless").sort(by)


def every(each: pl.DataFrame, by: tuple[str, ...], out: frozenset[str], *, floor: float = FLOOR) -> pl.DataFrame:
    """Return ``slot, by, level, usual, n, sigmas`` for every slot; what is usual is taken from those that are not ``out``."""
    keep = list(by)
    usual = each.filter(~pl.col("slot").is_in(list(out))).group_by(keep).agg(
        m=pl.col("log").median(), mad=(pl.col("log") - pl.col("log").median()).abs().median() * MAD,
        high=(pl.col("log").quantile(TAIL) - pl.col("log").median()) / TAIL_SIGMAS, usual=pl.col("level").median(), slots=pl.len(),
        inside=pl.col("inside").median(),
    )  # fmt: skip
    rows = each.drop("inside").join(usual.filter(pl.col("slots") >= MIN_SLOTS), on=keep)
    between = pl.max_horizontal("mad", "high", pl.lit(floor))
    noise = (between**2 + MEDIAN * pl.col("inside") ** 2 / pl.col("n")).sqrt()
    return rows.select("slot", *keep, "level", "usual", "n", sigmas=(pl.col("log") - pl.col("m")) / noise)
