"""The tree of whys drawn as Markdown, as a Mermaid diagram and as SVG, from its plain values (pure).

The SVG stands alone and inside a page: no script, no style sheet, no font, ``title`` and ``desc`` for those who listen,
text and lines in the colour of the text around it; states are told by a word and a shape, colour only repeats them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("Five whys", "Пять «почему»"),
    "symptom": ("symptom", "симптом"),
    "observed": ("observed", "наблюдается"),
    "assumed": ("assumed", "предположение"),
    "contradicted": ("not there", "не обнаружено"),
    "contributing": ("contributing", "сопутствует"),
    "ruled out": ("ruled out", "исключено"),
    "open": ("nobody could look", "не проверено"),
    "evidence": ("evidence", "свидетельства"),
    "would_carry": ("would be carried by", "подтвердило бы"),
    "stops": ("The evidence stops here", "Здесь свидетельства кончаются"),
    "unnoticed": ("Why did we not notice?", "Почему не заметили раньше?"),
    "prevention": ("What would have prevented it?", "Что предотвратило бы это?"),
    "nothing": ("Nothing was seen that asks for a why.", "Не найдено ничего, что требовало бы объяснения."),
}
SIGNS = {
    "symptom": "▣", "observed": "✓", "assumed": "?", "contradicted": "✕",
    "contributing": "+", "ruled out": "✕", "open": "?",
}  # fmt: skip
#: Strokes that are told apart on white and on black (contrast above 3:1 on both).
_STROKES = {
    "symptom": "#8a5cc2", "observed": "#2f8f5b", "assumed": "#b3741a", "contradicted": "#c8503f",
    "contributing": "#b3741a", "ruled out": "#7d8590", "open": "#7d8590",
}  # fmt: skip
_DASHES = {"assumed": "7 4", "contradicted": "2 4", "ruled out": "2 4", "open": "7 4"}
_MARKUP = re.compile(r"([\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w))")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
#: A person reads so much of an answer in a box.
_CHARACTERS, _LINES = 52, 3


def markdown(tree: Mapping[str, Any], lang: str = "en") -> str:
    """Return the tree as Markdown: the whys with their evidence, forks, and the two questions after them."""
    say = _words(lang)
    if not tree.get("symptom"):
        return f"{say('nothing')}\n"
    lines = [f"**{_md(tree['symptom_title'])}** ({say('symptom')}{_cited(tree.get('symptom_evidence'), say)})", ""]
    for number, link in enumerate(tree.get("links", ()), start=1):
        if number == tree.get("stops_at"):
            lines += [f"> {say('stops')}: {_md(tree.get('stop_reason', ''))}", ""]
        state = str(link["state"])
        lines.append(f"{number}. *{_md(link['question'])}*  ")
        lines.append(
            f"   **{_md(link['answer'])}** ({SIGNS[state]} {say(state)}{_cited(link.get('evidence'), say)})"
            + (f"  \n   {say('would_carry')}: {_md(link['would_carry'])}" if link.get("would_carry") else "")
        )
        lines += [_fork_line(f, say) for f in tree.get("forks", ()) if f["effect"] == link["effect"]]
    end = tree["links"][-1]["mechanism"] if tree.get("links") else tree["symptom"]
    lines += [_fork_line(f, say) for f in tree.get("forks", ()) if f["effect"] == end]
    if tree.get("stop_reason") and not tree.get("stops_at"):
        lines += ["", f"> {say('stops')}: {_md(tree['stop_reason'])}"]
    for key in ("unnoticed", "prevention"):
        if tree.get(key):
            lines += ["", f"**{say(key)}**", ""]
            lines += [f"- {_md(item['title'])}: {_md(item['sentence'])}" for item in tree[key]]
    return "\n".join(lines) + "\n"


def mermaid(tree: Mapping[str, Any], lang: str = "en") -> str:
    """Return the tree as a Mermaid flowchart, causes above what they bring about."""
    say = _words(lang)
    lines = ["flowchart BT"]
    if not tree.get("symptom"):
        return "\n".join([*lines, f'  nothing["{say("nothing")}"]']) + "\n"
    nodes: dict[str, str] = {}

    def node(id_: str, title: str, state: str) -> str:
        if id_ not in nodes:
            nodes[id_] = f"n{len(nodes)}"
            left, right = {"symptom": ("([", "])"), "observed": ("[", "]")}.get(state, ("[/", "/]"))
            label = _mermaid(f"{SIGNS[state]} {title} ({say(state)})")
            lines.append(f'  {nodes[id_]}{left}"{label}"{right}:::{state.replace(" ", "_")}')
        return nodes[id_]

    first = node(tree["symptom"], tree["symptom_title"], "symptom")
    for link in tree.get("links", ()):
        state = str(link["state"])
        cause = node(link["mechanism"], _title(link["answer"]), state)
        proof = ", ".join(link.get("evidence", ())[:4])
        arrow = "-->" if link.get("carried") else "-.->"
        lines.append(
            f"  {cause} {arrow}" + (f'|"{_mermaid(proof)}"| ' if proof else " ") + nodes.get(link["effect"], first)
        )
    for fork in tree.get("forks", ()):
        beside = node(fork["mechanism"], fork["title"], fork["role"])
        arrow = "-->" if fork["role"] == "contributing" else "-.-"
        if fork["effect"] in nodes:
            lines.append(f"  {beside} {arrow} {nodes[fork['effect']]}")
    for state, colour in _STROKES.items():
        dash = f",stroke-dasharray:{_DASHES[state]}" if state in _DASHES else ""
        lines.append(f"  classDef {state.replace(' ', '_')} stroke:{colour},stroke-width:2px{dash}")
    return "\n".join(lines) + "\n"


def svg(tree: Mapping[str, Any], lang: str = "en") -> str:
    """Return the tree as one SVG element, the symptom on top, causes below, forks to the right."""
    say = _words(lang)
    boxes = _boxes(tree, say)
    width, gap, left = 420, 28, 16
    has_forks = any(box["forks"] for box in boxes)
    total_width = left * 2 + width + (56 + width if has_forks else 0)
    drawn: list[str] = []
    y = 16.0
    for number, box in enumerate(boxes):
        height = _height(box)
        fork_y = y
        for fork in box["forks"]:
            x = left + width + 56
            drawn.append(_box(fork, x, fork_y, width))
            middle = fork_y + 24
            dash = f' stroke-dasharray="{_DASHES[fork["state"]]}"' if fork["state"] in _DASHES else ""
            drawn.append(
                f'<path d="M{x} {middle:g} H{left + width + 28} V{y + 24:g} H{left + width}" fill="none" '
                f'stroke="currentColor" stroke-opacity="0.5"{dash}/>'
            )
            fork_y += _height(fork) + 12
        drawn.append(_box(box, left, y, width))
        bottom = max(y + height, fork_y - 12 if box["forks"] else 0.0)
        if number + 1 < len(boxes):
            following = boxes[number + 1]
            dash = "" if following["carried"] else ' stroke-dasharray="7 4"'
            centre, end = left + width / 2, bottom + gap
            # The arrow says "causes": it points up, at the effect.
            drawn.append(
                f'<path d="M{centre:g} {end:g} V{y + height + 7:g}" fill="none" stroke="currentColor" stroke-width="1.5"{dash}/>'
                f'<path d="M{centre - 5:g} {y + height + 8:g} L{centre:g} {y + height:g} L{centre + 5:g} {y + height + 8:g} Z" '
                'fill="currentColor"/>'
            )
        y = bottom + gap
    spoken = _spoken(tree, say)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {y:g}" width="{total_width}" '
        f'height="{y:g}" role="img" aria-labelledby="whys-title whys-desc" lang={quoteattr(lang)} '
        'font-family="system-ui, sans-serif" font-size="13">'
        f'<title id="whys-title">{escape(say("title"))}</title><desc id="whys-desc">{escape(spoken)}</desc>'
        + "".join(drawn)
        + "</svg>"
    )


def _boxes(tree: Mapping[str, Any], say: Any) -> list[dict[str, Any]]:
    if not tree.get("symptom"):
        return [{"state": "symptom", "head": "", "lines": [say("nothing")], "foot": "", "carried": True, "forks": []}]
    forks: dict[str, list[dict[str, Any]]] = {}
    for fork in tree.get("forks", ()):
        forks.setdefault(fork["effect"], []).append(
            {
                "state": fork["role"],
                "head": f"{SIGNS[fork['role']]} {say(fork['role'])}",
                "lines": _wrapped(f"{fork['title']}: {fork['because']}"),
                "foot": _foot(fork.get("evidence"), say),
            }
        )
    first = {
        "state": "symptom",
        "head": f"{SIGNS['symptom']} {say('symptom')}",
        "lines": _wrapped(tree["symptom_title"]),
        "foot": _foot(tree.get("symptom_evidence"), say),
        "carried": True,
        "forks": forks.get(tree["symptom"], []),
    }
    boxes = [first]
    for number, link in enumerate(tree.get("links", ()), start=1):
        state = str(link["state"])
        carry = f"{say('would_carry')}: {link['would_carry']}" if link.get("would_carry") else ""
        boxes.append(
            {
                "state": state,
                "head": f"{number}. {SIGNS[state]} {say(state)}"
                + (f" · {say('stops')}" if number == tree.get("stops_at") else ""),
                "lines": [*_wrapped(link["answer"]), *(_wrapped(carry, 2) if carry else [])],
                "foot": _foot(link.get("evidence"), say),
                "carried": bool(link.get("carried")),
                "forks": forks.get(link["mechanism"], []),
            }
        )
    return boxes


def _box(box: Mapping[str, Any], x: float, y: float, width: float) -> str:
    dash = f' stroke-dasharray="{_DASHES[box["state"]]}"' if box["state"] in _DASHES else ""
    round_ = 14 if box["state"] == "symptom" else 5
    rect = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{_height(box):g}" rx="{round_}" fill="none" '
    parts = [rect + f'stroke="{_STROKES[box["state"]]}" stroke-width="2"{dash}/>']
    at = y + 20
    for text, weight, opacity in [
        (box["head"], "600", 1.0),
        *((line, "400", 1.0) for line in box["lines"]),
        (box["foot"], "400", 0.75),
    ]:
        if text:
            parts.append(
                f'<text x="{x + 14:g}" y="{at:g}" fill="currentColor" font-weight="{weight}" '
                f'fill-opacity="{opacity:g}">{escape(_clean(text))}</text>'
            )
            at += 18
    return "".join(parts)


def _height(box: Mapping[str, Any]) -> float:
    rows = bool(box["head"]) + len(box["lines"]) + bool(box["foot"])
    return 14.0 + 18.0 * rows


def _spoken(tree: Mapping[str, Any], say: Any) -> str:
    """Return the drawing in words."""
    if not tree.get("symptom"):
        return str(say("nothing"))
    said = [f"{tree['symptom_title']}."]
    said += [f"{k['question']} {k['answer']} ({say(str(k['state']))})." for k in tree.get("links", ())]
    said += [f"{say(f['role'])}: {f['title']}, {f['because']}." for f in tree.get("forks", ())]
    if tree.get("stop_reason"):
        said.append(f"{say('stops')}: {tree['stop_reason']}.")
    return _clean(" ".join(said))


def _wrapped(text: str, lines: int = _LINES) -> list[str]:
    """Return a text in lines that fit a box; what does not fit is shortened with a sign."""
    found, line = [], ""
    for word in _clean(text).split():
        piece = word if len(word) <= _CHARACTERS else word[: _CHARACTERS - 1] + "…"
        if line and len(line) + 1 + len(piece) > _CHARACTERS:
            found.append(line)
            line = piece
        else:
            line = f"{line} {piece}".strip()
    found.append(line)
    if len(found) > lines:
        last = found[lines - 1]
        found = [*found[: lines - 1], last[: _CHARACTERS - 1].rstrip(" .,;:") + "…"]
    return found


def _foot(evidence: Sequence[str] | None, say: Any) -> str:
    shown = list(evidence or ())
    more = f" +{len(shown) - 6}" if len(shown) > 6 else ""
    return f"{say('evidence')}: {', '.join(shown[:6])}{more}" if shown else ""


def _fork_line(fork: Mapping[str, Any], say: Any) -> str:
    role = fork["role"]
    return f"   - {SIGNS[role]} {say(role)}: {_md(fork['title'])}: {_md(fork['because'])}{_cited(fork.get('evidence'), say)}"


def _cited(evidence: Sequence[str] | None, say: Any) -> str:
    return f"; {', '.join(_md(f'[{e}]') for e in evidence)}" if evidence else ""


def _title(answer: str) -> str:
    return answer.partition(": ")[0]


def _md(text: object) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(_clean(str(text)).split()))


def _mermaid(text: str) -> str:
    """Return a text for a quoted label; what Mermaid would read is written as entities."""
    flat = " ".join(_clean(text).split())[:160]
    return "".join(f"#{ord(c)};" if c in '"#<>&;`' else c for c in flat)


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _words(lang: str) -> Any:
    if lang not in ("en", "ru"):
        raise ValueError(f"lang is en or ru, got {lang!r}")
    place = 1 if lang == "ru" else 0
    return lambda key: LABELS[key][place]
