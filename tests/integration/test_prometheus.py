"""A real Prometheus scrapes us and evaluates our rules, a real Alertmanager tells of it, and our page is quick to read."""

from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from tests.receivers import Web, listening

from diagnostics import DiagnosticLogger, diagnose_function
from diagnostics.core_diagnostics.aggregates import Slot
from diagnostics.core_diagnostics.recorder import FlightRecorder
from diagnostics.integrations import exposition, grafana_dashboard, metrics_endpoint, prometheus_rules
from diagnostics.integrations.prometheus import family, function_lines
from diagnostics.integrations.rules import expressions
from diagnostics.model.alert import AlertRule
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("prometheus-alertmanager")),
    reason="no Prometheus and Alertmanager on this machine (Debian: apt-get install prometheus prometheus-alertmanager)",
)


def parsed(page: bytes | str) -> dict[str, Any]:
    text = page.decode() if isinstance(page, bytes) else page
    return {found.name: found for found in text_string_to_metric_families(text)}


@given(st.text(max_size=30), st.floats())
def test_any_label_and_any_number_come_back_from_the_standard_s_own_parser(label: str, number: float) -> None:
    lines = family("x", "gauge", "text", [((("name", label),), number)])
    if math.isnan(number):
        assert lines == []
        return
    ((sample,),) = [found.samples for found in parsed("\n".join(lines) + "\n").values()]
    # The format ends lines with \\n alone; the parser splits at every kind of line end, and strips.
    if label == " ".join(label.split()):
        assert sample.labels == {"name": label}
    assert sample.value == number


@given(st.lists(st.integers(min_value=0, max_value=30_000_000_000), max_size=60))
def test_a_histogram_counts_every_call_once_and_none_below_its_bound(durations: list[int]) -> None:
    slot = Slot(0)
    slot.add(list(durations), 0)
    found = parsed("\n".join(function_lines({"f": slot})) + "\n")["diagnose_call_duration_seconds"]
    buckets = [(s.labels["le"], s.value) for s in found.samples if s.name.endswith("_bucket")]
    counts = [value for _, value in buckets]
    assert counts == sorted(counts)
    assert counts[-1] == len(durations)
    for bound, value in buckets[:-1]:
        surely = sum(duration <= float(bound) * 1e9 for duration in durations)
        assert surely - sum(0.87 <= d / (float(bound) * 1e9) <= 1 for d in durations) <= value <= surely


@pytest.fixture
def monitor() -> Iterator[PostSolutionMonitor]:
    made = PostSolutionMonitor(default_checks=False, rule=AlertRule(bad_to_fire=1, window=1))
    made.add_health_check("good", lambda: CheckResult(state=CheckState.PASS, metrics={"p95_seconds": 0.25}), 1)
    made.add_health_check('bad "one"\\', lambda: False, 1)
    made.add_health_check("blind", lambda: None, 1)
    made.start_monitoring()
    made.run_once()
    yield made
    made.stop_monitoring()


def test_the_page_says_what_passes_what_fails_and_is_silent_about_what_nobody_knows(
    monitor: PostSolutionMonitor,
) -> None:
    found = parsed(exposition(monitor))
    passes = {s.labels["check"]: s.value for s in found["diagnose_check_passes"].samples}
    assert passes == {"good": 1.0, 'bad "one"\\': 0.0}
    status = {s.labels["status"]: s.value for s in found["diagnose_health_status"].samples}
    assert sum(status.values()) == 1
    assert found["diagnose_measured"].samples[0].value == 0.25


def test_instrumented_functions_have_rate_errors_and_duration() -> None:
    recorder = FlightRecorder()
    logger = DiagnosticLogger("prometheus", recorder=recorder)

    @diagnose_function(logger)
    def work(fail: bool) -> None:
        if fail:
            raise ValueError

    for number in range(20):
        try:
            work(number % 4 == 0)
        except ValueError:
            pass

    found = parsed(exposition(recorder=recorder))
    name = next(
        s.labels["function"] for s in found["diagnose_call_errors"].samples if s.labels["function"].endswith("work")
    )
    counts = {s.name: s.value for s in found["diagnose_call_duration_seconds"].samples if s.labels["function"] == name}
    errors = {s.labels["function"]: s.value for s in found["diagnose_call_errors"].samples}
    assert counts["diagnose_call_duration_seconds_count"] == 20
    assert errors[name] == 5


def test_the_rules_and_the_dashboard_are_whole() -> None:
    rules = json.loads(prometheus_rules())["groups"][0]["rules"]
    assert all({"alert", "expr", "for", "labels", "annotations"} <= rule.keys() for rule in rules)
    dashboard = json.loads(grafana_dashboard())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        assert panel["targets"][0]["datasource"]["uid"] == "${datasource}"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def until(condition: Any, seconds: float = 60.0) -> Any:
    ends = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except OSError:
            found = None
        if found or time.monotonic() > ends:
            return found
        time.sleep(0.2)


@needs_prometheus
def test_a_real_prometheus_fires_our_rules_and_a_real_alertmanager_tells_of_them(
    monitor: PostSolutionMonitor, tmp_path: Path
) -> None:
    server = make_server("127.0.0.1", 0, metrics_endpoint(monitor), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ours, alertmanager, prometheus = server.server_port, free_port(), free_port()
    (tmp_path / "rules.yml").write_text(prometheus_rules())
    (tmp_path / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": ["rules.yml"],
                "scrape_configs": [{"job_name": "backend", "static_configs": [{"targets": [f"127.0.0.1:{ours}"]}]}],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
            }
        )
    )
    receiver = Web()
    started: list[subprocess.Popen[bytes]] = []
    with listening(receiver), (tmp_path / "log").open("wb") as log:
        (tmp_path / "alertmanager.yml").write_text(
            json.dumps(
                {
                    "route": {"receiver": "hook", "group_by": ["alertname", "check"], "group_wait": "1s"},
                    "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{receiver.url}/hook"}]}],
                }
            )
        )
        try:
            for command in (
                ["prometheus-alertmanager", f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/am",
                 f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address="],
                ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
                 f"--web.listen-address=127.0.0.1:{prometheus}"],
            ):  # fmt: skip
                started.append(subprocess.Popen(command, stdout=log, stderr=log))  # noqa: PERF401 - those that started must end
            base = f"http://127.0.0.1:{prometheus}/api/v1"
            up = until(lambda: asked(f"{base}/query?query={quote('diagnose_check_passes')}")["data"]["result"])
            assert up, (tmp_path / "log").read_text()[-2000:]
            for expression in expressions():
                query = expression.replace("$instance", ".*")
                assert asked(f"{base}/query?query={quote(query)}")["status"] == "success", expression
            rules = asked(f"{base}/rules")["data"]["groups"][0]["rules"]
            assert len(rules) == len(json.loads(prometheus_rules())["groups"][0]["rules"])

            told = until(lambda: [alert for call in receiver.calls for alert in call.json["alerts"]])

            assert told, (tmp_path / "log").read_text()[-2000:]
            assert told[0]["labels"]["alertname"] == "DiagnoseCheckFailing"
            assert told[0]["labels"]["check"] == 'bad "one"\\'
        finally:
            for process in started:
                process.kill()
                process.wait()
            server.shutdown()
            server.server_close()
