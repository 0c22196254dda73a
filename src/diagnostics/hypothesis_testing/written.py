"""Hypotheses that somebody wrote down in a TOML file: no code needed to ask a question of one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from diagnostics.errors import ConfigurationError, ProbeError
from diagnostics.hypothesis_testing.conditions import COMPARISONS, DEFAULT_IF_FALSE, RAISES, TestCondition
from diagnostics.hypothesis_testing.hypothesis import EVEN_PRIOR, Hypothesis, Look, LookOnce, shared
from diagnostics.hypothesis_testing.mechanisms import Sighting
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.model.finding import State
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

MOST_BYTES = 1 << 20
_WAYS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "last": lambda values: values[-1],
    "max": max,
    "min": min,
    "sum": sum,
    "mean": lambda values: sum(values) / len(values),
    "count": lambda values: float(len(values)),
}
_SOURCES = ("reading", "finding", "python", "http")


class _Condition(msgspec.Struct, forbid_unknown_fields=True):
    """One ``[[hypothesis.condition]]`` as it is written."""

    name: str
    reading: str = ""
    labels: dict[str, str] = {}
    use: str = "last"
    finding: str = ""
    python: str = ""
    http: str = ""
    field: str = "status"
    equals: Any = msgspec.UNSET
    not_equals: Any = msgspec.UNSET
    greater_than: float | msgspec.UnsetType = msgspec.UNSET
    less_than: float | msgspec.UnsetType = msgspec.UNSET
    greater_or_equal: float | msgspec.UnsetType = msgspec.UNSET
    less_or_equal: float | msgspec.UnsetType = msgspec.UNSET
    between: tuple[float, float] | msgspec.UnsetType = msgspec.UNSET
    contains: str | msgspec.UnsetType = msgspec.UNSET
    matches: str | msgspec.UnsetType = msgspec.UNSET
    raises: str | msgspec.UnsetType = msgspec.UNSET
    is_true: bool | msgspec.UnsetType = msgspec.UNSET
    not_null: bool | msgspec.UnsetType = msgspec.UNSET
    timeout_seconds: float = 30.0
    any_of: str = ""
    if_false: float = DEFAULT_IF_FALSE
    refutes: bool = False


class _Hypothesis(msgspec.Struct, forbid_unknown_fields=True):
    """One ``[[hypothesis]]`` as it is written."""

    name: str
    condition: list[_Condition]
    statement: str = ""
    required_success_rate: float = 1.0
    repetitions: int | str = 1
    interval_seconds: float = 0.0
    prior: float = EVEN_PRIOR


class _File(msgspec.Struct, forbid_unknown_fields=True):
    hypothesis: list[_Hypothesis]


def read(path: Path, look: LookOnce, *, clock: Clock = SYSTEM_CLOCK) -> tuple[Hypothesis, ...]:
    """Return the hypotheses of a TOML file.

    A condition looks at one of: ``reading`` (what a probe reads; ``labels`` and ``use`` say which and how),
    ``finding`` (whether a mechanism of the map is present), ``python`` (``module:function``), ``http`` (a GET;
    ``field`` is ``status``, ``seconds`` or ``text``). What is predicted is one of the comparisons of
    ``TestCondition``, as a key of its own: ``greater_than = 100``.

    Args:
        path: The file.
        look: Looks at the target once; all conditions of a round share it.
        clock: Measures how long an HTTP answer took.

    Raises:
        ConfigurationError: The file cannot be read, or something in it is wrong; says where and what.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{path.name} is larger than {MOST_BYTES >> 20} MiB.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path.name} is not UTF-8 text.") from error
    return parse(text, look, name=path.name, clock=clock)


def parse(text: str, look: LookOnce, *, name: str = "the text", clock: Clock = SYSTEM_CLOCK) -> tuple[Hypothesis, ...]:
    """Return the hypotheses of a TOML text; see ``read``."""
    try:
        written = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is no TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{name}: {error}", hint="docs/reference/hypotheses.md lists what a hypothesis may say."
        ) from error
    seen = shared(look)
    names = [h.name for h in written.hypothesis]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"{name}: hypothesis '{twice}' is written twice.")
    return tuple(_hypothesis(h, seen, clock) for h in written.hypothesis)


