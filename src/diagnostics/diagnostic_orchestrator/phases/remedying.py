"""Phase 5 by the map: the remedy of a diagnosed mechanism, planned, applied and verified by its own finding."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnostics.causal_map.graph import CausalMap
from diagnostics.errors import ConfigurationError
from diagnostics.model.mechanism import Remedy
from diagnostics.model.record import Record, plain
from diagnostics.model.target import Target
from diagnostics.runtime.clock import Clock

if TYPE_CHECKING:
    from diagnostics.model.change import ImplementationResult, Plan, Solution
    from diagnostics.safe_implementation import Watch


#: Looks at the finding after a change; each takes about two seconds.
LOOKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyPlan(Record):
    """What would be done about a root cause.

    Attributes:
        remedy: From the map.
        plan: What the action would do; None when the remedy is a written plan for a person.
        reason: Why it cannot run by itself; empty when it can.
        assessment: Risk of the action; empty without one.
    """

    mechanism: str
    remedy: Remedy
    plan: Plan | None
    reason: str
    assessment: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        """Whether it can be applied by this program."""
        return self.plan is not None and self.plan.applicable


def plan_remedy(
    causal_map: CausalMap,
    mechanism: str,
    subject: Mapping[str, str],
    target: Target,
    *,
    changes_dir: str | os.PathLike[str] | None = None,
    clock: Clock,
) -> RemedyPlan:
    """Return the first remedy of the mechanism that runs, or its written plan with the reason why none does."""
    from diagnostics.safe_implementation import SafeImplementationManager

    remedies = causal_map[mechanism].remedies
    reason = "this remedy is not mechanical: it is a plan for a person"
    for remedy in remedies:
        if not remedy.action:
            continue
        manager = SafeImplementationManager(backup_dir=changes_dir, db_engine=target.database_url, clock=clock)
        try:
            plan = manager.plan_action(remedy.action, _parameters(subject, target))
        except ConfigurationError as error:
            reason = str(error)
            continue
        return RemedyPlan(
            mechanism=mechanism,
            remedy=remedy,
            plan=plan,
            reason="" if plan.applicable else plan.reason,
            assessment=plain(manager.assess_action(plan)),
        )
    if not remedies:
        raise ConfigurationError(f"the map has no remedy for {mechanism}")
    return RemedyPlan(mechanism=mechanism, remedy=remedies[0], plan=None, reason=reason, assessment={})


def run_remedy(
    planned: RemedyPlan,
    solution: Solution,
    target: Target,
    *,
    still_present: Callable[[], bool | None],
    consent: bool,
    confirm_within_seconds: float | None = None,
    watch: Watch | None = None,
    changes_dir: str | os.PathLike[str] | None = None,
    clock: Clock,
    progress: Callable[[str], None] | None = None,
) -> ImplementationResult:
    """Apply a planned remedy under the journal; it stays only when the finding flips.

    Raises:
        ApplyError: It does not run, or needs a person's consent; nothing was changed.
    """
    from diagnostics.errors import ApplyError
    from diagnostics.safe_implementation import SafeImplementationManager

    if planned.plan is None:
        raise ApplyError(f"{planned.remedy.title}: {planned.reason}")
    manager = SafeImplementationManager(
        backup_dir=changes_dir, db_engine=target.database_url, clock=clock, progress=progress
    )
    return manager.run_action(
        planned.plan,
        consent=consent,
        still_present=lambda: settled(still_present),
        confirm_within_seconds=confirm_within_seconds,
        watch=watch,
        solution_id=solution.diagnosis_id or "override",
    )


def settled(still_present: Callable[[], bool | None]) -> bool | None:
    """Look until the finding is gone, at most ``LOOKS`` times; return the last answer.

    Counters lag: a PostgreSQL backend reports its scans up to a second later, a log's window still holds what was before the
    change. So the first look after a change may see the past.
    """
    answer = still_present()
    for _ in range(LOOKS - 1):
        if answer is False:
            break
        answer = still_present()
    return answer


def _parameters(subject: Mapping[str, str], target: Target) -> dict[str, str]:
    known = dict(subject)
    if target.repository is not None:
        known.setdefault("repository", str(target.repository))
    if target.migrations is not None:
        known.setdefault("migrations", str(target.migrations))
    return known
