"""The report as one HTML file: no network, no script, dark and light, on paper and on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from diagnostics.reports.view import build

if TYPE_CHECKING:
    from jinja2 import Template


def render(report: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return a self-contained page.

    Raises:
        ValueError: The language is unknown.
    """
    template, style = _template()
    return template.render(style=style, **build(report, lang))


@cache
def _template() -> tuple[Template, str]:
    from importlib.resources import files

    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("diagnostics.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (files("diagnostics.reports") / "templates" / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2"), Markup(style)  # noqa: S704 - our own file
