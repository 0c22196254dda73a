"""validate_data: say what data looks like at a checkpoint, never what is in it."""

from __future__ import annotations

import threading
from array import array
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from diagnostics.core_diagnostics.logger import active_logger
from diagnostics.errors import ValidationFailedError
from diagnostics.runtime.redaction import redact, shorten

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.logger import DiagnosticLogger

T = TypeVar("T")

#: A type, several types, required keys with their types, or required keys.
Expected = type | tuple[type, ...] | Mapping[str, "type | tuple[type, ...]"] | Collection[str]
#: Returns False, or raises, when the data is not as it should be.
Validator = Callable[[Any], object]

_KEYS = 30
_SIZED = (str, bytes, bytearray, list, tuple, set, frozenset, deque, range, array, dict)
_ARRAYS = frozenset({"numpy", "pandas", "polars", "torch"})


def shape_of(data: object) -> dict[str, Any]:
    """Return type, size, emptiness and the names of keys or attributes; no values.

    ``len`` is asked of standard containers and arrays only: other people's may load from a database.
    """
    kind = type(data)
    shape: dict[str, Any] = {
        "type": kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    }
    if isinstance(data, _SIZED):
        shape["size"] = len(data)
        shape["empty"] = not len(data) or (isinstance(data, str) and not data.strip())
    elif kind.__module__.partition(".")[0] in _ARRAYS and hasattr(data, "shape"):
        dimensions = [int(length) for length in data.shape]
        shape["shape"] = dimensions
        shape["empty"] = 0 in dimensions
    if isinstance(data, dict):
        _name_keys(shape, data)
    elif isinstance(data, list | tuple | deque) and data:
        shape["item_types"] = sorted({type(item).__qualname__ for item, _ in zip(data, range(100), strict=False)})
        nothing = sum(item is None for item, _ in zip(data, range(1000), strict=False))
        if nothing:
            shape["none_items"] = nothing
        if isinstance(data[0], dict):
            shape["first_item_keys"] = [_key(key) for key, _ in zip(data[0], range(_KEYS), strict=False)]
    elif not isinstance(data, _SIZED):
        attributes = getattr(data, "__dict__", None)
        if type(attributes) is dict and kind.__module__ != "builtins" and not isinstance(data, type):
            _name_keys(shape, {key: value for key, value in list(attributes.items()) if str(key)[:1] != "_"})
    return shape


def _key(key: object) -> str:
    return redact(shorten(key if isinstance(key, str) else f"<{type(key).__qualname__}>", 60))


def _name_keys(shape: dict[str, Any], data: dict[Any, Any]) -> None:
    shape["keys"] = [_key(key) for key, _ in zip(data, range(_KEYS), strict=False)]
    nothing = [_key(key) for key, value in data.items() if value is None][:_KEYS]
    if nothing:
        shape["none_keys"] = nothing
    empty = [_key(key) for key, value in data.items() if isinstance(value, _SIZED) and len(value) == 0][:_KEYS]
    if empty:
        shape["empty_keys"] = empty


def _types(expected: type | tuple[type, ...]) -> str:
    return " or ".join(kind.__qualname__ for kind in (expected if isinstance(expected, tuple) else (expected,)))


def _mismatch(data: Any, expected: Expected) -> str:
    """Return in words how the data differs from what was expected, without its values; else nothing."""
    if isinstance(expected, type) or (isinstance(expected, tuple) and all(isinstance(kind, type) for kind in expected)):
        if isinstance(data, expected):
            return ""
        return f"expected {_types(expected)}, got {type(data).__qualname__}"
    names = [expected] if isinstance(expected, str) else list(expected)
    if isinstance(data, Mapping):
        there: Callable[[Any], bool] = data.__contains__
        get: Callable[[Any], Any] = data.__getitem__
    else:
        there, get = lambda name: hasattr(data, name), lambda name: getattr(data, name)
    missing = [name for name in names if not there(name)]
    if missing:
        return f"missing {', '.join(map(str, missing))}"
    if isinstance(expected, Mapping):
        wrong = [
            f"{name} is {type(get(name)).__qualname__}, expected {_types(kinds)}"
            for name, kinds in expected.items()
            if not isinstance(get(name), kinds)
        ]
        return "; ".join(wrong)
    return ""


def validate_data(
    data: T,
    checkpoint: str = "CHECKPOINT",
    *,
    expected: Expected | None = None,
    validator: Validator | None = None,
    logger: DiagnosticLogger | None = None,
) -> T:
    """Make an event of what the data looks like at a checkpoint, and return the data.

    None and empty data make a warning. Only what is declared can fail.

    Args:
        data: Anything; it is neither changed nor shown.
        checkpoint: Name of the place.
        expected: A type, several, a mapping of required keys (or attributes) to types, or required keys.
        validator: Called with the data; False or an exception means that it is wrong.
        logger: Who logs; else the logger of the innermost ``diagnostic_context``, else the default one.

    Raises:
        ValidationFailedError: The data is not as ``expected``, or the validator refused it.
    """
    owner = active_logger() if logger is None else logger
    problem, cause = "", None
    if expected is not None:
        problem = _mismatch(data, expected)
    if not problem and validator is not None:
        try:
            if validator(data) is False:
                problem = f"refused by {getattr(validator, '__qualname__', type(validator).__qualname__)}"
        except Exception as error:  # noqa: BLE001 - whatever a validator raises means that the data is wrong
            problem, cause = f"{type(error).__qualname__} in the validator", error
    _log(owner, data, checkpoint, problem)
    if problem:
        raise ValidationFailedError(f"{checkpoint}: {problem}.") from cause
    return data


def _log(logger: DiagnosticLogger, data: object, checkpoint: str, problem: str) -> None:
    if not logger.enabled:
        return
    from diagnostics.core_diagnostics import writer

    try:
        shape = shape_of(data)
        more: dict[str, Any] = {"level": "INFO", "data": shape, "thread": threading.current_thread().name}
        if problem:
            more.update(level="ERROR", message=f"{checkpoint}: {problem}")
        elif data is None or shape.get("empty"):
            more.update(level="WARNING", message=f"{checkpoint}: data is {'None' if data is None else 'empty'}")
        site = logger.site("validation", checkpoint)
        site.history = None
        logger.emit(site, more)
    except Exception as error:  # noqa: BLE001 - our own failure must not become the host's
        writer.complain("diagnostics_event_lost", f"{type(error).__name__}: {error}")
