"""The dashboard with 500 checks and a year of history: CPU and bytes of each page, and the size of the file.

Bars (docs/reference/dashboard.md): a page within a second, under 150 KB compressed.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from diagnostics.dashboard import Access, Board, Role, create_dashboard
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory
from diagnostics.post_solution_monitoring.rollup import COARSE_SECONDS, FINE_SECONDS

TOKEN = "operator-of-the-benchmark"
PAGES = ("/", "/?name=check-01", "/metrics?check=check-007&range=24h", "/metrics?check=check-007&range=365d&compare=1",
         "/alerts", "/sessions", "/kpis", "/settings", "/export")  # fmt: skip

_FILL = """
WITH RECURSIVE bucket(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM bucket WHERE n < ?)
INSERT OR IGNORE INTO rollup SELECT id, ?, n, 12, 12 * (0.05 + (n % 24) / 1000.0), 0.04, 0.09 FROM series, bucket
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checks", type=int, default=500)
    parser.add_argument("--days", type=int, default=365)
    asked, _ = parser.parse_known_args()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        history = SqliteHistory(path)
        monitor = PostSolutionMonitor(history=history, default_checks=False)
        for number in range(asked.checks):
            name = f"check-{number:03}"
            monitor.add_health_check(name, lambda: True, 30)
            state = CheckState.FAIL if number % 50 == 3 else CheckState.PASS
            for minute in range(10):
                history.add_result(
                    name, CheckResult(state=state, at=now - timedelta(minutes=minute), duration_seconds=0.05,
                                      metrics={"p95_seconds": 0.05}),
                )  # fmt: skip
        monitor.run_once()
        history.flush()
        for step, span in ((FINE_SECONDS, min(asked.days, 14)), (COARSE_SECONDS, asked.days)):
            last = int(now.timestamp() // step)
            with history._transaction():  # the benchmark fills a year at once, which nobody else does
                history._rows(_FILL, (last - span * 86_400 // step, last - 1, step))
        history._db.execute("ANALYZE")
        size = path.stat().st_size / 2**20
        access = Access()
        access.allow(TOKEN, Role.OPERATOR)
        client = TestClient(create_dashboard(Board(history, monitor=monitor), access), base_url="http://127.0.0.1")
        client.post("/login", data={"token": TOKEN})
        print(f"{asked.checks} checks, {asked.days} days, history of {size:.0f} MiB.\n")
        print("| page | CPU, ms (best of 3) | wall, ms | KB | KB compressed |")
        print("|---|--:|--:|--:|--:|")
        for page in PAGES:
            best, wall, body = float("inf"), float("inf"), b""
            for _ in range(3):
                cpu, began = time.process_time(), time.perf_counter()
                answer = client.get(page)
                assert answer.status_code == 200, page
                body = answer.content
                best, wall = min(best, time.process_time() - cpu), min(wall, time.perf_counter() - began)
            print(
                f"| {page} | {best * 1e3:.0f} | {wall * 1e3:.0f} | {len(body) / 1e3:.0f} | {len(gzip.compress(body)) / 1e3:.0f} |"
            )
        history.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
