"""Fits the weights of triage on labelled reports: ``python -m benchmarks.fit_triage FILE ... [--write]``.

Each file has one JSON object a line, as ``tests/data/triage_reports.jsonl``; a report whose ``part`` is ``check`` is left
out. Two small multinomial regressions with a ridge: is there a problem and can it be told which (three answers), and
how bad is it (four steps). The ridge is chosen by cross-validation within the training part, so that the outer loop
of ``benchmarks.bench_triage`` is honest.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

import diagnostics.core_diagnostics.triage_model as model
from diagnostics.core_diagnostics.classification import candidates_of, classify, problem_of
from diagnostics.core_diagnostics.triage_reading import Reading, read
from diagnostics.model.problem import Category

RIDGES = (0.5, 1.0, 2.0, 4.0)
#: A false alarm costs more than a report that is left open.
COSTS = {"concrete": 1.0, "benign": 1.0, "unknown": 1.0}
WEIGHTS = Path(model.__file__).with_name("triage_weights.json")


@dataclass(frozen=True)
class Example:
    """A labelled report that was read."""

    report: Mapping[str, Any]
    reading: Reading

    @property
    def label(self) -> str:
        """Return which of the three answers is right."""
        category = self.report["category"]
        return {Category.BENIGN.value: "benign", Category.UNKNOWN.value: "unknown"}.get(category, "concrete")


def examples(lines: Sequence[str]) -> list[Example]:
    """Return the reports of a file; an empty report needs no weights and is left out."""
    reports = [json.loads(line) for line in lines if line.strip()]
    found = [Example(report, read(problem_of(report))) for report in reports]
    return [example for example in found if example.reading.story]


def folds(items: Sequence[Any], number: int, seed: int) -> list[list[Any]]:
    """Return a random partition."""
    shuffled = list(items)
    random.Random(seed).shuffle(shuffled)
    return [shuffled[start::number] for start in range(number)]


def regression(
    features: Sequence[model.Features],
    answers: Sequence[str],
    names: Sequence[str],
    ridge: float,
    costs: Mapping[str, float],
) -> dict[str, dict[str, float]]:
    """Return weights for each answer but the first, which is the yardstick."""
    columns = sorted({name for row in features for name in row})
    matrix = np.array([[row.get(name, 0.0) for name in columns] for row in features])
    truth = np.array([[answer == name for name in names] for answer in answers], dtype=float)
    importance = np.array([costs.get(answer, 1.0) for answer in answers])
    penalty = np.array([1e-3 if name == "one" else ridge for name in columns])[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(len(columns), len(names) - 1)
        scores = np.hstack([np.zeros((len(matrix), 1)), matrix @ weights])
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        value = -(importance * np.log((chances * truth).sum(axis=1) + 1e-12)).sum()
        gradient = matrix.T @ ((chances - truth)[:, 1:] * importance[:, None]) + penalty * weights
        return float(value + 0.5 * (penalty * weights**2).sum()), gradient.ravel()

    start = np.zeros(len(columns) * (len(names) - 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    weights = found.reshape(len(columns), len(names) - 1)
    fitted: dict[str, dict[str, float]] = {names[0]: {}}
    for place, name in enumerate(names[1:]):
        fitted[name] = {column: round(float(weights[row, place]), 4) for row, column in enumerate(columns)}
    return fitted


def _chosen(
    features: Sequence[model.Features],
    answers: Sequence[str],
    names: Sequence[str],
    costs: Mapping[str, float],
) -> dict[str, dict[str, float]]:
    """Return weights under the ridge that predicts held-out reports best."""

    def surprise(ridge: float) -> float:
        total = 0.0
        for fold in folds(range(len(features)), 4, seed=11):
            out = set(fold)
            inside = [index for index in range(len(features)) if index not in out]
            weights = regression([features[i] for i in inside], [answers[i] for i in inside], names, ridge, costs)
            for index in fold:
                chance = model.probabilities(features[index], weights)[answers[index]]
                total -= costs.get(answers[index], 1.0) * float(np.log(chance + 1e-12))
        return total

    return regression(features, answers, names, min(RIDGES, key=surprise), costs)


def fit(training: Sequence[Example]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the weights of both regressions."""
    labels = _chosen(
        [model.label_features(example.reading) for example in training],
        [example.label for example in training],
        model.LABELS,
        COSTS,
    )
    graded = [example for example in training if example.report.get("severity") and example.label != "benign"]
    severities = _chosen(
        [model.severity_features(example.reading, *first_answer(example, {"label": labels})) for example in graded],
        [example.report["severity"] for example in graded],
        # The commonest step is the yardstick.
        ("medium", "low", "high", "critical"),
        {},
    )
    return {"label": labels, "severity": severities}


def first_answer(example: Example, weights: Mapping[str, model.Weights]) -> tuple[Category, str | None]:
    """Return the category and the first candidate under weights."""
    category, _ = model.label(example.reading, weights)
    candidates = candidates_of(example.reading, category)
    return category, candidates[0].mechanism if candidates else None


def main() -> None:
    """Fit and print, or write the file that is shipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    arguments = parser.parse_args()
    training = [example for path in arguments.reports for example in examples(path.read_text().splitlines())]
    training = [example for example in training if example.report.get("part") != "check"]
    weights = fit(training)
    if arguments.write:
        WEIGHTS.write_text(json.dumps(weights, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    right = sum(classify(problem_of(e.report)).category.value == e.report["category"] for e in training)
    print(f"{len(training)} reports; {right / len(training):.3f} of the training part right with the shipped weights")


if __name__ == "__main__":
    main()
