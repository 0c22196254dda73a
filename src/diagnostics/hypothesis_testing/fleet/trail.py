"""When, and then where: the incidents of a day, and the ranking of each.

Every slot is looked at once, cheaply; those in which something speaks are ranked in full. Neighbouring slots with the same culprit are
one incident, whose onset is its first slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnostics.hypothesis_testing.fleet import habits, incident, pods
from diagnostics.hypothesis_testing.fleet.clues import Clue, Ranking
from diagnostics.hypothesis_testing.fleet.culprits import culprits
from diagnostics.hypothesis_testing.fleet.habits import MIN_SLOTS, PRICE
from diagnostics.hypothesis_testing.fleet.incident import LEG, OUTLIER, WORK, Slots, Telemetry
from diagnostics.hypothesis_testing.fleet.shifts import every
from diagnostics.hypothesis_testing.fleet.tables import pl

#: Minutes of one incident that may pass without a sign.
GAP = 1
#: Minutes before and after that are not compared with: the incident may have begun or still echo.
NEAR = 2
#: Whole minutes after a given onset that are read.
FIRST = 3
#: A slot in which nothing speaks louder (nats) is not ranked.
LOUD = 3.0
#: A priori an incident goes on in one minute of so many.
ONE_IN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Minutes in which the same culprit was found.

    Attributes:
        first: Its first minute, since 1970.
        last: Its last.
        worst: The one with most evidence.
        rankings: The ranking of each of its minutes.
    """

    first: int
    last: int
    worst: int
    rankings: Mapping[int, Ranking]

    @property
    def ranking(self) -> Ranking:
        """The ranking of the minute with most evidence."""
        return self.rankings[self.worst]


def incidents(told: Telemetry) -> list[Incident]:
    """Return the incidents, in order of time."""
    hints = loudness(told)
    minutes = {minute: hints.get(slot, 0.0) for minute, slot in told.slot_of.items()}
    for slot, nats in loudness_of_metrics(told).items():
        minutes[int(slot)] = max(nats, minutes.get(int(slot), 0.0))
    rankings = {m: at(told, [m]) for m, nats in sorted(minutes.items()) if nats > LOUD}
    return _joined({m: r for m, r in rankings.items() if r.ranked and r.nothing < 1 / ONE_IN})


def strongest(told: Telemetry) -> Incident | None:
    """Return the incident with most evidence, None where there is none."""
    return min(incidents(told), key=lambda one: (one.ranking.nothing, one.first), default=None)


def since(told: Telemetry, onset: float) -> Incident | None:
    """Return the incident that began at ``onset`` (Unix seconds), read off its first whole minutes; None where none are known."""
    known = sorted({*told.slot_of, *_metric_minutes(told)})
    whole = [minute for minute in known if minute * 60 >= onset][:FIRST] or [m for m in known if (m + 1) * 60 > onset][
        :1
    ]
    if not whole:
        return None
    later = [minute for minute in known if minute > whole[-1]]
    # Where hardly anything was recorded before, what came long after has to stand in for "as always".
    before = sum(minute < whole[0] - NEAR for minute in known)
    ranking = at(told, whole, later if before >= MIN_SLOTS else ())
    return Incident(first=whole[0], last=whole[-1], worst=whole[0], rankings={whole[0]: ranking})


def clues_since(told: Telemetry, onset: float) -> list[Clue]:
    """Return the clues of the first whole minutes after ``onset`` (Unix seconds)."""
    whole = [minute for minute in sorted(told.slot_of) if minute * 60 >= onset][:FIRST]
    later = [minute for minute in told.slot_of if minute * 60 >= onset]
    return incident.clues(told, *_slots(told, whole, later)) if whole else []


def at(told: Telemetry, minutes: Sequence[int], later: Iterable[int] = ()) -> Ranking:
    """Return the ranking of these minutes together; ``later`` ones belong to the same incident."""
    return culprits(incident.clues(told, *_slots(told, minutes, later)), told.graph)


def _slots(told: Telemetry, minutes: Sequence[int], later: Iterable[int]) -> tuple[Slots, Slots]:
    near = {*range(min(minutes) - NEAR, max(minutes) + NEAR + 1), *later} - set(minutes)
    now, skip = ([told.slot_of[m] for m in some if m in told.slot_of] for some in (minutes, near))
    metrics = Slots(now=frozenset(map(str, minutes)), skip=frozenset(map(str, near)))
    return Slots(now=frozenset(now), skip=frozenset(skip)), metrics


def _metric_minutes(told: Telemetry) -> list[int]:
    return [] if told.metrics is None else (told.metrics["ts"] // 60).cast(pl.Int64).unique().to_list()


def loudness(told: Telemetry) -> dict[str, float]:
    """Return for each slot of spans how strongly its loudest sign speaks (nats)."""
    nats = 2**0.5 * pl.col("sigmas") - PRICE
    timed = [
        every(told.legs, LEG, frozenset()),
        every(told.own, WORK, frozenset()),
    ]
    part = ((pl.col("level") - pl.col("usual")) / told.request_ms).clip(0, 1)
    signs = [t.select("slot", nats=pl.min_horizontal(nats * part, OUTLIER * pl.col("n"))) for t in timed]
    signs.append(habits.strongest(told.counts).select("slot", nats=nats))
    return dict(pl.concat(signs).group_by("slot").agg(pl.col("nats").max()).iter_rows())


def loudness_of_metrics(told: Telemetry) -> dict[str, float]:
    """Return for each minute of the metrics how strongly its loudest sign speaks (nats)."""
    signs = [] if told.metrics is None else [pods.strongest(told.metrics)]
    if told.metric_legs is not None:
        signs.append(incident.loudest_legs(told.metric_legs))
    return dict(pl.concat(signs).group_by("slot").agg(pl.col("nats").max()).iter_rows()) if signs else {}


def _joined(rankings: Mapping[int, Ranking]) -> list[Incident]:
    found: list[list[int]] = []
    for minute in sorted(rankings):
        before = found[-1] if found else None
        if before and minute - before[-1] <= GAP + 1 and _first(rankings[minute]) == _first(rankings[before[-1]]):
            before.append(minute)
        else:
            found.append([minute])
    return [_incident(group, rankings) for group in found]


def _incident(group: Sequence[int], rankings: Mapping[int, Ranking]) -> Incident:
    worst = min(group, key=lambda minute: (rankings[minute].nothing, minute))
    return Incident(
        first=group[0], last=group[-1], worst=worst, rankings={minute: rankings[minute] for minute in group}
    )


def _first(ranking: Ranking) -> str:
    return ranking.ranked[0].node
