"""What a solution touches -> how risky it is, how long it takes, how hard the way back is. Pure.

Points are additive and monotone, ``complexity_score = min(100, 6 * points)``; 0 to 3 points are low, 4 and 5
medium,
6 and 7 high, 8 and more critical; destroying data or an effect that cannot be undone is at least high.

| input | points |
|---|---|
| lines to change: below 10, 50, 200, 500, above | 0, 1, 2, 3, 4; unknown 1 |
| files: none or one, up to 3, up to 9, more; three directories or more | 0, 1, 2, 3; 1 more |
| fixes among past changes of the files above 20 %; changed within 7 days; itself a fix | 1 each |
| configuration or environment | 2 |
| imported by 5 or 20 modules; authentication, payment, migration or settings paths | 1 or 2; 1 |
| database: catalogue only, scan under lock, rewrite or bulk update, drop or delete | 2, 3, 4, 6; without SQL 4 |
| largest table above 1 or 10 million rows (scan, rewrite, bulk); no lock timeout | 1 or 2; 1 |
| restart; a single instance | 1; 1 |
| no verification function; no tests | 2 (unknown 1); 1 |
| one or two external dependencies, more | 1, 2 |
| an effect outside that cannot be undone | 6 |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from diagnostics.model.change import RiskLevel, RiskReason, RollbackDifficulty, SolutionAssessment
from diagnostics.safe_implementation.sql_risk import SqlEffect, SqlRisk, classify

_Add = Callable[[int, str], None]

_SCORE_PER_POINT = 6
_CONFIGURATION = re.compile(
    r"(^|/)(\.env[^/]*|[^/]*\.(ini|toml|ya?ml|cfg|conf|env|properties|service)|(settings|config|configuration)(\.py|/).*)$"
)
_SENSITIVE = re.compile(
    r"auth|login|password|token|payment|billing|invoice|migration|alembic|settings|permission", re.IGNORECASE
)
#: Throughputs until they are measured on the host: files, dump and restore in bytes a second, rewrite in rows
#: a second.
FILES_PER_SECOND, DUMP_PER_SECOND, RESTORE_PER_SECOND, ROWS_PER_SECOND = 100e6, 200e6, 80e6, 200e3
_BASE_SECONDS, _VALIDATION_SECONDS, _RESTART_SECONDS = 15.0, 60.0, 30.0
_LOW_FACTOR, _HIGH_FACTOR = 0.5, 3.0
_HARD_BYTES = 10e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the model looks at; None is unknown."""

    solution_description: str
    files: tuple[str, ...] = ()
    database_changes: bool = False
    service_restart_required: bool = False
    external_dependencies: tuple[str, ...] = ()
    sql: tuple[SqlRisk, ...] | None = None
    lines_changed: int | None = None
    past_fix_share: float | None = None
    days_since_last_change: float | None = None
    is_fix: bool = False
    environment: bool = False
    importing_modules: int | None = None
    largest_table_rows: int | None = None
    lock_timeout: bool | None = None
    single_instance: bool | None = None
    verification_function_given: bool | None = None
    tests: bool | None = None
    irreversible: bool = False
    file_bytes: int | None = None
    database_bytes: int | None = None
    writers_fenced: bool | None = None


def _at_least(value: float, *limits: float) -> int:
    """Return how many of the rising limits a value has reached."""
    return sum(value >= limit for limit in limits)


