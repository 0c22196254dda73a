"""HealthCheck: one question asked on a schedule; and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from diagnostics.errors import ConfigurationError, ProbeError
from diagnostics.model.health import CheckResult, CheckState, HealthStatus
from diagnostics.runtime.deadline import DeadlineExceeded, Outcome
from diagnostics.runtime.redaction import redact, shorten

MAX_DETAIL = 300

# These say that the check itself is broken, not what it looks at.
_BROKEN = (
    TypeError, AttributeError, NameError, ImportError, NotImplementedError, SyntaxError, RecursionError,
    MemoryError, PermissionError, ProbeError, ConfigurationError,
)  # fmt: skip
_BROKEN_NAMES = frozenset({"ArgumentError", "NoSuchModuleError"})  # SQLAlchemy's, which need not be installed

_STATE_OF_STATUS = {
    HealthStatus.HEALTHY: CheckState.PASS,
    HealthStatus.DEGRADED: CheckState.WARN,
    HealthStatus.CRITICAL: CheckState.FAIL,
    HealthStatus.DOWN: CheckState.FAIL,
    HealthStatus.UNKNOWN: CheckState.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One question asked on a schedule.

    Attributes:
        name: Unique within its monitor.
        check_function: Plain or coroutine function without arguments. It returns whether all is well, or
            ``(bool, detail)``, or a ``CheckResult``; raising means that it is not well, unless the error says
            that the check itself is broken.
        interval_seconds: From one start to the next.
        timeout_seconds: A run that takes longer counts as failed.
        critical: Whether its failure is the service's failure.
        description: For people.
        depends_on: Names of checks whose failure explains that of this one.
    """

    name: str
    check_function: Callable[[], object]
    interval_seconds: float
    timeout_seconds: float = 30.0
    critical: bool = True
    description: str = ""
    depends_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable():
            raise ConfigurationError(f"A health check needs a printable name, not {self.name!r}.")
        if not callable(self.check_function):
            raise ConfigurationError(f"{self.name}: check_function must be callable.")
        if not self.interval_seconds > 0 or not self.timeout_seconds > 0:
            raise ConfigurationError(
                f"{self.name}: interval_seconds and timeout_seconds must be positive, not "
                f"{self.interval_seconds} and {self.timeout_seconds}."
            )
        if self.name in self.depends_on:
            raise ConfigurationError(f"{self.name}: a check cannot depend on itself.")


def result_of(outcome: Outcome[object], timeout_seconds: float) -> CheckResult:
    """Return what the outcome of one run means."""
    error = outcome.error
    if error is not None:
        result = _of_error(error, timeout_seconds, timed_out=outcome.timed_out)
    else:
        result = _of_value(outcome.value)
    detail = shorten(redact(result.detail), MAX_DETAIL)
    duration = result.duration_seconds or outcome.elapsed_seconds
    return replace(result, detail=detail, duration_seconds=duration)


def _of_error(error: BaseException, timeout_seconds: float, *, timed_out: bool) -> CheckResult:
    if timed_out:
        if isinstance(error, DeadlineExceeded) and not error.started:
            return CheckResult(state=CheckState.UNKNOWN, detail="no free thread to run the check")
        return CheckResult(state=CheckState.FAIL, detail=f"no answer within {timeout_seconds:g} s")
    said = str(error).strip()
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    broken = isinstance(error, _BROKEN) or type(error).__name__ in _BROKEN_NAMES
    if broken or not isinstance(error, Exception):
        return CheckResult(state=CheckState.UNKNOWN, detail=f"the check itself is broken: {text}")
    if isinstance(error, AssertionError) and said:
        text = said
    return CheckResult(state=CheckState.FAIL, detail=text)


def _of_value(value: object) -> CheckResult:
    detail = ""
    if isinstance(value, tuple) and len(value) == 2:
        value, said = value
        detail = str(said)
    if isinstance(value, CheckResult):
        return value
    if value is None:
        why = detail or "the check returned None; True or False is an answer"
        return CheckResult(state=CheckState.UNKNOWN, detail=why)
    if isinstance(value, HealthStatus):
        return CheckResult(state=_STATE_OF_STATUS[value], detail=detail)
    if isinstance(value, CheckState):
        return CheckResult(state=value, detail=detail)
    try:
        good = bool(value)
    except Exception as error:  # noqa: BLE001 - the user's object decides what its truth raises
        why = f"the check returned a {type(value).__name__} without truth value ({error})"
        return CheckResult(state=CheckState.UNKNOWN, detail=why)
    return CheckResult(state=CheckState.PASS if good else CheckState.FAIL, detail=detail)


def ancestors(name: str, parents: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return all that ``name`` depends on, the nearest first; a cycle ends where it closes."""
    found: dict[str, None] = {}
    level = list(parents.get(name, ()))
    while level:
        following: list[str] = []
        for parent in level:
            if parent != name and parent not in found:
                found[parent] = None
                following.extend(parents.get(parent, ()))
        level = following
    return tuple(found)
