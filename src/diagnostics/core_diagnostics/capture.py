"""Take what strange values and errors say: at once, in bounded time, without running strange code."""

from __future__ import annotations

import linecache
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import FrameType, TracebackType
from typing import Any

from diagnostics.runtime.redaction import is_secret_name, redact, redact_mapping, shorten

ITEMS = 20
DEPTH = 3
TEXT = 500
FRAMES = 30
FRAMES_WITH_LOCALS = 4
CHAIN = 4
_OWN = (
    "core_diagnostics/wrappers.py",
    "core_diagnostics/decorator.py",
    "core_diagnostics/context.py",
    "instruments/opentelemetry.py",
)
_PLAIN_TEXT = frozenset({"UUID", "Decimal", "Fraction", "PosixPath", "WindowsPath", "PurePosixPath", "ZoneInfo"})


def freeze(value: Any, depth: int = DEPTH) -> Any:
    """Return the value as plain, bounded data; objects show their class and attributes.

    No ``__repr__``, ``__str__`` or ``__len__`` of other people's classes runs: it may load from a database.
    """
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        # More than will be shown: a secret that is cut in two would not be recognised.
        return value if len(value) <= 4 * TEXT else shorten(value, 4 * TEXT)
    if kind is int or kind is float:
        return value
    if kind is dict:
        return _freeze_dict(value, depth)
    if kind in (list, tuple, set, frozenset, deque):
        if depth <= 0:
            return f"<{kind.__name__} of {len(value)}>"
        kept = [freeze(item, depth - 1) for item, _ in zip(value, range(ITEMS), strict=False)]
        return [*kept, f"… {len(value) - ITEMS} more"] if len(value) > ITEMS else kept
    if kind in (bytes, bytearray):
        return f"<{kind.__name__} of {len(value)} bytes>"
    if kind in (datetime, date, time, timedelta) or (kind.__name__ in _PLAIN_TEXT and _is_standard(kind)):
        return str(value)
    if issubclass(kind, str | int | float) and hasattr(kind, "__members__"):
        return f"{kind.__name__}.{value._name_}"
    if issubclass(kind, BaseException):
        return f"{kind.__name__}: {shorten(error_text(value), TEXT)}"
    return _freeze_object(value, kind, depth)


def _is_standard(kind: type) -> bool:
    return kind.__module__.split(".")[0] in {
        "uuid",
        "decimal",
        "_decimal",
        "fractions",
        "pathlib",
        "zoneinfo",
    }


def _freeze_dict(value: dict[Any, Any], depth: int) -> Any:
    if depth <= 0:
        return f"<dict of {len(value)}>"
    result: dict[str, Any] = {}
    for number, (key, item) in enumerate(value.items()):
        if number >= ITEMS:
            result["…"] = f"{len(value) - ITEMS} more"
            break
        name = key if type(key) is str else str(freeze(key, 0))
        result[shorten(name, 100)] = "***" if is_secret_name(name) and item else freeze(item, depth - 1)
    return result


def _freeze_object(value: Any, kind: type, depth: int) -> Any:
    name = f"{kind.__module__}.{kind.__qualname__}" if kind.__module__ != "builtins" else kind.__qualname__
    if issubclass(kind, type):
        return f"<class {value.__module__}.{value.__qualname__}>"
    if depth <= 0:
        return f"<{name}>"
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return f"<{name}>"
    if type(attributes) is not dict or not attributes:
        return f"<{name}>"
    public = {key: item for key, item in list(attributes.items())[: 2 * ITEMS] if str(key)[:1] != "_"}
    return {"class": name, **_freeze_dict(public, depth - 1)} if depth > 1 else f"<{name}>"


def freeze_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields or local variables as plain, bounded data."""
    frozen = _freeze_dict(dict(values), DEPTH)
    return frozen if isinstance(frozen, dict) else {}


def arguments_of(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name as plain, bounded data."""
    while getattr(function, "__wrapped__", None) is not None:
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    names = () if code is None else code.co_varnames[: code.co_argcount]
    named = dict(zip(names, args, strict=False))
    rest = args[len(names) :]
    if rest:
        named["*"] = rest
    return freeze_mapping({**named, **kwargs})


def error_text(error: BaseException) -> str:
    """Return what the error says; an error that cannot say anything does not raise another."""
    try:
        return str(error)[:4000]
    except Exception as failure:  # noqa: BLE001 - a broken __str__ of a stranger must not replace their error
        return f"<no text: {type(failure).__name__}>"


