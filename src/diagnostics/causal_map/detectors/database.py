"""Detectors of reaching PostgreSQL and of locks in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    connect_failures,
    database_was_read,
    failure_of,
    label_number,
    pool_text,
    present,
    seconds,
    text_strength,
    total,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import FailureKind, ProbeFailure, Reading

Detector = Callable[[Evidence], Finding]

#: A transaction that is idle for longer than this was forgotten, or holds its locks while something else is done.
IDLE_SECONDS = 1.0
#: No ordinary request keeps a transaction idle for this long: its owner is gone.
ABANDONED_SECONDS = 8.0


def idle_transaction_blocks(evidence: Evidence) -> Finding:
    """The root of a blocking chain is idle in transaction."""
    waits = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.lock.wait")
        if r.labels.get("blocker_kind") == "idle_in_transaction" and not _for_a_whole_table(evidence, r)
    ]
    if not waits:
        return _no_such_wait(evidence, "no waiting session is blocked by an idle transaction")
    by_blocker: dict[str, list[tuple[str, Reading]]] = {}
    for pair in waits:
        by_blocker.setdefault(pair[1].labels.get("blocker_pid", ""), []).append(pair)
    pid, pairs = max(by_blocker.items(), key=lambda item: max(r.value for _, r in item[1]))
    longest = max(pairs, key=lambda pair: pair[1].value)[1]
    age = label_number(longest, "blocker_xact_age")
    waiters = {r.labels.get("waiter_pid") for _, r in pairs}
    who = longest.labels.get("blocker_application") or "unnamed application"
    said = (
        f"backend {pid} ({who}) is idle in a transaction that is {seconds(age)} old and blocks {len(waiters)} session(s), the longest for "
        f"{seconds(longest.value)}; its last statement: {longest.labels.get('blocker_query', '')[:120]}"
    )
    strength = CERTAIN + 1 if age > ABANDONED_SECONDS else STRONG if longest.value > 0.3 else TYPICAL
    subject = {
        "backend_pid": pid,
        "application": who,
        "query": longest.labels.get("blocker_query", ""),
        "client_pid": longest.labels.get("blocker_client_pid", ""),
    }
    sessions = [i for i, _ in evidence.observations.indexed("postgres.session", backend_pid=pid)]
    return present(strength, said, [*[i for i, _ in pairs[:4]], *sessions[:1]], subject)


def ddl_queue(evidence: Evidence) -> Finding:
    """A waiting ALTER makes everybody behind it wait."""
    waits = evidence.observations.indexed("postgres.lock.wait")
    waiting_ddl = [(i, r) for i, r in waits if _is_ddl(r.labels.get("waiter_query", ""))]
    if waiting_ddl:
        others = [pair for pair in waits if not _is_ddl(pair[1].labels.get("waiter_query", ""))]
        evidence_id, ddl = max(waiting_ddl, key=lambda pair: pair[1].value)
        said = (
            f"{ddl.labels.get('waiter_query', '')[:100]} waits since {seconds(ddl.value)} behind backend {ddl.labels.get('blocker_pid')} "
            f"({ddl.labels.get('blocker_state', '?')}), and {len({r.labels.get('waiter_pid') for _, r in others})} session(s) queue behind it"
        )
        subject = {
            "backend_pid": ddl.labels.get("waiter_pid", ""),
            "query": ddl.labels.get("waiter_query", ""),
            "blocked_by": ddl.labels.get("blocker_pid", ""),
        }
        strength = CERTAIN + 2 if others else TYPICAL
        return present(strength, said, [evidence_id, *[i for i, _ in others[:3]]], subject)
    return _no_such_wait(evidence, "no ALTER or similar statement waits for a lock")


def explicit_lock(evidence: Evidence) -> Finding:
    """A maintenance statement holds a strong lock while it runs."""
    waits = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.lock.wait")
        if (r.labels.get("blocker_kind") in ("ddl", "active") and _is_ddl(r.labels.get("blocker_query", "")))
        or _for_a_whole_table(evidence, r)
    ]
    if waits:
        _, longest = max(waits, key=lambda pair: pair[1].value)
        if not any(
            _is_ddl(r.labels.get("waiter_query", "")) for r in evidence.observations.readings("postgres.lock.wait")
        ):
            said = (
                f"backend {longest.labels.get('blocker_pid')} ({longest.labels.get('blocker_application') or 'unnamed application'}) holds "
                f"a lock on a whole table ({longest.labels.get('relation', '?')}) and blocks "
                f"{len({r.labels.get('waiter_pid') for _, r in waits})} session(s), the longest for {seconds(longest.value)}; "
                f"its statement: {longest.labels.get('blocker_query', '')[:100]}"
            )
            return present(
                CERTAIN + 1,
                said,
                [i for i, _ in waits[:4]],
                {
                    "backend_pid": longest.labels.get("blocker_pid", ""),
                    "query": longest.labels.get("blocker_query", ""),
                },
            )
    return _no_such_wait(evidence, "no maintenance statement blocks anybody")


def long_writer_blocks(evidence: Evidence) -> Finding:
    """A long statement holds row locks that others want."""
    waits = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.lock.wait")
        if r.labels.get("blocker_kind") == "active"
        and not r.labels.get("blocker_query", "").lstrip().upper().startswith("LOCK ")
    ]
    long_ones = [(i, r) for i, r in waits if label_number(r, "blocker_xact_age") > 3 and r.value > 1]
    if long_ones and not any(_is_ddl(r.labels.get("waiter_query", "")) for _, r in waits):
        evidence_id, longest = max(long_ones, key=lambda pair: pair[1].value)
        said = (
            f"backend {longest.labels.get('blocker_pid')} is active in a transaction that is {seconds(label_number(longest, 'blocker_xact_age'))} old and blocks "
            f"{len({r.labels.get('waiter_pid') for _, r in long_ones})} session(s): {longest.labels.get('blocker_query', '')[:100]}"
        )
        return present(
            STRONG,
            said,
            [evidence_id],
            {
                "backend_pid": longest.labels.get("blocker_pid", ""),
                "query": longest.labels.get("blocker_query", ""),
            },
        )
    return _no_such_wait(evidence, "no long statement blocks anybody")


def deadlocks(evidence: Evidence) -> Finding:
    """PostgreSQL's own count of deadlocks, and SQLSTATE 40P01."""
    rate = evidence.observations.last("postgres.database.deadlock_rate")
    count = evidence.observations.last("postgres.database.deadlocks")
    text = text_strength(evidence, "deadlock-app-lock-order")
    normal = evidence.baseline.of(count) if count is not None else None
    ids = cite(evidence, "postgres.database.deadlocks", "postgres.database.deadlock_rate")
    if rate is not None and rate.value > 0:
        return present(
            CERTAIN, f"{rate.value:.2g} deadlocks a second now, {count.value if count else 0:.0f} in all", ids
        )
    if count is not None and normal is not None and count.value > normal.maximum and text > 0:
        return present(CERTAIN, f"{count.value - normal.maximum:.0f} deadlocks since the baseline", ids)
    if count is not None and count.value >= 1 and text > 0:
        return present(STRONG, f"the server counted {count.value:.0f} deadlocks", ids)
    if count is not None:
        return absent(-4.0 if count.value == 0 else -1.0, "no new deadlock was counted")
    return unknown("deadlocks were not counted")


