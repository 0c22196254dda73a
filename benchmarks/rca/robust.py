"""``python -m benchmarks.rca robust FOLDER``: does PetShop's figure hang on a constant? Each one is moved by 30 % either way."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.rca import petshop
from diagnostics.hypothesis_testing.fleet import Table

FLEET = "diagnostics.hypothesis_testing.fleet"
#: Constants that the answer could hang on. Counts are moved too, and rounded.
CONSTANTS = (
    (f"{FLEET}.rank", "PASS_ON"),
    (f"{FLEET}.rank", "LEAK"),
    (f"{FLEET}.rank", "LIMIT"),
    (f"{FLEET}.rank", "UNKNOWN_SICK"),
    (f"{FLEET}.rank", "PRIOR_NOTHING"),
    (f"{FLEET}.rank", "PRIOR_UNKNOWN"),
    (f"{FLEET}.measured", "ABROAD"),
    (f"{FLEET}.metrics", "ALARM"),
    (f"{FLEET}.metrics", "SUSPECTED"),
    (f"{FLEET}.metrics", "TOGETHER"),
    ("diagnostics.stats.contrast", "SHAPE"),
    ("diagnostics.stats.contrast", "TAIL"),
)


def moved(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield the name, top-1 and top-3 with each constant at 0.7 and 1.3 times its value."""
    yield ("as it is", *_recall(folder))
    for module_name, constant in CONSTANTS:
        module = import_module(module_name)
        value = getattr(module, constant)
        for factor in (0.7, 1.3):
            setattr(module, constant, value * factor)
            try:
                yield (f"{constant} {value:g} x {factor}", *_recall(folder))
            finally:
                setattr(module, constant, value)


def poorer(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield the same with less to go by."""
    yield ("the onset not given", *_recall(folder, onset_given=False))
    yield ("normal: the first half of it", *_recall(folder, prepare=lambda m, n: (m, _rows(n, 0.0, 0.5))))
    yield ("normal: the second half of it", *_recall(folder, prepare=lambda m, n: (m, _rows(n, 0.5, 1.0))))
    yield ("normal: its last 100 rows", *_recall(folder, prepare=lambda m, n: (m, _rows(n, -100 / len(n.times), 1.0))))
    yield ("averages and requests only", *_recall(folder, prepare=_only(lambda c: c.endswith(("Average", "Sum")))))
    yield ("no requests: nothing can be counted", *_recall(folder, prepare=_only(lambda c: "|requests|" not in c)))


def _rows(table: Table, start: float, stop: float) -> Table:
    n = len(table.times)
    part = slice(int(start * n) % n, int(stop * n))
    return Table(times=table.times[part], columns={c: v[part] for c, v in table.columns.items()})


def _only(wanted: Callable[[str], bool]) -> petshop.Prepare:
    def prepare(metrics: Table, normal: Table) -> tuple[Table, Table]:
        kept = {c: v for c, v in metrics.columns.items() if wanted(c)}
        return Table(times=metrics.times, columns=kept), normal

    return prepare


def _recall(folder: Path, **how: Any) -> tuple[float, float]:
    found = petshop.recalls(folder, list(petshop.predict(folder, **how)))
    return sum(c[0] for c in found.values()) / len(found), sum(c[1] for c in found.values()) / len(found)


def main(folder: Path) -> None:
    print("| constant | top-1 | top-3 |\n|---|--:|--:|")
    for name, one, three in chain(moved(folder), poorer(folder)):
        print(f"| {name} | {one:.3f} | {three:.3f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
