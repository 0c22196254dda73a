"""Detectors of what sessions wait for (hot rows, advisory locks, flushes, standbys), and of who stops vacuum."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from diagnostics.causal_map.detect import (
    CERTAIN,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    database_was_read,
    label_number,
    present,
    seconds,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import Reading

Detector = Callable[[Evidence], Finding]
Pair = tuple[str, Reading]

#: So many sessions that wait for one row at once are a queue; one or two are everyday life.
CROWD = 4
#: A holder that is older did not just pass through: it is a long or forgotten transaction.
PASSING_SECONDS = 3.0
#: A wait that anybody feels.
FELT_SECONDS = 0.02
#: A transaction of this age keeps vacuum from removing what died since.
OLD_XACT_SECONDS = 300.0
MANY_DEAD_ROWS = 20_000


def hot_row(evidence: Evidence) -> Finding:
    """Many sessions queue for one row with the same statement, each for a short time, behind changing holders."""
    observations = evidence.observations
    waits = observations.indexed("postgres.lock.wait")
    queues: dict[str, list[Pair]] = {}
    for pair in waits:
        if pair[1].labels.get("wait_event") in ("tuple", "transactionid"):
            queues.setdefault(pair[1].labels.get("waiter_query", ""), []).append(pair)
    if not queues:
        if not database_was_read(evidence):
            return unknown("locks were not read")
        return absent(RULED_OUT if not waits else -4.0, "nobody waits for a row")
    query, pairs = max(queues.items(), key=lambda item: len(_distinct(item[1], "waiter_pid")))
    waiters = _distinct(pairs, "waiter_pid")
    holders = _distinct(pairs, "blocker_pid")
    oldest = max(label_number(r, "blocker_xact_age") for _, r in pairs)
    longest = max(r.value for _, r in pairs)
    samples = observations.readings("postgres.lock.longest")
    lasting = not samples or sum(r.value > FELT_SECONDS for r in samples) * 2 > len(samples)
    if len(waiters) < CROWD or longest < FELT_SECONDS or not lasting:
        return absent(UNLIKELY, f"at most {len(waiters)} session(s) wait for a row with one statement")
    if oldest > PASSING_SECONDS or longest > PASSING_SECONDS:
        return absent(UNLIKELY, f"the row is held by a transaction that is {seconds(max(oldest, longest))} old")
    said = (
        f"{len(waiters)} sessions queue for a row with the same statement, the longest for {seconds(longest)}, behind "
        f"{len(holders)} holder(s) that pass it on: {query[:100]}"
    )
    relation = next((r.labels.get("relation", "") for _, r in pairs if r.labels.get("relation")), "")
    return present(
        CERTAIN if len(holders) >= 2 else TYPICAL,
        said,
        [i for i, _ in pairs[:4]],
        {"query": query, "table": relation},
    )


def advisory_lock(evidence: Evidence) -> Finding:
    """Somebody waits for an advisory lock that a session keeps."""
    waits = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.lock.wait")
        if r.labels.get("wait_event") == "advisory"
    ]
    if not waits:
        if not database_was_read(evidence):
            return unknown("locks were not read")
        return absent(RULED_OUT, "nobody waits for an advisory lock")
    evidence_id, longest = max(waits, key=lambda pair: pair[1].value)
    # Short waits are what advisory locks are for.
    if longest.value < 1:
        return absent(UNLIKELY, f"the longest wait for an advisory lock is {seconds(longest.value)}", [evidence_id])
    kind = longest.labels.get("blocker_kind", "")
    said = (
        f"{len(_distinct(waits, 'waiter_pid'))} session(s) wait for an advisory lock, the longest for "
        f"{seconds(longest.value)}; backend {longest.labels.get('blocker_pid', '?')} "
        f"({longest.labels.get('blocker_application') or 'unnamed application'}, {kind.replace('_', ' ')}) holds it"
    )
    return present(
        CERTAIN + 1 if kind == "idle" else CERTAIN if longest.value > 5 else STRONG,
        said,
        [evidence_id, *[i for i, _ in waits[:3] if i != evidence_id]],
        {
            "backend_pid": longest.labels.get("blocker_pid", ""),
            "application": longest.labels.get("blocker_application", ""),
            "client_pid": longest.labels.get("blocker_client_pid", ""),
        },
    )


def vacuum_blocked(evidence: Evidence) -> Finding:
    """A very old transaction, while dead rows pile up although autovacuum is on."""
    observations = evidence.observations
    if not database_was_read(evidence):
        return unknown("sessions were not read")
    old = [
        (i, r)
        for i, r in observations.indexed("postgres.session")
        if label_number(r, "xact_age") > OLD_XACT_SECONDS and r.labels.get("application", "") != "diagnostics"
    ]
    if not old:
        return absent(-4.0, "no session has a transaction older than some minutes")
    evidence_id, oldest = max(old, key=lambda pair: label_number(pair[1], "xact_age"))
    age = label_number(oldest, "xact_age")
    if not observations.readings("postgres.table.dead_rows"):
        return unknown("dead rows were not counted")
    worst: tuple[float, str, Reading, bool] | None = None
    for dead_id, dead in observations.indexed("postgres.table.dead_rows"):
        table = dead.labels.get("table", "")
        live = observations.value("postgres.table.live_rows", 0.0, table=table) or 0.0
        ratio = dead.value / max(live, 1.0)
        vacuumed = observations.value("postgres.table.since_autovacuum", None, table=table)
        in_vain = vacuumed is not None and vacuumed < age
        off = observations.value("postgres.table.autovacuum_enabled", 1.0, table=table) == 0
        # Autovacuum begins at a fifth of the table: below that dead rows are ordinary.
        if off or dead.value < MANY_DEAD_ROWS or ratio < (0.3 if in_vain else 0.5):
            continue
        if worst is None or (in_vain, ratio) > (worst[3], worst[0]):
            worst = (ratio, dead_id, dead, in_vain)
    if worst is None:
        return absent(UNLIKELY, f"a transaction is {seconds(age)} old, and dead rows do not pile up", [evidence_id])
    _, dead_id, dead, in_vain = worst
    said = (
        f"a transaction of {oldest.labels.get('application') or 'an unnamed application'} is {seconds(age)} old, and "
        f"{dead.labels.get('table', '?')} has {dead.value:.0f} dead rows"
        + (" although autovacuum came by since" if in_vain else "")
    )
    subject = {
        "backend_pid": oldest.labels.get("backend_pid", ""),
        "application": oldest.labels.get("application", ""),
        "query": oldest.labels.get("query", ""),
        "client_pid": oldest.labels.get("client_pid", ""),
        "table": dead.labels.get("table", ""),
    }
    return present(STRONG if in_vain else TYPICAL, said, [evidence_id, dead_id], subject)


def _sessions_wait(
    mechanism: str, events: tuple[str, ...], least: int, longer_than: float, strength: float, words: str
) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        waiting = [
            (i, r)
            for i, r in evidence.observations.indexed("postgres.session", kind="active")
            if r.labels.get("wait_event", "") in events and r.value > longer_than
        ]
        count = len(_distinct(waiting, "backend_pid"))
        if count >= least:
            longest = max(r.value for _, r in waiting)
            said = f"{count} session(s) {words}, the longest for {seconds(longest)}"
            # One more witness than needed makes chance unlikely.
            return present(strength if count > least else min(strength, TYPICAL), said, [i for i, _ in waiting[:5]])
        if database_was_read(evidence):
            return absent(UNLIKELY, f"{count or 'no'} session(s) {words}")
        return unknown("sessions were not read")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"Sessions {words}."
    return detect


def _distinct(pairs: Iterable[Pair], label: str) -> set[str]:
    return {r.labels.get(label, "") for _, r in pairs}


DETECTORS: dict[str, Detector] = {
    "hot-row-contention": hot_row,
    "advisory-lock-held": advisory_lock,
    "vacuum-blocked-by-old-xmin": vacuum_blocked,
    "synchronous-standby-missing": _sessions_wait(
        "synchronous-standby-missing", ("SyncRep",), 1, 2.0, CERTAIN, "wait for a synchronous standby in COMMIT"
    ),
    "track-commit-slow-fsync": _sessions_wait(
        "track-commit-slow-fsync",
        ("WALSync", "WalSync", "WALWrite", "WalWrite"),
        2,
        0.5,
        STRONG,
        "wait for a flush of the WAL",
    ),
    "subtransaction-overflow": _sessions_wait(
        "subtransaction-overflow",
        ("SubtransSLRU", "SubtransBuffer", "SubtransControlLock", "subtrans"),
        3,
        0.5,
        STRONG,
        "wait for the cache of subtransactions",
    ),
}