def setting_too_low(setting: str, sqlstate: str, mechanism: str, limit_ms: float) -> Detector:
    """Return a detector of a timeout setting that cuts ordinary work."""

    def detect(evidence: Evidence) -> Finding:
        low = [
            (i, r)
            for i, r in evidence.observations.indexed("postgres.setting", setting=setting)
            if 0 < r.value <= limit_ms
        ]
        text = text_strength(evidence, mechanism)
        hits = [r for r in evidence.observations.readings("log.template") if r.labels.get("sqlstate") == sqlstate]
        if low:
            where = low[0][1].labels.get("source", "")
            hit = text > 0 or bool(hits)
            said = f"{setting} is {low[0][1].value:.0f} ms (from {where})" + (
                " and statements are cut by it" if hit else ""
            )
            return present(
                CERTAIN if hit else HINT,
                said,
                [low[0][0]],
                _reset(low[0][1]),
            )
        if evidence.observations.readings("postgres.setting"):
            return absent(-4.0, f"{setting} is not set that low in the server")
        return unknown("settings were not read")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"{setting} below what ordinary statements need."
    return detect


def pool_leak(evidence: Evidence) -> Finding:
    """Sessions of the application that nobody uses and nobody returns."""
    observations = evidence.observations
    if not database_was_read(evidence):
        return unknown("sessions were not read")
    ours = [
        (i, r)
        for i, r in observations.indexed("postgres.session", kind="idle_in_transaction")
        if r.labels.get("application", "") != "diagnostics"
    ]
    abandoned = [(i, r) for i, r in ours if r.value > ABANDONED_SECONDS]
    blockers = {r.labels.get("blocker_pid") for r in observations.readings("postgres.lock.wait")}
    waiting = total(r for r in observations.readings("process.stack") if "_do_get" in r.labels.get("trace", ""))
    text = pool_text(evidence)
    oldest = max((r.value for _, r in abandoned), default=0.0)
    by_query: dict[str, int] = {}
    for _, reading in abandoned:
        by_query[reading.labels.get("query", "")] = by_query.get(reading.labels.get("query", ""), 0) + 1
    blocking = {r.labels.get("backend_pid") for _, r in abandoned} & blockers
    if len(abandoned) >= 2 and len(abandoned) > len(blocking):
        query = max(by_query, key=lambda q: by_query[q])
        said = (
            f"{len(abandoned)} sessions are idle in a transaction for up to {seconds(oldest)}, {by_query[query]} of them after "
            f"{query[:90]}; nobody works with them"
        )
        alone = len(abandoned) - len(blocking)
        strength = CERTAIN if alone >= 3 and (waiting > 0.5 or text > 0) else STRONG if alone >= 3 else TYPICAL
        return present(strength, said, [i for i, _ in abandoned[:5]], {"query": query})
    busy_idle = [(i, r) for i, r in ours if r.value > IDLE_SECONDS]
    if abandoned and waiting > 0.5 and not blocking:
        return present(
            TYPICAL,
            f"a session is idle in a transaction since {seconds(oldest)}, {len(busy_idle)} for over a second",
            [i for i, _ in abandoned],
        )
    return absent(-3.5, "no sessions are left idle in a transaction")


