"""PetShop: metrics every five minutes, the call graph given, real injected issues; the symptom is always at the front.

Beside ours, simple forms of ranked correlation and graph traversal are computed in the same run; the other methods' figures are those
of their authors' code on the same issues.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rca.score import rate, recall
from diagnostics.hypothesis_testing.fleet import investigate, read
from diagnostics.hypothesis_testing.fleet.metrics import Table

#: Figures on the 34 development issues, top-1 and top-3.
PUBLISHED = {
    "ranked correlation (published)": (0.686, 0.824),
    "graph traversal (published)": (0.520, 0.779),
    "CIRCA (published)": (0.412, 0.735),
    "hierarchical RCD (published)": (0.147, 0.206),
    "random walk (published, all 52)": (0.0, 0.06),
    "epsilon-diagnosis (published, all 52)": (0.0, 0.0),
}


def cases(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines() if line]


def _inputs(folder: Path) -> Iterator[tuple[dict[str, Any], Table, Table, Any]]:
    import polars as pl

    wanted = cases(folder)
    for scenario in dict.fromkeys(case["scenario"] for case in wanted):
        normal, graph = read.table(folder / scenario / "normal.parquet"), read.graph(folder / scenario / "graph.json")
        issues = pl.read_parquet(folder / scenario / "issues.parquet")
        for case in wanted:
            if case["scenario"] == scenario:
                yield case, read.as_table(issues.filter(pl.col("case") == case["case"]), "issues"), normal, graph


Prepare = Callable[[Table, Table], tuple[Table, Table]]


def predict(folder: Path, *, onset_given: bool = True, prepare: Prepare | None = None) -> Iterator[dict[str, Any]]:
    """Yield one line a case; one entry a node, its best inner cause first. Reads neither labels nor injections."""
    for case, *tables, graph in _inputs(folder):
        metrics, normal = prepare(*tables) if prepare is not None else tables
        target = f"{case['target_node']}|{case['target_metric']}|{case['target_stat']}"
        onset = float(case["target_ts"]) if onset_given and case.get("target_ts") is not None else None
        answer = investigate(metrics, normal, graph, target=target, onset=onset)
        best = {r.node: r for r in reversed(answer.ranking.ranked)}
        ranked = sorted(best.values(), key=lambda r: -r.score)
        yield {"case": case["case"], "ranked": [[r.node, r.inner, r.score] for r in ranked]}


def simple(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return two simple baselines of this run, on the symptom's metric alone, among the nodes that leave their normal 1-99 % range:

    by the p-value of the correlation with the symptom over the issue's rows; and those that call nobody of them (graph traversal).
    """
    import warnings

    import numpy as np
    from scipy.stats import pearsonr

    ranked, traversed = [], []
    for case, metrics, normal, graph in _inputs(folder):
        ending = f"|{case['target_metric']}|{case['target_stat']}"
        symptom = metrics.columns[case["target_node"] + ending]
        sick: dict[str, float] = {}
        likeness: dict[str, float] = {}
        for name, values in metrics.columns.items():
            if not name.endswith(ending) or name not in normal.columns:
                continue
            node, past = name.removesuffix(ending), normal.columns[name]
            past = past[~np.isnan(past)]
            seen = values[~np.isnan(values)]
            if not len(past) or not len(seen):
                continue
            low, middle, high = np.percentile(past, [1, 50, 99])
            worst = float(np.max(np.abs(seen - middle)))
            if np.max(seen) <= high and np.min(seen) >= low:
                continue
            sick[node] = worst / max(1e-9, float(high - low))
            both = ~np.isnan(values) & ~np.isnan(symptom)
            if node != case["target_node"] and both.sum() > 2:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    p = float(pearsonr(values[both], symptom[both]).pvalue)
                if p == p:
                    likeness[node] = -p
        ranked.append({"case": case["case"], "ranked": [[n, "", s] for n, s in likeness.items()]})
        roots = {n: s for n, s in sick.items() if n in graph.nodes and not any(c in sick for c in graph.callees[n])}
        below = graph.below(case["target_node"])
        traversed.append({"case": case["case"], "ranked": [[n, "", s] for n, s in roots.items() if n in below]})
    return ranked, traversed


