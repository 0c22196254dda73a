"""Metrics, and clues of logs and spans -> one answer: nothing abnormal, or where it began, with reasons (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet.clues import Clue, Ranked, Ranking
from diagnostics.hypothesis_testing.fleet.graph import EMPTY, Graph
from diagnostics.hypothesis_testing.fleet.metrics import ALARM, Seen, Table, clock, look, number
from diagnostics.hypothesis_testing.fleet.rank import rank

#: Reasons that an entry carries: what changed, what it accounts for, and the next ones of the same node.
REASONS = 4
#: Rows before the onset that can stand in for normal times.
LEAST_NORMAL = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found in a fleet.

    Attributes:
        ranking: Where it began, most probable first; empty when nothing is abnormal.
        seen: What the metrics say; see ``metrics.Seen``.
        headline: One sentence.
    """

    ranking: Ranking
    seen: Seen
    headline: str

    @property
    def is_abnormal(self) -> bool:
        """Whether something is wrong."""
        return bool(self.ranking.ranked)


def investigate(
    metrics: Table,
    normal: Table | None = None,
    graph: Graph = EMPTY,
    *,
    target: str | None = None,
    onset: float | None = None,
    clues: Iterable[Clue] = (),
) -> Answer:
    """Return where trouble began in a fleet, or that nothing is abnormal.

    Args:
        metrics: The time in question, columns ``node|metric|stat``.
        normal: Fault-free times; without them, what was before ``onset``.
        graph: Who calls whom; without calls every node is in the race.
        target: Node, metric or column of the symptom; looked for when not given.
        onset: When it began, Unix seconds; looked for when not given.
        clues: What logs and spans say.

    Raises:
        ConfigurationError: There is nothing to compare with, or the target does not exist.
    """
    if normal is None:
        metrics, normal = split(metrics, onset)
    seen = look(metrics, normal, graph, target=target, onset=onset)
    if not seen.is_abnormal:
        return Answer(ranking=_nothing(), seen=seen, headline=_calm(seen))
    ranking = rank((*seen.clues, *clues), graph, seen.node, excess=seen.excess)
    ranked = _explain(ranking, seen, graph)
    return Answer(
        ranking=replace(ranking, ranked=ranked, onset=seen.onset), seen=seen, headline=_headline(seen, ranked)
    )


def split(metrics: Table, onset: float | None) -> tuple[Table, Table]:
    """Return a table from shortly before the onset on, and what was before that.

    Raises:
        ConfigurationError: No onset is given, or too little was recorded before it.
    """
    if onset is None:
        raise ConfigurationError(
            "Give --normal (fault-free times of the same metrics) or --onset: there is nothing to compare with."
        )
    row = sum(t <= onset for t in metrics.times) - 1
    # The last rows before it stay with the incident: a change needs a before.
    after = max(1, len(metrics.times) - row)
    ahead = max(0, row - min(after, row // 4) - 1)
    if ahead < LEAST_NORMAL:
        raise ConfigurationError(
            f"Only {max(0, row)} rows were recorded before the onset; give --normal, or metrics that begin earlier."
        )

    def part(start: int, stop: int) -> Table:
        return Table(times=metrics.times[start:stop], columns={k: v[start:stop] for k, v in metrics.columns.items()})

    return part(ahead, len(metrics.times)), part(0, ahead)


def way(graph: Graph, start: str, end: str) -> Sequence[str]:
    """Return a shortest chain of calls from ``start`` to ``end``; empty where there is none."""
    if start not in graph.nodes or end not in graph.nodes:
        return ()
    distance = graph.above(end)
    if start not in distance:
        return ()
    chain = [start]
    while chain[-1] != end:
        chain.append(min((n for n in graph.callees[chain[-1]] if n in distance), key=lambda n: (distance[n], n)))
    return chain


def _explain(ranking: Ranking, seen: Seen, graph: Graph) -> tuple[Ranked, ...]:
    speaking: dict[str, list[str]] = {}
    for clue in sorted(seen.clues, key=lambda c: -c.score):
        if clue.score > 0:
            speaking.setdefault(clue.node, []).append(clue.reason)
    return tuple(replace(e, reasons=_reasons(e, speaking.get(e.node, ()), seen, graph)) for e in ranking.ranked)


def _reasons(entry: Ranked, speaking: Sequence[str], seen: Seen, graph: Graph) -> tuple[str, ...]:
    found = list(entry.reasons)
    chain = way(graph, seen.node, entry.node)
    whole, part = seen.excess.get(seen.node, 0.0), seen.excess.get(entry.node)
    if len(chain) > 1 and whole > 0 and part is not None:
        share = min(1.0, max(0.0, part) / whole)
        unit = "s" if seen.in_seconds else "failed requests"
        lost = f"{number(max(0.0, part))} of {number(whole)} {unit} more than usual"
        found.append(f"worth {share:.0%} of what {seen.node} lost ({lost}), on the way of calls {' -> '.join(chain)}")
    elif len(chain) > 1:
        found.append(f"on the way of calls {' -> '.join(chain)}")
    if entry.node in seen.traffic:
        found.append(seen.traffic[entry.node])
    found.extend(reason for reason in speaking if reason not in found)
    return tuple(found[:REASONS])


def _headline(seen: Seen, ranked: Sequence[Ranked]) -> str:
    first = ranked[0]
    since = clock(seen.onset or 0.0)
    return (
        f"{seen.symptom} is abnormal from {since} on (p = {seen.p_value:.2g}); it began at {first.node}, {first.inner}"
    )


def _calm(seen: Seen) -> str:
    if not seen.symptom:
        return "Nothing can be said: no series of the symptom holds a value"
    said = f"{seen.symptom} is no more unusual than normal times are"
    return f"Nothing abnormal: {said} (p = {seen.p_value:.2g}, alarm at {ALARM:g})"


def _nothing() -> Ranking:
    return Ranking(ranked=(), nodes={}, nothing=1.0, unknown=0.0)


def as_json(answer: Answer) -> Mapping[str, object]:
    """Return the answer as it is written to files."""
    return {
        "abnormal": answer.is_abnormal,
        "headline": answer.headline,
        "symptom": answer.seen.symptom or None,
        "onset": answer.seen.onset,
        "end": answer.seen.end,
        "p_value": answer.seen.p_value,
        "unknown": answer.ranking.unknown,
        "ranked": [
            {"node": r.node, "inner": r.inner, "kind": str(r.kind), "score": r.score, "reasons": list(r.reasons)}
            for r in answer.ranking.ranked
        ],
    }
