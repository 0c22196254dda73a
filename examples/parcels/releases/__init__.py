"""Alternative releases of the parcel service, as edits of its source: commits that somebody might have made.

The files have neutral names, and nothing of this folder is copied beside the running service: what a release
does is only known here. `RELEASES` says which fault is which file; where the meeting scheduler has the same
fault, it has the same name.
"""

from __future__ import annotations

RELEASES: dict[str, str] = {
    "leaks_connection": "r01",
    "leaks_memory": "r02",
    "leaks_descriptors": "r03",
    "crashes": "r04",
    "n_plus_one": "r05",
    "lock_order": "r06",
    "busy_loop": "r07",
    "holds_transaction": "r08",
    "no_backoff": "r09",
    "missing_migration": "r10",
    "requires_variable": "r11",
    "missing_module": "r12",
    "wrong_payload": "r13",
    "naive_datetime": "r14",
    "leaks_sockets": "r15",
    "leaks_threads": "r16",
    "unindexed_query": "r17",
    "harmless": "r18",
    "harmless_migration": "r19",
    "outlasts_timeout": "r20",
    "fails_at_import": "r21",
}
