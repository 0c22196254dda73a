"""What an import costs a process: CPU milliseconds, memory, modules, threads; fresh interpreters, interleaved.

``python -m benchmarks.bench_import [--rounds 7]`` exits with 1 when ours is above its bar.
"""

import argparse
import json
import statistics
import subprocess
import sys

BAR_MS = 60.0
OURS = [
    "import diagnostics",
    "from diagnostics import DiagnosticLogger, diagnose_function, diagnostic_context, validate_data",
]
PEERS = [
    "pass",
    "import logging",
    "import asyncio",
    "import structlog",
    "import opentelemetry.sdk.trace.export",
    "import sqlalchemy",
    "import numpy",
    "import fastapi",
]
HEAVY = ["asyncio", "numpy", "scipy", "sqlalchemy", "psutil", "fastapi", "opentelemetry"]
CODE = """
import json, os, sys, time
def rss():
    try:
        return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return float("nan")
modules, memory, cpu = len(sys.modules), rss(), time.process_time()
{statement}
cpu = time.process_time() - cpu
import threading
heavy = sorted(set({heavy}) & set(sys.modules))
print(json.dumps([cpu * 1e3, rss() - memory, len(sys.modules) - modules, threading.active_count(), heavy]))
"""


def once(statement: str) -> list:
    code = CODE.format(statement=statement, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    statements = [*OURS, *PEERS]
    found: dict[str, list] = {statement: [] for statement in statements}
    for number in range(rounds + 1):
        for statement in statements if number % 2 else reversed(statements):
            result = once(statement)
            if number:  # the first round fills the file cache
                found[statement].append(result)
    print("| import | CPU ms median | min | MiB | modules | threads | heavy modules |")
    print("|---|--:|--:|--:|--:|--:|---|")
    for statement, results in found.items():
        cpu = [one[0] for one in results]
        print(
            f"| `{statement}` | {statistics.median(cpu):.1f} | {min(cpu):.1f} | "
            f"{statistics.median(one[1] for one in results):.1f} | {results[0][2]} | {results[0][3]} | "
            f"{', '.join(results[0][4])} |"
        )
    ours = [statistics.median(one[0] for one in found[statement]) for statement in OURS]
    clean = all(one[3] == 1 and not one[4] for statement in OURS for one in found[statement])
    kept = max(ours) <= BAR_MS and clean
    print(f"\nBar: at most {BAR_MS:.0f} ms, no thread, nothing heavy: {'kept' if kept else 'MISSED'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
