"""How right triage is on labelled reports, and how fast: ``python -m benchmarks triage [reports.jsonl ...]``.

Each line has ``problem_description``, ``error_message``, ``context``, and the truth: ``category``, ``severity`` and
``root_cause_candidates`` (the first one). Our own reports are always measured; files that are named come on top. The
fitted weights are measured by nested cross-validation: every report is answered with weights that were fitted, and
their ridge chosen, without it. What cannot be cross-validated is the knowledge in the signatures; therefore a third of
our own reports (``part`` is ``check``) was drawn by lot and kept unread, and never enters any fit.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import diagnostics.core_diagnostics.triage_model as model
from benchmarks.fit_triage import Example, examples, first_answer, fit, folds
from diagnostics.causal_map.signatures import match_line
from diagnostics.core_diagnostics.classification import candidates_of, triage_lines
from diagnostics.model.problem import Category

OWN = Path(__file__).parent.parent / "tests" / "data"
STEPS = [step.value for step in model.STEPS]
UNDECIDED, BENIGN = "unknown_needs_evidence", "benign_no_problem"
#: Name of a share, what it has to reach, and whether it is a floor.
BARS = {
    "category": (0.85, True),
    "false alarms": (0.05, False),
    "over-confidence": (0.15, False),
    "severity exact": (0.70, True),
    "severity within 1": (0.95, True),
    "truth in first 3": (0.80, True),
}
Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


def scores(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the shares by which triage is judged."""
    truth = [report["category"] for report, _ in pairs]
    said = [answer["category"] for _, answer in pairs]
    f1 = []
    for label in sorted(set(truth)):
        hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
        f1.append(2 * hits / (truth.count(label) + said.count(label)))
    away = [abs(STEPS.index(report["severity"]) - STEPS.index(answer["severity"])) for report, answer in pairs]
    named = [
        (report["root_cause_candidates"][0], answer)
        for report, answer in pairs
        if report["root_cause_candidates"] and report["category"] not in (UNDECIDED, BENIGN)
    ]
    benign = [s for t, s in zip(truth, said, strict=True) if t == BENIGN]
    unknown = [s for t, s in zip(truth, said, strict=True) if t == UNDECIDED]
    return {
        "reports": len(pairs),
        "category": sum(t == s for t, s in zip(truth, said, strict=True)) / len(pairs),
        "macro F1": sum(f1) / len(f1),
        "false alarms": sum(s not in (BENIGN, UNDECIDED) for s in benign) / max(1, len(benign)),
        "over-confidence": sum(s != UNDECIDED for s in unknown) / max(1, len(unknown)),
        "severity exact": away.count(0) / len(pairs),
        "severity within 1": sum(step <= 1 for step in away) / len(pairs),
        "truth in first 3": sum(name in answer["root_cause_candidates"][:3] for name, answer in named)
        / max(1, len(named)),
        "truth first": sum(answer["root_cause_candidates"][:1] == [name] for name, answer in named)
        / max(1, len(named)),
    }


def answered(example: Example, weights: Mapping[str, model.Weights]) -> dict[str, Any]:
    """Return what triage says under weights."""
    if not example.reading.story:
        return {"category": UNDECIDED, "severity": "medium", "root_cause_candidates": []}
    category, mechanism = first_answer(example, weights)
    return {
        "category": category.value,
        "severity": model.severity(example.reading, Category(category), mechanism, weights).value,
        "root_cause_candidates": [found.mechanism for found in candidates_of(example.reading, category)],
    }


def cross_validated(pool: Sequence[Example], always: Sequence[Example], number: int = 10) -> list[Pair]:
    """Return an answer for each report of the pool, with weights that were fitted without it."""
    pairs: list[Pair] = []
    for fold in folds(pool, number, seed=20261125):
        out = {id(example) for example in fold}
        weights = fit([example for example in pool if id(example) not in out] + list(always))
        pairs += [(example.report, answered(example, weights)) for example in fold]
    return pairs


def print_table(columns: Mapping[str, Sequence[Pair]]) -> None:
    """Print shares in Markdown, marking what misses its bar."""
    table = {name: scores(pairs) for name, pairs in columns.items() if pairs}
    print("| share | bar | " + " | ".join(table) + " |\n|---|---|" + "---|" * len(table))
    for share in next(iter(table.values())):
        bar, floor = BARS.get(share, (None, True))
        cells = []
        for column in table.values():
            value = column[share]
            missed = bar is not None and (value < bar if floor else value > bar)
            cells.append(f"{value:.0f}" if share == "reports" else f"{value:.3f}" + (" (!)" if missed else ""))
        shown = "" if bar is None else f"{'≥' if floor else '≤'} {bar:.2f}"
        print(f"| {share} | {shown} | " + " | ".join(cells) + " |")
    print()


def print_speed(lines: Sequence[str]) -> None:
    """Print how long reports and ordinary log lines take."""
    list(triage_lines(lines[:20]))
    took = []
    for line in (lines * (1000 // len(lines) + 1))[:1000]:
        started = time.perf_counter()
        list(triage_lines([line]))
        took.append(time.perf_counter() - started)
    took.sort()
    print(
        f"1,000 reports in {sum(took):.1f} s (bar 20 s); median {took[500] * 1e3:.1f} ms, "
        f"p99 {took[990] * 1e3:.1f} ms a report (bar 50 ms)"
    )
    line = '2026-06-15 19:09:35,369 INFO shop.orders "GET /orders/17 HTTP/1.1" 200 in 12.3 ms user=4711'
    started = time.perf_counter()
    for _ in range(20_000):
        match_line(line)
    each = (time.perf_counter() - started) / 20_000
    print(f"{each * 1e6:.1f} us an ordinary log line ({1 / each:,.0f} lines/s)\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path, nargs="*", help="more labelled reports, one JSON object a line")
    parser.add_argument("--wrong", metavar="NAME", help="print the reports of this column that were judged wrongly")
    arguments = parser.parse_args()
    own_lines = (OWN / "triage_reports.jsonl").read_text().splitlines()
    own = examples(own_lines)
    always = examples((OWN / "triage_phrases.jsonl").read_text().splitlines())
    work = [example for example in own if example.report["part"] == "work"]
    named = {path.stem: examples(path.read_text().splitlines()) for path in arguments.reports}
    pool = work + [example for found in named.values() for example in found]
    pairs = cross_validated(pool, always)
    by_id = {report["id"]: (report, answer) for report, answer in pairs}
    weights = fit(pool + always)
    columns = {name: [by_id[example.report["id"]] for example in found] for name, found in named.items()}
    columns["own, read"] = [by_id[example.report["id"]] for example in work]
    columns["own, unread"] = [
        (example.report, answered(example, weights)) for example in own if example.report["part"] == "check"
    ]
    print_table(columns)
    print_speed([line for path in arguments.reports for line in path.read_text().splitlines()] or own_lines)
    for report, answer in columns.get(arguments.wrong, ()):
        off = abs(STEPS.index(report["severity"]) - STEPS.index(answer["severity"]))
        if report["category"] != answer["category"] or off > 1:
            print(json.dumps({"report": report, "answer": answer}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
