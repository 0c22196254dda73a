"""Each detector once with what speaks for its mechanism, and once with what speaks against it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.model.finding import Baseline, Evidence, Finding, SignatureMatch, State
from diagnostics.model.mechanism import Kind
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MIB = 1024.0**2
K = FailureKind


def r(name: str, value: float = 1.0, /, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def f(name: str, kind: FailureKind, message: str = "no", /, **labels: str) -> ProbeFailure:
    return ProbeFailure(name=name, kind=kind, message=message, at=AT, labels=labels)


DB = r("postgres.connect", 0.01)
BASELINE = Baseline(recorded_at=AT)


def stack(
    value: float, trace: str, *, main: str = "false", active: str = "false", leaf: str = "", **labels: str
) -> Reading:
    known = {
        "function": "work",
        "file": "app/views.py",
        "line": "7",
        "thread": "worker",
        "main": main,
        "active": active,
    }
    return r("process.stack", value, **(known | {"trace": trace, "leaf": leaf} | labels))


def wait(seconds: float = 2.0, **labels: str) -> Reading:
    known = {"waiter_pid": "1", "blocker_pid": "9", "waiter_query": "UPDATE t SET a = ?", "blocker_kind": "active"}
    return r("postgres.lock.wait", seconds, **(known | labels))


def statement(
    mean: float, query: str = "SELECT a FROM events WHERE b = ?", time: float = 1.0, calls: float = 10.0
) -> list[Reading]:
    return [
        r("postgres.statement.time", time, queryid="1", query=query),
        r("postgres.statement.mean", mean, queryid="1", query=query),
        r("postgres.statement.calls", calls, queryid="1", query=query),
    ]


def setting(name: str, value: str, source: str = "role", number: float = 0.0) -> Reading:
    labels = {"setting": name, "value": value, "source": source}
    return Reading(name="postgres.setting", value=number, unit=Unit.COUNT, at=AT, labels=labels)


def disk(ratio: float, used_by: str) -> Reading:
    return r("host.disk.free_ratio", ratio, mount="/m", path="/m", used_by=used_by)


def table(name: str, value: float) -> Reading:
    return r(f"postgres.table.{name}", value, table="events")


Seen = list[Observation]
IDLE = [r("postgres.session", 30.0, kind="idle_in_transaction", backend_pid=str(i), query="SELECT ?") for i in range(4)]
BRIEF = [r("postgres.session", 1.0, kind="idle_in_transaction", backend_pid=str(i), query="SELECT ?") for i in range(4)]
FREE_STACK = stack(1.0, "run_forever < _run_once < select", main="true", leaf="select", function="")

CASES: dict[str, tuple[Seen, Seen]] = {
    # host
    "host-cpu-saturated-by-neighbour": (
        [
            r("host.cpu.utilization", 1.0),
            r("host.cpu.count", 2.0),
            r("host.process.cpu", 1.5, pid="5", command="ffmpeg", ours="false"),
            r("process.cpu.wait_share", 0.5, pid="1"),
        ],
        [r("host.cpu.utilization", 0.3), r("host.cpu.count", 2.0), r("host.process.cpu", 0.1, ours="false")],
    ),
    "disk-full-app-volume": ([disk(0.0, "app")], [disk(0.4, "app")]),
    "filesystem-remounted-read-only": (
        [r("host.disk.read_only", 1.0, mount="/m", used_by="app")],
        [r("host.disk.read_only", 0.0, mount="/m", used_by="app")],
    ),
    "cgroup-memory-oom-kill": ([r("cgroup.oom_kills", 2.0, pid="1")], [r("host.oom_kills", 0.0)]),
    "pids-limit-reached": ([r("cgroup.pids.used_ratio", 1.0)], [r("cgroup.pids.used_ratio", 0.1)]),
    "swap-thrash": (
        [r("host.swap.rate", 5000.0), r("host.pressure.memory.full", 0.4)],
        [r("host.swap.rate", 0.0), r("host.pressure.memory.full", 0.0)],
    ),
    "host-clock-skew": ([r("postgres.clock_offset", 900.0)], [r("postgres.clock_offset", 0.1)]),
    "ephemeral-ports-exhausted": (
        [r("host.network.ephemeral_ports_used_ratio", 0.98)],
        [r("host.network.ephemeral_ports_used_ratio", 0.1)],
    ),
    "conntrack-table-full": (
        [r("host.network.conntrack_used_ratio", 1.0)],
        [r("host.network.conntrack_used_ratio", 0.1)],
    ),
    "cgroup-cpu-throttled": ([r("cgroup.cpu.throttled_ratio", 0.8)], [r("cgroup.cpu.throttled_ratio", 0.0)]),
    "disk-io-saturated": ([r("host.pressure.io.full", 0.7)], [r("host.pressure.io.full", 0.0)]),
    # process
    "fd-leak": (
        [r("process.fds", 1000.0, pid="1"), r("process.fds.limit", 1024.0, pid="1")],
        [r("process.fds", 40.0, pid="1"), r("process.fds.limit", 1024.0, pid="1")],
    ),
    "memory-leak-steady": (
        [r("process.memory.rss", 900 * MIB, pid="1"), r("process.memory.growth", 5 * MIB, pid="1"), r("process.age", 500.0, pid="1")],
        [r("process.memory.rss", 90 * MIB, pid="1"), r("process.memory.growth", 0.0, pid="1")],
    ),
    "app-process-down": ([f("endpoint.connect", K.REFUSED)], [r("process.alive", 1.0, pid="1")]),
    "zombie-children-not-reaped": ([r("process.zombies", 80.0)], [r("process.zombies", 0.0)]),
    "unbounded-thread-creation": ([r("process.threads", 900.0)], [r("process.threads", 44.0)]),
    "eventloop-blocked-sync-io": (
        [stack(0.9, "run_forever (asyncio/base_events.py:600) < _run (asyncio/events.py:80) < app (starlette/routing.py:1) < view (app.py:3) < sleep (app.py:3)", main="true", leaf="sleep")],
        [FREE_STACK],
    ),
    "infinite-loop-request": (
        [stack(0.95, "app < view", main="true", active="true"), r("process.cpu.utilization", 1.0)],
        [r("process.cpu.utilization", 0.05), FREE_STACK],
    ),
    "threadpool-exhausted-by-slow-dependency": (
        [stack(40.0, "run < view < recv_into", leaf="recv_into (ssl.py)")],
        [stack(1.0, "run < view < recv_into", leaf="recv_into (ssl.py)")],
    ),
    "thread-deadlock-lock-order": (
        [stack(1.0, "a < acquire", leaf="acquire", line="7"), stack(1.0, "b < acquire", leaf="acquire", line="90")],
        [FREE_STACK],
    ),
    "traffic-spike-over-capacity": (
        [r("log.access.requests", 5000.0, window="recent"), r("log.access.requests", 300.0, window="before")],
        [r("log.access.requests", 310.0, window="recent"), r("log.access.requests", 300.0, window="before")],
    ),
    "sync-workers-held-by-slow-clients": (
        [
            stack(1.0, "run (gunicorn/app/base.py:72) < chunk (gunicorn/http/unreader.py:63)", thread=f"MainThread #{n}", main="true", function="")
            for n in range(3)
        ],
        [FREE_STACK],
    ),
    "worker-count-too-low": (
        [r("process.listen_backlog", 20.0), r("host.cpu.utilization", 0.2)],
        [r("process.listen_backlog", 0.0), r("host.cpu.utilization", 0.2)],
    ),
    "unbounded-asyncio-tasks": ([r("asyncio.tasks", 9000.0)], [r("asyncio.tasks", 20.0)]),
    "cold-start-after-deploy": ([r("process.age", 4.0)], [r("process.age", 4000.0)]),
    # database: reaching it
    "pg-server-down": ([f("postgres.connect", K.REFUSED, "Connection refused")], [DB]),
    "pg-postmaster-frozen": ([f("postgres.connect", K.TIMEOUT, "no reply at startup")], [DB]),
    "pg-port-blocked-by-firewall": ([f("postgres.connect", K.TIMEOUT, "tcp connect timed out")], [DB]),
    "db-password-wrong": ([f("postgres.connect", K.AUTHENTICATION, "password authentication failed")], [DB]),
    "db-url-wrong-host-or-port": ([f("postgres.connect", K.DNS_NOT_FOUND, "unknown host")], [DB]),
    "pg-hba-rejects-host": ([f("postgres.connect", K.FORBIDDEN, "no pg_hba.conf entry")], [DB]),
    "pg-max-connections-by-app": (
        [r("postgres.connections.limit", 100.0), r("postgres.connections.used", 97.0)],
        [r("postgres.connections.limit", 100.0), r("postgres.connections.used", 9.0)],
    ),
    "pg-role-connection-limit": (
        [f("postgres.connect", K.EXHAUSTED, 'too many connections for role "app"')],
        [r("postgres.role.connection_limit", -1.0, role="app")],
    ),
    "pg-restarted-stale-pool": ([r("postgres.uptime", 20.0), r("process.age", 900.0)], [r("postgres.uptime", 1e6)]),
    "db-writes-routed-to-standby": ([r("postgres.in_recovery", 1.0)], [r("postgres.in_recovery", 0.0)]),
    "default-transaction-read-only": ([DB, setting("default_transaction_read_only", "on")], [DB]),
    "db-role-expired": (
        [r("postgres.role.valid_for", -60.0, role="app")],
        [r("postgres.role.valid_for", 1e6, role="app")],
    ),
    "replica-lag-stale-reads": ([r("postgres.replication.replay_delay", 60.0)], [r("postgres.replication.replay_delay", 0.1)]),
    # database: locks and pools
    "idle-in-transaction-blocks-writers": ([DB, wait(blocker_kind="idle_in_transaction", blocker_xact_age="60")], [DB]),
    "ddl-lock-queue": ([DB, wait(waiter_query="ALTER TABLE t ADD c int", waiter_pid="2"), wait()], [DB, wait()]),
    "explicit-lock-table-job": ([DB, wait(blocker_kind="ddl", blocker_query="VACUUM FULL t")], [DB]),
    "long-transaction-blocks-writers": ([DB, wait(5.0, blocker_xact_age="60")], [DB, wait(0.1, blocker_xact_age="0.2")]),
    "orphaned-prepared-transaction": ([DB, wait(blocker_kind="prepared", blocker_pid="0")], [DB]),
    "deadlock-app-lock-order": ([r("postgres.database.deadlock_rate", 0.5)], [r("postgres.database.deadlocks", 0.0)]),
    "sqlalchemy-pool-exhausted-by-leak": ([DB, *IDLE], [DB]),
    "transaction-held-during-external-call": ([DB, *BRIEF], [DB]),
    "pool-too-small": (
        [DB, stack(3.0, "view < _do_get < queue.get"), r("postgres.connections.ours", 2.0)],
        [DB, FREE_STACK],
    ),
    # database: performance and schema
    "missing-index-seq-scan": (
        [table("seq_scan_rate", 20.0), table("seq_row_rate", 4e6), table("live_rows", 2e5), *statement(0.06)],
        [table("seq_scan_rate", 20.0), table("seq_row_rate", 400.0), table("live_rows", 20.0)],
    ),
    "n-plus-one-queries": (
        [*statement(0.0005, calls=600.0), r("log.access.requests", 1200.0, window="recent"), r("log.window", 60.0, window="recent")],
        [*statement(0.0005, calls=30.0), r("log.access.requests", 1200.0, window="recent"), r("log.window", 60.0, window="recent")],
    ),
    "work-mem-spill-to-disk": (
        [r("postgres.database.temp_bytes_rate", 90 * MIB)],
        [r("postgres.database.temp_bytes_rate", 0.0)],
    ),
    "table-bloat-autovacuum-off": (
        [table("dead_rows", 9e5), table("live_rows", 1e5), table("autovacuum_enabled", 0.0)],
        [table("dead_rows", 900.0), table("live_rows", 1e5)],
    ),
    "checkpoint-storm-small-max-wal": (
        [r("postgres.checkpoints.requested_rate", 0.5)],
        [r("postgres.checkpoints.requested_rate", 0.0)],
    ),
    "deep-offset-pagination": (statement(0.2, "SELECT a FROM events LIMIT ? OFFSET ?"), statement(0.2)),
    "working-set-exceeds-buffer-cache": (
        [r("postgres.database.cache_hit_ratio", 0.4), r("postgres.statement.blocks_read_per_call", 900.0)],
        [r("postgres.database.cache_hit_ratio", 0.999)],
    ),
    "jit-compilation-overhead": ([DB, setting("jit_above_cost", "10", number=10.0), setting("jit", "on")], [DB]),
    "generic-plan-regression": (
        [DB, setting("plan_cache_mode", "force_generic_plan"), *statement(0.06)],
        [DB, setting("plan_cache_mode", "auto", "default"), *statement(0.06)],
    ),
    "redundant-indexes-slow-writes": (
        [DB, *[r("postgres.index.redundant", 1.0, table="events", index=str(i)) for i in range(5)], table("write_rate", 90.0)],
        [DB, table("write_rate", 90.0)],
    ),
    "stale-statistics-bad-plan": (
        [table("since_analyze", 90 * 86400.0), table("live_rows", 1e6)],
        [table("since_analyze", 60.0), table("live_rows", 1e6)],
    ),
    "sequence-exhausted-int4": ([r("postgres.sequence.used_ratio", 1.0)], [r("postgres.sequence.used_ratio", 0.1)]),
    "sequence-desync-after-import": ([r("postgres.sequence.behind", 90.0)], [r("postgres.sequence.used_ratio", 0.1)]),
    "txid-wraparound-protection": ([r("postgres.wraparound.used_ratio", 0.99)], [r("postgres.wraparound.used_ratio", 0.1)]),
    "alembic-multiple-heads": ([r("postgres.migration", state="multiple_heads")], [r("postgres.migration", state="current")]),
    "alembic-revision-missing": ([r("postgres.migration", state="unknown_revision")], [r("postgres.migration", state="current")]),
    "migration-not-applied-missing-column": (
        [r("postgres.model.missing", table="users", column="tz"), r("postgres.migration", state="behind")],
        [r("postgres.migration", state="current")],
    ),
    "migration-missing-table": (
        [r("postgres.model.missing", table="users", column=""), r("postgres.migration", state="behind")],
        [r("postgres.migration", state="current")],
    ),
    "index-build-failed-invalid": ([DB, r("postgres.index.invalid", index="i", table="t")], [DB]),
    "replication-slot-retains-wal": ([DB, r("postgres.replication.slot_retained_bytes", 9e10, slot="s")], [DB]),
    "scheduled-jobs-overlap": (
        [DB, *[r("postgres.session", 60.0, kind="active", backend_pid=str(i), query="DELETE FROM x") for i in range(4)]],
        [DB],
    ),
    # services
    "external-api-slow": (
        [r("service.first_byte", 4.0, service="s"), r("service.connect", 0.01, service="s")],
        [r("service.first_byte", 0.05, service="s"), r("service.connect", 0.01, service="s")],
    ),
    "external-api-5xx": ([r("service.status", 503.0)], [r("service.status", 200.0)]),
    "external-api-rate-limited": ([r("service.status", 429.0)], [r("service.status", 200.0)]),
    "external-endpoint-removed": ([r("service.status", 410.0)], [r("service.status", 200.0)]),
    "external-connection-reset": ([f("service.first_byte", K.RESET)], [r("service.status", 200.0)]),
    "external-connection-refused": ([f("service.connect", K.REFUSED)], [r("service.connect", 0.01)]),
    "tcp-port-filtered": ([f("service.connect", K.TIMEOUT)], [r("service.connect", 0.01)]),
    "dns-name-not-found": ([f("service.dns", K.DNS_NOT_FOUND)], [r("service.dns", 0.01)]),
    "dns-server-unreachable": ([f("service.dns", K.DNS_UNAVAILABLE)], [r("service.dns", 0.01)]),
    "tls-cert-expired": ([r("service.certificate.expires_in", -9.0)], [r("service.certificate.expires_in", 9e6)]),
    "tls-cert-expires-soon": ([r("service.certificate.expires_in", 900.0)], [r("service.certificate.expires_in", 9e6)]),
    "tls-unknown-ca": ([f("service.tls", K.TLS, reason="self_signed")], [r("service.tls", 0.01)]),
    "tls-plain-http-mismatch": ([f("service.tls", K.TLS, reason="plain_http")], [r("service.tls", 0.01)]),
    "tls-protocol-too-old": ([f("service.tls", K.TLS, reason="protocol")], [r("service.tls", 0.01)]),
    "tls-hostname-mismatch": ([f("service.tls", K.TLS, reason="hostname")], [r("service.tls", 0.01)]),
    "oauth-refresh-token-revoked": ([r("service.token", 0.0, error="invalid_grant")], [r("service.token", 1.0)]),
    "oauth-client-secret-rotated": ([r("service.token", 0.0, error="invalid_client")], [r("service.token", 1.0)]),
    "packet-loss-on-path": ([r("host.network.retransmit_rate", 400.0)], [r("host.network.retransmit_rate", 0.0)]),
    # deploy
    "bad-deploy-code-regression": ([r("change.commit", 60.0, sha="abc")], [r("change.commit", 50_000.0, sha="abc")]),
    "config-change-bad-value": ([r("change.setting", setting="work_mem")], [r("change.compared", what="environment")]),
    "package-upgrade-regression": ([r("change.package", package="httpx")], [r("change.compared", what="packages")]),
    "env-var-missing": ([r("change.environment", name="KEY", kind="removed")], [r("change.compared", what="environment")]),
    "crash-loop-on-boot": (
        [r("change.process_restart", 3.0, pid="1"), f("process", K.NOT_FOUND)],
        [r("process.alive", 1.0, pid="1"), r("process.age", 900.0, pid="1")],
    ),
    # states and symptoms
    "db-lock-wait": ([DB, wait()], [DB]),
    "db-pool-exhausted": ([stack(3.0, "view < _do_get")], [FREE_STACK]),
    "db-unreachable": ([f("postgres.connect", K.REFUSED)], [DB]),
    "db-slots-exhausted": (
        [f("postgres.connect", K.EXHAUSTED)],
        [r("postgres.connections.limit", 100.0), r("postgres.connections.used", 9.0)],
    ),
    "db-queries-slow": (statement(0.4), statement(0.001)),
    "external-call-slow": ([r("service.first_byte", 3.0)], [r("service.first_byte", 0.02)]),
    "external-call-fails": ([f("service.connect", K.REFUSED)], [r("service.status", 200.0)]),
    "cpu-starved": (
        [r("process.cpu.wait_share", 0.6), r("host.cpu.utilization", 1.0)],
        [r("process.cpu.wait_share", 0.01), r("host.cpu.utilization", 0.9)],
    ),
    "event-loop-blocked": ([stack(0.9, "run_forever (asyncio/base_events.py:600) < _run (asyncio/events.py:80) < app (starlette/routing.py:1) < view (app.py:3) < sleep (app.py:3)", main="true")], [FREE_STACK]),
    "workers-busy": ([stack(40.0, "run < view", thread="AnyIO worker thread")], [FREE_STACK]),
    "memory-short": (
        [r("host.memory.total", 1e9), r("host.memory.available", 1e6)],
        [r("host.memory.total", 1e9), r("host.memory.available", 6e8)],
    ),
    "unhandled-exception": (
        [r("log.template", 9.0, exception="KeyError", before="0")],
        [r("log.lines", 500.0, window="recent")],
    ),
    "requests-fail": (
        [r("log.access.requests", 100.0, window="recent"), r("log.access.errors", 40.0, window="recent")],
        [r("log.access.requests", 100.0, window="recent"), r("log.access.errors", 0.0, window="recent")],
    ),
    "requests-slow": ([r("log.access.p95", 4.0, window="recent")], [r("log.access.p95", 0.05, window="recent")]),
    "service-down": ([f("endpoint.connect", K.REFUSED)], [r("endpoint.status", 200.0)]),
}  # fmt: skip


def judge(mechanism: str, seen: Seen, *signatures: SignatureMatch) -> Finding:
    detect = standard_map()[mechanism].detect
    assert detect is not None
    return detect(Evidence(observations=Observations(seen), baseline=BASELINE, signatures=signatures, now=AT))


def test_a_standby_that_is_few_bytes_but_long_behind_is_late() -> None:
    few_bytes = r("postgres.replication.lag_bytes", 700.0, application="walreceiver")

    late = judge(
        "replica-lag-stale-reads", [few_bytes, r("postgres.replication.lag_seconds", 20.0, application="walreceiver")]
    )
    quick = judge(
        "replica-lag-stale-reads", [few_bytes, r("postgres.replication.lag_seconds", 0.01, application="walreceiver")]
    )

    assert late.state is State.PRESENT
    assert quick.state is State.ABSENT


def test_an_empty_mandatory_column_points_at_a_migration_of_today_only() -> None:
    text = SignatureMatch(
        mechanism="new-not-null-column-old-code", weight=3.0, place="log", count=18, count_before=0, text="x"
    )

    today = judge(
        "new-not-null-column-old-code", [r("change.migration", 900.0, revision="0005", message="Regions")], text
    )
    long_ago = judge("new-not-null-column-old-code", [r("change.migration", 9e6, revision="0005")], text)
    no_error = judge("new-not-null-column-old-code", [r("change.migration", 900.0, revision="0005")])

    assert today.state is State.PRESENT
    assert today.subject["revision"] == "0005"
    assert long_ago.state is State.UNKNOWN
    assert no_error.state is State.UNKNOWN


def test_waiting_for_a_whole_table_is_a_lock_of_the_table_though_its_holder_is_idle_just_now() -> None:
    for_the_table = wait(5.0, wait_event="relation", mode="RowExclusiveLock", blocker_kind="idle_in_transaction")
    for_a_row = wait(5.0, wait_event="transactionid", mode="ShareLock", blocker_kind="idle_in_transaction")

    assert judge("explicit-lock-table-job", [DB, for_the_table]).state is State.PRESENT
    assert judge("idle-in-transaction-blocks-writers", [DB, for_the_table]).state is not State.PRESENT
    assert judge("explicit-lock-table-job", [DB, for_a_row]).state is not State.PRESENT
    assert judge("idle-in-transaction-blocks-writers", [DB, for_a_row]).state is State.PRESENT


def test_how_far_an_attempt_to_connect_came_tells_a_blocked_port_from_a_frozen_server() -> None:
    silent = f("postgres.connect", K.TIMEOUT, "connection timeout expired", phase="startup")
    blocked = f("postgres.connect", K.TIMEOUT, "connection timeout expired", phase="tcp")

    assert judge("pg-postmaster-frozen", [silent]).state is State.PRESENT
    assert judge("pg-port-blocked-by-firewall", [silent]).state is State.ABSENT
    assert judge("pg-postmaster-frozen", [blocked]).state is State.ABSENT
    assert judge("pg-port-blocked-by-firewall", [blocked]).state is State.PRESENT


def test_a_probe_that_had_its_session_and_ran_out_of_time_says_nothing_about_the_way_to_the_database() -> None:
    late = f("postgres.connect", K.TIMEOUT, "the probe postgres.connect did not end within 4.8 s.")

    for mechanism in ("pg-port-blocked-by-firewall", "pg-postmaster-frozen", "db-unreachable"):
        assert judge(mechanism, [r("postgres.connect", 0.2, host="db"), late]).state is State.ABSENT


@pytest.mark.parametrize("mechanism", CASES)
def test_what_speaks_for_a_mechanism_makes_it_present(mechanism: str) -> None:
    found = judge(mechanism, CASES[mechanism][0])

    assert found.state is State.PRESENT, found.sentence
    assert found.strength > 0
    assert found.evidence, "what cites nothing is never named as a root cause"


@pytest.mark.parametrize("mechanism", CASES)
def test_what_speaks_against_a_mechanism_makes_it_absent(mechanism: str) -> None:
    found = judge(mechanism, CASES[mechanism][1])

    assert found.state is State.ABSENT, found.sentence


@pytest.mark.parametrize("mechanism", ["gunicorn-worker-timeout", "pg-data-volume-full"])
def test_a_text_in_the_log_is_enough_where_only_a_text_can_tell(mechanism: str) -> None:
    text = SignatureMatch(mechanism=mechanism, weight=6.0, place="log", count=40, count_before=0, text="x")

    assert judge(mechanism, [r("log.lines", 900.0)], text).state is State.PRESENT
    assert judge(mechanism, [r("log.lines", 900.0)]).state is not State.PRESENT


@pytest.mark.parametrize("name", ["lock_timeout", "statement_timeout"])
def test_a_timeout_setting_alone_is_weaker_than_one_that_cuts_statements(name: str) -> None:
    mechanism = name.replace("_", "-") + "-too-low"
    state = "55P03" if name == "lock_timeout" else "57014"
    low = [DB, setting(name, "10", number=10.0)]
    cut = r("log.template", 9.0, sqlstate=state, before="0")
    text = SignatureMatch(mechanism=mechanism, weight=6.0, place="log", count=40, count_before=0, text="x")

    assert judge(mechanism, [*low, cut], text).strength >= judge(mechanism, low).strength
    assert judge(mechanism, [*low, cut], text).state is State.PRESENT
    assert judge(mechanism, [DB, setting(name, "0", "default")]).state is State.ABSENT


def test_a_scan_by_a_plan_that_knows_no_values_wants_an_index_only_where_the_planner_could_use_one() -> None:
    scans = CASES["missing-index-seq-scan"][0]
    forced = setting("plan_cache_mode", "force_generic_plan", "database")
    candidate = r("postgres.explain.index_candidate", table="events", columns="b")

    surely = judge("missing-index-seq-scan", scans).strength
    assert judge("missing-index-seq-scan", [*scans, forced]).strength < surely
    assert judge("missing-index-seq-scan", [*scans, forced, candidate]).strength == surely
    assert judge("generic-plan-regression", [DB, *scans, forced, candidate]).strength < 2


def test_nearly_every_cause_with_a_detector_has_its_cases_here_or_beside() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_detectors*.py"))

    forgotten = [n.id for n in standard_map().of_kind(Kind.CAUSE) if n.detect is not None and f'"{n.id}"' not in texts]

    assert set(forgotten) <= {"data-growth-crossed-threshold", "lock-timeout-too-low", "statement-timeout-too-low"}
