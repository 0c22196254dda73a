"""What a health page and a metrics page cost: beside an empty endpoint of the same framework, and beside prometheus_client.

Each server runs in a process of its own and is asked in turn over keep-alive connections, a few hundred requests a round;
what counts is the CPU time of the whole process (checks and monitor included) by the kernel's own books. A server that
does nothing else answers 1 / CPU requests a second, so the share of the throughput is the inverse ratio of CPU times.
``python -m benchmarks health [--rounds N] [--requests N]``.
"""

from __future__ import annotations

import argparse
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

BAR_SHARE = 0.80
RAW_REFERENCE, OURS_REFERENCE = 44.0, 66.0
"""µs on the machine of the bars: a raw ASGI constant, and what our page may cost; compared as a ratio."""
CLIENT_REFERENCE, PAGE_REFERENCE = 13_558.0, 2_500.0
"""µs there: prometheus_client's page with a hundred histograms, and what ours may cost."""

CONNECTIONS = 20

PAIRS = {
    "raw ASGI": ("asgi-empty", "asgi-ours"),
    "Starlette": ("starlette-empty", "starlette-ours"),
    "FastAPI (def)": ("fastapi-empty", "fastapi-ours"),
    "WSGI": ("wsgi-empty", "wsgi-ours"),
    "Flask": ("flask-empty", "flask-ours"),
}


def monitor_of() -> Any:
    from diagnostics.model.health import CheckResult, CheckState
    from diagnostics.post_solution_monitoring import PostSolutionMonitor

    monitor = PostSolutionMonitor(default_checks=False)
    for number in range(20):
        monitor.add_health_check(
            f"check {number}",
            lambda number=number: CheckResult(state=CheckState.PASS, metrics={f"measured_{number}": float(number)}),
            10,
        )
    monitor.start_monitoring()
    monitor.run_once()
    return monitor


def app_of(name: str) -> tuple[Any, bool]:
    """Return an application and whether it is ASGI (else WSGI)."""
    framework, _, which = name.partition("-")
    ours: Any = None
    if which == "ours":
        from diagnostics import create_health_endpoint

        ours = create_health_endpoint(monitor_of())
    if framework == "asgi":

        async def empty(scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})

        return (ours.asgi if ours else empty), True
    if framework == "starlette":
        from starlette.applications import Starlette
        from starlette.requests import Request
        from starlette.responses import JSONResponse
        from starlette.routing import Route

        async def nothing(request: Request) -> JSONResponse:
            return JSONResponse({})

        # The endpoint as an ASGI application is how Starlette mounts what is no function.
        return Starlette(routes=[Route("/health", ours.asgi if ours else nothing)]), True
    if framework == "fastapi":
        from fastapi import FastAPI

        api = FastAPI()

        @api.get("/health")
        def health() -> Any:
            return ours() if ours else {}

        return api, True
    if framework == "flask":
        from flask import Flask

        flask = Flask("bench")

        @flask.route("/health")
        def page() -> Any:
            return ours() if ours else {}

        return flask, False

    def bare(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]

    return (ours or bare), False


def serve(name: str) -> None:
    """Serve one application on a free port and print the port."""
    app, is_asgi = app_of(name)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    if is_asgi:
        import uvicorn

        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_keep_alive=600)
        uvicorn.Server(config).run(sockets=[listener])
        return
    serve_wsgi(app, listener)


