"""The health endpoint in real frameworks and on real sockets."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import flask
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor, create_health_endpoint
from diagnostics.testing import FakeClock

SECRET = "hunter2-token"


class Scene:
    def __init__(self):
        self.clock = FakeClock()
        self.answer = True
        self.runs = 0
        self.monitor = PostSolutionMonitor(clock=self.clock, default_checks=False)
        self.monitor.add_health_check("api", self.check, 10)

    def check(self):
        self.runs += 1
        return self.answer

    def run(self, times=1, answer=True):
        self.answer = answer
        for _ in range(times):
            self.clock.advance(10)
            self.monitor.step() if self.monitor.monitoring_active else self.monitor.run_once()
        return self


@pytest.fixture
def healthy():
    return Scene().run()


@pytest.fixture
def critical():
    return Scene().run(3, (False, f"db postgresql://app:{SECRET}@db refused"))


def flask_get(monitor, path="/health", headers=None, **options):
    app = flask.Flask("shop")
    # As in the specification:
    health_check = create_health_endpoint(monitor, **options)

    @app.route("/health")
    def health():
        return health_check()

    return app.test_client().get(path, headers=headers)


def fastapi_get(monitor, path="/health", headers=None):
    app = FastAPI()

    # As in the specification:
    @app.get("/health")
    def health():
        return create_health_endpoint(monitor)()

    return TestClient(app).get(path, headers=headers)


def parts(response):
    """Return status, media type and body, whichever framework's test client it is."""
    body = response.get_json() if hasattr(response, "get_json") else response.json()
    return response.status_code, response.headers["content-type"], body


@pytest.mark.parametrize("get", [flask_get, fastapi_get])
def test_the_snippets_of_the_specification_answer_200_while_healthy(get, healthy):
    status, media_type, body = parts(get(healthy.monitor))
    assert (status, media_type) == (200, "application/health+json")
    assert body["status"] == "pass"
    assert body["components"] == {"api": "healthy"}
    assert body["timestamp"] == "2026-01-01T00:00:10+00:00"


@pytest.mark.parametrize("get", [flask_get, fastapi_get])
def test_the_snippets_of_the_specification_answer_503_while_critical(get, critical):
    status, media_type, body = parts(get(critical.monitor))
    assert (status, media_type) == (503, "application/health+json")
    assert body["status"] == "fail"
    assert body["overall_status"] == "CRITICAL"
    assert body["active_alerts"] == 1


@pytest.mark.parametrize("get", [flask_get, fastapi_get])
def test_a_degraded_service_still_serves(get):
    scene = Scene().run(3).run(1, answer=False)
    status, _, body = parts(get(scene.monitor))
    assert (status, body["status"], body["overall_status"]) == (200, "warn", "DEGRADED")


@pytest.mark.parametrize("get", [flask_get, fastapi_get])
def test_without_a_token_nobody_sees_reasons(get, critical):
    response = get(critical.monitor)
    text = json.dumps(parts(response)[2])
    assert "refused" not in text
    assert SECRET not in text


def test_both_frameworks_loaded_and_no_request_gives_a_response_with_status_and_body(healthy):
    response = create_health_endpoint(healthy.monitor)()
    assert response.status_code == 200
    assert json.loads(response.body)["status"] == "pass"


def test_detail_is_for_those_with_the_token(critical):
    def get(headers):
        return flask_get(critical.monitor, headers=headers, detail_token=SECRET).get_json()

    body = get({"Authorization": f"Bearer {SECRET}"})
    assert "refused" in body["checks"]["api"][0]["output"]
    assert SECRET not in json.dumps(body)
    assert body["alerts"][0]["component"] == "api"
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": SECRET}, {"Authorization": "Bearer é"}):
        assert "output" not in get(wrong)["checks"]["api"][0]


def test_detail_is_for_those_whom_the_callable_lets_in(critical):
    def get(authorise, headers):
        return flask_get(critical.monitor, headers=headers, authorise=authorise).get_json()

    inside = {"X-Role": "operator"}
    assert "output" in get(lambda headers: headers.get("X-Role") == "operator", inside)["checks"]["api"][0]
    assert "output" not in get(lambda headers: headers.get("X-Role") == "operator", {})["checks"]["api"][0]
    assert "output" not in get(lambda headers: 1 / 0, inside)["checks"]["api"][0]


