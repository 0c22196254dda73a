"""One report, three forms: everything is in them, nothing leaks or breaks, whatever the report holds."""

import copy
import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.reports import html, json_report, markdown
from diagnostics.texts.report import LANGUAGES, labels

_spec = importlib.util.spec_from_file_location("report_sample", Path(__file__).with_name("sample.py"))
_sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_sample)
REPORT = _sample.REPORT

VOID = {"meta", "br", "rect", "line", "path", "link", "img", "hr"}


class Page(HTMLParser):
    """What a page holds: ids, links, text; refuses tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.words, self.open, self.attributes = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if "href" in attrs:
            self.links.append(attrs["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_holds_the_verdict_the_chain_and_what_was_not_checked(lang):
    page = Page(html.render(REPORT, lang=lang))

    for said in (
        "A session idle in transaction holds a lock on meetings",
        "93.7\u00a0%",
        "The waits would go on after backend 4711 ends.",
        "They wait for a lock.",
        "38.2\u00a0s",
        "0\u00a0s – 20\u00a0ms",
        "Deploy 4f2a1c9",
        "no view",
        "CREATE EXTENSION",
        "Ann",
        "night shift",
        labels(lang)["state.assumed"],
        labels(lang)["no_evidence"],
        labels(lang)["status.root_cause_identified"],
    ):
        assert " ".join(said.split()) in page.text, said


def test_the_page_stands_alone():
    text = html.render(REPORT)
    page = Page(text)

    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"(?:src|href|action|url\()\s*=?\s*[\"']?(?:https?:)?//", text)
    assert "@import" not in text
    assert len(text) < 100_000


def test_the_page_has_one_main_part_and_headings_in_order():
    page = Page(html.render(REPORT))

    assert page.tags.count("main") == page.tags.count("h1") == 1
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert page.attributes[[tag for tag, _ in page.attributes].index("html")][1]["lang"] == "en"
    assert all(attrs.get("scope") for tag, attrs in page.attributes if tag == "th")
    assert all(attrs.get("aria-label") for _, attrs in page.attributes if attrs.get("role") == "region")


def test_every_link_leads_somewhere_and_no_id_is_given_twice():
    page = Page(html.render(REPORT))

    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert "#ev-E3" in page.links


def test_evidence_that_the_report_does_not_hold_is_named_but_not_linked():
    page = Page(html.render(REPORT))

    assert "#ev-E99" not in page.links
    assert "E99" in page.text


def test_figures_can_be_read_without_seeing_them():
    page = Page(html.render(REPORT))

    drawings = [attrs for tag, attrs in page.attributes if tag == "svg"]
    assert drawings
    assert all(a.get("aria-hidden") == "true" or (a.get("role") == "img" and a.get("aria-label")) for a in drawings)
    assert "Before" in page.text
    assert "5.4 s" in page.text


def test_an_empty_report_says_of_each_section_that_there_is_nothing():
    page = Page(html.render({}))
    text = markdown.render({})

    for key in ("missing.whys", "missing.impact", "missing.hypotheses", "missing.solution", "missing.evidence"):
        assert labels("en")[key] in page.text
        assert labels("en")[key] in text
    assert labels("en")["no_headline"] in page.text
    assert labels("en")["everything_looked"] not in page.text + text


def test_that_everything_could_be_looked_at_is_said_only_when_it_is_known():
    for render in (html.render, markdown.render):
        assert labels("en")["everything_looked"] in render({"could_not_look": []})


def test_text_from_outside_cannot_become_markup_of_the_page():
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'

    def poison(value):
        if isinstance(value, dict):
            return {k: poison(v) for k, v in value.items()} | {attack: attack}
        if isinstance(value, list):
            return [poison(v) for v in value]
        return attack if isinstance(value, str) else value

    page = Page(html.render(poison(copy.deepcopy(REPORT))))

    assert {"script", "img"}.isdisjoint(page.tags)
    assert not any(name.startswith("on") for _, attrs in page.attributes for name in attrs)
    assert "49" not in page.text.split("7*7")[0][-3:]
    assert all(re.fullmatch(r"#[A-Za-z0-9_-]+", link) for link in page.links)


def test_text_from_outside_cannot_become_markup_in_markdown():
    report = copy.deepcopy(REPORT)
    report["verdict"]["headline"] = "a | b\n# c <script> [x](http://evil) `code` *bold* snake_case"
    report["evidence"][0]["labels"] = {"query": "select `a` | b"}

    text = markdown.render(report)

    first = text.splitlines()[0]
    assert first == r"# a \| b \# c \<script\> \[x\](http://evil) \`code\` \*bold\* snake_case"
    row = next(line for line in text.splitlines() if line.startswith("| E3"))
    assert r"`` select `a` \| b ``" in row or r"``select `a` \| b``" in row
    assert row.count(" | ") == 5


def test_markdown_tables_have_as_many_cells_as_their_header():
    lines = markdown.render(REPORT).splitlines()

    width = None
    for line in lines:
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        width = width or cells
        assert cells == width, line


def test_markdown_holds_the_chain_with_its_evidence():
    text = markdown.render(REPORT)

    assert "1. *Why do requests fail?*  \n   **They wait for a lock.**  \n   [E3], [E4]".replace("[", r"[") in text
    assert "```text\nTimeoutError" in text
    assert "| Error rate | 30\u00a0% | 2\u00a0% |" in text


def test_hypotheses_are_listed_most_probable_first_with_the_rejected_ones():
    text = markdown.render(REPORT)

    assert text.index("A transaction left open") < text.index("The connection pool is too small")
    assert "refuted" in text


def test_the_timeline_is_in_order():
    text = markdown.render(REPORT)

    assert text.index("Deploy 4f2a1c9") < text.index("Session 4711 ended")


def test_json_keeps_the_specifications_keys_and_is_strict():
    report = {**REPORT, "extra": {"nan": float("nan"), "half": "\ud800"}}

    document = json.loads(json_report.render(report), parse_constant=pytest.fail)

    assert document["session_info"] == REPORT["session_info"]
    assert document["performance_impact"] == REPORT["performance_impact"]
    assert document["schema_version"] == 1
    assert document["extra"] == {"nan": None, "half": "?"}


def test_json_says_its_version_also_when_the_report_does_not():
    assert json.loads(json_report.render({}))["schema_version"] == 1


@pytest.mark.parametrize("render", [html.render, markdown.render])
def test_an_unknown_language_is_refused(render):
    with pytest.raises(ValueError, match="en, ru"):
        render(REPORT, lang="de")


def test_every_label_exists_in_both_languages():
    english, russian = labels("en"), labels("ru")

    assert english.keys() == russian.keys()
    assert all(english.values())
    assert all(re.search("[а-яё№]", text, re.IGNORECASE) or key == "id" for key, text in russian.items())


def test_every_label_that_the_template_uses_exists():
    from importlib.resources import files

    source = (files("diagnostics.reports") / "templates" / "report.html.j2").read_text(encoding="utf-8")

    used = set(re.findall(r"\bt\.(\w+)", source)) | {f"missing.{k}" for k in re.findall(r"missing\('(\w+)'\)", source)}
    assert used <= labels("en").keys() | {"values"}


@pytest.mark.parametrize("status", ["root_cause_identified", "healthy", "unknown", "something new", None, 7])
def test_every_status_has_a_word_and_a_shape(status):
    page = Page(html.render({"verdict": {"status": status, "headline": "h"}}))

    if status is not None:
        expected = labels("en").get(f"status.{status}", str(status))
        assert expected in page.text
        assert re.search("[✓!?•✕]", page.text)


def test_many_observations_do_not_make_the_page_endless():
    rows = [{"id": f"E{i}", "name": "x", "value": i} for i in range(5000)]

    page = Page(html.render({"evidence": rows}))

    assert page.tags.count("tr") < 400
    assert "4700 more are in the JSON report" in page.text


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(REPORT)), anything, st.sampled_from(LANGUAGES))
def test_a_section_of_any_shape_never_stops_the_report(key, value, lang):
    report = {**REPORT, key: value}

    Page(html.render(report, lang=lang))
    markdown.render(report, lang=lang)
    json.loads(json_report.render(report))


def _paths(value, at=()):
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*at, index))


SHORT = {
    **REPORT,
    "series": {"name": "s", "unit": "s", "points": [[1, 2], [2, 3]], "markers": [{"at": 1.5, "what": "m"}]},
}
PATHS = [path for path in _paths(SHORT) if path]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PATHS), anything)
def test_a_value_of_any_shape_anywhere_never_stops_the_report(path, value):
    report = copy.deepcopy(SHORT)
    place = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    Page(html.render(report))
    markdown.render(report)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(scheme):
    from importlib.resources import files

    css = (files("diagnostics.reports") / "templates" / "report.css").read_text(encoding="utf-8")
    palette = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]))

    grounds = ("paper", "card", "soft")
    pairs = [(ink, ground) for ink in ("ink", "muted", "accent") for ground in grounds]
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "warn", "accent")]
    pairs += [("ink", "warn-soft"), ("muted", "warn-soft"), ("paper", "accent"), ("paper", "ink")]
    poor = {pair: round(_contrast(palette[pair[0]], palette[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}
