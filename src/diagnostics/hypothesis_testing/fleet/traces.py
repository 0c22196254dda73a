"""Spans -> who calls whom, how long a call is on its way, how long an operation is busy itself, in each slot.

*On its way*: the caller's span of a call less the callee's span of the same call. Both are durations of one clock each, so clocks need
not agree. It holds the network, the queues on both sides and the time a starved process takes to notice.
*Busy itself*: a span less its children.
"""

from __future__ import annotations

from diagnostics.hypothesis_testing.fleet.graph import Graph
from diagnostics.hypothesis_testing.fleet.tables import KEY, SECOND, is_normal, pl

PARENT = ("slot", "trace", "parent")


def call_events(spans: pl.DataFrame) -> pl.DataFrame:
    """Return the calls a span makes, as events inside of it: ``slot, trace, span, at, event``."""
    return spans.filter(pl.col("parent").is_not_null()).select(
        "slot", "trace", span="parent", at="start_ns", event="op"
    )


def legs(spans: pl.DataFrame) -> pl.DataFrame:
    """Return one row a call between pods: ``slot, caller, callee, ms``, the time on its way."""
    outer = spans.select("slot", "trace", parent="span", caller="pod", outer="dur_ns")
    calls = spans.join(outer, on=list(PARENT)).filter(pl.col("pod") != pl.col("caller"))
    return calls.select("slot", "caller", callee="pod", ms=((pl.col("outer") - pl.col("dur_ns")) / 1e6).clip(0))


def own_time(spans: pl.DataFrame) -> pl.DataFrame:
    """Return one row a span: ``slot, pod, op, ms``, its duration less its children's.

    Spans that another pod answered are left out: what is left of them is the call's time on its way.
    """
    inner = (
        spans.filter(pl.col("parent").is_not_null())
        .group_by("slot", "trace", span="parent")
        .agg(inner=pl.col("dur_ns").sum())
    )
    outer = spans.select("slot", "trace", parent="span", caller="pod")
    answered = spans.join(outer, on=list(PARENT)).filter(pl.col("pod") != pl.col("caller"))
    answered = answered.select("slot", "trace", span="parent").unique()
    timed = spans.join(answered, on=list(KEY), how="anti").join(inner, on=list(KEY), how="left")
    return timed.select("slot", "pod", "op", ms=((pl.col("dur_ns") - pl.col("inner").fill_null(0)) / 1e6).clip(0))


def call_graph(legs_: pl.DataFrame, pods: pl.Series) -> Graph:
    """Return the graph of calls between pods."""
    pairs = legs_.select("caller", "callee").unique().sort("caller", "callee")
    return Graph.of(pairs.iter_rows(), pods.unique().sort())


def minutes(spans: pl.DataFrame) -> dict[int, str]:
    """Return the slot of each minute (since 1970) that has one: that in which its last span began. Fault-free slots are left out."""
    last = spans.group_by("slot").agg(minute=pl.col("start_ns").max() // (60 * SECOND)).sort("minute", "slot")
    return {minute: slot for slot, minute in last.iter_rows() if not is_normal(slot)}


def request_ms(spans: pl.DataFrame) -> float:
    """Return the median duration of the spans that nobody called, in milliseconds; at least one."""
    roots = spans.filter(pl.col("parent").is_null())["dur_ns"]
    middle = (roots if len(roots) else spans["dur_ns"]).median()
    return max(1.0, float(middle) / 1e6) if isinstance(middle, (int, float)) else 1.0
