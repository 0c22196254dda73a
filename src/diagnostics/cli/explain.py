"""``diagnose explain MECHANISM``: the map's page about one mechanism."""

from __future__ import annotations

import json

import click

from diagnostics.cli.options import format_option, lang_option
from diagnostics.cli.output import say
from diagnostics.model.mechanism import Kind, Mechanism


@click.command()
@click.argument("mechanism", required=False)
@lang_option
@format_option("term", "json")
def explain(mechanism: str | None, lang: str, form: str) -> int:
    """Say what MECHANISM is, how it is recognised, told apart and cured; without it, list all mechanisms."""
    from diagnostics.causal_map import standard_map

    known = standard_map()
    if mechanism is None:
        if form == "json":
            say(json.dumps([{"id": n.id, "title": n.title, "layer": str(n.layer)} for n in known], indent=2))
            return 0
        for layer in dict.fromkeys(node.layer for node in known if node.kind is Kind.CAUSE):
            say(click.style(str(layer), bold=True))
            for node in known:
                if node.layer is layer and node.kind is Kind.CAUSE:
                    say(f"  {node.id:<42} {node.title_ru if lang == 'ru' else node.title}")
        return 0
    node = known[mechanism]
    if form == "json":
        from diagnostics.model.record import plain

        page = {k: v for k, v in plain(node).items() if k != "detect"}
        say(json.dumps(page, ensure_ascii=False, indent=2))
        return 0
    say(_page(node, lang))
    return 0


def _page(node: Mechanism, lang: str) -> str:
    from diagnostics.causal_map import standard_map

    russian = lang == "ru"
    known = standard_map()
    title = node.title_ru if russian else node.title
    lines = [
        click.style(title, bold=True) + f"  ({node.id}; {node.layer}, {node.category})",
        "",
        f"  {node.summary}",
    ]

    def section(english: str, translated: str, content: list[str]) -> None:
        if content:
            lines.extend(["", click.style(translated if russian else english, bold=True)])
            lines.extend(f"  {item}" for item in content)

    section("Recognised by", "Как распознать", [p.strip() for p in node.recognised_by.split(";") if p.strip()])
    section(
        "Told apart from",
        "С чем можно спутать",
        [f"{c}: {known[c].title}" for c in node.confusable_with if c in known],
    )
    section("Causes", "Вызывает", [f"{known[e.effect].title} ({e.probability:.0%})" for e in node.causes])
    section(
        "Can be caused by",
        "Чем вызвано",
        [f"{known[parent].title} ({parent})" for parent, _ in known.parents(node.id)][:12],
    )
    for remedy in node.remedies:
        how = [f"runs as: diagnose apply ({remedy.action})"] if remedy.action else []
        section(f"Remedy: {remedy.title}", f"Лечение: {remedy.title}", [*remedy.plan, *how])
    section("Verified by", "Как проверить", [node.verification] if node.verification else [])
    section("Prevented by", "Как предотвратить", [node.prevention] if node.prevention else [])
    return "\n".join(lines)
