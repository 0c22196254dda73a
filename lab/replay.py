"""``python -m lab.replay``: what today's map says to the recordings; accuracy, calibration, and what each source is worth.

Nothing is injected and nothing is looked at: hundreds of runs take seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostics.causal_map import standard_map
from diagnostics.diagnostic_orchestrator.recording import Recording, read, replay
from diagnostics.model.diagnosis import Diagnosis
from diagnostics.model.observation import Observations
from diagnostics.model.problem import Problem
from lab.scenario import Scenario, scenarios
from lab.table import share, summary

CORPUS = Path(__file__).parent / "corpus"

#: A source of evidence, by the beginnings of the names of what it sees.
SOURCES: dict[str, tuple[str, ...]] = {
    "host": ("host.", "cgroup."),
    "process": ("process.",),
    "PostgreSQL": ("postgres.", "pool."),
    "endpoint": ("endpoint.",),
    "external services": ("service.", "tcp."),
    "logs": ("log.",),
    "changes": ("change.",),
    "Redis": ("redis.", "queue.", "celery."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One recording and what the map says to it now."""

    scenario: Scenario
    backend: str
    look: str
    seed: int
    diagnosis: Diagnosis

    @property
    def status(self) -> str:
        return str(self.diagnosis.status)

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(cause.mechanism for cause in self.diagnosis.root_causes)

    @property
    def posterior(self) -> float:
        """Of the answer that was given; 0 where nothing was named."""
        return self.diagnosis.root_causes[0].posterior if self.status == "root_cause_identified" else 0.0

    @property
    def right(self) -> bool:
        return self.scenario.is_right(self.status, self.named)


def recordings(folder: Path = CORPUS) -> Iterator[tuple[Scenario, Recording]]:
    """Yield what was recorded of scenarios that still exist; looks with a baseline also without it, as ``outside``."""
    known = {s.id: s for s in scenarios()}
    paths = sorted(folder.glob("*.json.gz"))
    names = {path.name for path in paths}
    for path in paths:
        recording = read(path)
        scenario = known.get(recording.labels["scenario"])
        if scenario is None:
            continue
        yield scenario, recording
        if recording.labels["look"] == "baseline" and path.name.replace("@baseline@", "@outside@") not in names:
            labels = {**recording.labels, "look": "outside"}
            yield scenario, replace(recording.without_baseline(), labels=labels)


def replayed(
    pairs: Iterable[tuple[Scenario, Recording]], change: Callable[[Recording], Recording] = lambda r: r
) -> list[Replayed]:
    """Return what the map says to each recording, after ``change``."""
    causal_map = standard_map()
    return [
        Replayed(
            scenario=scenario,
            backend=recording.labels["backend"],
            look=recording.labels["look"],
            seed=int(recording.labels["seed"]),
            diagnosis=replay(change(recording), causal_map),
        )
        for scenario, recording in pairs
    ]


def without(source: str) -> Callable[[Recording], Recording]:
    """Return a change that takes away what one source saw (``report`` takes away the words of the user)."""

    def change(recording: Recording) -> Recording:
        if source == "report":
            return replace(recording, problem=Problem(reported_at=recording.problem.reported_at))
        kept = Observations(o for o in recording.observations if not o.name.startswith(SOURCES[source]))
        return replace(recording, observations=kept)

    return change


def reliability(runs: Sequence[Replayed], bins: int = 5) -> list[tuple[float, float, int]]:
    """Return (mean posterior, share of right answers, number) of the named answers, in bins of equal numbers."""
    named = sorted((r for r in runs if r.posterior > 0), key=lambda r: r.posterior)
    size = max(1, -(-len(named) // bins))
    groups = [named[start : start + size] for start in range(0, len(named), size)]
    return [
        (sum(r.posterior for r in group) / len(group), sum(r.right for r in group) / len(group), len(group))
        for group in groups
    ]


def calibration_error(runs: Sequence[Replayed], bins: int = 5) -> float:
    """Return the expected calibration error: the mean gap between posterior and share of right answers, weighted by numbers."""
    groups = reliability(runs, bins)
    total = sum(n for *_, n in groups)
    return sum(n * abs(mean - hit) for mean, hit, n in groups) / total if total else 0.0


def _show(runs: Sequence[Replayed]) -> None:
    for look in sorted({r.look for r in runs}):
        for backend in sorted({r.backend for r in runs}):
            some = [r for r in runs if r.look == look and r.backend == backend]
            if some:
                print(f"## {look}, {backend}\n{summary([(r.scenario, r.status, r.named) for r in some])}\n")
    print("posterior (mean)  right  answers")
    for mean, hit, n in reliability(runs):
        print(f"{mean:16.3f} {hit:6.1%} {n:8d}")
    print(f"expected calibration error: {calibration_error(runs):.3f}\n")
    for r in runs:
        if not r.right:
            truth = f"{r.scenario.truth} + {r.scenario.second}" if r.scenario.second else r.scenario.truth
            tops = ", ".join(f"{c.mechanism} {c.posterior:.2f}" for c in r.diagnosis.root_causes[:3])
            print(f"  wrong: {r.scenario.id}@{r.backend}@{r.look}@{r.seed}: truth {truth}; {r.status} {tops}")


def _ablation(pairs: Sequence[tuple[Scenario, Recording]]) -> None:
    faults = [(s, r) for s, r in pairs if s.kind == "fault"]
    print("without            top-1 right")
    print(f"{'(nothing)':<18} {share(sum(r.right for r in replayed(faults)), len(faults))}")
    for source in ("report", *SOURCES):
        hits = sum(r.right for r in replayed(faults, without(source)))
        print(f"{source:<18} {share(hits, len(faults))}")


def main() -> int:
    """Replay the recordings and print what became of them."""
    parser = argparse.ArgumentParser(prog="python -m lab.replay", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--only", default="", help="ids of scenarios, separated by commas")
    parser.add_argument("--ablation", action="store_true", help="also what is left when one source is taken away")
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    pairs = [(s, r) for s, r in recordings(options.corpus) if not wanted or s.id in wanted]
    runs = replayed(pairs)
    _show(runs)
    if options.ablation:
        _ablation(pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
