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


def shifts(
    table: pl.DataFrame,
    by: tuple[str, ...],
    value: str,
    now: frozenset[str],
    skip: frozenset[str],
    *,
    least: float,
    log: bool = True,
) -> pl.DataFrame:
    """Compare the median of ``value`` now with its medians in the other slots, by group.

    The level is log(value + least), so that ratios count and what is below ``least`` does not. Its usual value is the median over the
    slots, its noise the largest of the median absolute deviation, the 80th percentile's distance and ``FLOOR``, so that a level which
    wanders far now and then is not taken for calm.

    Args:
        table: One row a reading, with the column ``slot``.
        by: Columns of the group.
        value: Column of the readings.
        now: Slots of the incident.
        skip: Slots that are neither the incident nor "as always".
        least: Smallest difference that matters, in the unit of the value.
        log: Compare logarithms. Otherwise the values themselves, whose noise is then at least ``least``.

    Returns:
        ``by, now, usual`` (in the value's unit), ``n`` (readings now), ``sigmas`` (positive is more) and ``restless``: what the
        strongest shift within the first column of ``by`` stays below in 0.8 of the other slots.
    """
    rows = every(table, by, value, now | skip, least=least, log=log)
    present = rows.filter(pl.col("slot").is_in(list(now))).group_by(by).agg(
        now=pl.col("level").mean(), n=pl.col("n").sum(), usual=pl.col("usual").first(), sigmas=pl.col("sigmas").mean(),
    )  # fmt: skip
    worst = rows.filter(~pl.col("slot").is_in(list(now | skip))).group_by("slot", by[0]).agg(pl.col("sigmas").max())
    restless = worst.group_by(by[0]).agg(restless=pl.col("sigmas").quantile(TAIL).clip(0))
    found = present.join(restless, on=by[0], how="left").with_columns(pl.col("restless").fill_null(0))
    return found.select(*by, "now", "usual", "n", "sigmas", "restless").sort(by)


def every(
    table: pl.DataFrame, by: tuple[str, ...], value: str, out: frozenset[str], *, least: float, log: bool = True
) -> pl.DataFrame:
    """Return ``slot, by, level, usual, n, sigmas`` for every slot; what is usual is taken from those that are not ``out``."""
    keep = list(by)
    scale = (pl.col(value) + least).log() if log else pl.col(value)
    each = table.with_columns(log=scale).group_by("slot", *keep).agg(
        level=pl.col(value).median(), log=pl.col("log").median(), n=pl.len(),
        inside=(pl.col("log") - pl.col("log").median()).abs().median() * MAD,
    )  # fmt: skip
    usual = each.filter(~pl.col("slot").is_in(list(out))).group_by(keep).agg(
        m=pl.col("log").median(), mad=(pl.col("log") - pl.col("log").median()).abs().median() * MAD,
        high=(pl.col("log").quantile(TAIL) - pl.col("log").median()) / TAIL_SIGMAS, usual=pl.col("level").median(), slots=pl.len(),
        inside=pl.col("inside").median(),
    )  # fmt: skip
    rows = each.drop("inside").join(usual.filter(pl.col("slots") >= MIN_SLOTS), on=keep)
    between = pl.max_horizontal("mad", "high", pl.lit(FLOOR if log else least))
    noise = (between**2 + MEDIAN * pl.col("inside") ** 2 / pl.col("n")).sqrt()
    return rows.select("slot", *keep, "level", "usual", "n", sigmas=(pl.col("log") - pl.col("m")) / noise)
