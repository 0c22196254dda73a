"""Settings as the application's sessions have them, roles and limits (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import number, reading

Row = Mapping[str, Any]
_SOURCE = "pg_settings"
IMPORTANT = frozenset(
    [
        "max_connections",
        "superuser_reserved_connections",
        "reserved_connections",
        "shared_buffers",
        "work_mem",
        "maintenance_work_mem",
        "effective_cache_size",
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "transaction_timeout",
        "deadlock_timeout",
        "autovacuum",
        "autovacuum_max_workers",
        "autovacuum_naptime",
        "autovacuum_vacuum_cost_limit",
        "autovacuum_vacuum_scale_factor",
        "autovacuum_freeze_max_age",
        "max_wal_size",
        "min_wal_size",
        "checkpoint_timeout",
        "jit",
        "jit_above_cost",
        "random_page_cost",
        "plan_cache_mode",
        "default_transaction_read_only",
        "default_transaction_isolation",
        "synchronous_commit",
        "synchronous_standby_names",
        "fsync",
        "full_page_writes",
        "max_locks_per_transaction",
        "max_prepared_transactions",
        "max_worker_processes",
        "max_parallel_workers_per_gather",
        "temp_file_limit",
        "log_min_duration_statement",
        "log_lock_waits",
        "shared_preload_libraries",
        "password_encryption",
        "ssl",
        "tcp_keepalives_idle",
        "track_activities",
        "track_counts",
        "wal_level",
        "max_wal_senders",
        "hot_standby_feedback",
        "search_path",
        "timezone",
        "timezone_abbreviations",
        "client_encoding",
        "server_encoding",
        "enable_seqscan",
        "enable_indexscan",
        "enable_hashjoin",
        "enable_nestloop",
    ]
)
# Where files lie and what the system's locale is differs from the default on every server and explains
# nothing.
_NOISE = frozenset(
    [
        "config_file",
        "data_directory",
        "hba_file",
        "ident_file",
        "external_pid_file",
        "log_timezone",
        "lc_messages",
        "lc_monetary",
        "lc_numeric",
        "lc_time",
        "default_text_search_config",
        "unix_socket_directories",
        "log_directory",
        "log_filename",
        "log_destination",
        "logging_collector",
        "dynamic_shared_memory_type",
        "cluster_name",
        "event_source",
        "application_name",
        "port",
        "listen_addresses",
        "stats_temp_directory",
        "log_line_prefix",
        "transaction_read_only",
        "transaction_isolation",
        "transaction_deferrable",
        "in_hot_standby",
        "is_superuser",
        "session_authorization",
        "role",
        "DateStyle",
        "IntervalStyle",
        "extra_float_digits",
        "huge_pages_status",
        "shared_memory_size",
        "shared_memory_size_in_huge_pages",
        "num_os_semaphores",
        "wal_buffers",
        "max_stack_depth",
        "primary_conninfo",
        "primary_slot_name",
        "ssl_ca_file",
        "ssl_cert_file",
        "ssl_key_file",
        "lc_collate",
        "lc_ctype",
        "data_directory_mode",
    ]
)
MOST_SETTINGS = 120


def value_of(text: str | None, kind: str) -> float:
    """Return a setting as a number; 0 for a text."""
    if kind == "bool":
        return float(text == "on")
    return number(text) or 0.0 if kind in {"integer", "real"} else 0.0


def observations(
    rows: Sequence[Row],
    overrides: Sequence[Row],
    guards: Iterable[str],
    own_role: str,
    url: Mapping[str, str],
    at: datetime,
) -> Iterable[Observation]:
    """Yield settings; ``guards`` are those that our own session changed, so their reset value counts."""
    ours = frozenset(guards)
    parsed = [parse_override(row) for row in overrides]
    mine = {name: scope for scope, _, role, name, _ in parsed if role in {"", own_role}}
    kinds = {row["name"]: (row["vartype"], row["unit"]) for row in rows}
    shown = 0
    for row in sorted(rows, key=lambda row: (row["name"] not in IMPORTANT, row["name"])):
        name = row["name"]
        text, source = (row["reset_val"] if name in ours else row["setting"]), row["source"]
        if name in ours:
            source = mine.get(name) or ("default" if text == row["boot_val"] else "configuration file")
            source = "url" if name in url else source
        notable = source not in {"default", "override", "client", "session"} and name not in _NOISE
        if (name in IMPORTANT or notable) and shown < MOST_SETTINGS:
            shown += 1
            yield from reading(
                "postgres.setting",
                value_of(text, row["vartype"]),
                Unit.COUNT,
                at,
                _SOURCE,
                setting=name,
                value="(set)" if name.startswith("ssl_passphrase") else text,
                source=source,
                unit=row["unit"],
            )
    for scope, where, role, name, text in parsed:
        vartype, unit = kinds.get(name, ("string", ""))
        yield from reading(
            "postgres.setting",
            value_of(base_units(text, unit) if vartype in {"integer", "real"} else text, vartype),
            Unit.COUNT,
            at,
            "pg_db_role_setting",
            setting=name,
            value=text,
            source=scope,
            unit=unit,
            role=role,
            database=where,
        )
    for name, text in url.items():
        vartype, unit = kinds.get(name, ("string", ""))
        value = value_of(base_units(text, unit) if vartype in {"integer", "real"} else text, vartype)
        yield from reading(
            "postgres.setting",
            value,
            Unit.COUNT,
            at,
            "database URL",
            setting=name,
            value=text,
            source="url",
            unit=unit,
        )


def parse_override(row: Row) -> tuple[str, str, str, str, str]:
    """Return scope, database, role, name and value of a row of pg_db_role_setting."""
    name, _, text = row["setting"].partition("=")
    return ("role" if row["role"] else "database"), row["database"], row["role"], name, text


_SCALE: Mapping[str, Mapping[str, float]] = {
    "ms": {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
    "s": {"us": 1e-6, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400},
    "min": {"ms": 1 / 60_000, "s": 1 / 60, "min": 1, "h": 60, "d": 1440},
    "kB": {"B": 1 / 1024, "kB": 1, "MB": 1024, "GB": 1024**2, "TB": 1024**3},
    "8kB": {"B": 1 / 8192, "kB": 1 / 8, "MB": 128, "GB": 128 * 1024, "TB": 128 * 1024**2},
    "MB": {"B": 1 / 1024**2, "kB": 1 / 1024, "MB": 1, "GB": 1024, "TB": 1024**2},
    "B": {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3},
}


def base_units(text: str, unit: str) -> str:
    """Return ``2s`` as ``2000`` for a setting in ``ms``; text that is no such quantity stays."""
    digits = text.strip().rstrip("BkMGTusmindh ")
    suffix = text.strip()[len(digits) :].strip()
    factor = _SCALE.get(unit, {}).get(suffix)
    value = number(digits)
    return text if factor is None or value is None else f"{value * factor:g}"


def role_observations(roles: Sequence[Row], limits: Sequence[Row], at: datetime) -> Iterable[Observation]:
    """Yield connection limits and expiry dates."""
    for row in roles:
        role = row["role"]
        limit = row["connection_limit"]
        yield from reading("postgres.role.connection_limit", limit, Unit.COUNT, at, "pg_roles", role=role)
        yield from reading("postgres.role.valid_for", row["valid_for"], Unit.SECONDS, at, "pg_roles", role=role)
    for row in limits:
        yield from reading(
            "postgres.database.connection_limit",
            row["connection_limit"],
            Unit.COUNT,
            at,
            "pg_database",
            database=row["database"],
        )