def lines_of(diff: str) -> int:
    """Return how many lines a unified diff adds and removes."""
    return sum(line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- ")) for line in diff.splitlines())


def reasons(facts: Facts) -> tuple[list[RiskReason], list[str]]:
    """Return every input that brings points, and the names of the inputs that are unknown."""
    found: list[RiskReason] = []
    unknown: list[str] = []

    def add(points: int, text: str) -> None:
        if points:
            found.append(RiskReason(input=text, points=points))

    _files(facts, add, unknown)
    _database(facts, add, unknown)
    if facts.service_restart_required:
        add(1, "restart of the service")
        if facts.single_instance is None:
            unknown.append("single_instance")
        add(int(facts.single_instance is True), "only one instance")
    if facts.verification_function_given is None:
        unknown.append("verification_function_given")
        add(1, "verification function: unknown")
    else:
        add(0 if facts.verification_function_given else 2, "no verification function")
    if facts.tests is None and facts.files:
        unknown.append("tests")
    add(int(facts.tests is False), "no tests touch it")
    count = len(facts.external_dependencies)
    add(_at_least(count, 1, 3), f"{count} external dependencies")
    add(6 if facts.irreversible else 0, "an effect that cannot be undone")
    return found, unknown


def _files(facts: Facts, add: _Add, unknown: list[str]) -> None:
    files = facts.files
    if facts.lines_changed is not None:
        add(_at_least(facts.lines_changed, 10, 50, 200, 500), f"{facts.lines_changed} lines to change")
    elif files:
        unknown.append("lines_changed")
        add(1, "lines to change: unknown")
    add(_at_least(len(files), 2, 4, 10), f"{len(files)} files")
    folders = {str(PurePath(path).parent) for path in files}
    add(int(len(folders) >= 3), f"{len(folders)} directories")
    if facts.past_fix_share is not None:
        add(
            int(facts.past_fix_share > 0.2),
            f"{facts.past_fix_share:.0%} of the files' past changes were fixes",
        )
    elif files:
        unknown.append("past_fix_share")
    if facts.days_since_last_change is not None:
        add(int(facts.days_since_last_change < 7), f"last changed {facts.days_since_last_change:.1f} days ago")
    add(int(facts.is_fix), "the change is itself a fix")
    configured = [path for path in files if _CONFIGURATION.search(path)]
    if configured or facts.environment:
        add(2, f"configuration or environment: {', '.join(configured[:3]) or 'environment'}")
    if facts.importing_modules is not None:
        add(_at_least(facts.importing_modules, 5, 20), f"imported by {facts.importing_modules} modules")
    elif any(path.endswith(".py") for path in files):
        unknown.append("importing_modules")
    sensitive = [path for path in files if _SENSITIVE.search(path)]
    add(int(bool(sensitive)), f"sensitive paths: {', '.join(sensitive[:3])}")


def _database(facts: Facts, add: _Add, unknown: list[str]) -> None:
    if facts.sql is None:
        if facts.database_changes:
            unknown.extend(("sql", "largest_table_rows"))
            add(int(SqlEffect.REWRITE), "database changes without SQL, taken as a rewrite")
        effect = SqlEffect.REWRITE if facts.database_changes else SqlEffect.NONE
    else:
        worst = max(facts.sql, key=lambda item: item.effect, default=None)
        effect = worst.effect if worst is not None else SqlEffect.NONE
        if worst is not None:
            lock = f", lock {worst.lock}" if worst.lock else ""
            add(int(worst.effect), f"{worst.effect.name.lower()}{lock}: {worst.statement[:80]}")
        unknown.extend("sql" for item in facts.sql if not item.known)
    if effect in (SqlEffect.SCAN, SqlEffect.REWRITE, SqlEffect.DESTROY):
        if facts.largest_table_rows is not None:
            add(
                _at_least(facts.largest_table_rows, 1e6 + 1, 1e7 + 1),
                f"largest table {facts.largest_table_rows} rows",
            )
        elif facts.sql is not None:
            unknown.append("largest_table_rows")
            add(1, "largest table: unknown")
    if effect is not SqlEffect.NONE:
        if facts.lock_timeout is None:
            unknown.append("lock_timeout")
        add(int(facts.lock_timeout is False), "no lock timeout")


def level_of(points: int, *, at_least_high: bool) -> RiskLevel:
    """Return the level that belongs to a number of points."""
    level = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL)[_at_least(points, 4, 6, 8)]
    return max(level, RiskLevel.HIGH) if at_least_high else level


def difficulty_of(facts: Facts) -> RollbackDifficulty:
    """Return how hard the way back is."""
    effects = [item.effect for item in facts.sql or ()]
    if facts.irreversible:
        return RollbackDifficulty.IRREVERSIBLE
    if SqlEffect.DESTROY in effects or (facts.database_bytes or 0) > _HARD_BYTES:
        return RollbackDifficulty.HARD
    if facts.sql is not None and effects and any(effects):
        inverse = all(item.has_inverse for item in facts.sql if item.effect)
        if inverse:
            return RollbackDifficulty.EASY
        return RollbackDifficulty.HARD if facts.writers_fenced is False else RollbackDifficulty.MODERATE
    if facts.database_changes and facts.sql is None:
        return RollbackDifficulty.HARD if facts.writers_fenced is False else RollbackDifficulty.MODERATE
    return RollbackDifficulty.EASY if facts.service_restart_required else RollbackDifficulty.TRIVIAL


