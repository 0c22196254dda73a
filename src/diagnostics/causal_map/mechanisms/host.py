"""Causes in the layer host."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="host-cpu-saturated-by-neighbour",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="Another process takes the CPUs",
        title_ru="Соседний процесс занял процессоры",
        summary="Another process on the host burns all cores; the app waits for CPU time it cannot get.",
        recognised_by="host cpu_percent ~100 while the app process tree uses a small share; runnable load > 2x cores; PSI cpu some avg10 > 50; top consumer pid is not ours; event-loop lag and p95 of EVERY endpoint rise together; per-request CPU seconds unchanged. cpu.stat nr_throttled flat (rules out quota).",
        confusable_with=(
            "infinite-loop-request",
            "traffic-spike-over-capacity",
        ),
        causes=(
            Edge(effect="cpu-starved", probability=0.95),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["host-cpu-saturated-by-neighbour"],
        prior=2.0,
        remedies=(
            Remedy(
                id="host-cpu-saturated-by-neighbour/1",
                title="Stop the neighbour",
                plan=(
                    "Stop or move the neighbour, set CPU weights",
                    "verify",
                ),
                action="signal-process",
                irreversible=True,
            ),
        ),
        verification="Work-unit time and event-loop lag return to baseline; PSI cpu < 10",
    ),
    Mechanism(
        id="cgroup-cpu-throttled",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The CPU quota throttles the application",
        title_ru="Квота CPU тормозит приложение",
        summary="The CPU quota of the container is used up in every period, so threads wait although the host has CPUs left.",
        recognised_by="cpu.stat nr_throttled rises with nearly every period; the host is not saturated; the run-queue wait of our threads is high.",
        causes=(
            Edge(effect="cpu-starved", probability=0.9),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["cgroup-cpu-throttled"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cgroup-cpu-throttled/1",
                title="Raise the CPU limit, or use fewer threads and processes.",
                plan=("Raise the CPU limit, or use fewer threads and processes.",),
            ),
        ),
    ),
    Mechanism(
        id="disk-full-app-volume",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The application's volume is full",
        title_ru="Том приложения заполнен",
        summary="The filesystem the app writes to (uploads, logs, sessions) has no free blocks.",
        recognised_by='statvfs of the target path: free blocks 0 %, free inodes > 0; the database volume is a different mount with space; logging prints "--- Logging error ---" to stderr while requests that do not write still work.',
        confusable_with=(
            "pg-data-volume-full",
            "filesystem-remounted-read-only",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["disk-full-app-volume"],
        prior=3.0,
        remedies=(
            Remedy(
                id="disk-full-app-volume/1",
                title="Rotate and compress the logs",
                plan=(
                    "Free/rotate/extend",
                    "cap log size",
                ),
                action="rotate-log",
            ),
        ),
        verification="df shows > 10 % free and a probe write + fsync succeeds; upload endpoint 200",
    ),
    Mechanism(
        id="filesystem-remounted-read-only",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="A volume became read-only",
        title_ru="Том смонтирован только для чтения",
        summary="The filesystem was remounted read-only (ext4 error, bad mount option).",
        recognised_by='errno 30 EROFS; /proc/mounts shows "ro" for that mount; free space available; database (other mount) fine or PANIC if same mount; kernel log has ext4 remount line.',
        confusable_with=("disk-full-app-volume",),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["filesystem-remounted-read-only"],
        prior=1.0,
        remedies=(
            Remedy(
                id="filesystem-remounted-read-only/1",
                title="Repair and remount rw",
                plan=("Repair and remount rw",),
            ),
        ),
        verification="probe write succeeds; mount flag rw",
    ),
    Mechanism(
        id="cgroup-memory-oom-kill",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The kernel kills workers for memory",
        title_ru="Ядро убивает воркеры из-за памяти",
        summary="The process group hits its memory limit; the kernel SIGKILLs a worker without any Python traceback.",
        recognised_by='memory.oom_control oom_kill counter (v2: memory.events oom_kill) rises at the crash time; kernel log "Memory cgroup out of memory: Killed process"; exit code -9/137; RSS at the limit just before. gunicorn prints the same sentence for ANY SIGKILL including its own timeout kill: look for a preceding WORKER TIMEOUT line.',
        confusable_with=(
            "gunicorn-worker-timeout",
            "memory-leak-steady",
            "worker-segfault-native",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="service-down", probability=0.4),
            Edge(effect="memory-short", probability=0.5),
        ),
        detect=DETECTORS["cgroup-memory-oom-kill"],
        prior=3.0,
        remedies=(
            Remedy(
                id="cgroup-memory-oom-kill/1",
                title="Raise limit / remove the allocation",
                plan=("Raise limit / remove the allocation",),
            ),
        ),
        verification="oom_kill counter flat for 30 min at the same load",
    ),
    Mechanism(
        id="pids-limit-reached",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The limit of processes and threads is reached",
        title_ru="Достигнут лимит процессов и потоков",
        summary="The cgroup pids.max (or ulimit -u) is reached, so no thread or process can be created.",
        recognised_by="pids.current == pids.max and pids.events max counter rises; fd usage low; RSS low. EMFILE is errno 24, this is errno 11/EAGAIN. A thread leak shows num_threads growing in OUR process; a neighbour shows it elsewhere in the cgroup.",
        confusable_with=(
            "fd-leak",
            "zombie-children-not-reaped",
            "unbounded-thread-creation",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        detect=DETECTORS["pids-limit-reached"],
        prior=1.0,
        remedies=(
            Remedy(
                id="pids-limit-reached/1",
                title="Raise pids.max or remove the leak",
                plan=("Raise pids.max or remove the leak",),
            ),
        ),
        verification="pids.current < 70 % of max; thread creation probe works",
    ),
    Mechanism(
        id="swap-thrash",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The host swaps",
        title_ru="Хост уходит в подкачку",
        summary="Memory overcommitted; pages are swapped in and out, everything stalls without an OOM kill.",
        recognised_by="swap_in/out rates > 0 continuously; PSI memory full avg10 > 10; major faults per second of our pids high; iowait. No oom_kill. CPU mostly idle/iowait.",
        confusable_with=("cgroup-memory-oom-kill",),
        causes=(
            Edge(effect="requests-slow", probability=0.9),
            Edge(effect="memory-short", probability=0.7),
        ),
        detect=DETECTORS["swap-thrash"],
        prior=1.0,
        remedies=(
            Remedy(
                id="swap-thrash/1",
                title="Reduce memory use",
                plan=(
                    "Reduce memory use",
                    "remove ballast",
                ),
            ),
        ),
        verification="PSI memory ~0; swap io 0",
    ),
    Mechanism(
        id="disk-io-saturated",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="Storage is saturated",
        title_ru="Хранилище перегружено",
        summary="Storage cannot keep up: fsync and reads wait, and with them everything that commits or logs.",
        recognised_by="Pressure of io (full) is high; a backup, a vacuum or another process reads or writes much.",
        causes=(
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="db-queries-slow", probability=0.5),
        ),
        detect=DETECTORS["disk-io-saturated"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="disk-io-saturated/1",
                title="Stop or throttle what uses the disk (ionice, backup window), move the data to fa",
                plan=("Stop or throttle what uses the disk (ionice, backup window), move the data to faster storage.",),
            ),
        ),
    ),
    Mechanism(
        id="ephemeral-ports-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="No local port is left",
        title_ru="Закончились локальные порты",
        summary="All local ports for outgoing connections are in use, mostly in TIME_WAIT, so new connections fail.",
        recognised_by="The share of the port range in use is near 1; connect fails with EADDRNOTAVAIL; sockets by state and remote name the peer.",
        causes=(
            Edge(effect="external-call-fails", probability=0.7),
            Edge(effect="db-unreachable", probability=0.5),
            Edge(effect="requests-fail", probability=0.6),
        ),
        detect=DETECTORS["ephemeral-ports-exhausted"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="ephemeral-ports-exhausted/1",
                title="Reuse connections (keep-alive, one client), widen ip_local_port_range.",
                plan=("Reuse connections (keep-alive, one client), widen ip_local_port_range.",),
            ),
        ),
    ),
    Mechanism(
        id="host-clock-skew",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The host's clock is wrong",
        title_ru="Часы хоста неверны",
        summary="Host clock wrong by minutes or more.",
        recognised_by="offset vs DB clock_timestamp()/HTTP Date header > 30 s; several unrelated failures at once (JWT iat/exp, TLS not yet valid/expired, S3 RequestTimeTooSkewed); certs fine from elsewhere.",
        confusable_with=(
            "tls-cert-expired",
            "service-account-key-invalid",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.6),
            Edge(effect="requests-fail", probability=0.5),
        ),
        detect=DETECTORS["host-clock-skew"],
        prior=2.0,
        remedies=(
            Remedy(
                id="host-clock-skew/1",
                title="NTP",
                plan=("NTP",),
            ),
        ),
        verification="offset < 1 s",
    ),
    Mechanism(
        id="clock-jump-breaks-timeouts",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.CODE_DEFECT,
        title="A jump of the clock breaks timeouts",
        title_ru="Скачок часов ломает тайм-ауты",
        summary="NTP step; code uses time.time() for durations.",
        recognised_by="step in offset history; durations negative or huge at that moment only.",
        confusable_with=("host-clock-skew",),
        causes=(Edge(effect="requests-fail", probability=0.4),),
        prior=1.0,
        remedies=(
            Remedy(
                id="clock-jump-breaks-timeouts/1",
                title="monotonic",
                plan=("monotonic",),
            ),
        ),
        verification="no negative",
    ),
)
