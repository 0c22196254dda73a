"""Alternative releases of the service, as edits of its source: commits that somebody might have made.

The files have neutral names, and nothing of this folder is copied beside the running service: what a release
does is only known here. `RELEASES` says which fault is which file.
"""

from __future__ import annotations

RELEASES: dict[str, str] = {
    "leaks_connection": "r01",
    "blocks_loop": "r02",
    "leaks_memory": "r03",
    "leaks_descriptors": "r04",
    "crashes": "r05",
    "n_plus_one": "r06",
    "lock_order": "r07",
    "busy_loop": "r08",
    "lazy_load": "r09",
    "holds_transaction": "r10",
    "no_backoff": "r11",
    "missing_migration": "r12",
    "requires_variable": "r13",
    "missing_module": "r14",
    "leaks_threads": "r15",
    "wrong_payload": "r16",
    "naive_datetime": "r17",
    "leaks_sockets": "r18",
    "polls_tightly": "r19",
    "deadlocks_threads": "r20",
    "unindexed_query": "r21",
    "harmless": "r22",
    "harmless_migration": "r23",
    "open_answers": "r65",
    "removed_name": "r66",
    "native_library": "r67",
    "circular_import": "r68",
    "asynchronous_statistics": "r69",
    "service_account": "r70",
    "api_key": "r71",
    "session_tokens": "r72",
    "webhooks": "r73",
    "allowed_hosts": "r74",
    "bot_updates": "r75",
    "resolved_once": "r76",
}
