"""Runs all benchmarks and prints their Markdown tables: ``python -m benchmarks [name ...]``."""

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

PACKAGES = ["ultimate-diagnostics", "opentelemetry-sdk", "structlog", "msgspec", "sqlalchemy", "numpy"]


def main(wanted: list[str]) -> int:
    print("# Benchmarks\n")
    print(
        f"Python {platform.python_version()} on {platform.machine()}, {platform.system()} {platform.release()}; ",
        end="",
    )
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES) + "\n", flush=True)
    failed = 0
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if wanted and path.stem.removeprefix("bench_") not in wanted:
            continue
        print(f"## {path.stem.removeprefix('bench_')}\n", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=False).returncode != 0
        print(flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
