"""The numbers of checks are the same, whoever keeps them: our history, a real Prometheus, a real VictoriaMetrics."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from diagnostics.errors import ConfigurationError, ProbeError
from diagnostics.integrations.prometheus import health_lines
from diagnostics.model.alert import AlertPhase
from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthReport, HealthStatus
from diagnostics.post_solution_monitoring.history import MemoryHistory
from diagnostics.post_solution_monitoring.metrics_promql import PromqlMetrics
from diagnostics.post_solution_monitoring.metrics_source import MetricSource
from diagnostics.post_solution_monitoring.rollup import DURATION, FAILED, UNKNOWN, Bucket

HOSTILE = 'pay "} or up{x="\\ и\nещё'
#: Real servers keep by the wall clock: two hours ago, at the beginning of a bucket of an hour.
START = datetime.fromtimestamp(time.time() // 3600 * 3600 - 7200, UTC)


def looks() -> dict[str, list[CheckResult]]:
    """Three checks, a look every 30 s for an hour, with a gap and a stretch without data."""
    made: dict[str, list[CheckResult]] = {"api": [], HOSTILE: [], "lone": []}
    for number in range(120):
        at = START + timedelta(seconds=30 * number)
        state = CheckState.FAIL if 20 <= number < 30 else CheckState.UNKNOWN if 30 <= number < 40 else CheckState.PASS
        if not 60 <= number < 80:
            metrics = {"p95_seconds": float(number)} if state is not CheckState.UNKNOWN else {}
            made["api"].append(CheckResult(state=state, at=at, duration_seconds=0.25, metrics=metrics))
        made[HOSTILE].append(CheckResult(state=CheckState.PASS, at=at, duration_seconds=0.5, metrics={'a"b': 7.0}))
    made["lone"].append(CheckResult(state=CheckState.PASS, at=START + timedelta(minutes=30), duration_seconds=1.0))
    return made


def scraped() -> str:
    """Return what a server that scraped after each look would hold, as OpenMetrics with moments."""
    kept: dict[str, list[str]] = {}
    for name, results in looks().items():
        for result in results:
            health = CheckHealth(
                name=name, status=HealthStatus.HEALTHY, state=result.state, phase=AlertPhase.OK, at=result.at,
                duration_seconds=result.duration_seconds, metrics=result.metrics,
            )  # fmt: skip
            assert result.at is not None
            report = HealthReport(
                timestamp=result.at.isoformat(), overall_status=HealthStatus.HEALTHY, checks=(health,)
            )
            for line in health_lines(report):
                if not line.startswith("#") and line.startswith(("diagnose_check", "diagnose_measured")):
                    family = line.partition("{")[0]
                    kept.setdefault(family, []).append(f"{line} {result.at.timestamp():.3f}")
    parts = [f"# TYPE {family} gauge\n" + "\n".join(lines) for family, lines in kept.items()]
    return "\n".join(parts) + "\n# EOF\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def running(command, url, log_path):
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    with urllib.request.urlopen(url, timeout=5):
                        break
                except OSError:
                    assert process.poll() is None, log_path.read_text()[-2000:]
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def prometheus(folder):
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        pytest.skip("no Prometheus on this machine (Debian: apt-get install prometheus)")
    (folder / "looks.txt").write_text(scraped())
    (folder / "prometheus.yml").write_text("{}")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "looks.txt", "data"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    base = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={base.removeprefix('http://')}",
    ]  # fmt: skip
    with running(command, f"{base}/-/ready", folder / "log"):
        yield base


@contextmanager
def victoria(folder):
    program = shutil.which("victoria-metrics")
    if not program:
        pytest.skip("no VictoriaMetrics on this machine (Debian: apt-get install victoria-metrics)")
    base = f"http://127.0.0.1:{free_port()}"
    command = [
        program, f"-storageDataPath={folder}/data", f"-httpListenAddr={base.removeprefix('http://')}",
        "-retentionPeriod=2y", "-memory.allowedBytes=64MB",
    ]  # fmt: skip
    with running(command, f"{base}/health", folder / "log"):
        lines = []  # its import takes milliseconds, as Prometheus' older text format has them
        for line in scraped().splitlines():
            if not line.startswith("#"):
                sample, _, at = line.rpartition(" ")
                lines.append(f"{sample} {round(float(at) * 1000)}\n")
        urllib.request.urlopen(f"{base}/api/v1/import/prometheus", "".join(lines).encode(), timeout=30).close()
        urllib.request.urlopen(f"{base}/internal/force_flush", timeout=30).close()
        yield base


@pytest.fixture(scope="module", params=["local", "prometheus", "victoriametrics"])
def source(request, tmp_path_factory):
    if request.param == "local":
        history = MemoryHistory()
        for name, results in looks().items():
            for result in results:
                history.add_result(name, result)
        yield history
        return
    with {"prometheus": prometheus, "victoriametrics": victoria}[request.param](
        tmp_path_factory.mktemp("store")
    ) as url:
        yield PromqlMetrics(url)


def hour(source, name, metric, step=300.0):
    return source.series(name, metric, since=START, until=START + timedelta(hours=1), step_seconds=step)


def test_it_is_a_source_of_metrics(source):
    assert isinstance(source, MetricSource)


def test_all_checks_have_names_and_numbers(source):
    assert source.names() == sorted(["api", "lone", HOSTILE])
    assert source.metrics("api") == sorted([DURATION, FAILED, UNKNOWN, "p95_seconds"])
    assert source.metrics(HOSTILE) == sorted([DURATION, FAILED, UNKNOWN, 'a"b'])
    assert source.metrics("nobody") == []


def test_a_number_comes_in_buckets_and_a_gap_has_none(source):
    buckets = hour(source, "api", "p95_seconds")

    assert [(bucket.at - START) / timedelta(minutes=5) for bucket in buckets] == [0, 1, 2, 4, 5, 8, 9, 10, 11]
    assert buckets[0] == Bucket(at=START, count=10, mean=4.5, low=0.0, high=9.0)
    assert (buckets[-1].count, buckets[-1].low, buckets[-1].high) == (10, 110.0, 119.0)


def test_what_failed_is_told_from_what_nobody_knew(source):
    failed = {bucket.at: bucket for bucket in hour(source, "api", FAILED)}
    unknown = {bucket.at: bucket for bucket in hour(source, "api", UNKNOWN)}
    failing, blind = START + timedelta(minutes=10), START + timedelta(minutes=15)

    assert failed[failing] == Bucket(at=failing, count=10, mean=1.0, low=1.0, high=1.0)
    assert failed[START].mean == 0.0
    assert blind not in failed
    assert (unknown[blind].mean, unknown[failing].mean) == (1.0, 0.0)


def test_the_width_of_buckets_is_asked_for(source):
    (bucket,) = hour(source, "api", DURATION, step=3600.0)
    assert bucket == Bucket(at=START, count=100, mean=0.25, low=0.25, high=0.25)


def test_one_look_is_one_bucket_and_any_name_is_only_a_name(source):
    (bucket,) = hour(source, "lone", DURATION)
    assert (bucket.at, bucket.count, bucket.mean) == (START + timedelta(minutes=30), 1, 1.0)
    assert {b.mean for b in hour(source, HOSTILE, 'a"b')} == {7.0}
    assert hour(source, "api", 'x"} or diagnose_measured{a="') == []


class Answering(BaseHTTPRequestHandler):
    """Answers in every way in which a server that is asked can fail us."""

    def do_GET(self) -> None:
        status, body, headers = self.server.says  # type: ignore[attr-defined]
        self.server.heard.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.heard = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, b"<html>sign in</html>", {}), "not as Prometheus does"),
        ((200, b"[]", {}), "not as Prometheus does"),
        ((401, b'{"status": "error", "error": "who are you"}', {}), "answered 401: who are you"),
        ((422, json.dumps({"status": "error", "error": "x" * 5000}).encode(), {}), "answered 422"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), "answered 302"),
        ((200, b"x" * 17_000_000, {}), "longer than"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error_in_words_without_the_secret(server, answer, told):
    server.says = answer
    source = PromqlMetrics(f"http://reader:hunter22secret@127.0.0.1:{server.server_port}/base")

    with pytest.raises(ProbeError) as caught:
        source.names()

    assert told in str(caught.value)
    assert "hunter22secret" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert server.heard[0].startswith("Basic ")


def test_nobody_who_listens_is_an_error_in_words():
    with pytest.raises(ProbeError, match=r"127\.0\.0\.1: ConnectError"):
        PromqlMetrics(f"http://127.0.0.1:{free_port()}").names()


@pytest.mark.parametrize(
    ("url", "labels"), [("file:///etc/passwd", {}), ("prometheus:9090", {}), ("http://h", {"a-b": "x"})]
)
def test_what_cannot_be_asked_is_refused_before_it_is_asked(url, labels):
    with pytest.raises(ConfigurationError):
        PromqlMetrics(url, labels=labels)