def test_one_endpoint_for_each_monitor(healthy, critical):
    assert create_health_endpoint(healthy.monitor) is create_health_endpoint(healthy.monitor)
    assert create_health_endpoint(healthy.monitor) is not create_health_endpoint(critical.monitor)


def test_asking_costs_no_check_however_often(healthy):
    runs = healthy.runs
    healthy.monitor.start_monitoring()
    app = flask.Flask("shop")
    app.add_url_rule("/health", "health", create_health_endpoint(healthy.monitor))
    client = app.test_client()
    for _ in range(200):
        assert client.get("/health").status_code == 200
    assert healthy.runs == runs


def test_a_change_is_seen_at_once_in_spite_of_the_cache(healthy):
    assert flask_get(healthy.monitor).status_code == 200
    healthy.run(3, answer=False)
    assert flask_get(healthy.monitor).status_code == 503


def test_data_that_are_old_fail():
    scene = Scene()
    scene.monitor.start_monitoring()
    scene.run(1)
    assert flask_get(scene.monitor).status_code == 200
    scene.clock.advance(3 * 10 + 30 + 1)
    response = flask_get(scene.monitor)
    assert response.status_code == 503
    assert response.get_json()["checks"]["api"][0]["state"] == "unknown"


def test_after_the_monitor_was_stopped_the_data_grow_old_and_fail():
    scene = Scene()
    scene.monitor.start_monitoring()
    scene.run(1)
    scene.monitor.stop_monitoring()
    scene.clock.advance(100)
    assert flask_get(scene.monitor).status_code == 503


def test_a_monitor_that_was_never_started_runs_its_checks_when_asked_but_not_each_time():
    scene = Scene()
    assert flask_get(scene.monitor).status_code == 200
    for _ in range(50):
        flask_get(scene.monitor)
    assert scene.runs == 1
    scene.clock.advance(11)
    assert flask_get(scene.monitor).status_code == 200
    assert scene.runs == 2


def test_a_monitor_that_breaks_answers_503_and_says_nothing_of_its_inside():
    class Broken:
        would_run_checks = False

        def get_current_health(self):
            raise RuntimeError(SECRET)

    response = create_health_endpoint(Broken())()
    assert response.status_code == 503
    assert SECRET.encode() not in response.body


# ---- as an application


