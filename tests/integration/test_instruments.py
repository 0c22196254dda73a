"""Instrumentation at home in other libraries: each against the real one."""

import asyncio
import http.server
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from diagnostics.core_diagnostics import (
    DiagnosticLogger,
    FlightRecorder,
    LoggingSink,
    bind_correlation_id,
    bind_traceparent,
    current_correlation_id,
    diagnose_function,
    diagnostic_context,
)
from diagnostics.core_diagnostics.correlation import CURRENT

HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


@pytest.fixture
def logger():
    return DiagnosticLogger("tests", recorder=FlightRecorder())


def events(logger, kind=None):
    return [event for event in logger.recorder.snapshot() if kind in (None, event["event"])]


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value


@pytest.fixture
def server():
    """A service that says which headers came, on a connection that stays open."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.append(dict(self.headers))
            body = b"x" * 1000
            self.send_response(503 if "broken" in self.path else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        running.seen = seen
        running.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield running
        running.shutdown()
        thread.join()


# ---------------------------------------------------------------- logging and structlog


def test_records_of_standard_logging_become_events_and_events_records_without_a_circle(logger):
    from diagnostics.integrations.instruments.stdlib_logging import CorrelationFilter, DiagnosticHandler

    standard = logging.getLogger("shop.orders")
    standard.setLevel(logging.DEBUG)
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append((record.correlation_id, record.getMessage()))

    keep, bridge = Keep(), DiagnosticHandler(logger)
    keep.addFilter(CorrelationFilter())
    standard.addHandler(keep)
    standard.addHandler(bridge)
    logger.add_sink(LoggingSink(standard))
    try:
        with bind_correlation_id("order-7"):
            standard.warning("paid %s with token=%s", 5, "abcdefgh12345678", extra={"order": 7})
            try:
                raise KeyError("k")
            except KeyError:
                standard.exception("failed")
        logger.flush()
        logger.flush()
    finally:
        standard.removeHandler(keep)
        standard.removeHandler(bridge)

    warning, failure = events(logger)
    assert warning["message"] == "paid 5 with token=***"
    assert warning["level"] == "WARNING"
    assert warning["correlation_id"] == "order-7"
    assert warning["fields"]["order"] == 7
    assert warning["fields"]["record_logger"] == "shop.orders"
    assert failure["error"]["type"] == "KeyError"
    assert lines[0] == ("order-7", "paid 5 with token=abcdefgh12345678")
    assert [json.loads(text)["message"] for _, text in lines[2:]] == ["paid 5 with token=***", "failed"]


def test_structlog_gets_the_id_and_gives_its_events(logger):
    import structlog

    from diagnostics.integrations.instruments.structlog import DiagnosticProcessor, add_correlation, hide_secrets

    seen = []

    def last(_, method, event):
        seen.append(event)
        raise structlog.DropEvent

    log = structlog.wrap_logger(
        None,
        processors=[add_correlation, DiagnosticProcessor(logger), hide_secrets, last],
        wrapper_class=structlog.BoundLogger,
    )
    with bind_traceparent(HEADER):
        log.warning("paid", order=7, password="hunter2")

    (event,) = events(logger)
    assert seen[0]["correlation_id"] == event["correlation_id"] == HEADER[3:35]
    assert seen[0]["password"] == "***" == event["fields"]["password"]
    assert (event["level"], event["message"], event["fields"]["order"]) == ("WARNING", "paid", 7)


# ---------------------------------------------------------------- OpenTelemetry, Prometheus, Sentry


def test_calls_are_spans_within_the_trace_that_came_and_events_are_log_records():
    from opentelemetry.propagate import extract
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from diagnostics.integrations.instruments.opentelemetry import OpenTelemetrySink, trace_calls

    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())
    trace_calls(logger, tracers)
    logger.add_sink(OpenTelemetrySink(loggers))

    @diagnose_function(logger, name="inner")
    async def inner():
        raise ValueError("with password=hunter2")

    @diagnose_function(logger, name="outer")
    def outer():
        with diagnostic_context(logger, "BLOCK"):
            asyncio.run(inner())

    from opentelemetry import context

    token = context.attach(extract({"traceparent": HEADER}))
    try:
        with pytest.raises(ValueError, match="hunter2"):
            outer()
    finally:
        context.detach(token)
    logger.flush()

    found = {span.name: span for span in spans.get_finished_spans()}
    assert set(found) == {"inner", "BLOCK", "outer"}
    assert f"{found['outer'].parent.span_id:016x}" == HEADER[36:52]
    assert found["BLOCK"].parent.span_id == found["outer"].context.span_id
    assert found["inner"].parent.span_id == found["BLOCK"].context.span_id
    assert found["inner"].attributes["code.function.name"] == "inner"
    assert found["inner"].attributes["error.type"] == "ValueError"
    assert found["inner"].status.status_code.name == "ERROR"
    assert "hunter2" not in str([(span.to_json(), span.events[0].attributes) for span in found.values()])
    assert {event["correlation_id"] for event in events(logger)} == {HEADER[3:35]}
    records = [one.log_record for one in logs.get_finished_logs()]
    assert len(records) == 3
    assert all(f"{record.trace_id:032x}" == HEADER[3:35] for record in records)
    assert records[0].severity_text == "ERROR"
    assert records[0].attributes["exception.type"] == "ValueError"
    assert "hunter2" not in str([(record.body, dict(record.attributes)) for record in records])


def test_prometheus_reads_rate_errors_and_durations_from_the_recorder(logger):
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.parser import text_string_to_metric_families

    from diagnostics.integrations.instruments.prometheus import register

    @diagnose_function(logger, name="work")
    def work(n):
        if n < 2:
            raise ValueError(n)

    for n in range(10):
        try:
            work(n)
        except ValueError:
            pass
    registry = CollectorRegistry()
    register(registry, logger.recorder)
    samples = [
        sample
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
        if sample.labels.get("name") == "work"
    ]

    values = {sample.name: sample.value for sample in samples if "le" not in sample.labels}
    buckets = [sample.value for sample in samples if sample.name == "diagnostics_call_duration_seconds_bucket"]
    assert values["diagnostics_calls_total"] == values["diagnostics_call_duration_seconds_count"] == 10
    assert values["diagnostics_call_errors_total"] == 2
    assert values["diagnostics_call_duration_seconds_sum"] > 0
    assert buckets == sorted(buckets)
    assert buckets[-1] == 10


def test_sentry_sees_the_bare_error_with_our_id_and_what_happened_before(logger):
    import sentry_sdk
    from sentry_sdk.scope import global_event_processors
    from sentry_sdk.transport import Transport

    from diagnostics.integrations.instruments.sentry import install

    class Nowhere(Transport):
        def capture_envelope(self, envelope):
            pass

    sent = []
    client = sentry_sdk.Client(
        dsn="http://public@127.0.0.1:9/1", transport=Nowhere, default_integrations=False,
        before_send=lambda event, hint: sent.append((event, hint)),
    )  # fmt: skip
    install(logger.recorder)
    error = ValueError("mine")

    @diagnose_function(logger, name="pay")
    def pay():
        logger.info("paying token=%s", "abcdefgh12345678")
        raise error

    try:
        with bind_correlation_id("order-7"), sentry_sdk.isolation_scope() as scope:
            scope.set_client(client)
            try:
                pay()
            except ValueError as caught:
                scope.capture_exception(caught)
    finally:
        global_event_processors.clear()

    event, hint = sent[0]
    assert hint["exc_info"][1] is error
    assert event["tags"]["correlation_id"] == "order-7"
    crumbs = event["breadcrumbs"]["values"]
    assert [crumb["category"] for crumb in crumbs] == ["diagnostics.log", "diagnostics.call"]
    assert crumbs[0]["message"] == "paying token=***"


# ---------------------------------------------------------------- ASGI and WSGI


def test_an_asgi_application_on_uvicorn_passes_the_id_in_and_out(logger):
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    from diagnostics.integrations.instruments.asgi import DiagnosticMiddleware

    async def item(request):
        if request.path_params["id"] == "9":
            raise RuntimeError("broken")
        return PlainTextResponse(current_correlation_id())

    async def stream(request):
        async def parts():
            for number in range(3):
                yield f"{number}{current_correlation_id()}"

        return StreamingResponse(parts())

    app = Starlette(routes=[Route("/items/{id}", item), Route("/stream", stream)])
    server = uvicorn.Server(uvicorn.Config(DiagnosticMiddleware(app, logger), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]

        def get(path, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, answer.read().decode(), answer.headers["X-Correlation-ID"]
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(), error.headers["X-Correlation-ID"]

        trace = HEADER[3:35]
        assert get("/items/1", traceparent=HEADER) == (200, trace, trace)
        assert get("/items/2", **{"X-Request-ID": "req-7"}) == (200, "req-7", "req-7")
        assert get("/stream", traceparent=HEADER) == (200, f"0{trace}1{trace}2{trace}", trace)
        status, _, fresh = get("/items/9", **{"X-Request-ID": "bad\tid" + "x" * 200})
        assert (status, len(fresh)) == (500, 32)
        get("/nowhere")
    finally:
        server.should_exit = True
        thread.join()

    names = [(event["name"], event["outcome"]) for event in events(logger, "request")]
    assert names == [
        ("GET /items/{id}", "ok"),
        ("GET /items/{id}", "ok"),
        ("GET /stream", "ok"),
        ("GET /items/{id}", "error"),
        ("GET (other)", "ok"),
    ]
    assert events(logger, "request")[3]["error"]["type"] == "RuntimeError"
    assert events(logger, "request")[0]["fields"]["http.response.status_code"] == 200


def test_a_wsgi_application_tells_its_route_and_is_over_when_its_answer_is(logger):
    import flask

    from diagnostics.integrations.instruments.wsgi import DiagnosticMiddleware

    app = flask.Flask(__name__)

    @app.get("/items/<int:number>")
    def item(number):
        if number == 9:
            raise RuntimeError("broken")
        return flask.Response(f"{part}{current_correlation_id()}" for part in range(2))

    app.wsgi_app = DiagnosticMiddleware(app.wsgi_app, logger)
    client = app.test_client()
    answer = client.get("/items/1", headers={"X-Request-ID": "req-7"})

    assert answer.get_data(as_text=True) == "0req-71req-7"
    answer.close()
    assert answer.headers["X-Correlation-ID"] == "req-7"
    client.get("/items/9").close()
    first, second = events(logger, "request")
    assert (first["name"], first["outcome"]) == ("GET /items/<int:number>", "ok")
    assert (second["outcome"], second["fields"]["http.response.status_code"]) == ("error", 500)
    assert current_correlation_id() is None


# ---------------------------------------------------------------- SQLAlchemy and clients of HTTP


def test_an_engine_tells_its_queries_its_waits_and_who_holds_each_connection(logger, tmp_path):
    import sqlalchemy
    from sqlalchemy.pool import QueuePool

    from diagnostics.integrations.instruments.sqlalchemy import watch_engine

    engine = sqlalchemy.create_engine(
        f"sqlite:///{tmp_path}/x.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.05
    )
    watch = watch_engine(engine, logger)
    with engine.connect() as connection, bind_correlation_id("order-7"):
        connection.execute(sqlalchemy.text("SELECT 1 WHERE 'hunter2' = :x AND 5 IN (1, 2)"), {"x": "y"})
        with pytest.raises(sqlalchemy.exc.OperationalError):
            connection.execute(sqlalchemy.text("SELECT * FROM nothing"))
        (holder,) = watch.holders()
        with pytest.raises(sqlalchemy.exc.TimeoutError):
            engine.connect()

    assert holder.line.startswith(__file__)
    assert "test_an_engine_tells" in holder.line
    assert holder.thread == "MainThread"
    assert holder.held_seconds >= 0
    assert watch.holders() == []
    good, bad = events(logger, "query")
    assert (good["name"], good["outcome"]) == ("SELECT ? WHERE ? = ? AND ? IN (…)", "ok")
    assert bad["error"]["type"] == "sqlite3.OperationalError"
    waits = events(logger, "pool.wait")
    assert [wait["outcome"] for wait in waits] == ["ok", "error"]
    assert waits[1]["duration_seconds"] >= 0.05
    assert "test_an_engine_tells" in waits[1]["fields"]["holders"][0]
    watch.close()
    with engine.connect():
        assert watch.holders() == []
    engine.dispose()


def test_an_httpx_client_tells_the_phases_of_each_call(logger, server):
    import httpx2

    from diagnostics.integrations.instruments.http_clients import watch_client

    with bind_traceparent(HEADER), httpx2.Client() as client:
        watch_client(client, logger)
        assert client.get(server.url + "/items/1").status_code == 200
        assert client.get(server.url + "/broken").status_code == 503
        with pytest.raises(httpx2.ConnectError):
            client.get("http://127.0.0.1:1/")

    async def main():
        async with httpx2.AsyncClient() as client:
            watch_client(client, logger)
            return (await client.get(server.url)).status_code

    assert asyncio.run(main()) == 200
    first, second, third, fourth = events(logger, "http.client")
    assert first["name"] == "GET 127.0.0.1"
    assert first["fields"]["reused_connection"] is False
    assert {"connect_seconds", "send_seconds", "first_byte_seconds", "body_seconds"} <= set(first["fields"])
    assert (second["outcome"], second["fields"]["reused_connection"]) == ("error", True)
    assert third["error"]["type"].endswith("ConnectError")
    assert fourth["outcome"] == "ok"
    assert server.seen[0]["traceparent"][:35] == HEADER[:35]


def test_a_session_of_requests_tells_connecting_and_the_first_byte(logger, server):
    import requests

    from diagnostics.integrations.instruments.http_clients import watch_session

    with requests.Session() as session, bind_traceparent(HEADER):
        watch_session(session, logger)
        assert session.get(server.url).status_code == 200
        assert session.get(server.url).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get("http://127.0.0.1:1/")

    first, second, third = events(logger, "http.client")
    assert first["fields"]["connect_seconds"] > 0
    assert first["fields"]["first_byte_seconds"] > 0
    assert second["fields"]["reused_connection"] is True
    assert third["outcome"] == "error"
    assert server.seen[0]["traceparent"][:35] == HEADER[:35]


# ---------------------------------------------------------------- loops, threads, workers


def this_line_blocks(until):
    until.wait(20)


def test_the_line_that_blocks_the_loop_is_named_while_it_blocks(logger):
    from diagnostics.integrations.instruments.event_loop import watch_loop

    async def main():
        watch = watch_loop(logger, every_seconds=0.01, blocked_seconds=0.05)
        told = threading.Event()
        helper = threading.Thread(
            target=lambda: (wait_for(lambda: "this_line_blocks" in watch.blocking_line), told.set())
        )
        helper.start()
        others = [asyncio.create_task(asyncio.sleep(60)) for _ in range(5)]
        await asyncio.sleep(0)
        this_line_blocks(told)
        blocking_line = watch.blocking_line
        while watch.longest_lag_seconds < 0.05 or watch.pending_tasks < 6:
            await asyncio.sleep(0.01)
        watch.close()
        for task in others:
            task.cancel()
        helper.join()
        return blocking_line

    assert "this_line_blocks" in asyncio.run(main())
    blocked = events(logger, "loop.blocked")
    assert any("this_line_blocks" in event["message"] and event["level"] == "WARNING" for event in blocked)


def test_a_thread_pool_tells_how_long_work_waits_and_whose_it_is(logger):
    from diagnostics.integrations.instruments.thread_pools import WatchedThreadPoolExecutor

    gate = threading.Event()
    with WatchedThreadPoolExecutor(logger, "mailer", max_workers=1) as pool, bind_correlation_id("order-7"):
        first = pool.submit(gate.wait, 20)
        second = pool.submit(int, "x")
        assert wait_for(lambda: pool.waiting == 1)
        time.sleep(0.02)
        gate.set()
        assert first.result() is True
        assert type(second.exception()) is ValueError

    waits, works = events(logger, "pool.wait"), events(logger, "pool.work")
    assert waits[1]["duration_seconds"] >= 0.02
    assert [work["outcome"] for work in works] == ["ok", "error"]
    assert {event["correlation_id"] for event in waits + works} == {"order-7"}


def test_a_gunicorn_worker_that_hangs_says_where(tmp_path):
    (tmp_path / "app.py").write_text(
        textwrap.dedent(
            """
            import time
            from diagnostics import DiagnosticLogger
            from diagnostics.integrations.instruments.wsgi import DiagnosticMiddleware
            logger = DiagnosticLogger("web", "log.jsonl")

            def hang_here():
                time.sleep(60)

            def inner(environ, start_response):
                if environ["PATH_INFO"] == "/hang":
                    hang_here()
                start_response("200 OK", [("Content-Length", "2")])
                return [b"ok"]

            app = DiagnosticMiddleware(inner, logger)
            """
        )
    )
    (tmp_path / "conf.py").write_text(
        "from diagnostics import DiagnosticLogger\n"
        "import diagnostics.integrations.instruments.gunicorn as hooks\n"
        "from diagnostics.integrations.instruments.gunicorn import post_fork, worker_abort, worker_exit\n"
        'hooks.logger = DiagnosticLogger("gunicorn", "log.jsonl")\n'
        'bind, workers, timeout, loglevel = "unix:web.sock", 1, 2, "critical"\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "conf.py", "app:app"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        wait_for((tmp_path / "web.sock").exists)

        def ask(path):
            import socket

            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                wait_for(lambda: client.connect_ex(str(tmp_path / "web.sock")) == 0)
                client.sendall(f"GET {path} HTTP/1.0\r\nX-Request-ID: req-7\r\n\r\n".encode())
                return client.recv(1000)

        assert b"req-7" in ask("/ok")
        ask("/hang")

        def lines():
            path = tmp_path / "log.jsonl"
            return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

        told = wait_for(lambda: [event for event in lines() if "missed its timeout" in event.get("message", "")])
        assert "hang_here" in told[0]["fields"]["threads"]["MainThread"]
        assert told[0]["level"] == "CRITICAL"
        wait_for(lambda: sum("began" in event.get("message", "") for event in lines()) >= 2)
        assert any(event["event"] == "request" and event["correlation_id"] == "req-7" for event in lines())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_a_task_of_celery_goes_on_with_the_work_of_who_sent_it(logger, tmp_path):
    import celery

    from diagnostics.integrations.instruments.celery import CeleryWatch

    folders = {name: str(tmp_path / name) for name in ("in", "control")}
    for folder in folders.values():
        Path(folder).mkdir()
    app = celery.Celery("jobs", broker="filesystem://", backend=f"file://{tmp_path}")
    app.conf.broker_transport_options = {
        "data_folder_in": folders["in"], "data_folder_out": folders["in"], "control_folder": folders["control"],
    }  # fmt: skip

    @app.task(name="jobs.double")
    def double(number):
        if number == 9:
            raise ValueError("nine")
        return [2 * number, current_correlation_id()]

    watch = CeleryWatch(logger)
    try:
        from celery.contrib.testing.worker import start_worker

        with bind_traceparent(HEADER):
            good, bad = double.delay(4), double.delay(9)
        with start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
            assert good.get(timeout=30) == [8, HEADER[3:35]]
            with pytest.raises(ValueError, match="nine"):
                bad.get(timeout=30)
            wait_for(lambda: len(events(logger, "task")) == 2)
    finally:
        watch.close()

    ok, failed = events(logger, "task")
    assert (ok["name"], ok["outcome"], ok["correlation_id"]) == ("jobs.double", "ok", HEADER[3:35])
    assert ok["fields"]["queue_wait_seconds"] >= 0
    assert (failed["outcome"], failed["error"]["type"]) == ("error", "ValueError")


@pytest.mark.parametrize(
    ("code", "missing", "extra"),
    [
        ("from diagnostics.integrations.instruments.opentelemetry import trace_calls as f; f(logger)", "opentelemetry", "otel"),
        ("from diagnostics.integrations.instruments.opentelemetry import OpenTelemetrySink as f; f()", "opentelemetry", "otel"),
        ("from diagnostics.integrations.instruments.prometheus import register as f; f()", "prometheus_client", "otel"),
        ("from diagnostics.integrations.instruments.sentry import install as f; f()", "sentry_sdk", "sentry"),
        ("from diagnostics.integrations.instruments.http_clients import watch_session as f; f(None, logger)", "requests", "requests"),
        ("from diagnostics.integrations.instruments.celery import CeleryWatch as f; f(logger)", "celery", "celery"),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_named_with_its_extra(code, missing, extra):
    program = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from diagnostics import DiagnosticLogger
from diagnostics.errors import MissingExtraError
logger = DiagnosticLogger("x")
try:
    {code}
except MissingExtraError as error:
    print(error.extra)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )

    assert done.stdout.strip() == extra, done.stderr
