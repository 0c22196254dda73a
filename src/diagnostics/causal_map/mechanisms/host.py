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
        recognised_by=(
            "host cpu_percent ~100 while the app process tree uses a small share; runnable load > 2x cores; "
            "PSI cpu some avg10 > 50; top consumer pid is not ours; event-loop lag and p95 of EVERY endpoint "
            "rise together; per-request CPU seconds unchanged. cpu.stat nr_throttled flat (rules out quota)."
        ),
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
        prevention=(
            "CPU weights or limits for every tenant of the host, and an alert on CPU pressure (PSI) instead "
            "of utilisation alone."
        ),
    ),
    Mechanism(
        id="cgroup-cpu-throttled",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The CPU quota throttles the application",
        title_ru="Квота CPU тормозит приложение",
        summary=(
            "The CPU quota of the container is used up in every period, so threads wait although the host "
            "has CPUs left."
        ),
        recognised_by=(
            "cpu.stat nr_throttled rises with nearly every period; the host is not saturated; the run-queue "
            "wait of our threads is high."
        ),
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
        prevention=(
            "A CPU limit taken from measured peaks (or requests without a limit), and nr_throttled on the dashboard."
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
        recognised_by=(
            "statvfs of the target path: free blocks 0 %, free inodes > 0; the database volume is a "
            'different mount with space; logging prints "--- Logging error ---" to stderr while requests '
            "that do not write still work."
        ),
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
        prevention=(
            "An alert on the predicted time until the volume is full, log rotation, and uploads on a volume "
            "of their own."
        ),
    ),
    Mechanism(
        id="filesystem-remounted-read-only",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="A volume became read-only",
        title_ru="Том смонтирован только для чтения",
        summary="The filesystem was remounted read-only (ext4 error, bad mount option).",
        recognised_by=(
            'errno 30 EROFS; /proc/mounts shows "ro" for that mount; free space available; database (other '
            "mount) fine or PANIC if same mount; kernel log has ext4 remount line."
        ),
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
        prevention="Kernel I/O and ext4 errors in monitoring, and a probe write to each volume every minute.",
    ),
    Mechanism(
        id="cgroup-memory-oom-kill",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The kernel kills workers for memory",
        title_ru="Ядро убивает воркеры из-за памяти",
        summary="The process group hits its memory limit; the kernel SIGKILLs a worker without any Python traceback.",
        recognised_by=(
            "memory.oom_control oom_kill counter (v2: memory.events oom_kill) rises at the crash time; "
            'kernel log "Memory cgroup out of memory: Killed process"; exit code -9/137; RSS at the limit '
            "just before. gunicorn prints the same sentence for ANY SIGKILL including its own timeout kill: "
            "look for a preceding WORKER TIMEOUT line."
        ),
        confusable_with=(
            "gunicorn-worker-timeout",
            "memory-leak-steady",
            "worker-segfault-native",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.4),
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
        prevention=(
            "A limit from measured peaks, workers recycled by max_requests, and an alert on oom_kill in memory.events."
        ),
    ),
    Mechanism(
        id="pids-limit-reached",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The limit of processes and threads is reached",
        title_ru="Достигнут лимит процессов и потоков",
        summary="The cgroup pids.max (or ulimit -u) is reached, so no thread or process can be created.",
        recognised_by=(
            "pids.current == pids.max and pids.events max counter rises; fd usage low; RSS low. EMFILE is "
            "errno 24, this is errno 11/EAGAIN. A thread leak shows num_threads growing in OUR process; a "
            "neighbour shows it elsewhere in the cgroup."
        ),
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
        prevention="An alert at 80 % of pids.max, and bounded pools instead of a thread for each request.",
    ),
    Mechanism(
        id="swap-thrash",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The host swaps",
        title_ru="Хост уходит в подкачку",
        summary="Memory overcommitted; pages are swapped in and out, everything stalls without an OOM kill.",
        recognised_by=(
            "swap_in/out rates > 0 continuously; PSI memory full avg10 > 10; major faults per second of our "
            "pids high; iowait. No oom_kill. CPU mostly idle/iowait."
        ),
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
        prevention=(
            "Memory limits that together fit the host, little swap for servers, and an alert on pages "
            "swapped per second."
        ),
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
            Edge(effect="track-commit-slow-fsync", probability=0.4),
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
        prevention=(
            "Backups and bulk jobs with ionice or on another volume, and an alert on io pressure and burst credits."
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
        recognised_by=(
            "The share of the port range in use is near 1; connect fails with EADDRNOTAVAIL; sockets by "
            "state and remote name the peer."
        ),
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
        prevention="Connections kept alive and pooled for each destination, and a gauge of sockets in TIME_WAIT.",
    ),
    Mechanism(
        id="host-clock-skew",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The host's clock is wrong",
        title_ru="Часы хоста неверны",
        summary="Host clock wrong by minutes or more.",
        recognised_by=(
            "offset vs DB clock_timestamp()/HTTP Date header > 30 s; several unrelated failures at once (JWT "
            "iat/exp, TLS not yet valid/expired, S3 RequestTimeTooSkewed); certs fine from elsewhere."
        ),
        confusable_with=(
            "tls-cert-expired",
            "service-account-key-invalid",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.6),
            Edge(effect="requests-fail", probability=0.5),
            Edge(effect="jwt-expired", probability=0.2),
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
        prevention="chrony on every host, with an alert on an offset above one second.",
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
        causes=(
            Edge(effect="requests-fail", probability=0.4),
            Edge(effect="requests-slow", probability=0.4),
            Edge(effect="workers-busy", probability=0.3),
        ),
        detect=DETECTORS["clock-jump-breaks-timeouts"],
        prior=1.0,
        remedies=(
            Remedy(
                id="clock-jump-breaks-timeouts/1",
                title="monotonic",
                plan=("monotonic",),
            ),
        ),
        verification="no negative",
        prevention=(
            "time.monotonic for all durations, held by a linter rule, and a clock that is slewed instead of stepped."
        ),
    ),
    Mechanism(
        id="inodes-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="A volume has no inodes left",
        title_ru="На томе закончились inode",
        summary=(
            "The filesystem has free space but no free inode, so no file can be created; usually millions of "
            "small session, cache or mail files."
        ),
        recognised_by=(
            "df -i shows 100 % while df shows free space; ENOSPC on creating a file, while appending to an "
            "open file works; one directory holds most of the files."
        ),
        confusable_with=(
            "disk-full-app-volume",
            "disk-quota-exceeded",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["inodes-exhausted"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="inodes-exhausted/1",
                title="Remove the small files and stop their source",
                plan=(
                    "Find the directory: du --inodes -x / | sort -n | tail",
                    "delete what is old (find DIR -mtime +7 -delete)",
                    "expire sessions or caches, or move them out of the filesystem",
                    (
                        "where that is not enough, rebuild the filesystem with more inodes (ext4 fixes their "
                        "number at mkfs)"
                    ),
                ),
            ),
        ),
        verification="df -i below 80 % and a file can be created",
        prevention=(
            "An alert on free inodes beside the one on free space, and an expiry for everything that writes "
            "one file per request or session."
        ),
    ),
    Mechanism(
        id="disk-quota-exceeded",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The disk quota is used up",
        title_ru="Исчерпана дисковая квота",
        summary="The user, group or project has reached its quota, although the filesystem itself has space.",
        recognised_by=(
            "errno 122 EDQUOT, not 28 ENOSPC; df shows free space and inodes; quota -s (or repquota, "
            "xfs_quota) shows the owner at its hard limit, or over the soft one beyond the grace period; "
            "other users can write."
        ),
        confusable_with=(
            "disk-full-app-volume",
            "inodes-exhausted",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="disk-quota-exceeded/1",
                title="Free space under the quota or raise it",
                plan=(
                    "quota -s for the user of the service",
                    "delete or move what is old",
                    "raise the limit with setquota, xfs_quota or at the storage provider",
                ),
            ),
        ),
        verification="quota -s is below the limit and a probe write with fsync succeeds",
        prevention="An alert at 80 % of the quota, and rotation of whatever the service writes.",
    ),
    Mechanism(
        id="disk-failing",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="A disk fails",
        title_ru="Диск выходит из строя",
        summary="The device returns I/O errors or takes seconds to retry, so reads and writes fail or hang.",
        recognised_by=(
            "errno 5 EIO; kernel log has I/O error, medium error or nvme timeout lines for one device; SMART "
            "counts reallocated or pending sectors; space and inodes are free; only paths on this device are "
            "concerned."
        ),
        confusable_with=(
            "disk-io-saturated",
            "filesystem-remounted-read-only",
            "data-page-corruption",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="db-queries-slow", probability=0.4),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="disk-failing/1",
                title="Take the data off the device and replace it",
                plan=(
                    "Look at dmesg and smartctl -a",
                    "stop what writes there",
                    "copy the data or fail over to the replica",
                    "replace the device",
                    "check the filesystem and the database before going back",
                ),
            ),
        ),
        verification="no I/O error in the kernel log for a day",
        prevention=(
            "SMART and kernel I/O errors in monitoring, redundant storage, and restores that are tried regularly."
        ),
    ),
    Mechanism(
        id="host-memory-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The host has no memory left",
        title_ru="На хосте закончилась память",
        summary=(
            "All processes together use the host's memory: allocations fail, the page cache is gone, and the "
            "kernel's OOM killer chooses a victim."
        ),
        recognised_by=(
            "MemAvailable of the whole host is near zero, PSI memory rises; kernel log says Out of memory "
            "without Memory cgroup; ENOMEM from fork or mmap; the limit of our cgroup is not reached; the "
            "biggest consumer may be somebody else."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "memory-leak-steady",
            "swap-thrash",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.3),
            Edge(effect="memory-short", probability=0.95),
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="requests-fail", probability=0.4),
            Edge(effect="service-down", probability=0.2),
            Edge(effect="swap-thrash", probability=0.3),
            Edge(effect="pg-out-of-memory", probability=0.1),
        ),
        detect=DETECTORS["host-memory-exhausted"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="host-memory-exhausted/1",
                title="Free memory, then give everybody a limit",
                plan=(
                    "List the biggest processes by resident memory",
                    "stop or restart the one that grew",
                    "put a limit on each service (MemoryMax, container limit)",
                    "move a service away or add memory",
                ),
            ),
        ),
        verification="MemAvailable above 15 %, no new line of the OOM killer",
        prevention=(
            "Memory limits for every service that together fit the host, and an alert on available memory below 10 %."
        ),
    ),
    Mechanism(
        id="shared-memory-too-small",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="Shared memory is too small",
        title_ru="Слишком мало разделяемой памяти",
        summary=(
            "The container's /dev/shm (64 MiB by default in Docker) is too small for parallel queries or "
            "multiprocessing."
        ),
        recognised_by=(
            "could not resize shared memory segment … No space left on device (53100), or Bus error in a "
            "process that uses shared memory; df /dev/shm is full or 64M; the data volume has space; only "
            "parallel queries or worker pools fail."
        ),
        confusable_with=(
            "pg-data-volume-full",
            "disk-full-app-volume",
            "pg-out-of-memory",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.5),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="shared-memory-too-small/1",
                title="Give the container more shared memory",
                plan=(
                    (
                        "Start it with --shm-size=1g (compose: shm_size; Kubernetes: an emptyDir with medium "
                        "Memory on /dev/shm)"
                    ),
                    "until then set max_parallel_workers_per_gather to 0",
                ),
            ),
        ),
        verification="df /dev/shm shows the new size and the parallel query passes",
        prevention="shm_size in the container's definition, sized for work_mem and parallel workers.",
    ),
    Mechanism(
        id="inotify-watches-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="No inotify watch is left",
        title_ru="Исчерпан лимит inotify",
        summary=(
            "The user's limit of inotify watches or instances is used up, so file watchers (reloaders, log "
            "shippers) cannot start."
        ),
        recognised_by=(
            "errno 28 ENOSPC from inotify_add_watch or errno 24 EMFILE from inotify_init while df, df -i and "
            "open descriptors are fine; fs.inotify.max_user_watches or max_user_instances is reached; a file "
            "watcher is in the traceback."
        ),
        confusable_with=(
            "disk-full-app-volume",
            "fd-leak",
        ),
        causes=(
            Edge(effect="service-down", probability=0.3),
            Edge(effect="jobs-stall", probability=0.3),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="inotify-watches-exhausted/1",
                title="Raise the limit or watch less",
                plan=(
                    "Count watches in /proc/*/fdinfo",
                    "sysctl fs.inotify.max_user_watches=524288 and max_user_instances=1024, also in /etc/sysctl.d",
                    "exclude node_modules, .git and data from watching",
                    "no reloader in production",
                ),
            ),
        ),
        verification="the watcher starts",
        prevention="Limits in the host's image, and no reloader in production.",
    ),
    Mechanism(
        id="listen-backlog-overflow",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The kernel drops connections before the application accepts them",
        title_ru="Ядро отбрасывает соединения до их приёма приложением",
        summary=(
            "The queue of a listening socket is full (small backlog or net.core.somaxconn, or accepting "
            "stalls), so new connections are dropped or reset although the service is up."
        ),
        recognised_by=(
            "ListenOverflows and ListenDrops rise; ss -ltn shows Recv-Q at Send-Q for the port; clients see "
            "connect times of 1, 3 or 7 s (SYN retries) or refusals while accepted requests are served at "
            "the usual speed; nothing in the application's log."
        ),
        confusable_with=(
            "worker-count-too-low",
            "traffic-spike-over-capacity",
            "sync-workers-held-by-slow-clients",
            "packet-loss-on-path",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        detect=DETECTORS["listen-backlog-overflow"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="listen-backlog-overflow/1",
                title="Make the queue longer and accept faster",
                plan=(
                    "Compare Send-Q in ss -ltn with net.core.somaxconn (the smaller one counts)",
                    "raise the server's --backlog and somaxconn",
                    "add workers when accepting stalls",
                    "restart the listener: its backlog is fixed at listen()",
                ),
            ),
        ),
        verification="ListenOverflows stays flat under the same load",
        prevention="The server's backlog and somaxconn set for bursts, with an alert on ListenOverflows.",
    ),
    Mechanism(
        id="file-permission-denied",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The service may not read or write a file",
        title_ru="Сервису запрещён доступ к файлу",
        summary=(
            "The service's user lacks a right on a file or directory (changed owner, umask, SELinux, a "
            "volume owned by root)."
        ),
        recognised_by=(
            "errno 13 EACCES (or 1 EPERM); ls -ln shows another owner or mode than the uid of the process; "
            "the volume is not read-only (30 EROFS) and not full; works as root; rights changed with a "
            "deploy, a restore or a new image user."
        ),
        confusable_with=(
            "filesystem-remounted-read-only",
            "file-or-template-missing",
            "config-file-invalid",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="service-down", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="file-permission-denied/1",
                title="Give the service's user the right that it needs",
                plan=(
                    "id of the process and ls -ln of every folder of the path (namei -l)",
                    "chown or chmod the one path, no 777",
                    "check SELinux or AppArmor (ausearch -m avc)",
                    "put the owner into the deploy (COPY --chown, fsGroup)",
                ),
            ),
        ),
        verification="the service's own user can open the path",
        prevention=(
            "Ownership set by the deploy and a check at start that the service can write to each of its folders."
        ),
    ),
    Mechanism(
        id="container-evicted",
        kind=Kind.CAUSE,
        layer=Layer.HOST,
        category=Category.HOST_ENVIRONMENT,
        title="The orchestrator evicted or stopped the container",
        title_ru="Оркестратор вытеснил контейнер",
        summary=(
            "The node ran short of memory, disk or capacity (or a spot node was taken back), and the pod was "
            "evicted or preempted."
        ),
        recognised_by=(
            "kubectl describe pod: Evicted, Preempted or NodeLost with a reason (memory pressure, disk "
            "pressure, ephemeral storage); no traceback and no OOM kill in our cgroup; other pods of the "
            "node went too; SIGTERM in the log."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "host-memory-exhausted",
            "app-process-down",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.7),
            Edge(effect="service-down", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="container-evicted/1",
                title="Relieve the node and set requests",
                plan=(
                    "Read the reason (kubectl describe pod, kubectl get events)",
                    "free the node or add one",
                    "set requests near real use and a limit for ephemeral storage",
                    "more than one replica with a PodDisruptionBudget",
                ),
            ),
        ),
        verification="all replicas run and the node has no pressure condition",
        prevention="Requests and limits from measured use, replicas on several nodes, and a PodDisruptionBudget.",
    ),
)