def serve_wsgi(app: Any, listener: socket.socket) -> None:
    """Serve keep-alive connections with the least that a WSGI server does, so that the application is what is compared."""
    import threading

    def lines(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while request := stream.readline():
            method, path, _ = request.decode("latin-1").split()
            environ: dict[str, Any] = {
                "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "",
                "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": stream, "wsgi.errors": sys.stderr,
                "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
            }  # fmt: skip
            while line := stream.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                environ["HTTP_" + name.upper().replace("-", "_")] = value.strip()
            head: list[str] = []

            def start(status: str, headers: list[tuple[str, str]], exc: Any = None, head: list[str] = head) -> None:
                head.append(f"HTTP/1.1 {status}")
                head.extend(f"{name}: {value}" for name, value in headers)

            parts = app(environ, start)
            body = b"".join(parts)
            if hasattr(parts, "close"):
                parts.close()
            connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + body)

    while True:
        threading.Thread(target=lines, args=(listener.accept()[0],), daemon=True).start()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process that live, from the scheduler's books (nanoseconds)."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def asked(connections: Sequence[socket.socket], requests: int) -> None:
    """Ask on all connections at once, again and again; every answer must be whole and 200."""
    for _ in range(max(1, requests // len(connections))):
        for connection in connections:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in connections:
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += received(connection)
            head, _, body = answer.partition(b"\r\n\r\n")
            first, *headers = head.lower().split(b"\r\n")
            if b" 200 " not in first:
                raise RuntimeError(f"not 200: {head[:200]!r}")
            length = next(int(line.split(b":")[1]) for line in headers if line.startswith(b"content-length"))
            while len(body) < length:
                body += received(connection)


def received(connection: socket.socket) -> bytes:
    """Return what came.

    Raises:
        ConnectionError: The other end is closed.
    """
    part = connection.recv(65_536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part


def measured(rounds: int, requests: int) -> dict[str, tuple[list[float], list[float]]]:
    """Return µs of server CPU a request, and requests a second, of each round by server."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    with ExitStack() as open_:
        servers, started = [], []
        for name in [name for pair in PAIRS.values() for name in pair]:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.bench_health", "--serve", name], stdout=subprocess.PIPE, text=True
            )
            open_.callback(process.wait)
            open_.callback(process.kill)
            started.append((name, process))
        for name, process in started:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            connections = [
                open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                for _ in range(CONNECTIONS)
            ]
            for connection in connections:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked(connections, 2 * CONNECTIONS)  # warm
            servers.append((name, process.pid, connections))
        for _ in range(rounds):
            for name, pid, connections in servers:
                before, began = cpu_seconds(pid), time.perf_counter()
                asked(connections, requests)
                took = time.perf_counter() - began
                costs, rates = found.setdefault(name, ([], []))
                costs.append(1e6 * (cpu_seconds(pid) - before) / requests)
                rates.append(requests / took)
    return found


def page_costs(rounds: int, children: int = 100) -> tuple[list[float], list[float]]:
    """Return µs of CPU of one metrics page with so many histograms: prometheus_client's, ours; interleaved."""
    from prometheus_client import CollectorRegistry, Histogram, generate_latest

    from diagnostics.core_diagnostics.aggregates import SLOTS, History
    from diagnostics.core_diagnostics.recorder import FlightRecorder
    from diagnostics.integrations import exposition

    registry = CollectorRegistry()
    histogram = Histogram("call_duration_seconds", "Duration.", ["function"], registry=registry)
    recorder = FlightRecorder()
    random_ = random.Random(7)
    for child in range(children):
        name = f"shop.orders.module_{child}.function_{child}"
        history = recorder._histories[name] = History()
        for slot in range(SLOTS):  # a service that was busy for all of the recorder's memory
            durations = [int(random_.lognormvariate(16, 1.2)) for _ in range(50)]
            for duration in durations:
                histogram.labels(name).observe(duration / 1e9)
            history.add(slot, durations, 0)
    theirs: list[float] = []
    ours: list[float] = []
    exposition(recorder=recorder)
    for number in range(rounds):
        # Between two scrapes something was called: nothing may stand on an unchanged recorder.
        for history in recorder._histories.values():
            history.add(SLOTS + number, [1_000_000], 0)
        for page, kept in ((lambda: generate_latest(registry), theirs), (lambda: exposition(recorder=recorder), ours)):
            began = time.thread_time()
            page()
            kept.append(1e6 * (time.thread_time() - began))
    return theirs, ours


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks health", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--serve", choices=sorted({name for pair in PAIRS.values() for name in pair}))
    given = parser.parse_args(arguments)
    if given.serve:
        serve(given.serve)
        return 0
    found = measured(given.rounds, given.requests)
    cost = {name: statistics.median(costs) for name, (costs, _) in found.items()}
    print(
        f"Server CPU, µs a request: median of {given.rounds} rounds of {given.requests}; share: median of the rounds' ratios.\n"
    )
    print("| framework | empty | our health page (20 checks) | share of the empty one's throughput | bar | met |")
    print("|---|---|---|---|---|---|")
    missed = 0
    for title, (empty, ours) in PAIRS.items():
        share = statistics.median(e / o for e, o in zip(found[empty][0], found[ours][0], strict=True))
        missed += share < BAR_SHARE
        print(
            f"| {title} | {cost[empty]:.0f} | {cost[ours]:.0f} | {share:.0%} | ≥ {BAR_SHARE:.0%} | {'yes' if share >= BAR_SHARE else 'no'} |"
        )
    ratio, bar = cost["asgi-ours"] / cost["asgi-empty"], OURS_REFERENCE / RAW_REFERENCE
    missed += ratio > bar
    print(f"\nOur ASGI page costs {ratio:.2f} of a raw ASGI constant (bar ≤ {bar:.2f}), ", end="")
    print(f"{cost['asgi-ours'] / cost['starlette-empty']:.2f} of an empty Starlette route.\n")
    theirs, mine = page_costs(max(5, given.rounds))
    share, bar = statistics.median(mine) / statistics.median(theirs), PAGE_REFERENCE / CLIENT_REFERENCE
    missed += share > bar
    print("| metrics page with 100 histograms | µs of CPU |")
    print("|---|---|")
    print(f"| prometheus_client `generate_latest` | {statistics.median(theirs):,.0f} |")
    print(f"| `integrations.exposition` | {statistics.median(mine):,.0f} |")
    print(f"\nOurs costs {share:.3f} of prometheus_client's (bar ≤ {bar:.3f}).")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