def transaction_held_elsewhere(evidence: Evidence) -> Finding:
    """Transactions stay open for seconds while their thread waits for something else."""
    sessions = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.session", kind="idle_in_transaction")
        if r.labels.get("application", "") != "diagnostics" and 0.3 < r.value <= ABANDONED_SECONDS
    ]
    calling = total(
        r
        for r in evidence.observations.readings("process.stack")
        if r.labels.get("function") and "httpcore" in r.labels.get("trace", "") + r.labels.get("leaf", "")
    )
    if len(sessions) >= 3:
        said = f"{len(sessions)} transactions are idle for up to {seconds(max(r.value for _, r in sessions))} and then go on"
        return present(TYPICAL if calling < 1 else STRONG, said, [i for i, _ in sessions[:5]])
    if database_was_read(evidence):
        return absent(UNLIKELY, "transactions do not stay idle")
    return unknown("sessions were not read")


def pool_too_small(evidence: Evidence) -> Finding:
    """Threads wait for a pooled connection while all connections do real work."""
    observations = evidence.observations
    waiting = [
        (i, r)
        for i, r in observations.indexed("process.stack")
        if "_do_get" in r.labels.get("trace", "") or "getconn" in r.labels.get("trace", "")
    ]
    held = total(r for _, r in waiting)
    text = pool_text(evidence)
    if not database_was_read(evidence) or not (observations.readings("process.stack") or text):
        return unknown("needs stacks of the process and the sessions of the database")
    old = [
        r for r in observations.readings("postgres.session", kind="idle_in_transaction") if r.value > ABANDONED_SECONDS
    ]
    locked = observations.readings("postgres.lock.wait")
    count = max((r.value for r in observations.readings("postgres.connections.ours")), default=0.0)
    if count == 0:
        # Behind a pooler or a proxy the sockets do not tell whose they are; names do.
        by_name: dict[str, float] = {}
        for reading in observations.readings("postgres.connections"):
            name = reading.labels.get("application", "")
            by_name[name] = by_name.get(name, 0.0) + reading.value
        count = max(by_name.values(), default=0.0)
    slots = observations.value("postgres.connections.limit", 100.0) or 100.0
    if (held >= 0.5 or text >= 2) and len(old) < 2 and not locked:
        small = 0 < count <= 3 or (count > 0 and count < 0.1 * slots)
        said = f"{held:.1f} threads wait for one of the {count:.0f} pooled connections, which all do ordinary work; the server has {slots:.0f} slots"
        return present(
            STRONG if small and held >= 0.5 else TYPICAL,
            said,
            [i for i, _ in waiting[:4]],
            {"connections": f"{count:.0f}"},
        )
    return absent(
        -3.0,
        "no thread waits for a pooled connection" if held < 0.5 else "the pooled connections do not do ordinary work",
    )


