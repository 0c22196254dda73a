"""Texts of a sick host: CPU, memory, disks, kernel limits, clock."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "host-cpu-saturated-by-neighbour": [
            (r"cpu (?:steal|throttl)\w*", 2.5),
            (r"load average:? *(?:[2-9]\d|1\d\d)", 2.0),
            (r"(?:soft lockup|rcu_sched detected stalls)", 2.0),
        ],
        "cgroup-cpu-throttled": [
            (r"CPUThrottlingHigh", 6.0),
            (r"nr_throttled|throttled_(?:time|usec)|cfs_(?:quota|throttled)\w*", 4.0),
        ],
        "disk-full-app-volume": [
            (r"No space left on device", 3.5),
            (r"ENOSPC\b", 3.5),
            (r"--- Logging error ---", 1.0),
            (r"Disk quota exceeded|\[Errno 122\]|EDQUOT", 2.0),
            (r"database or disk is full", 4.0),
        ],
        "inodes-exhausted": [
            (r"IUse\b|\binodes\b.{0,20} 100%|out of inodes\b|no free inodes\b|\binodes? exhausted", 6.0),
            (r"No space left on device", 1.0),
        ],
        "disk-quota-exceeded": [(r"Disk quota exceeded|\[Errno 122\]|EDQUOT", 6.0)],
        "disk-io-saturated": [
            (r"task \S{1,60} blocked for more than \d+ seconds", 4.0),
            (r"hung_task_timeout_secs", 4.0),
            (r"Buffer I/O error|blk_update_request: I/O error|QID \d+ timeout\b|I/O error, dev\b", 3.0),
            (r"VolumeQueueLength|BurstBalance", 3.0),
        ],
        "disk-failing": [
            (
                r"Buffer I/O error|blk_update_request: I/O error|I/O error, dev\b|Medium Error|uncorrectable sector",
                5.0,
            ),
            (r"\[Errno 5\] Input/output error", 5.0),
            (r"SMART .{0,40}(?:FAIL|prefail)", 4.0),
        ],
        "cgroup-memory-oom-kill": [
            (r"Memory cgroup out of memory", 6.0),
            (r"oom-kill:constraint|oom_reaper|invoked oom-killer|oom_kill [1-9]", 6.0),
            (r"OOMKilled|OOM killed", 5.5),
            (r"Out of memory: Kill(?:ed)? process", 6.0),
            # gunicorn says so of any SIGKILL; only the kernel knows.
            (r"was sent SIGKILL! Perhaps out of memory", 1.2),
            (r"exit(?:ed)?(?: with)?(?: code| status)?:? ?\b137\b", 1.5),
            (r"Killed process \d+", 4.0),
            (r"signal 9 \(SIGKILL\)", 1.0),
        ],
        "host-memory-exhausted": [
            (r"Out of memory: Kill(?:ed)? process", 3.0),
            (r"\[Errno 12\] Cannot allocate memory", 5.0),
            (r"page allocation failure", 4.0),
            (r"fork: Cannot allocate memory", 5.0),
        ],
        "shared-memory-too-small": [
            (r"could not resize shared memory segment", 6.0),
            (r"\bdev/shm.{0,80}No space left", 6.0),
            (r"insufficient shared memory \(shm\)|unable to (?:open|allocate) shared memory", 4.0),
        ],
        "pids-limit-reached": [
            (r"can't start new thread", 2.5),
            (r"BlockingIOError: \[Errno 11\]", 3.0),
            (r"fork: (?:retry: )?Resource temporarily unavailable", 4.0),
            (r"fork rejected by pids controller", 6.0),
            (r"pthread_create failed|unable to create (?:new )?native thread", 3.0),
        ],
        "filesystem-remounted-read-only": [
            (r"Read-only file system", 5.5),
            (r"\[Errno 30\]|EROFS\b", 5.0),
            (r"[Rr]emounting filesystem read-only", 6.0),
            (r"EXT4-fs error|XFS .{0,60}(?:shutdown|corruption)", 3.0),
        ],
        "swap-thrash": [
            (r"kswapd\d?\b", 3.0),
            (r"swap (?:in/out|usage|used).{0,20}(?:9\d|100) ?%", 3.0),
            (r"pswpin|pswpout", 3.0),
        ],
        "inotify-watches-exhausted": [
            (r"inotify (?:watch|instance)s? limit reached|max_user_(?:watches|instances)", 6.0),
        ],
        "ephemeral-ports-exhausted": [
            (r"Cannot assign requested address", 4.5),
            (r"EADDRNOTAVAIL|\[Errno 99\]", 4.5),
            (r"TIME_WAIT", 1.5),
        ],
        "listen-backlog-overflow": [
            (r"possible SYN flooding on port", 5.0),
            (r"times the listen queue of a socket overflowed|ListenOverflows|ListenDrops", 6.0),
        ],
        "conntrack-table-full": [
            (r"nf_conntrack: (?:nf_conntrack: )?table full", 6.0),
            (r"nf_conntrack", 2.0),
        ],
        "host-clock-skew": [
            (r"Token must be a short-lived token .{0,60}reasonable timeframe", 5.5),
            (r"RequestTimeTooSkewed", 6.0),
            (r"difference between the request time and the (?:current|server) time is too large", 6.0),
            (r"certificate is not yet valid", 4.0),
            (r"(?:Token|The token) (?:is not yet valid|used too early|used before issued)", 4.5),
            (r"ImmatureSignatureError", 5.0),
            (r"Signature (?:not yet current|expired: .{0,40}is now (?:earlier|later))", 5.0),
            (r"Timestamp for this request (?:is|was) .{0,60}(?:ahead|outside)", 5.0),
            (
                r"(?:chronyd|chrony|ntpd|systemd-timesyncd)\b.{0,80}(?:unsynchroni[sz]ed|no (?:selectable|server)|can't synchronise)",
                4.0,
            ),
            (r"System clock (?:wrong|not synchroni[sz]ed)", 5.0),
            (r"invalid_grant: Invalid JWT: Token", 3.0),
        ],
        "file-permission-denied": [
            (r"PermissionError: \[Errno 13\]", 4.5),
            (r"\[Errno 13\] Permission denied", 4.0),
            (r"\[Errno 1\] Operation not permitted", 3.0),
            (r"avc: +denied|apparmor=\"DENIED\"", 6.0),
        ],
        "container-evicted": [
            (r"The node (?:was low on resource|had condition)", 6.0),
            (r"evicted\b", 4.0),
            (r"DiskPressure|MemoryPressure", 4.0),
            (r"FailedScheduling|Insufficient (?:cpu|memory)", 4.0),
        ],
    }
)

STORIES = table(
    {
        "host-cpu-saturated-by-neighbour": [
            (
                (
                    r"(?:ffmpeg|transcod\w*|training|backup|antivirus|miner|compil\w+|build|gzip|rsync|\w*scan\w*) .{0,60}"
                    r"(?:same (?:box|host|machine|vm|server)|all cores|both cores|100 ?% cpu)"
                ),
                4.0,
            ),
            (r"(?:same|shared) (?:box|host|machine|vm|server)\b", 2.5),
            (r"noisy neighbou?r|steal (?:time )?(?:is |of |at )?\d+|\d+ ?% (?:cpu )?steal\b|cpu steal", 4.5),
            (r"load average (?:of |is |was )?\d{2,}", 3.0),
            (r"load average", 1.0),
            (r"(?:на том же|на этом же|том же) (?:сервере|хосте|железе|машине)", 3.0),
            (r"(?:top|htop) (?:shows|показывает)", 1.5),
            (r"(?:all|both) (?:\d+ )?cores|все ядра|оба ядра", 2.0),
            (r"сосед\w* (?:по хосту|сервис|процесс|контейнер)", 3.5),
        ],
        "cgroup-cpu-throttled": [
            (r"throttl(?:ed|ing) .{0,30}(?:cpu|cgroup|cfs)|(?:cpu|cgroup|cfs) .{0,30}throttl(?:ed|ing)", 4.5),
            (r"cpu[- ]limit|cpu quota|лимит\w* (?:на )?(?:cpu|цпу|процессор)", 3.0),
        ],
        "disk-full-app-volume": [
            (r"uploads? .{0,30}(?:fail|stop)\w*.{0,40}logg?(?:ing|s)\b.{0,20}(?:stop|fail|too)\w*", 3.0),
            (
                r"disk (?:is |was |got |became )?(?:full|filled)|full disk|out of disk|fills? (?:up )?(?:the |our )?disk",
                3.5,
            ),
            (r"eat(?:s|ing)? (?:up )?(?:all |the )*disk|no (?:free |disk )?space", 3.5),
            (
                r"(?:диск|раздел|том)\w*\b.{0,30} (?:забит|заполнен|переполнен|кончил|закончил|занят на)\w*|(?:забил|заполнил|переполнил)\w* (?:весь )?(?:диск|раздел|том)\w*|место (?:на диске )?(?:кончил|законч)\w*",
                4.0,
            ),
            (r"(?:кончил|закончил)\w* место", 4.0),
            (
                (
                    r"(?:dumps?|backups?|archives?|logs?|core files?|temp\w* files?|uploads?|old releases) .{0,60}(?:fill|eat|consum|use|took|take|occup)\w*"
                    r" .{0,20}(?:it|disk|partition|volume|space)|(?:same|root|log|data) partition"
                ),
                3.0,
            ),
            (
                r"df (?:-h )?(?:shows?|says?|показывает)|100 ?% (?:used|full)|df shows|partition (?:is )?(?:full|at 100)",
                3.0,
            ),
        ],
        "inodes-exhausted": [(r"inodes?|айнод\w*|инод\w*", 4.0), (r"df -i", 5.0)],
        "disk-io-saturated": [
            (
                r"io ?wait|i/o wait|disks? (?:util\w*|latency|(?:is |are )?busy|queue|i/o)|iops|burst (?:balance|credit)\w*",
                4.2,
            ),
            (r"дисков\w* (?:очередь|подсистем\w*)|диск загружен|тормозит диск", 3.0),
        ],
        "cgroup-memory-oom-kill": [
            (
                r"(?:workers?|pods?|containers?|process(?:es)?) .{0,20}(?:disappear|vanish|die|are gone)\w*.{0,40}nothing in the",
                2.5,
            ),
            (r"oom|out of memory|memory limit|cgroup", 2.5),
            (r"limit \d+ ?[mg]i?b?", 1.5),
            (r"(?:лимит|ограничен)\w* памяти|нехватк\w* памяти|убива\w* по памяти", 3.0),
            (r"(?:dmesg|kernel|ядр\w) .{0,40}(?:kill|убил)\w*", 2.5),
            (r"(?:workers?|pods?|containers?) (?:disappear|vanish|are killed|is killed|get killed)\w*", 1.5),
        ],
        "pids-limit-reached": [
            (r"pids?[._ -](?:max|limit)|--pids-limit|ulimit -u|nproc|TasksMax|лимит\w* процессов", 4.5),
        ],
        "filesystem-remounted-read-only": [
            (r"read[- ]only (?:file ?system|mount|fs)|remount\w*|смонтирован\w* .{0,30}(?:чтен|read)", 4.0),
        ],
        "swap-thrash": [
            (r"swap(?:ping|ped)?\b|своп\w*", 2.5),
            (
                r"(?:whole )?(?:box|machine|host|server) .{0,40}(?:answers|responds) after|ssh .{0,30}(?:slow|takes|hang)\w*",
                2.0,
            ),
            (r"si/so|vmstat", 2.0),
        ],
        "ephemeral-ports-exhausted": [(r"time_wait|ephemeral ports?|эфемерн\w* порт\w*|ip_local_port_range", 4.0)],
        "listen-backlog-overflow": [(r"somaxconn|listen (?:queue|backlog)|syn flood\w*|backlog", 3.0)],
        "conntrack-table-full": [(r"conntrack", 4.0)],
        "host-clock-skew": [
            (
                r"clock (?:is |was |runs |of )?.{0,30}(?:wrong|behind|ahead|skew|drift|off|slow|fast)\w*|wrong (?:clock|time)",
                4.0,
            ),
            (
                r"(?:minutes?|hours?|seconds?|days?) (?:ahead|behind)|clock skew|time drift|chrony\w*|ntp\w*|timesync\w*",
                2.5,
            ),
            (r"restored from (?:a )?snapshot|resumed from (?:suspend|snapshot)|suspended laptop", 1.5),
            (
                r"час\w* (?:на сервере |хоста )?(?:спеш|отста|ушл|сбил)\w*|врем\w* на (?:сервере|хосте|машине)",
                4.0,
            ),
            (r"(?:отстают|спешат) на|рассинхрон\w* времени", 4.0),
        ],
        "file-permission-denied": [
            (
                r"(?:chown|chmod|selinux|apparmor|owned by root|владел\w* root|прав\w* на (?:файл|каталог|папк)\w*)",
                3.0,
            ),
        ],
        "container-evicted": [(r"evict\w*|node (?:drain|pressure)|disk ?pressure|вытесн\w*", 3.0)],
    }
)
