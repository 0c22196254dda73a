"""The benchmark of the pages asks real servers, takes no half answer, and measures both metrics pages."""

from __future__ import annotations

import socket
import threading

import pytest

pytest.importorskip("prometheus_client")

from benchmarks.bench_health import app_of, asked, page_costs, serve_wsgi


def test_the_wsgi_pair_answers_over_a_kept_connection():
    listener = socket.create_server(("127.0.0.1", 0))
    app, is_asgi = app_of("wsgi-empty")
    threading.Thread(target=serve_wsgi, args=(app, listener), daemon=True).start()
    assert not is_asgi
    with (
        socket.create_connection(listener.getsockname()) as one,
        socket.create_connection(listener.getsockname()) as two,
    ):
        asked([one, two], 20)


def test_a_server_that_answers_with_an_error_is_no_measurement():
    def broken(environ, start_response):
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_wsgi, args=(broken, listener), daemon=True).start()
    with socket.create_connection(listener.getsockname()) as one, pytest.raises(RuntimeError, match="503"):
        asked([one], 1)


def test_both_metrics_pages_cost_something():
    theirs, ours = page_costs(2, children=3)
    assert len(theirs) == len(ours) == 2
    assert min(theirs) > 0
    assert min(ours) > 0
