"""EndpointProbe against small services that are healthy, slow, broken or silent."""

import json
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes.endpoint import EndpointProbe


@contextmanager
def service(routes, **delays):
    """A service with these paths (path -> status and body); what is not there is 404."""
    seen = Counter()
    methods = set()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            seen[self.path] += 1
            methods.add(self.command)
            time.sleep(delays.get(self.path.strip("/"), 0))
            status, body = routes.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.seen, server.methods, server.url = seen, methods, f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def look(url, **more):
    return Observations(EndpointProbe(url, window_seconds=0.5, **more).observe(SYSTEM_CLOCK))


def test_a_healthy_service_is_asked_for_its_health_and_its_harmless_paths():
    described = {"paths": {"/items": {"get": {}}, "/items/{id}": {"get": {}}, "/orders": {"post": {}}}}
    routes = {
        "/healthz": (200, b"ok"),
        "/items": (200, b"[]"),
        "/openapi.json": (200, json.dumps(described).encode()),
    }
    with service(routes) as server:
        seen = look(server.url)

    assert not seen.all_failures()
    assert 0 < seen.value("endpoint.connect", url=server.url) < 1
    assert len(seen.readings("endpoint.health_latency", path="/healthz")) == 6
    assert len(seen.readings("endpoint.latency", path="/items", status="200")) == 3
    assert seen.value("endpoint.status", path="/") == 404
    assert server.methods == {"GET"}
    assert not [path for path in server.seen if path.startswith(("/items/", "/orders"))]


def test_a_big_description_is_read_whole():
    described = {"paths": {"/items": {"get": {"description": "x" * 300_000}}}}
    with service({"/items": (200, b"[]"), "/openapi.json": (200, json.dumps(described).encode())}) as server:
        seen = look(server.url, samples=1)

    assert seen.readings("endpoint.latency", path="/items")


def test_a_slow_path_is_told_from_fast_health():
    with service({"/health": (200, b"ok"), "/items": (200, b"[]")}, items=0.3) as server:
        seen = look(server.url, paths=("/items",))

    assert min(r.value for r in seen.readings("endpoint.latency", path="/items")) > 0.3
    assert max(r.value for r in seen.readings("endpoint.health_latency")) < 0.3


def test_errors_of_the_service_are_statuses_not_failures():
    with service({"/health": (503, b"sick"), "/": (500, b"")}) as server:
        seen = look(server.url)

    assert not seen.all_failures()
    assert seen.value("endpoint.status", path="/health") == 503
    assert {r.labels["status"] for r in seen.readings("endpoint.latency", path="/")} == {"500"}


def test_a_path_without_an_answer_is_a_failure_with_its_path():
    with service({"/health": (200, b"ok")}, items=2) as server:
        seen = look(server.url, paths=("/items",), timeout_seconds=0.2)

    failures = seen.failures("endpoint.latency", path="/items")
    assert len(failures) == 3
    assert {f.kind for _, f in failures} == {FailureKind.TIMEOUT}


def test_a_service_that_accepts_and_is_silent_costs_little_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        seen = look(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_seconds=0.3)

    assert time.monotonic() - started < 15
    assert seen.readings("endpoint.connect")
    assert seen.failures("endpoint.latency")


def test_a_service_that_is_down_is_refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = look(f"http://user:pa-secret@127.0.0.1:{port}/api")

    ((_, failure),) = seen.failures("endpoint.connect")
    assert failure.kind is FailureKind.REFUSED
    assert "pa-secret" not in repr(failure)


def test_the_base_path_is_kept():
    with service({"/api/health": (200, b"ok")}) as server:
        seen = look(server.url + "/api/", samples=1)

    assert seen.readings("endpoint.health_latency", path="/health")
    assert server.seen["/api/"] == 1


def test_never_more_than_a_few_requests_at_a_time():
    with service({"/health": (200, b"ok"), "/items": (200, b"[]")}) as server:
        look(server.url, paths=("/items",), samples=5)

    assert sum(server.seen.values()) <= 15
