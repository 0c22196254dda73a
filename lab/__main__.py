"""``python -m lab``: who was named for each fault, accuracy with interval, false alarms, seconds."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from examples.support.postgres import running_postgres

from lab.harness import BACKENDS, LOOKS, CannotInject, Outcome, Scenario, run, scenarios
from lab.table import summary


def main() -> int:
    """Run the chosen scenarios and print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--only", default="", help="ids of scenarios, separated by commas; all when not given")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--kind", choices=["all", "faults", "healthy"], default="all")
    parser.add_argument("--backend", choices=["all", *BACKENDS], default="all")
    parser.add_argument("--looks", default="outside", help=f"ways of looking, separated by commas: {', '.join(LOOKS)}")
    parser.add_argument("--keep", type=Path, default=None, help="folder for the documents of `diagnose run`")
    parser.add_argument("--record", type=Path, default=None, help="folder for recordings, which `lab.replay` reads")
    parser.add_argument("--missing", action="store_true", help="only what has no recording in that folder yet")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    chosen = [s for s in scenarios() if not options.only or s.id in options.only.split(",")]
    if options.kind != "all":
        chosen = [s for s in chosen if s.is_healthy == (options.kind == "healthy")]
    pairs = [(s, b) for s in chosen for b in s.backends if options.backend in ("all", b)]
    looks = options.looks.split(",")
    if options.list:
        for scenario, backend in pairs:
            print(f"{scenario.id:<44} {backend:<18} {scenario.truth:<44} {scenario.title}")
        return 0
    outcomes: list[Outcome] = []
    with running_postgres({"max_connections": 80}) as postgres:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for scenario, backend in pairs:
                if options.missing and _recorded(options.record, scenario, backend, looks, seed):
                    continue
                try:
                    found = run(
                        scenario,
                        seed,
                        backend=backend,
                        postgres=postgres,
                        looks=looks,
                        keep=options.keep,
                        record=options.record,
                    )
                except CannotInject as reason:
                    print(f"not here  {scenario.id} on {backend}: {reason}", flush=True)
                    continue
                except Exception:
                    traceback.print_exc()
                    print(f"BROKEN {scenario.id} on {backend} seed {seed}", flush=True)
                    continue
                outcomes.extend(found)
                for outcome in found:
                    print(_line(outcome), flush=True)
    print()
    print(summary([(o.scenario, o.status, o.named) for o in outcomes]))
    _times(outcomes)
    return 0 if outcomes and all(o.right for o in outcomes) else 1


def _recorded(folder: Path | None, scenario: Scenario, backend: str, looks: list[str], seed: int) -> bool:
    return folder is not None and all(
        (folder / f"{scenario.id}@{backend}@{look}@{seed}.json.gz").exists() for look in looks
    )


def _line(o: Outcome) -> str:
    sign = "right" if o.right else "WRONG"
    said = o.top if o.status == "root_cause_identified" else f"{o.status} ({o.top})" if o.top else o.status
    truth = f"{o.scenario.truth} + {o.scenario.second}" if o.scenario.second else o.scenario.truth
    return (
        f"{sign}  {o.name:<58} truth {truth:<40} named {said:<52} p={o.posterior:.2f}  "
        f"{o.seconds:4.1f} s (wall {o.wall_seconds:4.1f}, triage {o.triage_seconds * 1000:3.0f} ms)  "
        f"users: {o.success_rate:4.0%} ok, p95 {o.p95:.2f} s"
    )


def _times(outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    seconds = sorted(o.seconds for o in outcomes)
    print(f"phases 1 to 4: median {seconds[len(seconds) // 2]:.1f} s, longest {seconds[-1]:.1f} s")
    print(f"triage: longest {max(o.triage_seconds for o in outcomes) * 1000:.0f} ms")
    for o in outcomes:
        if not o.right:
            print(f"  wrong: {o.name}: {o.status} {', '.join(o.named[:3])} ({o.reason[:150]})")


if __name__ == "__main__":
    sys.exit(main())
