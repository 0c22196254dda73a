"""A seeded year of minutes: outages, noise, flapping, gaps, restarts; what people were told of it.

Every outage has to be told once and resolved once; no recovery may be lost; of what is told at most 5 % may be false.
The monitor is the real one, driven by a clock of our own; its process "dies" at random and goes on from its history.
``python -m benchmarks alerts`` takes some minutes; ``--days 30 --checks 4`` a few seconds (that is the sample in the tests).
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from diagnostics.model.alert import AlertChange, MonitoringAlert
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import MemoryHistory, PostSolutionMonitor
from diagnostics.stats.proportions import wilson
from diagnostics.testing import FakeClock

MINUTE = 60.0
OUTAGE_MINUTES = (10, 240)
NOISE = (0.0, 0.002, 0.01, 0.02)
"""Share of looks that fail though nothing is wrong: from a quiet service to one with a flaky network."""


@dataclass
class Life:
    """One check's year, minute by minute: what is true, and what a look at it says."""

    truth: list[bool]
    says: list[bool | None]
    outages: list[tuple[int, int]] = field(default_factory=list)
    flapping: list[tuple[int, int]] = field(default_factory=list)


def life_of(random_: random.Random, minutes: int, noise: float) -> Life:
    """Return a year: about one outage in twelve days, one spell of flapping in sixty, one gap without data in twenty."""
    truth = [True] * minutes
    says: list[bool | None] = [True] * minutes
    life = Life(truth, says)
    taken = [False] * minutes

    def room(length: int) -> int | None:
        # Two hours apart, so that what is told can be laid at one door.
        for _ in range(50):
            at = random_.randrange(180, max(181, minutes - length - 180))
            if not any(taken[max(0, at - 120) : at + length + 120]):
                taken[at : at + length] = [True] * length
                return at
        return None

    for _ in range(max(1, minutes // (12 * 1440))):
        length = random_.randint(*OUTAGE_MINUTES)
        at = room(length)
        if at is not None:
            truth[at : at + length] = [False] * length
            # While it is down, a look gets through now and then: a half-dead service answers some.
            through = random_.choice((0.0, 0.0, 0.1, 0.3))
            says[at : at + length] = [random_.random() < through for _ in range(length)]
            life.outages.append((at, at + length))
    for _ in range(max(1, minutes // (60 * 1440))):
        length = random_.randint(60, 240)
        at = room(length)
        if at is not None:
            period = random_.randint(8, 20)
            for minute in range(at, at + length):
                up = ((minute - at) // period) % 2 == 1
                truth[minute] = says[minute] = up
            life.flapping.append((at, at + length))
    for minute in range(minutes):
        if not taken[minute] and random_.random() < noise:
            says[minute] = False
    for _ in range(max(1, minutes // (20 * 1440))):
        length = random_.randint(1, 30)
        at = room(length)
        if at is not None:
            says[at : at + length] = [None] * length
    return life


@dataclass
class Seen:
    """What came of it."""

    outages: int = 0
    told_once: int = 0
    resolved_once: int = 0
    missed: int = 0
    false: int = 0
    told: int = 0
    lost_recoveries: int = 0
    delays: list[float] = field(default_factory=list)
    flapping_spells: int = 0
    flapping_notices: int = 0
    no_data: int = 0
    by_noise: dict[float, list[int]] = field(default_factory=dict)


def simulate(days: int, checks: int, seed: int, restart_every_days: float = 3.0) -> Seen:
    """Live through the days and judge what was told."""
    random_ = random.Random(seed)
    minutes = days * 1440
    lives = [life_of(random_, minutes, NOISE[number % len(NOISE)]) for number in range(checks)]
    clock = FakeClock()
    history = MemoryHistory(results_per_check=10, max_alerts=1_000_000)
    told: list[MonitoringAlert] = []
    now = 0
    start = clock.now()

    def started() -> PostSolutionMonitor:
        made = PostSolutionMonitor(history=history, clock=clock, default_checks=False, alert_callback=told.append)
        for number, life in enumerate(lives):
            made.add_health_check(f"check-{number}", look_of(life), MINUTE)
        made.start_monitoring()
        return made

    def look_of(life: Life):
        def look() -> CheckResult:
            said = life.says[now]
            state = CheckState.UNKNOWN if said is None else CheckState.PASS if said else CheckState.FAIL
            return CheckResult(state=state)

        return look

    monitor = started()
    for minute in range(minutes):
        now = minute
        if random_.random() < 1 / (restart_every_days * 1440):
            monitor.flush_alerts(5.0)
            monitor = started()  # the former one is gone without a word, as after SIGKILL
        monitor.step()
        clock.sleep(MINUTE)
    monitor.flush_alerts(5.0)

    def minute_of(alert: MonitoringAlert) -> int:
        at = datetime.fromisoformat(alert.resolution_timestamp or alert.timestamp)
        return round((at - start).total_seconds() / MINUTE)

    return judged(lives, [(minute_of(alert), alert) for alert in told])


def judged(lives: list[Life], told: list[tuple[int, MonitoringAlert]]) -> Seen:
    """Return who was told rightly."""
    seen = Seen()
    for number, life in enumerate(lives):
        mine = [(at, a) for at, a in told if a.component == f"check-{number}"]
        seen.no_data += sum(a.details.get("kind") == "no_data" and not a.resolved for _, a in mine)
        mine = [(at, a) for at, a in mine if a.details.get("kind") != "no_data"]
        opened = [(at, a) for at, a in mine if a.change is AlertChange.FIRED]
        closed = {a.alert_id: at for at, a in mine if a.change is AlertChange.RESOLVED}
        explained: set[str] = set()
        for begin, end in life.outages:
            # Ten minutes after its end a notice may still be on its way.
            here = [(at, a) for at, a in opened if begin <= at < end + 10]
            explained |= {a.alert_id for _, a in here}
            seen.outages += 1
            seen.told_once += len(here) == 1
            seen.missed += not here
            if here:
                seen.delays.append(here[0][0] - begin + 1)
                seen.resolved_once += len(here) == 1 and closed.get(here[0][1].alert_id, -1) >= begin
        for begin, end in life.flapping:
            seen.flapping_spells += 1
            here = [a for at, a in mine if begin <= at < end + 60]
            seen.flapping_notices += len(here)
            explained |= {a.alert_id for a in here}
        seen.told += len(opened)
        false = sum(a.alert_id not in explained for _, a in opened)
        seen.false += false
        noise = seen.by_noise.setdefault(NOISE[number % len(NOISE)], [0, 0])
        noise[0], noise[1] = noise[0] + false, noise[1] + len(opened)
        last = Counter(a.alert_id for _, a in mine)
        seen.lost_recoveries += sum(alert_id not in closed for alert_id in last)
    return seen


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--checks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    asked, _ = parser.parse_known_args()
    seen = simulate(asked.days, asked.checks, asked.seed)
    false = wilson(seen.false, max(1, seen.told))
    print("| figure | seen | bar |")
    print("|---|--:|--:|")
    print(f"| days × checks, seed | {asked.days} × {asked.checks}, {asked.seed} | |")
    print(f"| outages (10 to 240 min) | {seen.outages} | |")
    print(f"| told exactly once | {seen.told_once} | all |")
    print(f"| resolved exactly once | {seen.resolved_once} | all |")
    print(f"| missed | {seen.missed} | 0 |")
    print(f"| recoveries lost | {seen.lost_recoveries} | 0 |")
    share = f"{seen.false} of {seen.told} = {100 * false.rate:.1f} % [{100 * false.low:.1f}, {100 * false.high:.1f}]"
    print(f"| false alarms | {share} | 5 % |")
    for noise, (wrong, of) in sorted(seen.by_noise.items()):
        print(f"| – where {noise:.1%} of the looks fail by chance | {wrong} of {of} | |")
    if seen.delays:
        late = sorted(seen.delays)
        print(f"| minutes from the first bad look to the alert: median, p95, worst | "
              f"{statistics.median(late):.0f}, {late[int(0.95 * (len(late) - 1))]:.0f}, {late[-1]:.0f} | |")  # fmt: skip
    print(f"| notices in {seen.flapping_spells} spells of flapping | {seen.flapping_notices} | |")
    print(f"| notices of missing data | {seen.no_data} | |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
