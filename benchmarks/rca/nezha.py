"""Nezha (Yu et al., ESEC/FSE 2023): root cause from spans, logs and pod metrics of two microservice systems with injected faults.

FOLDER is one date, or holds several. ``predict`` never opens ``labels.jsonl``. Everything that is known about the two systems is how
the data set spells things: its names of resources, its edge columns, its minute files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.rca.score import rate
from diagnostics.hypothesis_testing.fleet import incident, trail
from diagnostics.hypothesis_testing.fleet.clues import Ranking
from diagnostics.hypothesis_testing.fleet.culprits import NETWORK, culprits
from diagnostics.hypothesis_testing.fleet.incident import Slots

#: The data set's name for our inner cause.
NAMES = {NETWORK: "NetworkP90(ms)"}
#: Entries of the ranking that are written.
LONG = 50
#: Minutes after a fault in which it still echoes in rates and logs.
ECHO = 2
#: With the minute not given: how far from a case's minutes its incident may begin.
AROUND = 1


@dataclass(frozen=True)
class Day:
    """One date's folder, read once."""

    folder: Path

    @cached_property
    def cases(self) -> list[dict[str, Any]]:
        """The inputs; never the labels."""
        lines = (self.folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    @cached_property
    def told(self) -> incident.Telemetry:
        """Spans, logs and metrics as tables by slot."""
        metrics = pl.read_parquet(self.folder / "pod_metrics.parquet")
        logs = self.folder / "logs.parquet"
        return incident.read(
            pl.read_parquet(self.folder / "spans.parquet"),
            pl.read_parquet(logs) if logs.is_file() else None,
            metrics,
            _legs(self.folder, metrics["pod"].cast(pl.String).unique().sort().to_list()),
        )

    @cached_property
    def date(self) -> str:
        """The date, from the metrics' times."""
        middle = pl.read_parquet(self.folder / "pod_metrics.parquet", columns=["ts"])["ts"].median()
        assert isinstance(middle, (int, float)), "the metrics have no times"
        return f"{datetime.fromtimestamp(middle, UTC):%Y-%m-%d}"

    @cached_property
    def incidents(self) -> list[trail.Incident]:
        """What happened on the day, found without knowing of any case."""
        return trail.incidents(self.told)

    def ranking(self, at: int, others: Sequence[int]) -> Ranking:
        """Return the ranking for the minute ``at`` (minutes since 1970); ``others`` belong to the same incident."""
        near = {*others, *range(at + 1, at + 1 + ECHO)} - {at}
        metrics = Slots(now=frozenset([str(at)]), skip=frozenset(map(str, near)))
        # Some minute files are missing; the fault's second one is the next best.
        known = [m for m in (*sorted(others)[1:], at) if m <= at and m in self.told.slot_of]
        now = at if at in self.told.slot_of or not known else max(known)
        skip = frozenset(_label(m) for m in {at, *others} - {now})
        return culprits(
            incident.clues(self.told, Slots(now=frozenset([_label(now)]), skip=skip), metrics), self.told.graph
        )


def predict(folder: Path, *, find_onset: bool = False) -> Iterator[dict[str, Any]]:
    """Return one line a case: ``case``, ``minute`` (the one that was read), ``ranked`` and the ``why`` of its first entries.

    Args:
        folder: One date, or a folder of dates.
        find_onset: Do not read ``diagnosis_minute``. Incidents are looked for over the whole day, and a case gets the one that begins
            about its ``minutes``. Cases without ``minutes`` get the strongest incidents of the day, in order of time.
    """
    for day in _days(folder):
        for number, case in enumerate(day.cases):
            others = [_minute(day.date, clock) for clock in case.get("minutes", ())]
            if find_onset or "diagnosis_minute" not in case:
                at, found = _about(day, others) if others else _in_order(day, number)
            else:
                at = _minute(*case["diagnosis_minute"].split("T"))
                found = day.ranking(at, others)
            best = found.ranked[:LONG]
            yield {
                "case": case["case"],
                "minute": f"{datetime.fromtimestamp(at * 60, UTC):%Y-%m-%dT%H:%M}",
                "ranked": [[r.node, NAMES.get(r.inner, r.inner), round(r.score, 6)] for r in best],
                "why": [r.reasons[0] if r.reasons else "" for r in best[:5]],
            }


def _about(day: Day, minutes: Sequence[int]) -> tuple[int, Ranking]:
    """Return the incident that begins about these minutes; where none does, the minute of them at which most is wrong."""
    begun = [one for one in day.incidents if min(minutes) - AROUND <= one.first <= max(minutes) + AROUND]
    if begun:
        found = min(begun, key=lambda one: (one.ranking.nothing, one.first))
        return found.worst, found.ranking
    looked = {minute: trail.at(day.told, [minute]) for minute in minutes}
    return min(looked.items(), key=lambda item: (item[1].nothing, item[0]))


def _in_order(day: Day, number: int) -> tuple[int, Ranking]:
    strongest = sorted(day.incidents, key=lambda one: one.ranking.nothing)[: len(day.cases)]
    inorder = sorted(strongest, key=lambda one: one.first)
    if number >= len(inorder):
        return _minute(day.date, "00:00"), Ranking(ranked=(), nodes={}, nothing=1.0, unknown=0.0)
    return inorder[number].worst, inorder[number].ranking


def score(folder: Path, predictions: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table of AS@1, AS@3 and AIS@1, AIS@3 by date, with Wilson's 95 % intervals.

    AS@k: the root-cause service is among the first k distinct services. AIS@k: pod and inner cause stand on place k or before.
    """
    told = {line["case"]: line["ranked"] for line in predictions}
    rows = ["| date | faults | AS@1 | AS@3 | AIS@1 | AIS@3 |", "|---|--:|--:|--:|--:|--:|"]
    for day in _days(folder):
        text = (day.folder / "labels.jsonl").read_text(encoding="utf-8")
        labels = [json.loads(line) for line in text.splitlines() if line.strip()]
        services = [
            _place(list(dict.fromkeys(service(pod) for pod, *_ in told.get(x["case"], []))), x["service"])
            for x in labels
        ]
        inner = [position(told.get(label["case"], []), label) for label in labels]
        cells = [rate([float(place <= k) for place in places]) for places in (services, inner) for k in (1, 3)]
        rows.append(f"| {day.folder.name} | {len(labels)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def position(ranked: Sequence[Sequence[Any]], label: Mapping[str, Any]) -> int:
    """Return the place of the labelled pod and inner cause in the list, from 1; a large number when it is not in it.

    A code region ``A_B`` is met by one whose ends contain A and B, as in the data set's own scoring.
    """
    hits = (i for i, (pod, inner, *_) in enumerate(ranked, 1) if pod == label["pod"] and _same(inner, label))
    return next(hits, 10**6)


def service(pod: str) -> str:
    """Return the service of a pod: its name less the two parts of the replica."""
    return pod.rsplit("-", 2)[0]


def _same(inner: str, label: Mapping[str, Any]) -> bool:
    truth = label["inner_root_cause"]
    if inner == truth or label["inner_kind"] == "resource":
        return bool(inner == truth)
    first, second = truth.split("_", 1)
    cuts = [i for i, letter in enumerate(inner) if letter == "_"]
    return any(first in inner[:i] and second in inner[i + 1 :] for i in cuts)


def _place(names: Sequence[str], truth: str) -> int:
    return names.index(truth) + 1 if truth in names else 10**6


def _days(folder: Path) -> list[Day]:
    if (folder / "cases.jsonl").is_file():
        return [Day(folder)]
    found = sorted(path.parent for path in folder.glob("*/cases.jsonl"))
    if not found:
        raise SystemExit(f"{folder} is no date of Nezha and holds none: there is no cases.jsonl")
    return [Day(path) for path in found]


def _minute(date: str, clock: str) -> int:
    return int(datetime.fromisoformat(f"{date}T{clock}:00+00:00").timestamp()) // 60


def _label(minute: int) -> str:
    """Return the slot of a minute file of the faulty phase."""
    return f"fault {datetime.fromtimestamp(minute * 60, UTC):%H:%M}"


def _legs(folder: Path, pods: Sequence[str]) -> pl.DataFrame | None:
    """Return the P50 of calls at both ends, where the date has such columns."""
    by_service = {service(pod): pod for pod in reversed(pods)}
    ends = []
    for name in ("source_50", "destination_50"):
        if not (path := folder / f"{name}.parquet").is_file():
            return None
        table = pl.read_parquet(path).with_columns(slot=(pl.col("ts") // 60).cast(pl.Int64).cast(pl.String))
        edges = [c for c in table.columns if "_" in c]
        ends.append(table.unpivot(edges, index="slot", variable_name="edge", value_name=name))
    legs = (
        ends[0]
        .join(ends[1], on=["slot", "edge"])
        .drop_nulls()
        .filter(pl.col("source_50").is_finite() & pl.col("destination_50").is_finite())
    )
    parts = pl.col("edge").str.splitn("_", 2).struct
    legs = legs.select(
        "slot", caller=parts[0].replace_strict(by_service, default=None), callee=parts[1].replace_strict(by_service, default=None),
        outer_ms=pl.col("source_50") * 1000, inner_ms=pl.col("destination_50") * 1000,
    )  # fmt: skip
    return legs.drop_nulls()