def slots_taken_by(evidence: Evidence) -> Finding:
    """One application holds most of the server's slots."""
    observations = evidence.observations
    failed = failure_of(evidence, "postgres.connect", FailureKind.EXHAUSTED)
    if failed and not any(word in failed[1].message.lower() for word in ("for role", "for database")):
        return present(CERTAIN, failed[1].message, [failed[0]])
    limit = observations.value("postgres.connections.limit")
    used = observations.value("postgres.connections.used")
    if limit is None or used is None or limit <= 0:
        return unknown("connection slots were not read")
    reserved = observations.value("postgres.connections.reserved", 3.0) or 0.0
    share = used / max(1.0, limit - reserved)
    if share >= 0.95:
        by_application: dict[str, float] = {}
        for reading in observations.readings("postgres.connections"):
            name = reading.labels.get("application") or reading.labels.get("user", "?")
            by_application[name] = by_application.get(name, 0.0) + reading.value
        top = max(by_application, key=lambda name: by_application[name], default="?")
        said = f"{used:.0f} of {limit:.0f} slots are in use ({reserved:.0f} reserved), {by_application.get(top, 0):.0f} by {top}"
        return present(
            CERTAIN,
            said,
            [
                *cite(evidence, "postgres.connections.used", "postgres.connections.limit"),
                *(i for i, _ in observations.indexed("postgres.connections")[:5]),
            ],
            {"application": top},
        )
    return absent(RULED_OUT if share < 0.8 else UNLIKELY, f"{used:.0f} of {limit:.0f} slots are in use")


def role_limit(evidence: Evidence) -> Finding:
    """A connection limit of the role or the database is reached."""
    failed = failure_of(evidence, "postgres.connect", FailureKind.EXHAUSTED)
    if failed and any(word in failed[1].message.lower() for word in ("for role", "for database")):
        return present(CERTAIN + 1, failed[1].message, [failed[0]])
    limits = [
        (i, r)
        for name in ("postgres.role.connection_limit", "postgres.database.connection_limit")
        for i, r in evidence.observations.indexed(name)
    ]
    for evidence_id, reading in limits:
        role = reading.labels.get("role")
        used = total(
            r
            for r in evidence.observations.readings("postgres.connections")
            if role is None or r.labels.get("user") == role
        )
        if 0 <= reading.value <= used:
            return present(
                CERTAIN,
                f"{role or 'the database'} may have {reading.value:.0f} connections and has {used:.0f}",
                [evidence_id],
            )
    if limits:
        return absent(RULED_OUT, "no connection limit of a role or database is reached")
    return unknown("limits of roles were not read")


def _connect(
    mechanism: str,
    kinds: tuple[FailureKind, ...],
    words: str,
    *,
    sqlstates: tuple[str, ...] = (),
    text: tuple[str, ...] = (),
    phases: tuple[str, ...] = (),
) -> Detector:
    def fits(failure: ProbeFailure) -> bool:
        """How far it came says more than the words, which are the same for each of the ways."""
        phase = failure.labels.get("phase", "")
        if phases and phase:
            return phase in phases
        return not text or any(t in failure.message.lower() for t in text)

    def detect(evidence: Evidence) -> Finding:
        for evidence_id, failure in connect_failures(evidence):
            if (
                failure.kind in kinds
                and fits(failure)
                and (not sqlstates or failure.labels.get("sqlstate", sqlstates[0]) in sqlstates)
            ):
                return present(CERTAIN, f"{words}: {failure.message}", [evidence_id])
        if database_was_read(evidence):
            return absent(RULED_OUT, "the database accepts our session")
        if evidence.observations.failures("postgres.connect"):
            return absent(UNLIKELY, "the connection fails for another reason")
        return unknown("no --db was given")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"No session: {words}."
    return detect


#: What a server says that is there and takes no sessions just now (57P03).
_NOT_YET = (
    "database system is starting up",
    "database system is shutting down",
    "database system is in recovery",
    "not yet accepting connections",
    "система баз данных запускается",
    "система баз данных останавливается",
    "в режиме восстановления",
)


