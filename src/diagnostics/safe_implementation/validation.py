"""After the change: did it help, did anything get worse?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.model.verification import Check, CheckVerdict, Comparison, Effect, Verification
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.deadline import DeadlineExceeded, call_with_deadline
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.guardrails import Watch, watch

REPETITIONS = 3
PAUSE_SECONDS = 0.2
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked after a change; every callable may be sync or async.

    Attributes:
        works: The caller's verification function: truthy means good.
        still_present: Whether the finding is still there: False has flipped, None cannot be told.
        compare: Gives the symptom and the guardrails before and after.
        watch: Guardrails that are watched for a while, last of all.
    """

    works: Callable[[], Any] | None = None
    still_present: Callable[[], Any] | None = None
    compare: Callable[[], Any] | None = None
    watch: Watch | None = None
    deadline_seconds: float = DEADLINE_SECONDS
    repetitions: int = REPETITIONS
    pause_seconds: float = PAUSE_SECONDS


def ask(questions: Questions, clock: Clock, *, record: Callable[[Check], None]) -> Verification:
    """Ask everything in order, stop at the first failure, and conclude.

    ``record`` is called with each finished check, before the next one begins.
    """
    checks: list[Check] = []
    comparisons: tuple[Comparison, ...] = ()

    def note(check: Check) -> bool:
        checks.append(check)
        record(check)
        return check.verdict is not CheckVerdict.FAIL

    going = True
    if questions.works is not None:
        going = note(_functional(questions.works, questions, clock))
    if going and questions.still_present is not None:
        going = note(_flips(questions.still_present, questions, clock))
    if going and questions.compare is not None:
        check, comparisons = _compared(questions.compare, questions, clock)
        going = note(check)
    if going and questions.watch is not None:
        check, watched = _watched(questions.watch, clock)
        comparisons += watched
        note(check)
    return conclude(checks, comparisons)


def conclude(checks: Sequence[Check], comparisons: Sequence[Comparison] = ()) -> Verification:
    """Return what follows from checks and comparisons; no data is never a pass. Pure."""
    failed = [check for check in checks if check.verdict is CheckVerdict.FAIL]
    worse = [item for item in comparisons if item.verdict is Effect.WORSE]
    better = [item for item in comparisons if item.verdict is Effect.BETTER]
    open_ended = [check for check in checks if check.verdict in (CheckVerdict.INCONCLUSIVE, CheckVerdict.ERROR)]
    passed: bool | None = True
    verdict, reason = Effect.BETTER, "; ".join(check.reason for check in checks)
    if worse:
        verdict, passed, reason = Effect.WORSE, False, "; ".join(item.reason for item in worse)
    elif failed:
        verdict, passed, reason = Effect.SAME, False, "; ".join(check.reason for check in failed)
    elif open_ended or not checks:
        verdict, passed = Effect.INCONCLUSIVE, None
        reason = "; ".join(check.reason for check in open_ended) or "nothing was asked after the change"
    elif comparisons and not better:
        verdict = Effect.SAME
    return Verification(
        verdict=verdict, passed=passed, reason=reason, checks=tuple(checks), comparisons=tuple(comparisons)
    )


def _functional(works: Callable[[], Any], questions: Questions, clock: Clock) -> Check:
    began = clock.monotonic()
    verdict, reason, attempt = CheckVerdict.PASS, "", 0
    for attempt in range(1, questions.repetitions + 1):
        if attempt > 1:
            clock.sleep(questions.pause_seconds)
        left = questions.deadline_seconds - (clock.monotonic() - began)
        try:
            answer = call_with_deadline(works, max(left, 0.001), clock=clock)
        except DeadlineExceeded:
            verdict, reason = (
                CheckVerdict.FAIL,
                f"the verification did not end within {questions.deadline_seconds:g} s",
            )
            break
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a caller's function; its failure is the answer
            verdict, reason = CheckVerdict.FAIL, f"the verification raised {_brief(error)}"
            break
        if not answer:
            verdict, reason = (
                CheckVerdict.FAIL,
                f"the verification answered {shorten(redact(repr(answer)), 80)}",
            )
            break
    else:
        reason = f"the verification passed {attempt} times"
    return Check(
        name="verification_function",
        verdict=verdict,
        reason=reason,
        attempts=attempt,
        duration_seconds=clock.monotonic() - began,
    )


def _flips(still_present: Callable[[], Any], questions: Questions, clock: Clock) -> Check:
    began = clock.monotonic()
    verdict, reason = CheckVerdict.PASS, "the finding has flipped: it is no longer present"
    try:
        answer = call_with_deadline(still_present, questions.deadline_seconds, clock=clock)
        if answer is None:
            verdict, reason = CheckVerdict.INCONCLUSIVE, "whether the finding is still present cannot be told"
        elif answer:
            verdict, reason = CheckVerdict.FAIL, "the finding is still present"
    except DeadlineExceeded:
        verdict = CheckVerdict.INCONCLUSIVE
        reason = f"looking for the finding did not end within {questions.deadline_seconds:g} s"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a probe that breaks is no answer, and no failure of the change
        verdict, reason = CheckVerdict.ERROR, f"looking for the finding raised {_brief(error)}"
    return Check(name="finding flips", verdict=verdict, reason=reason, duration_seconds=clock.monotonic() - began)


def _compared(compare: Callable[[], Any], questions: Questions, clock: Clock) -> tuple[Check, tuple[Comparison, ...]]:
    began = clock.monotonic()
    items: tuple[Comparison, ...] = ()
    try:
        items = tuple(call_with_deadline(compare, questions.deadline_seconds, clock=clock))
        worse = [item for item in items if item.verdict is Effect.WORSE]
        known = [item for item in items if item.verdict is not Effect.INCONCLUSIVE]
        if worse:
            verdict, reason = CheckVerdict.FAIL, "; ".join(item.reason for item in worse)
        elif known:
            verdict, reason = CheckVerdict.PASS, "; ".join(item.reason for item in known)
        else:
            verdict, reason = CheckVerdict.INCONCLUSIVE, "too little data to compare before and after"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a comparison that breaks is no answer
        verdict, reason = CheckVerdict.ERROR, f"the comparison raised {_brief(error)}"
    return Check(name="before and after", verdict=verdict, reason=reason,
                 duration_seconds=clock.monotonic() - began), items  # fmt: skip


def _watched(settings: Watch, clock: Clock) -> tuple[Check, tuple[Comparison, ...]]:
    began = clock.monotonic()
    items = watch(settings, clock)
    verdicts = {item.verdict for item in items}
    verdict = CheckVerdict.PASS
    if Effect.WORSE in verdicts:
        verdict = CheckVerdict.FAIL
    elif Effect.INCONCLUSIVE in verdicts:
        verdict = CheckVerdict.INCONCLUSIVE
    reason = "; ".join(item.reason for item in items)
    return Check(name="guardrails", verdict=verdict, reason=reason, attempts=items[0].n_after,
                 duration_seconds=clock.monotonic() - began), items  # fmt: skip


def _brief(error: BaseException) -> str:
    return shorten(redact(f"{type(error).__name__}: {error}"), 300)
