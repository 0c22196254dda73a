"""``python -m lab``: who was named for each fault, accuracy with interval, false alarms, seconds."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from examples.support.postgres import running_postgres

from diagnostics.stats.proportions import wilson
from lab.harness import Outcome, run, scenarios


def main() -> int:
    """Run the chosen scenarios and print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--only", default="", help="ids of scenarios, separated by commas; all when not given")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--kind", choices=["all", "faults", "healthy"], default="all")
    parser.add_argument("--baseline", action="store_true", help="record what is normal first, and diagnose with it")
    parser.add_argument("--keep", type=Path, default=None, help="folder for the documents of `diagnose run`")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    chosen = [s for s in scenarios() if not options.only or s.id in options.only.split(",")]
    if options.kind != "all":
        chosen = [s for s in chosen if s.is_healthy == (options.kind == "healthy")]
    if options.list:
        for scenario in chosen:
            print(f"{scenario.id:<28} {scenario.truth:<42} {scenario.title}")
        return 0
    outcomes: list[Outcome] = []
    with running_postgres({"max_connections": 80}) as postgres:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for scenario in chosen:
                try:
                    outcome = run(scenario, seed, postgres=postgres, baseline=options.baseline, keep=options.keep)
                except Exception:
                    traceback.print_exc()
                    print(f"BROKEN {scenario.id} seed {seed}", flush=True)
                    continue
                outcomes.append(outcome)
                print(_line(outcome), flush=True)
    _summary(outcomes)
    return 0 if outcomes and all(o.right for o in outcomes) else 1


def _line(o: Outcome) -> str:
    sign = "right" if o.right else "WRONG"
    said = o.top if o.status == "root_cause_identified" else f"{o.status} ({o.top})" if o.top else o.status
    return (
        f"{sign}  {o.scenario:<26} seed {o.seed}  truth {o.truth:<40} named {said:<52} p={o.posterior:.2f}  "
        f"{o.seconds:4.1f} s (wall {o.wall_seconds:4.1f}, triage {o.triage_seconds * 1000:3.0f} ms)  "
        f"users: {o.success_rate:4.0%} ok, p95 {o.p95:.2f} s"
    )


def _summary(outcomes: list[Outcome]) -> None:
    faults = [o for o in outcomes if o.truth != "healthy"]
    controls = [o for o in outcomes if o.truth == "healthy"]
    print()
    if faults:
        right = sum(o.right for o in faults)
        rate = wilson(right, len(faults), 0.95)
        print(
            f"root cause right (top-1): {right}/{len(faults)} = {right / len(faults):.1%} [{rate.low:.1%}, {rate.high:.1%}]"
        )
        third = sum(o.truth in o.named[:3] for o in faults)
        print(f"truth among the first three: {third}/{len(faults)} = {third / len(faults):.1%}")
    if controls:
        alarms = sum(not o.right for o in controls)
        rate = wilson(alarms, len(controls), 0.95)
        print(
            f"false alarms: {alarms}/{len(controls)} = {alarms / len(controls):.1%} [{rate.low:.1%}, {rate.high:.1%}]"
        )
    if outcomes:
        seconds = sorted(o.seconds for o in outcomes)
        print(f"phases 1 to 4: median {seconds[len(seconds) // 2]:.1f} s, longest {seconds[-1]:.1f} s")
        print(f"triage: longest {max(o.triage_seconds for o in outcomes) * 1000:.0f} ms")
        for o in outcomes:
            if not o.right:
                print(f"  wrong: {o.scenario} seed {o.seed}: {o.status} {', '.join(o.named[:3])} ({o.reason[:150]})")


if __name__ == "__main__":
    sys.exit(main())