def starting_up(evidence: Evidence) -> Finding:
    """The server is there and takes no sessions yet, or no more."""
    for evidence_id, failure in evidence.observations.failures("postgres.connect"):
        if failure.labels.get("sqlstate") == "57P03" or _says(failure.message, _NOT_YET):
            return present(CERTAIN, f"the server takes no sessions yet: {failure.message}", [evidence_id])
    if database_was_read(evidence):
        return absent(RULED_OUT, "the database accepts our session")
    if evidence.observations.failures("postgres.connect"):
        return absent(UNLIKELY, "the connection fails for another reason")
    return unknown("no --db was given")


def role_missing(evidence: Evidence) -> Finding:
    """The server knows no role of the URL's name; with password authentication it only says that it refuses."""
    for evidence_id, failure in evidence.observations.failures("postgres.connect"):
        if _no_such_role(failure.message):
            return present(CERTAIN, f"the role does not exist: {failure.message}", [evidence_id])
    if database_was_read(evidence):
        return absent(RULED_OUT, "the role exists")
    if failure_of(evidence, "postgres.connect", FailureKind.AUTHENTICATION):
        return unknown("the server refuses the login and does not say whether the role exists")
    if evidence.observations.failures("postgres.connect"):
        return absent(UNLIKELY, "the connection fails for another reason")
    return unknown("no --db was given")


def _says(message: str, words: tuple[str, ...]) -> bool:
    return any(word in message.lower() for word in words)


def _no_such_role(message: str) -> bool:
    lower = message.lower()
    return ('role "' in lower and "does not exist" in lower) or ('роль "' in lower and "не существует" in lower)


def _not_the_password(message: str) -> bool:
    """Whether the server refuses the role itself, whatever its password."""
    return _no_such_role(message) or _says(message, ("is not permitted to log in", "не разрешено подключаться"))


def _unless(said: Callable[[str], bool], detector: Detector) -> Detector:
    """Return a detector that stands back where the server itself names another reason."""

    def detect(evidence: Evidence) -> Finding:
        for evidence_id, failure in evidence.observations.failures("postgres.connect"):
            if said(failure.message):
                return absent(UNLIKELY, f"the server names another reason: {failure.message}", [evidence_id])
        return detector(evidence)

    detect.__name__ = detector.__name__
    detect.__doc__ = detector.__doc__
    return detect


def restarted(evidence: Evidence) -> Finding:
    """The server is younger than the application's connections."""
    uptime = evidence.observations.last("postgres.uptime")
    if uptime is None:
        return unknown("the start of the server was not read")
    text = max(
        text_strength(evidence, "pg-restarted-stale-pool"),
        text_strength(evidence, "pg-backend-crash-recovery"),
    )
    ages = [r.value for r in evidence.observations.readings("process.age")]
    ids = [i for i, _ in evidence.observations.indexed("postgres.uptime")]
    if uptime.value < 300 and (not ages or uptime.value < min(ages)):
        return present(
            STRONG if text > 0 else TYPICAL,
            f"the server started {seconds(uptime.value)} ago, the application before it",
            ids,
        )
    return absent(-4.0, f"the server runs for {seconds(uptime.value)}", ids)


def standby(evidence: Evidence) -> Finding:
    """Writes go to a server in recovery."""
    recovery = evidence.observations.last("postgres.in_recovery")
    if recovery is None:
        return unknown("the role of the server was not read")
    if recovery.value >= 1:
        return present(
            CERTAIN,
            "the server that the application is connected to is a standby",
            [i for i, _ in evidence.observations.indexed("postgres.in_recovery")],
        )
    return absent(RULED_OUT, "the server is a primary")


def read_only_default(evidence: Evidence) -> Finding:
    """default_transaction_read_only is on."""
    for evidence_id, reading in evidence.observations.indexed(
        "postgres.setting", setting="default_transaction_read_only"
    ):
        if reading.labels.get("value") == "on" and reading.labels.get("source") not in ("session", "client"):
            return present(
                CERTAIN,
                f"default_transaction_read_only is on (from {reading.labels.get('source')})",
                [evidence_id],
                _reset(reading),
            )
    if database_was_read(evidence):
        return absent(RULED_OUT, "transactions may write")
    return unknown("settings were not read")