def _hypothesis(written: _Hypothesis, seen: SharedLook[Look], clock: Clock) -> Hypothesis:
    repetitions = written.repetitions
    if isinstance(repetitions, str) and repetitions != "until settled":
        raise ConfigurationError(
            f"Hypothesis '{written.name}': repetitions is a number or \"until settled\", got {repetitions!r}."
        )
    return Hypothesis(
        name=written.name,
        statement=written.statement,
        conditions=tuple(_condition(c, f"{written.name}/{i}", seen, clock) for i, c in enumerate(written.condition)),
        required_success_rate=written.required_success_rate,
        repetitions=None if isinstance(repetitions, str) else repetitions,
        interval_seconds=written.interval_seconds,
        prior=written.prior,
    )


def _condition(written: _Condition, key: str, seen: SharedLook[Look], clock: Clock) -> TestCondition:
    sources = [s for s in _SOURCES if getattr(written, s)]
    if len(sources) != 1:
        raise ConfigurationError(f"Condition '{written.name}' looks at exactly one of {', '.join(_SOURCES)}.")
    kinds = [c for c in (*COMPARISONS, RAISES) if getattr(written, c) is not msgspec.UNSET]
    if sources == ["finding"] and not kinds:
        kinds = ["is_true"]
    if len(kinds) != 1:
        raise ConfigurationError(
            f"Condition '{written.name}' predicts exactly one of {', '.join((*COMPARISONS, RAISES))}."
        )
    expected = getattr(written, kinds[0])
    if kinds[0] in ("is_true", "not_null") and expected is False:
        raise ConfigurationError(f"Condition '{written.name}': {kinds[0]} is true, or say equals = false.")
    return TestCondition(
        written.name,
        _look_of(written, sources[0], key, seen, clock),
        None if kinds[0] in ("is_true", "not_null") or expected is msgspec.UNSET else expected,
        kinds[0],
        timeout_seconds=written.timeout_seconds,
        any_of=written.any_of,
        if_false=written.if_false,
        refutes=written.refutes,
    )


def _look_of(written: _Condition, source: str, key: str, seen: SharedLook[Look], clock: Clock) -> Callable[[], Any]:
    if source == "reading":
        return _reading(written, key, seen)
    if source == "finding":
        return lambda: seen.ask(key, lambda look: _finding(look, written.finding))
    if source == "python":
        return _function(written.name, written.python)
    return _answer(written, clock)


def _reading(written: _Condition, key: str, seen: SharedLook[Look]) -> Callable[[], Any]:
    if written.use not in _WAYS:
        raise ConfigurationError(f"Condition '{written.name}': use is one of {', '.join(_WAYS)}, got {written.use!r}.")

    def use(look: Look) -> float:
        values = [r.value for r in look.observations.readings(written.reading, **written.labels)]
        if not values and written.use != "count":
            failures = look.observations.failures(written.reading)
            raise ProbeError(failures[0][1].message if failures else f"nobody read {written.reading}")
        return _WAYS[written.use](values)

    return lambda: seen.ask(key, use)


def _finding(look: Look, mechanism: str) -> Sighting:
    found = next((f for f in look.findings if f.mechanism == mechanism), None)
    if found is None or found.state is State.UNKNOWN:
        raise ProbeError(found.sentence if found is not None else f"there is no mechanism {mechanism} on the map")
    return Sighting(found.state is State.PRESENT, found.sentence)


def _function(name: str, place: str) -> Callable[[], Any]:
    module, _, attribute = place.partition(":")
    if not module or not attribute:
        raise ConfigurationError(f"Condition '{name}': python looks like package.module:function, got {place!r}.")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"Condition '{name}': {place} cannot be imported: {error}.") from error
    if not callable(found):
        raise ConfigurationError(f"Condition '{name}': {place} is not callable.")
    return found  # type: ignore[no-any-return]


def _answer(written: _Condition, clock: Clock) -> Callable[[], Any]:
    from diagnostics.runtime import http

    if written.field not in ("status", "seconds", "text"):
        raise ConfigurationError(
            f"Condition '{written.name}': field is status, seconds or text, got {written.field!r}."
        )
    http.locate(written.http)

    def ask() -> Any:
        began = clock.monotonic()
        answer = http.request(written.http, clock, timeout=written.timeout_seconds)
        if written.field == "status":
            return answer.status
        return clock.monotonic() - began if written.field == "seconds" else answer.body.decode("utf-8", "replace")

    return ask
