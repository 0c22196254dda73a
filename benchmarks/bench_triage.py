"""How right triage is on labelled reports, and how fast: ``python benchmarks/bench_triage.py reports.jsonl``.

Each line has ``problem_description``, ``error_message``, ``context``, and the truth: ``category``, ``severity`` and
``root_cause_candidates`` (the first one). A random half, fixed by ``--seed``, was read while the tables were
written; the other was only ever scored. Both are printed.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from pathlib import Path

from diagnostics.causal_map.signatures import match_line
from diagnostics.core_diagnostics.classification import triage_lines

STEPS = ["low", "medium", "high", "critical"]
UNDECIDED, BENIGN = "unknown_needs_evidence", "benign_no_problem"


def scores(pairs: list[tuple[dict, dict]]) -> dict[str, float]:
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
        if report["root_cause_candidates"] and report["category"] != UNDECIDED
    ]
    benign = [s for t, s in zip(truth, said, strict=True) if t == BENIGN]
    unknown = [s for t, s in zip(truth, said, strict=True) if t == UNDECIDED]
    return {
        "reports": len(pairs),
        "accuracy": sum(t == s for t, s in zip(truth, said, strict=True)) / len(pairs),
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path, nargs="?", help="labelled reports, one JSON object a line")
    parser.add_argument("--seed", type=int, default=20261125, help="which half was read while the tables were written")
    parser.add_argument(
        "--wrong", choices=["read", "unread"], help="print the reports of this half that were judged wrongly"
    )
    parser.add_argument(
        "--labels",
        action="store_true",
        help="print which labels were taken for which, on the unread half too",
    )
    arguments = parser.parse_args()
    if arguments.reports is None:
        print("no labelled reports were given: python -m benchmarks.bench_triage FILE")
        return
    lines = arguments.reports.read_text().splitlines()
    reports = [json.loads(line) for line in lines]
    started = time.perf_counter()
    answers = list(triage_lines(lines))
    took = time.perf_counter() - started
    ids = sorted(report["id"] for report in reports)
    random.Random(arguments.seed).shuffle(ids)
    read = set(ids[: len(ids) // 2])
    pairs = list(zip(reports, answers, strict=True))
    halves = {
        "read": [p for p in pairs if p[0]["id"] in read],
        "unread": [p for p in pairs if p[0]["id"] not in read],
    }
    table = {name: scores(half) for name, half in halves.items()}
    print(f"{'':20}{'read half':>12}{'unread half':>12}")
    for key in table["read"]:
        print(f"{key:20}{table['read'][key]:12.3f}{table['unread'][key]:12.3f}")
    line = '2026-06-15 19:09:35,369 INFO shop.orders "GET /orders/17 HTTP/1.1" 200 in 12.3 ms user=4711'
    started = time.perf_counter()
    for _ in range(20_000):
        match_line(line)
    each = (time.perf_counter() - started) / 20_000
    print(
        f"{took / len(lines) * 1000:.2f} ms a report; "
        f"{each * 1e6:.1f} us an ordinary log line ({1 / each:,.0f} lines/s)"
    )
    if arguments.labels:
        for name, half in halves.items():
            print(
                name,
                Counter(
                    (r["category"], a["category"]) for r, a in half if r["category"] != a["category"]
                ).most_common(),
            )
    if arguments.wrong:
        for report, answer in halves[arguments.wrong]:
            if (
                report["category"] != answer["category"]
                or abs(STEPS.index(report["severity"]) - STEPS.index(answer["severity"])) > 1
            ):
                print(json.dumps({"report": report, "answer": answer}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