def calm(folder: Path, *, step: int = 5, rows: int = 5) -> dict[str, tuple[int, int]]:
    """Return alarms and windows of normal times, by scenario and target: each window against the rest of normal times."""
    import polars as pl

    found: dict[str, tuple[int, int]] = {}
    fronts = {(c["scenario"], f"{c['target_node']}|{c['target_metric']}|{c['target_stat']}") for c in cases(folder)}
    for scenario, target in [*sorted(fronts), *((s, None) for s in sorted({s for s, _ in fronts}))]:
        normal, graph = (
            pl.read_parquet(folder / scenario / "normal.parquet"),
            read.graph(folder / scenario / "graph.json"),
        )
        alarms = windows = 0
        for i in range(0, len(normal) - rows + 1, step):
            rest = read.as_table(pl.concat([normal[:i], normal[i + rows :]]), "normal")
            answer = investigate(read.as_table(normal[i : i + rows], "window"), rest, graph, target=target)
            alarms, windows = alarms + answer.is_abnormal, windows + 1
        found[f"{scenario}, {target or 'no target'}"] = (alarms, windows)
    return found


def _truth(folder: Path) -> dict[str, str]:
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return {label["case"]: label["root_cause_node"] for label in map(json.loads, lines)}


def recalls(folder: Path, lines: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Return the credit of each case at 1 and at 3."""
    return _credits(lines, _truth(folder), cases(folder))


def score(folder: Path, lines: Sequence[dict[str, Any]]) -> str:
    """Return the tables of recall, by scenario and metric, beside other methods; and of false alarms on normal times."""
    truth, wanted = _truth(folder), cases(folder)
    ours = _credits(lines, truth, wanted)
    out = ["| issues | n | top-1 (95 %) | top-3 (95 %) |", "|---|--:|--:|--:|"]
    groups = sorted({(c["scenario"], c["target_metric"]) for c in wanted})
    for scenario, metric in groups:
        names = [c["case"] for c in wanted if (c["scenario"], c["target_metric"]) == (scenario, metric)]
        out.append(_row(f"{scenario}, {metric}", [ours[n] for n in names]))
    out.append(_row("**all**", list(ours.values())))
    out += ["", "| method | top-1 | top-3 |", "|---|--:|--:|"]
    out += [f"| {name} | {one:.3f} | {three:.3f} |" for name, (one, three) in PUBLISHED.items()]
    for name, predicted in zip(("ranked correlation", "graph traversal"), simple(folder), strict=True):
        plain = list(_credits(predicted, truth, wanted).values())
        out.append(
            f"| {name} (simple form, this run) | {rate([c[0] for c in plain])} | {rate([c[1] for c in plain])} |"
        )
    mine = list(ours.values())
    out.append(f"| ours | {rate([c[0] for c in mine])} | {rate([c[1] for c in mine])} |")
    missed = [c["case"] for c in wanted if ours[c["case"]][0] < 1]
    out += ["", f"Not first: {', '.join(missed) or 'none'}"]
    return "\n".join(out)


def alarms(folder: Path) -> str:
    """Return the table of false alarms on fault-free windows."""
    out = ["| normal times | alarms | windows | rate (95 %) |", "|---|--:|--:|--:|"]
    began = time.process_time()
    rows = calm(folder)
    for name, (false, windows) in rows.items():
        out.append(f"| {name} | {false} | {windows} | {rate([1.0] * false + [0.0] * (windows - false))} |")
    total = sum(w for _, w in rows.values())
    out += ["", f"{(time.process_time() - began) / max(1, total):.2f} s CPU a window"]
    return "\n".join(out)


def _credits(
    lines: Sequence[dict[str, Any]], truth: dict[str, str], wanted: Sequence[dict[str, Any]]
) -> dict[str, tuple[float, float]]:
    ranked = {line["case"]: [(node, float(value)) for node, _, value in line["ranked"]] for line in lines}
    return {
        c["case"]: (
            recall(ranked.get(c["case"], []), truth[c["case"]], 1),
            recall(ranked.get(c["case"], []), truth[c["case"]], 3),
        )
        for c in wanted
    }


def _row(name: str, found: Sequence[tuple[float, float]]) -> str:
    return f"| {name} | {len(found)} | {rate([f[0] for f in found])} | {rate([f[1] for f in found])} |"
