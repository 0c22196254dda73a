"""Detectors of change: deploys, configuration, environment, packages."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    STRONG,
    TYPICAL,
    absent,
    label_number,
    present,
    seconds,
    unknown,
)
from diagnostics.causal_map.signatures import match_line
from diagnostics.causal_map.signatures.categories import CATEGORY
from diagnostics.model.finding import Evidence, Finding, SignatureMatch
from diagnostics.model.observation import Reading
from diagnostics.model.problem import Category

#: Errors that begin this soon after a change are probably its doing.
SUSPICIOUS_SECONDS = 120.0
#: Classes of exceptions that the surroundings cause rather than new code.
ENVIRONMENTAL = (
    "Timeout",
    "Connection",
    "Operational",
    "OSError",
    "SSL",
    "Interface",
    "DeadlockDetected",
    "LockNotAvailable",
    "QueryCanceled",
    "HTTPStatus",
    "RefreshError",
    "PoolTimeout",
    "PoolError",
    "SystemExit",  # gunicorn's arbiter aborts a worker that is late
    "SignatureError",
    "Unauthorized",
    "InvalidToken",
    "RetryAfter",
    "RemoteProtocol",
    "ReadError",
    "gaierror",
    "MemoryError",
    "BlockingIOError",  # no process or thread more
    "UndefinedColumn",
    "UndefinedTable",
    "ProgrammingError",
    "InternalError",
    "IntegrityError",
    "DataError",
    "ModuleNotFound",
)


def bad_deploy(evidence: Evidence) -> Finding:
    """New tracebacks in our own code began right after new code came."""
    change = _latest_code_change(evidence)
    new = new_exceptions(evidence)
    own = [
        pair
        for pair in new
        if not _is_of_the_surroundings(evidence, pair[1])
        and not pair[1].labels.get("exception", "").endswith(ENVIRONMENTAL)
        and not any(word in pair[1].labels.get("exception", "") for word in ENVIRONMENTAL)
    ]
    if change is None:
        if evidence.observations.names() & {"change.repository", "change.commit", "change.process_restart"}:
            return absent(-4.0, "no deploy in the last hour")
        return unknown("no --repo was given")
    change_id, age, words = change
    if own and evidence.now is not None:
        evidence_id, first = max(own, key=lambda pair: pair[1].value)
        seen = _first_seen(first)
        began = age if seen is None else max(0.0, evidence.now.timestamp() - seen)
        if began <= age + 10 and age - began < SUSPICIOUS_SECONDS and first.value >= 2:
            said = f"{first.labels.get('exception')} began {seconds(max(age - began, 0.0))} after {words}, and was never seen before: {first.labels.get('example', '')[:100]}"
            # A text that names the defect outright says more than "a bug": the deploy is how it came. And "never seen before" takes
            # a log that goes back to before the change.
            strength = (
                TYPICAL if _is_named_outright(evidence, first) or _log_is_younger(evidence, first, age) else CERTAIN
            )
            return present(strength, said, [change_id, evidence_id], {"change": words, **_commit(evidence)})
    if age < 900:
        return present(HINT, f"{words} came {seconds(age)} ago", [change_id], _commit(evidence))
    return absent(-1.0, f"the last deploy was {seconds(age)} ago")


def _log_is_younger(evidence: Evidence, template: Reading, age: float) -> bool:
    history = evidence.observations.value("log.history", None, file=template.labels.get("file", ""))
    return history is not None and history < age + 5.0


#: Weight of a text that names a cause outright (see ``Signature``).
OUTRIGHT = 6.0
#: What a new release breaks in its own code; a known text of anything else names a cause of its own.
_OF_CODE = frozenset({Category.CODE_DEFECT, Category.UNKNOWN, Category.SCHEMA_OR_DATA})


def _is_of_the_surroundings(evidence: Evidence, template: Reading) -> bool:
    """Whether the text of an exception is known to speak for something that is no defect of code (a missing variable, …)."""
    return any(
        match.weight >= 4.5 and CATEGORY.get(match.mechanism, Category.UNKNOWN) not in _OF_CODE
        for match in _matches_of(evidence, template)
    )


def _is_named_outright(evidence: Evidence, template: Reading) -> bool:
    """Whether the text of an exception names one defect and no other."""
    return any(
        match.weight >= OUTRIGHT and match.mechanism != "bad-deploy-code-regression"
        for match in _matches_of(evidence, template)
    )


def _matches_of(evidence: Evidence, template: Reading) -> list[SignatureMatch]:
    """Return the known texts that were found in the records of a template."""
    example = template.labels.get("example", "")
    exception = template.labels.get("exception", "").rpartition(".")[2]
    logged = [match for match in evidence.signatures if match.place == "log"]
    # A mechanism's match carries one text of many: the others are recognised by what they say themselves.
    says = {mechanism for mechanism, weight in match_line(example) if weight >= 4.5} if logged else set()
    return [
        match
        for match in logged
        if match.mechanism in says
        or match.text == example
        or (exception and exception in match.text and match.text[:60] in example)
    ]


def config_change(evidence: Evidence) -> Finding:
    """Environment, configuration files or server settings differ from what was normal."""
    changed = [
        (i, r)
        for name in ("change.environment", "change.setting")
        for i, r in evidence.observations.indexed(name)
        if r.labels.get("kind") != "empty"
    ]
    files = [
        (i, r)
        for i, r in evidence.observations.indexed("change.file")
        if r.labels.get("path", "").endswith((".env", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".json"))
        and r.value < 1800
    ]
    if changed or files:
        what = ", ".join(
            sorted(
                {
                    r.labels.get("name") or r.labels.get("setting") or r.labels.get("path", "")
                    for _, r in [*changed, *files]
                }
            )[:5]
        )
        began = [
            evidence.now.timestamp() - r.value
            for r in evidence.observations.readings("log.onset")
            if evidence.now is not None
        ]
        # An editor's file and the first error lie close together, and nothing was released.
        at_once = any(-10 <= r.value - age < SUSPICIOUS_SECONDS for _, r in files for age in began)
        return present(
            STRONG if at_once and _latest_code_change(evidence) is None else TYPICAL if changed else HINT,
            f"changed against what was normal: {what}",
            [i for i, _ in [*changed, *files]][:6],
            {"changed": what},
        )
    if _compared(evidence, "environment"):
        return absent(-2.0, "environment and settings are as they were")
    return unknown("no baseline of environment and settings")


def _compared(evidence: Evidence, what: str) -> bool:
    """Tell whether somebody looked: a baseline alone does not say so, the process may have been gone."""
    return bool(evidence.observations.readings("change.compared", what=what))


def package_changed(evidence: Evidence) -> Finding:
    """Versions of packages differ from what was normal."""
    changed = evidence.observations.indexed("change.package")
    if changed:
        what = ", ".join(
            f"{r.labels.get('package')} {r.labels.get('from')} -> {r.labels.get('to')}" for _, r in changed[:4]
        )
        return present(HINT, f"packages changed: {what}", [i for i, _ in changed[:6]])
    if _compared(evidence, "packages"):
        return absent(-1.0, "package versions are as they were")
    return unknown("no baseline of package versions")


#: What a master or a server says when it gives up starting: one of them ends it, several are a loop.
_FAILED_BOOTS = ("HaltServer", "Worker failed to boot", "Application startup failed", "Shutting down: Master")


def crash_loop(evidence: Evidence) -> Finding:
    """The process starts again and again."""
    restarts = evidence.observations.indexed("change.process_restart")
    down = evidence.observations.failures("process")
    # One process that came and went is a death; a loop shows another one.
    gone = {failure.labels.get("pid") for _, failure in down}
    young = [r for _, r in restarts if r.value < 30 and r.labels.get("pid") not in gone]
    if young and down:
        return present(STRONG, "processes start and end again", [i for i, _ in restarts])
    booted = [
        (i, r)
        for i, r in evidence.observations.indexed("log.template")
        if any(word in f"{r.labels.get('template')} {r.labels.get('exception')}" for word in _FAILED_BOOTS)
        and r.value - label_number(r, "before") >= 3
    ]
    if booted:
        evidence_id, most = max(booted, key=lambda pair: pair[1].value)
        said = f"the log says {most.value:.0f} times that it failed to start: {most.labels.get('example', '')[:120]}"
        return present(STRONG, said, [evidence_id])
    if evidence.observations.readings("process.alive"):
        ages = [r.value for r in evidence.observations.readings("process.age")]
        return absent(-4.0 if ages and min(ages) > 30 else -1.0, "the process keeps running")
    return unknown("no --pid was given")


def env_missing(evidence: Evidence) -> Finding:
    """A variable that was there is gone."""
    gone = [
        (i, r)
        for i, r in evidence.observations.indexed("change.environment")
        if r.labels.get("kind") in ("removed", "empty")
    ]
    if gone:
        return present(
            TYPICAL,
            f"{gone[0][1].labels.get('name')} is {gone[0][1].labels.get('kind')}",
            [i for i, _ in gone],
            dict(gone[0][1].labels),
        )
    if _compared(evidence, "environment"):
        return absent(-2.0, "every variable of the baseline is there")
    return unknown("no baseline of the environment")


def new_exceptions(evidence: Evidence) -> list[tuple[str, Reading]]:
    """Return exceptions of the recent window that the log did not have before."""
    return [
        (i, r)
        for i, r in evidence.observations.indexed("log.template")
        if r.labels.get("exception") and label_number(r, "before") == 0 and r.value >= 1
    ]


def deployed_lately(evidence: Evidence) -> bool:
    """Whether new code came within the last hour."""
    return _latest_code_change(evidence) is not None


def began_with_restart(evidence: Evidence, lines: Sequence[tuple[str, Reading]]) -> bool:
    """Whether log lines were first seen right after the process was started: a setting of ours is then suspected."""
    starts = [r.at.timestamp() - r.value for r in evidence.observations.readings("process.age")]
    seen = [moment for _, r in lines if (moment := _first_seen(r)) is not None]
    if not starts or not seen:
        return False
    started = min(starts)  # the oldest: a worker that was renewed is no restart
    return -2.0 <= min(seen) - started <= 60.0


def _latest_code_change(evidence: Evidence) -> tuple[str, float, str] | None:
    found: list[tuple[float, str, str]] = []
    for evidence_id, reading in evidence.observations.indexed("change.commit"):
        found.append(
            (
                reading.value,
                evidence_id,
                f"commit {reading.labels.get('sha', '')[:9]} “{reading.labels.get('subject', '')[:60]}”",
            )
        )
    for evidence_id, reading in evidence.observations.indexed("change.head_moved"):
        found.append((reading.value, evidence_id, f"a checkout of {reading.labels.get('to', '')[:9]}"))
    young = [f for f in found if f[0] < 3600]
    if not young:
        return None
    age, evidence_id, words = min(young)
    return evidence_id, age, words


def _commit(evidence: Evidence) -> dict[str, str]:
    commits = sorted(evidence.observations.readings("change.commit"), key=lambda r: r.value)
    return {"sha": commits[0].labels.get("sha", "")} if commits else {}


def _first_seen(reading: Reading) -> float | None:
    text = reading.labels.get("first_seen", "")
    try:
        return float(text)
    except ValueError:
        pass
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


DETECTORS = {
    "bad-deploy-code-regression": bad_deploy,
    "config-change-bad-value": config_change,
    "package-upgrade-regression": package_changed,
    "crash-loop-on-boot": crash_loop,
    "env-var-missing": env_missing,
}