def type_name(error: BaseException) -> str:
    """Return the error's class as a traceback shows it."""
    kind = type(error)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def capture_error(error: BaseException, *, detail: bool) -> dict[str, Any]:
    """Return the error as plain data: with ``detail`` its frames, the innermost ones with local variables."""
    captured: dict[str, Any] = {"type": type_name(error), "message": error_text(error)}
    if not detail:
        return captured
    try:
        captured["frames"] = _frames(error.__traceback__, with_locals=True)
    except Exception:  # noqa: BLE001 - values can be arbitrarily odd (changed meanwhile by other threads): do without
        captured["frames"] = _frames(error.__traceback__, with_locals=False)
    chain: list[dict[str, Any]] = []
    seen = {id(error)}
    current: BaseException | None = error
    while current is not None and len(chain) < CHAIN:
        cause = current.__cause__
        linked = cause if cause is not None else (None if current.__suppress_context__ else current.__context__)
        if linked is None or id(linked) in seen:
            break
        seen.add(id(linked))
        chain.append(
            {
                "type": type_name(linked),
                "message": error_text(linked),
                "link": "cause" if cause is not None else "context",
                "frames": _frames(linked.__traceback__, with_locals=False),
            }
        )
        current = linked
    if chain:
        captured["chain"] = chain
    if isinstance(error, BaseExceptionGroup):
        captured["members"] = [
            {"type": type_name(member), "message": shorten(error_text(member), TEXT)}
            for member in error.exceptions[:10]
        ]
    return captured


def innermost_line(error: BaseException) -> int:
    """Return where the error was raised; with its id it tells one error from the next."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return 0 if traceback is None else traceback.tb_lineno


def _frames(traceback: TracebackType | None, *, with_locals: bool) -> list[dict[str, Any]]:
    found: deque[tuple[FrameType, int]] = deque(maxlen=FRAMES)
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.endswith(_OWN):
            found.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    frames = []
    for number, (frame, line) in enumerate(found):
        entry: dict[str, Any] = {
            "file": frame.f_code.co_filename,
            "line": line,
            "function": frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name,
        }
        if with_locals and number >= len(found) - FRAMES_WITH_LOCALS and frame.f_code.co_name != "<module>":
            entry["locals"] = freeze_mapping(frame.f_locals)
        frames.append(entry)
    return frames


# ---------------------------------------------------------------- on the writer thread


def render_error(captured: dict[str, Any]) -> dict[str, Any]:
    """Return type, message, the traceback as text and the locals, all without secrets."""
    result: dict[str, Any] = {
        "type": captured["type"],
        "message": shorten(redact(captured["message"]), 2000),
    }
    if captured.get("repeated"):
        result["repeated"] = True
    if "frames" not in captured:
        return result
    parts = []
    for linked in reversed(captured.get("chain", [])):
        parts.append(_render_traceback(linked))
        parts.append(
            "\nThe above exception was the direct cause of the following exception:\n\n"
            if linked["link"] == "cause"
            else "\nDuring handling of the above exception, another exception occurred:\n\n"
        )
    parts.append(_render_traceback(captured))
    result["traceback"] = shorten(redact("".join(parts)), 20_000)
    with_locals = [frame for frame in captured["frames"] if frame.get("locals")]
    if with_locals:
        result["locals"] = [
            {
                "function": frame["function"],
                "file": frame["file"],
                "line": frame["line"],
                "variables": redact_mapping(frame["locals"], limit=TEXT),
            }
            for frame in reversed(with_locals)
        ]
    if "members" in captured:
        result["members"] = [{**member, "message": redact(member["message"])} for member in captured["members"]]
    return result


def _render_traceback(captured: dict[str, Any]) -> str:
    lines = ["Traceback (most recent call last):\n"] if captured["frames"] else []
    for frame in captured["frames"]:
        lines.append(f'  File "{frame["file"]}", line {frame["line"]}, in {frame["function"]}\n')
        source = linecache.getline(frame["file"], frame["line"]).strip()
        if source:
            lines.append(f"    {source}\n")
    message = captured["message"]
    lines.append(f"{captured['type']}: {message}\n" if message else f"{captured['type']}\n")
    return "".join(lines)
