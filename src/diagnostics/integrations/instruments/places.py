"""Which line of the application is at work: the innermost frame that is no library's."""

from __future__ import annotations

import sys
import sysconfig
from types import FrameType

_LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OWN = __name__.rpartition(".integrations.")[0].replace(".", "/") + "/"


def line_of(frame: FrameType | None, *, frames: int = 60) -> str:
    """Return ``file:line function`` of the innermost frame of the application; of the innermost at all if it has none."""
    first = ""
    while frame is not None and frames:
        code = frame.f_code
        here = f"{code.co_filename}:{frame.f_lineno} {getattr(code, 'co_qualname', code.co_name)}"
        first = first or here
        file = code.co_filename
        if not file.startswith(("<frozen", *_LIBRARIES)) and f"/{_OWN}" not in file and "site-packages" not in file:
            return here
        frame, frames = frame.f_back, frames - 1
    return first


def calling_line() -> str:
    """Return the line of the application that called us."""
    return line_of(sys._getframe(1))  # noqa: SLF001 - the documented way to one's own frame without inspect's price