def role_expired(evidence: Evidence) -> Finding:
    """VALID UNTIL has passed."""
    readings = evidence.observations.indexed("postgres.role.valid_for")
    for evidence_id, reading in readings:
        if reading.value < 0:
            return present(
                CERTAIN,
                f"the password of role {reading.labels.get('role')} expired {seconds(-reading.value)} ago",
                [evidence_id],
            )
    for evidence_id, failure in evidence.observations.failures("postgres.connect"):
        if "not permitted to log in" in failure.message:
            return present(CERTAIN, failure.message, [evidence_id])
    if readings or database_was_read(evidence):
        return absent(-4.0, "the role may log in")
    return unknown("roles were not read")


def replica_lag(evidence: Evidence) -> Finding:
    """A standby replays late."""
    delay = evidence.observations.last("postgres.replication.replay_delay")
    lags = evidence.observations.indexed("postgres.replication.lag_bytes")
    if delay is not None and delay.value > 5:
        return present(
            STRONG,
            f"the standby replays {seconds(delay.value)} late",
            cite(evidence, "postgres.replication.replay_delay"),
        )
    late = [(i, r) for i, r in evidence.observations.indexed("postgres.replication.lag_seconds") if r.value > 2]
    if late:
        evidence_id, worst = max(late, key=lambda pair: pair[1].value)
        return present(STRONG, f"a standby replays {seconds(worst.value)} late", [evidence_id])
    for evidence_id, reading in lags:
        if reading.value > 64 * 1024**2:
            return present(TYPICAL, f"a standby is {reading.value / 1024**2:.0f} MiB behind", [evidence_id])
    if delay is not None or lags:
        return absent(-4.0, "standbys keep up")
    return unknown("no replication was seen")


def prepared_transaction(evidence: Evidence) -> Finding:
    """A prepared transaction holds locks and has no session."""
    waits = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.lock.wait")
        if r.labels.get("blocker_kind") == "prepared"
    ]
    if waits:
        return present(
            CERTAIN + 1,
            f"{len(waits)} session(s) wait for a prepared transaction that nobody finishes",
            [i for i, _ in waits],
        )
    return _no_such_wait(evidence, "no prepared transaction blocks anybody")


def _no_such_wait(evidence: Evidence, said: str) -> Finding:
    if database_was_read(evidence):
        return absent(RULED_OUT if not evidence.observations.readings("postgres.lock.wait") else -4.0, said)
    return unknown("locks were not read")


#: What ordinary statements ask of a table; only a lock on the whole table makes them wait for that.
_ORDINARY_MODES = frozenset({"AccessShareLock", "RowShareLock", "RowExclusiveLock"})


def _for_a_whole_table(evidence: Evidence, wait: Reading) -> bool:
    """Whether an ordinary statement waits for a table that somebody has locked, and not for a row or behind an ALTER that waits itself."""
    return (
        wait.labels.get("wait_event") == "relation"
        and wait.labels.get("mode") in _ORDINARY_MODES
        and wait.labels.get("blocker_kind") in ("idle_in_transaction", "active", "ddl")
        and not any(
            _is_ddl(r.labels.get("waiter_query", "")) for r in evidence.observations.readings("postgres.lock.wait")
        )
    )


def _is_ddl(query: str) -> bool:
    return (
        query.lstrip()
        .upper()
        .startswith(("ALTER ", "DROP ", "TRUNCATE", "CREATE INDEX", "REINDEX", "CLUSTER", "VACUUM FULL", "LOCK "))
    )


def _reset(reading: Reading) -> dict[str, str]:
    """Return the parameters that reset a setting where it was set."""
    labels = reading.labels
    source = labels.get("source", "")
    scope = {"role": "role", "user": "role", "database role": "role", "database": "database"}.get(source, "system")
    wanted = {"setting": labels.get("setting", ""), "value": "", "scope": scope, "source": source}
    return wanted | {key: labels[key] for key in ("role", "database") if labels.get(key)}


#: What a driver says about where it wanted to go, and that it came to nobody.
_WENT_TO = re.compile(
    r"connection to server at \"(?P<host>[^\"]+)\"(?: \([^)]*\))?, port (?P<port>\d+) failed: "
    r"(?:Connection refused|.{0,30}timeout|No route)|could not translate host name \"(?P<name>[^\"]+)\""
    r"|failed to resolve host '(?P<other>[^']+)'|Connect call failed \('(?P<address>[^']+)', (?P<to>\d+)",
    re.IGNORECASE,
)
_NO_DATABASE = re.compile(r"database \"(?P<database>[^\"]+)\" does not exist|Unknown database '(?P<other>[^']+)'")

