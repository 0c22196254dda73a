"""Templates and files of the dashboard; the exported file carries its style inside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnostics.texts.dashboard import labels

if TYPE_CHECKING:
    from jinja2 import Environment

_KINDS = {"dashboard.css": "text/css", "dashboard.js": "text/javascript", "icon.svg": "image/svg+xml"}


def page_of(template: str, lang: str, values: Mapping[str, Any], *, part: bool = False) -> str:
    """Return a page as HTML; with ``part`` only what changes on it."""
    frame = "part.html.j2" if part else "frame.html.j2"
    return (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(frame=frame, lang=lang, t=labels(lang), page=template, **values)
    )


def style() -> str:
    """Return the style sheet: that of the reports, and what pages need beside it."""
    from importlib.resources import files

    report = files("diagnostics.reports") / "templates" / "report.css"
    own = files("diagnostics.dashboard") / "static" / "dashboard.css"
    return report.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")


@cache
def asset(name: str) -> tuple[bytes, str] | None:
    """Return a static file and its media type; None when there is none of this name."""
    from importlib.resources import files

    kind = _KINDS.get(name)
    if kind is None:
        return None
    if name == "dashboard.css":
        return style().encode(), kind
    return (files("diagnostics.dashboard") / "static" / name).read_bytes(), kind


@cache
def _environment() -> Environment:
    from urllib.parse import quote

    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("diagnostics.dashboard", "templates"), PackageLoader("diagnostics.reports", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["segment"] = lambda text: quote(str(text), safe="")
    return environment
