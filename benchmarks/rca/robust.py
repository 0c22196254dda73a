"""``python -m benchmarks.rca robust FOLDER``: does PetShop's figure hang on a constant? Each one is moved by 30 % either way."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.rca import petshop

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
    (f"{FLEET}.metrics", "CERTAIN"),
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


def _recall(folder: Path) -> tuple[float, float]:
    found = petshop.recalls(folder, list(petshop.predict(folder)))
    return sum(c[0] for c in found.values()) / len(found), sum(c[1] for c in found.values()) / len(found)


def main(folder: Path) -> None:
    print("| constant | top-1 | top-3 |\n|---|--:|--:|")
    for name, one, three in moved(folder):
        print(f"| {name} | {one:.3f} | {three:.3f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