_elsewhere = _connect(
    "db-url-wrong-host-or-port",
    (FailureKind.NOT_FOUND, FailureKind.DNS_NOT_FOUND, FailureKind.PROTOCOL),
    "the URL leads elsewhere",
)


def other_database(evidence: Evidence) -> Finding:
    """The URL leads nowhere; or the application wants another database than the one that answers us."""
    ours = evidence.observations.last("postgres.connect")
    if ours is None:
        return _elsewhere(evidence)
    host, port = ours.labels.get("host", ""), ours.labels.get("port", "")
    for evidence_id, reading in evidence.observations.indexed("log.template"):
        if reading.value < 1 or label_number(reading, "before") > 0.2 * reading.value:
            continue
        example = reading.labels.get("example", "")
        name = _NO_DATABASE.search(example)
        if name is not None and (name["database"] or name["other"]) != ours.labels.get("database", ""):
            wanted = f"database {name['database'] or name['other']}, which does not exist"
        elif (went := _WENT_TO.search(example)) is not None and (went["to"] is None or "asyncpg" in example):
            where = went["host"] or went["name"] or went["other"] or went["address"]
            to = went["port"] or went["to"] or port
            if to == port and where in (host, ours.labels.get("address", ""), "localhost"):
                continue
            wanted = f"{where}:{to}, where nobody answers"
        else:
            continue
        return present(CERTAIN, f"the application wants {wanted}; {host}:{port} answers us", [evidence_id])
    return absent(-3.0, "the database accepts our session, and the application names no other one")


DETECTORS: dict[str, Detector] = {
    "idle-in-transaction-blocks-writers": idle_transaction_blocks,
    "ddl-lock-queue": ddl_queue,
    "explicit-lock-table-job": explicit_lock,
    "long-transaction-blocks-writers": long_writer_blocks,
    "orphaned-prepared-transaction": prepared_transaction,
    "deadlock-app-lock-order": deadlocks,
    "lock-timeout-too-low": setting_too_low("lock_timeout", "55P03", "lock-timeout-too-low", 200),
    "statement-timeout-too-low": setting_too_low("statement_timeout", "57014", "statement-timeout-too-low", 1000),
    "sqlalchemy-pool-exhausted-by-leak": pool_leak,
    "transaction-held-during-external-call": transaction_held_elsewhere,
    "pool-too-small": pool_too_small,
    "pg-max-connections-by-app": slots_taken_by,
    "pg-role-connection-limit": role_limit,
    "pg-server-down": _unless(
        lambda message: _says(message, _NOT_YET),
        _connect("pg-server-down", (FailureKind.REFUSED,), "nobody listens at the database's address"),
    ),
    "pg-starting-up": starting_up,
    "pg-postmaster-frozen": _connect(
        "pg-postmaster-frozen",
        (FailureKind.TIMEOUT,),
        "the port accepts and nobody answers",
        text=("startup", "no reply", "did not answer"),
        phases=("startup", "authentication"),
    ),
    "pg-port-blocked-by-firewall": _connect(
        "pg-port-blocked-by-firewall",
        (FailureKind.TIMEOUT, FailureKind.UNREACHABLE),
        "no answer to a TCP connection",
        text=("tcp", "connect", "unreachable", "route"),
        phases=("tcp",),
    ),
    "db-password-wrong": _unless(
        _not_the_password,
        _connect("db-password-wrong", (FailureKind.AUTHENTICATION,), "the server refuses the password"),
    ),
    "db-role-missing": role_missing,
    "db-tls-required-or-refused": _connect(
        "db-tls-required-or-refused", (FailureKind.TLS,), "client and server do not agree on TLS"
    ),
    "db-url-wrong-host-or-port": other_database,
    "pg-hba-rejects-host": _connect("pg-hba-rejects-host", (FailureKind.FORBIDDEN,), "host-based access refuses us"),
    "pg-restarted-stale-pool": restarted,
    "db-writes-routed-to-standby": standby,
    "default-transaction-read-only": read_only_default,
    "db-role-expired": role_expired,
    "replica-lag-stale-reads": replica_lag,
}
