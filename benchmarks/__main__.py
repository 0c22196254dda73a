"""Runs all benchmarks and prints their Markdown tables: ``python -m benchmarks [name ...] [argument ...]``.

Arguments that are no names of benchmarks are handed to those that were named. ``simulate`` runs only when named.
"""

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

#: Minutes of simulation, run only when named.
ON_DEMAND = {"simulate"}
PACKAGES = ["ultimate-diagnostics", "opentelemetry-sdk", "structlog", "msgspec", "sqlalchemy", "numpy"]


def main(wanted: list[str]) -> int:
    print("# Benchmarks\n")
    print(
        f"Python {platform.python_version()} on {platform.machine()}, {platform.system()} {platform.release()}; ",
        end="",
    )
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES) + "\n", flush=True)
    failed = 0
    paths = sorted(Path(__file__).parent.glob("bench_*.py"))
    names = {path.stem.removeprefix("bench_") for path in paths}
    handed_on = [argument for argument in wanted if argument not in names]
    for path in paths:
        name = path.stem.removeprefix("bench_")
        if name not in wanted if wanted else name in ON_DEMAND:
            continue
        print(f"## {path.stem.removeprefix('bench_')}\n", flush=True)
        failed += (
            subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}", *handed_on], check=False).returncode != 0
        )
        print(flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