def seconds_of(facts: Facts) -> float:
    """Return the expected time: snapshot, change, validation, and a rollback held ready."""
    size = facts.file_bytes or 0
    seconds = _BASE_SECONDS + _VALIDATION_SECONDS + 2 * size / FILES_PER_SECOND + 5.0 * len(facts.files)
    if facts.database_changes or facts.sql:
        data = facts.database_bytes if facts.database_bytes is not None else 500e6
        # Dump, proof by restore, and a restore held ready.
        seconds += data / DUMP_PER_SECOND + 2 * data / RESTORE_PER_SECOND
        seconds += (facts.largest_table_rows or 0) / ROWS_PER_SECOND
    return seconds + (_RESTART_SECONDS if facts.service_restart_required else 0.0)


def in_words(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def assess(facts: Facts) -> SolutionAssessment:
    """Return the assessment of a solution."""
    found, unknown = reasons(facts)
    points = sum(reason.points for reason in found)
    destroys = any(item.effect is SqlEffect.DESTROY for item in facts.sql or ())
    level = level_of(points, at_least_high=facts.irreversible or destroys)
    expected = seconds_of(facts)
    low, high = _LOW_FACTOR * expected, _HIGH_FACTOR * expected
    touches_database = facts.database_changes or bool(facts.sql and any(item.effect for item in facts.sql))
    return SolutionAssessment(
        solution_description=facts.solution_description,
        complexity_score=min(100, _SCORE_PER_POINT * points),
        risk_level=level,
        estimated_time=f"about {in_words(expected)} ({in_words(low)} to {in_words(high)})",
        estimated_time_seconds=(low, expected, high),
        rollback_difficulty=difficulty_of(facts),
        reasons=tuple(found),
        potential_side_effects=tuple(_side_effects(facts, touches_database)),
        testing_requirements=tuple(_testing(facts, touches_database)),
        dependencies=facts.external_dependencies,
        approval_required=level >= RiskLevel.HIGH or touches_database or facts.irreversible,
        assessment_confidence=round(max(0.2, 1.0 - 0.1 * len(set(unknown))), 2),
    )


def _side_effects(facts: Facts, touches_database: bool) -> Iterable[str]:
    locks = sorted({item.lock for item in facts.sql or () if "EXCLUSIVE" in item.lock and item.effect})
    if locks:
        yield f"others wait while locks are held: {', '.join(locks)}"
    elif touches_database:
        yield "others may wait for locks, and a restore loses what is written meanwhile unless writers are fenced"
    if facts.service_restart_required:
        yield "requests fail or wait while the service restarts"
    if len(facts.files) > 3:
        yield f"{len(facts.files)} files change together"
    if facts.external_dependencies:
        yield f"depends on {', '.join(facts.external_dependencies)}"
    if facts.irreversible:
        yield "a part of it cannot be undone"


def _testing(facts: Facts, touches_database: bool) -> Iterable[str]:
    if not facts.verification_function_given:
        yield "a verification function that fails before the change and passes after it"
    if facts.files:
        yield "the tests that touch the changed files"
    if touches_database:
        yield "the migration forth and back on a copy, and the constraints after it"
    if facts.service_restart_required:
        yield "the health endpoint after the restart"
    yield from (f"a call to {name} after the change" for name in facts.external_dependencies)


def facts_of(
    solution_description: str,
    files_to_modify: Sequence[str] | None = None,
    database_changes: bool = False,
    service_restart_required: bool = False,
    external_dependencies: Sequence[str] | None = None,
    *,
    sql: str | Sequence[str] | None = None,
    diff: str | None = None,
    **known: object,
) -> Facts:
    """Return facts from what callers have: SQL as text, a diff as text.

    Raises:
        TypeError: An input that the model does not know.
    """
    scripts = None if sql is None else [sql] if isinstance(sql, str) else list(sql)
    classified = None if scripts is None else tuple(item for script in scripts for item in classify(script))
    if diff is not None and known.get("lines_changed") is None:
        known["lines_changed"] = lines_of(diff)
    return Facts(
        solution_description=solution_description,
        files=tuple(str(path) for path in files_to_modify or ()),
        database_changes=database_changes,
        service_restart_required=service_restart_required,
        external_dependencies=tuple(external_dependencies or ()),
        sql=classified,
        **known,  # type: ignore[arg-type]
    )
