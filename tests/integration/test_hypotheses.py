"""Ready-made hypotheses against real servers: PostgreSQL, HTTP, and this machine itself."""

import asyncio
import multiprocessing
import os
import resource
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool, QueuePool

from diagnostics.hypothesis_testing import CommonHypotheses, HypothesisTester, Verdict, resources


def verdict_of(conditions, **options):
    return HypothesisTester().test_hypothesis("h", conditions, **options)


def with_driver(url, driver):
    return "postgresql+" + driver + "://" + url.split("://", 1)[1]


def async_engine(url):
    pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio part needs greenlet")
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine(url)


def test_a_host_with_room_to_spare_is_not_exhausted():
    conditions = [c for c in CommonHypotheses.create_resource_exhaustion_hypothesis() if "descriptors" in c.name]

    result = verdict_of(conditions)

    assert result.verdict is Verdict.REFUTED
    assert " open" in result.conditions[0].actual


def test_running_out_of_file_descriptors_is_seen():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = len(os.listdir("/proc/self/fd")) + 12
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    held = []
    try:
        while len(held) < 12:
            held.append(os.open("/dev/null", os.O_RDONLY))
            if len(os.listdir("/proc/self/fd")) - 1 >= 0.95 * limit:
                break
        seen = resources.descriptors()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert seen.exhausted
    assert f"of {limit} open" in str(seen)


def test_a_pool_that_is_always_full_is_seen_without_waiting_for_it(tmp_path):
    engine = create_engine(
        f"sqlite:///{tmp_path}/x.db", poolclass=QueuePool, pool_size=1, max_overflow=1, pool_timeout=60
    )
    with engine.connect(), engine.connect():
        result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(engine))

        assert engine.pool.checkedout() == 2

    assert result.verdict is Verdict.SUPPORTED
    assert [c.name for c in result.conditions if c.passed] == [
        "all connections of the application's pool are in use all the time"
    ]
    engine.dispose()


def test_a_pool_without_a_limit_cannot_run_out(tmp_path):
    for options in ({"poolclass": NullPool}, {"poolclass": QueuePool, "max_overflow": -1}):
        engine = create_engine(f"sqlite:///{tmp_path}/x.db", **options)
        names = [c.name for c in CommonHypotheses.create_database_connectivity_hypothesis(engine)]
        assert not any("pool" in name for name in names)


def test_a_database_file_that_cannot_be_opened_supports_the_hypothesis(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/missing/x.db")

    result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(engine))

    assert result.verdict is Verdict.SUPPORTED
    assert "unable to open database file" in result.conclusion


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_healthy_database_refutes_connectivity_issues(postgres_url, driver):
    engine = create_engine(with_driver(postgres_url, driver))

    result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(engine), repetitions=2)

    assert result.verdict is Verdict.REFUTED, result.conclusion
    assert all(c.passed is False and c.trials == 2 for c in result.conditions)
    assert engine.pool.checkedout() == 0
    engine.dispose()


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_async_engine_is_asked_without_touching_its_loop(postgres_url, driver):
    async def main():
        engine = async_engine(with_driver(postgres_url, driver))
        async with engine.connect() as connection:
            conditions = CommonHypotheses.create_database_connectivity_hypothesis(engine)
            result = await asyncio.to_thread(verdict_of, conditions)
            alive = (await connection.execute(text("SELECT 1"))).scalar()
        await engine.dispose()
        return result, alive

    result, alive = asyncio.run(main())

    assert result.verdict is Verdict.REFUTED, result.conclusion
    assert all(c.passed is False for c in result.conditions), result.could_not_test
    assert alive == 1


def test_sessions_are_read_only_leave_nothing_behind_and_are_closed(postgres_url):
    engine = create_engine(with_driver(postgres_url, "psycopg"))
    watcher = create_engine(with_driver(postgres_url, "psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    count = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
    with watcher.connect() as connection:
        before = connection.execute(count).scalar()
        verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(engine), repetitions=3)
        for _ in range(100):
            after = connection.execute(count).scalar()
            if after <= before:
                break
            time.sleep(0.02)

    assert after <= before


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_a_database_that_refuses_supports_connectivity_issues_and_no_password_is_shown(postgres_url, driver):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    url = f"postgresql+{driver}://app:hunter2secret@127.0.0.1:{port}/app"
    engine = async_engine(url) if driver == "asyncpg" else create_engine(url)

    result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(engine))

    assert result.verdict is Verdict.SUPPORTED
    assert "hunter2secret" not in result.to_json()
    assert any(c.name == "a new database session cannot be opened" and c.passed for c in result.conditions)


def test_a_server_that_never_answers_supports_connectivity_issues_within_the_deadline():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql+psycopg://a@127.0.0.1:{silent.getsockname()[1]}/a?connect_timeout=2"
        conditions = CommonHypotheses.create_database_connectivity_hypothesis(create_engine(url))

        result = verdict_of(conditions[:1])

    assert result.verdict is Verdict.SUPPORTED
    assert result.duration_seconds < 6


def test_a_missing_driver_says_nothing_about_the_database():
    engine = create_engine("sqlite://")

    def connect():
        raise ImportError("No module named 'driver'")

    broken = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(broken))

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "No module named" in result.conclusion
    engine.dispose()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(2.3)
        if self.path == "/drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status = {"/error": 503, "/limit": 429, "/login": 401}.get(self.path, 200)
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/", ""),
        ("/login", ""),
        ("/error", "the service answers with a server error"),
        ("/limit", "the service limits our rate"),
        ("/slow", "the service takes over 2 s to answer"),
        ("/drop", "the service cannot be reached or does not answer"),
    ],
)
def test_each_way_in_which_a_service_fails_is_seen_as_what_it_is(service, path, sign):
    result = verdict_of(CommonHypotheses.create_external_service_hypothesis(service + path))

    assert [c.name for c in result.conditions if c.passed] == ([sign] if sign else [])
    assert result.verdict is (Verdict.SUPPORTED if sign else Verdict.REFUTED)


def test_a_name_that_does_not_exist_supports_a_failing_service():
    conditions = CommonHypotheses.create_external_service_hypothesis("http://no-such-host.invalid/")

    result = verdict_of(conditions)

    assert result.verdict is Verdict.SUPPORTED
    assert [c.passed for c in result.conditions] == [True, None, None, None]


def _burn(stop):
    while not stop.is_set():
        sum(i * i for i in range(10_000))


@contextmanager
def _busy_cpus():
    stop = multiprocessing.Event()
    burners = [multiprocessing.Process(target=_burn, args=(stop,), daemon=True) for _ in range(4 * os.cpu_count())]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        stop.set()
        for burner in burners:
            burner.join(10)


def test_cpus_that_everyone_waits_for_are_exhausted():
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    with _busy_cpus():
        for _ in range(20):
            seen = resources.cpu(SYSTEM_CLOCK)
            if seen:
                break

    assert seen, str(seen)


def test_the_whole_resource_hypothesis_answers_within_seconds():
    result = verdict_of(CommonHypotheses.create_resource_exhaustion_hypothesis())

    tested = [c for c in result.conditions if c.passed is not None]
    assert len(tested) >= 3, result.could_not_test
    assert result.duration_seconds < 5