def test_as_a_wsgi_application_it_keeps_the_rules_of_wsgi(critical):
    app = validator(create_health_endpoint(critical.monitor))
    got = {}
    for method, status in (("GET", "503 Service Unavailable"), ("HEAD", "503 Service Unavailable")):
        environ = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": "/health", "SERVER_NAME": "x",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False, "QUERY_STRING": "",
        }  # fmt: skip
        environ["wsgi.input"] = io.BytesIO()
        chunks = app(environ, lambda s, h, e=None: got.update(status=s, headers=dict(h)) or (lambda b: None))
        body = b"".join(chunks)
        chunks.close()
        assert got["status"] == status
        assert got["headers"]["Content-Type"] == "application/health+json"
        assert bool(body) is (method == "GET")


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def test_on_a_real_wsgi_server(healthy):
    server = make_server("127.0.0.1", 0, create_health_endpoint(healthy.monitor), handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        assert request(server.server_port, "/health")[0] == 200
        assert request(server.server_port, "/health", "POST")[0] == 405
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def request(port, path, method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


@pytest.fixture
def serve():
    """Start applications on a real uvicorn server; return its port."""
    running = []

    def start(app):
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="on")
        server = uvicorn.Server(config)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        thread.start()
        running.append((server, thread, listening))
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        return listening.getsockname()[1]

    yield start
    for server, thread, listening in running:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.mark.parametrize("app", [lambda endpoint: endpoint, lambda endpoint: endpoint.asgi])
def test_on_a_real_uvicorn_server_with_lifespan(serve, critical, app):
    port = serve(app(create_health_endpoint(critical.monitor, detail_token=SECRET)))

    status, headers, body = request(port, "/health")
    assert (status, headers["content-type"], headers["cache-control"]) == (503, "application/health+json", "no-store")
    assert json.loads(body)["overall_status"] == "CRITICAL"
    assert (
        "output" in json.loads(request(port, "/", headers={"Authorization": f"Bearer {SECRET}"})[2])["checks"]["api"][0]
    )
    assert request(port, "/livez")[0] == 200
    assert request(port, "/readyz")[0] == 503
    assert request(port, "/startupz")[0] == 200
    assert request(port, "/health", "HEAD")[2] == b""
    assert request(port, "/health", "POST")[0] == 405


def test_the_fastapi_snippet_on_a_real_uvicorn_server_while_the_monitor_watches(serve):
    state = {"ok": True}
    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("api", lambda: state["ok"], 0.02)
    app = FastAPI()

    @app.get("/health")
    def health():
        return create_health_endpoint(monitor)()

    with monitor:
        port = serve(app)

        def becomes(status):
            until = time.monotonic() + 20
            while request(port, "/health")[0] != status:
                assert time.monotonic() < until
                time.sleep(0.02)

        becomes(200)
        state["ok"] = False
        becomes(503)
        state["ok"] = True
        becomes(200)


def test_asking_a_monitor_that_was_never_started_does_not_block_the_event_loop():
    monitor = PostSolutionMonitor(default_checks=False)
    monitor.add_health_check("slow", lambda: time.sleep(0.3) or True, 10)
    endpoint = create_health_endpoint(monitor)
    sent = []

    async def send(message):
        sent.append(message)

    async def main():
        scope = {"type": "http", "method": "GET", "path": "/health", "headers": []}
        asked = asyncio.ensure_future(endpoint(scope, None, send))
        longest, before = 0.0, time.perf_counter()
        while not asked.done():
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now
        await asked
        return longest

    assert asyncio.run(main()) < 0.25
    assert sent[0]["status"] == 200


def test_mounted_and_routed_in_starlette_and_fastapi(healthy):
    endpoint = create_health_endpoint(healthy.monitor)
    app = Starlette(routes=[Route("/health", endpoint), Mount("/probes", endpoint)])
    client = TestClient(app)
    assert client.get("/health").json()["status"] == "pass"
    assert client.get("/probes/livez").json()["status"] == "pass"

    api = FastAPI()
    api.add_api_route("/health", endpoint)
    api.add_api_route("/live", endpoint.live)
    client = TestClient(api)
    assert client.get("/health").json()["components"] == {"api": "healthy"}
    assert client.get("/live").status_code == 200
    assert client.get("/openapi.json").json()["paths"]["/health"]["get"].get("parameters", []) == []


def test_a_starlette_view_with_a_request_sees_the_token(critical):
    endpoint = create_health_endpoint(critical.monitor, detail_token=SECRET)

    def endpoint_view(request):
        return endpoint(request)

    app = Starlette(routes=[Route("/health", endpoint_view)])
    client = TestClient(app)
    body = client.get("/health", headers={"Authorization": f"Bearer {SECRET}"}).json()
    assert "output" in body["checks"]["api"][0]
    assert client.get("/health").status_code == 503


# ---- live, ready, startup


def pages(scene):
    endpoint = create_health_endpoint(scene.monitor)
    return {name: getattr(endpoint, name)().status_code for name in ("live", "ready", "startup")}


def test_started_is_who_has_once_had_an_answer_to_every_critical_check():
    scene = Scene()
    scene.monitor.start_monitoring()
    assert pages(scene) == {"live": 200, "ready": 503, "startup": 503}
    scene.run(1, answer=None)
    assert pages(scene)["startup"] == 503
    scene.run(1)
    assert pages(scene) == {"live": 200, "ready": 200, "startup": 200}
    scene.run(4, answer=CheckResult(state=CheckState.UNKNOWN))
    assert pages(scene) == {"live": 200, "ready": 503, "startup": 200}


def test_a_sick_dependency_does_not_get_the_process_restarted(critical):
    assert pages(critical) == {"live": 200, "ready": 503, "startup": 200}


def test_draining_is_not_ready_first_while_health_stays_as_it_is(healthy):
    endpoint = create_health_endpoint(healthy.monitor)
    assert endpoint.ready().status_code == 200
    endpoint.drain()
    assert pages(healthy) == {"live": 200, "ready": 503, "startup": 200}
    assert endpoint().status_code == 200
    assert json.loads(endpoint.ready().body)["notes"] == ["draining: no new traffic, please"]
