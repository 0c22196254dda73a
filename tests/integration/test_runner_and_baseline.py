"""A whole look at a real service, what is normal kept in a file, and the comprehensive monitor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.model.finding import Baseline, Summary
from diagnostics.model.target import Target
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor import ComprehensiveMonitor, baseline
from diagnostics.system_monitor.runner import could_not_look, look, probes_for


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    log = tmp_path / "app.log"
    program = (
        "import logging, time\n"
        f"logging.basicConfig(filename={str(log)!r}, format='%(asctime)s %(levelname)s %(name)s %(message)s', level=20)\n"
        "for i in range(600):\n"
        "    logging.getLogger('app.access').info('\"GET /meetings\" 200 %.1fms', 5 + i % 7)\n"
        "    time.sleep(0.05)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    while not log.exists() or log.stat().st_size < 1000:
        assert process.poll() is None
        SYSTEM_CLOCK.sleep(0.02)
    yield Target(name="test", pids=(process.pid,), logs=(log,), paths=(tmp_path,))
    process.kill()
    process.wait()


def test_a_whole_look_sees_host_process_stacks_and_log(target: Target) -> None:
    seen = look(probes_for(target, window_seconds=0.5))

    assert {"host.cpu.utilization", "process.alive", "process.stack", "log.access.p95", "log.lines"} <= seen.names()
    assert not seen.all_failures()
    assert [what for what, _, _ in could_not_look(target, seen)] == [
        "database",
        "the service's answers",
        "external services",
        "recent changes of the code",
    ]


def test_what_is_normal_survives_the_way_through_a_file(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    recorded = baseline.record(probes_for(target, window_seconds=0.3), seconds=1.5, interval_seconds=0.6)

    baseline.write(recorded, path)
    back = baseline.read(path)

    assert back == recorded
    reading = look(probes_for(target, window_seconds=0.3)).readings("process.threads")[0]
    summary = back.of(reading)
    assert summary is not None
    assert summary.n >= 2
    assert (summary.minimum, summary.median, summary.maximum) == (1.0, 1.0, 1.0)
    assert "package:pytest" in back.facts
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    ["", "no json", "[]", "{}", '{"schema_version": 99, "summaries": {}, "facts": {}}',
     '{"schema_version": 1, "summaries": {"a": 3}, "facts": {}}', '{"schema_version": 1, "facts": {}}',
     '{"schema_version": 1, "summaries": {}, "facts": {}, "recorded_at": "2026-11-25T07:30:00"}', "\xff"],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(ConfigurationError, match=r"baseline\.json") as raised:
        baseline.read(path)

    assert "diagnose record" in str(raised.value)


def test_a_missing_file_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        baseline.read(tmp_path / "gone.json")
    with pytest.raises(ConfigurationError):
        baseline.write(Baseline(), tmp_path / "gone" / "b.json")


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    summary = Summary(n=1, median=1.0, mad=0.0, p05=1.0, p95=1.0, minimum=1.0, maximum=1.0)
    path = tmp_path / "b.json"

    baseline.write(Baseline(summaries={"a{}": summary}, facts={"revision": "x"}, recorded_at=datetime.now(UTC)), path)

    data = json.loads(path.read_text())
    assert data["schema_version"] == 1
    assert data["summaries"]["a{}"]["median"] == 1.0


def test_a_sweep_says_what_it_saw_and_what_it_could_not(target: Target) -> None:
    sweep = ComprehensiveMonitor(target=target).run_full_diagnostic_sweep()

    assert sweep["overall_health"] in {"healthy", "degraded"}
    assert sweep["system"]["metrics"]["process_count"] > 0
    assert sweep["observations"].readings("process.alive")
    assert any(what == "database" for what, _, _ in sweep["could_not_look"])
    written = json.loads(sweep.to_json())
    assert any(item["name"] == "process.alive" for item in written["observations"])


def test_a_service_that_does_not_answer_is_critical() -> None:
    sweep = ComprehensiveMonitor(target=Target(services=("http://127.0.0.1:9/",))).run_full_diagnostic_sweep()

    assert sweep.overall_health == "critical"
    assert "127.0.0.1" in sweep.critical_alerts[0]


def test_a_database_is_part_of_the_sweep(postgres_url: str) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))

    sweep = ComprehensiveMonitor(None, engine).run_full_diagnostic_sweep()
    engine.dispose()

    assert sweep["database"]["connectivity"] is True
    assert sweep["overall_health"] in {"healthy", "degraded"}
