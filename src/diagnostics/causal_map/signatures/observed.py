"""What people saw when they looked: the output of tools, views of the database, numbers that speak for one cause."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table
from diagnostics.causal_map.signatures.stories import near

SIGNATURES = table({})

STORIES = table(
    {
        "disk-io-saturated": [
            (
                r"%util|(?:iostat|sar|iotop|dstat|nvme|ebs|vda|sda|xvda)\b[^.;]{0,60}(?:100|9\d|await|busy|queue|saturat\w*)|await (?:is |of )?\d{2,}|read_iops|write_iops|iops limit",
                4.0,
            ),
            (
                near(
                    r"tarball|backup|dump|rsync|copy\w*|бэкап\w*|архив\w*|дамп\w*",
                    r"(?:disk|i/?o|stutter\w*|while (?:it is |the \w+ is )?writ\w*|is written|диск\w*)",
                ),
                2.5,
            ),
        ],
        "host-cpu-saturated-by-neighbour": [
            (
                r"kdevtmpfsi|kinsing|xmrig|min(?:er|ing)\b[^.;]{0,30}(?:coins?|crypto|monero|on the)|(?:crypto|coin)[- ]?min\w*|(?:process|pid) \S{1,30} (?:at|uses|takes|eats|with) \d{3} ?%|майн\w*",
                4.5,
            ),
            (r"st(?:eal)?[ =:]+\d{2}|%steal", 4.0),
        ],
        "ephemeral-ports-exhausted": [(r"\d+ ?k? (?:sockets? )?in TIME[-_]WAIT|ss -s\b", 4.0)],
        "fd-leak": [(r"/proc/(?:pid|\d+|self)/fd|lsof\b|ulimit -n|open file descriptors|CLOSE[-_]WAIT", 3.5)],
        "cgroup-memory-oom-kill": [
            (r"(?:went|goes|gone) over (?:its|the|their) (?:\d+ ?[mg]i?b?|memory|limit)|memory\.max|\d+ ?Mi\b", 3.0)
        ],
        "filesystem-remounted-read-only": [
            (r"touch \S+ fails|journal abort\w*|errors=remount-ro|нельзя (?:ничего )?записать", 3.5)
        ],
        "inodes-exhausted": [(r"millions? of (?:tiny |small )?files|миллион\w* (?:мелких |маленьких )?файл\w*", 3.5)],
        "disk-full-app-volume": [
            (
                near(
                    r"(?:root|/|/var\S*|/home\S*|/tmp|disk|partition|filesystem|fs|диск\w*|раздел\w*)",
                    r"(?:is |at |hit |used )+(?:9\d|100)(?:\.\d+)? ?%|заполнен\w* на (?:9\d|100)",
                ),
                3.5,
            ),
            (
                near(
                    r"(?:logs?|dumps?|uploads?|cores?|docker (?:images|layers)|лог\w*|дамп\w*)",
                    r"(?:ate|eats?|eaten|filled|took all|consumed) (?:the |all |up )?(?:root|disk|/var|/|space|partition)?|(?:съели|съел|сожрал\w*|занял\w*) (?:весь |всё |корень|диск|раздел|место)\w*",
                ),
                3.5,
            ),
        ],
        "swap-thrash": [(r"\bsi\b.{0,10}\bso\b|vmstat|swapoff|swappiness", 3.0)],
        "cgroup-cpu-throttled": [(r"cpu\.stat|cpu\.max|millicores|limits?: ?cpu|(?:cpu )?limit of \d+m\b", 3.5)],
        "host-clock-skew": [(r"timedatectl|chronyc|ntpq|date (?:shows|on that)", 3.5)],
        # process
        "eventloop-blocked-sync-io": [
            (
                near(
                    r"(?:bcrypt|argon2|pandas|pillow|resize|regex|zip\w*|json\.loads|excel|pdf|hash\w*|time\.sleep|requests|psycopg2)",
                    r"(?:coroutine|async|nobody else|everybody (?:else )?waits|event loop|whole (?:api|app)|all (?:other )?(?:users|requests|endpoints))",
                ),
                4.0,
            ),
            (r"slow_callback_duration|loop lag|event loop (?:lag|blocked|stalls?)", 4.5),
        ],
        "crash-loop-on-boot": [
            (
                near(
                    r"(?:up for|lives?|alive for|runs for) (?:\w+ )?(?:\d+ |four |five |ten |three |two |a few )?seconds",
                    r"gone|again|restart\w*|times|dies",
                ),
                3.5,
            ),
            (
                r"restart(?:s|ed)? (?:count(?:er)? )?(?:is )?\d{2,}|(?:forty|fifty|dozens of|hundreds of) (?:times|restarts)",
                2.0,
            ),
        ],
        "gc-or-fork-pause-huge-heap": [
            (
                r"gc\.(?:callbacks|collect|freeze|get_stats)|generation 2|gen ?2\b|(?:halts?|pauses?|stops?) for (?:two|three|\d+) seconds",
                3.5,
            )
        ],
        "worker-count-too-low": [
            (
                r"(?:default|only|just|single) (?:of )?(?:one|1|a single) (?:sync )?(?:worker|process)|stand in line|one request at a time|по одному запросу|один воркер",
                4.0,
            )
        ],
        "memory-leak-steady": [(r"tracemalloc|objgraph|memray|heap ?dump", 3.0)],
        "thread-deadlock-lock-order": [
            (
                near(
                    r"py-spy|faulthandler|stack ?dump|threads?",
                    r"(?:acquire|\block\b|each other|\.join\(\)|condition\.wait)",
                ),
                3.0,
            )
        ],
        "infinite-loop-request": [
            (
                near(
                    r"py-spy|top\b|one process|один процесс",
                    r"(?:same line|while True|100 ?% (?:of )?(?:a |one )?(?:cpu|core)|one core|spins?)",
                ),
                3.0,
            )
        ],
        "graceful-shutdown-too-short": [
            (
                near(
                    r"during (?:a |the |each |every )?(?:deploy\w*|rollout|restart\w*|release)|while (?:we )?deploy\w*|at (?:each|every) deploy\w*|во время (?:деплоя|выкатки|релиза|рестарта)",
                    r"(?:bad gateway|502|503|error page|errors?|unavailable|down for|ошибк\w*|недоступ\w*)",
                ),
                3.5,
            ),
            (
                r"old (?:workers|pods|processes|containers) (?:are |were )?(?:stopped|killed|removed) (?:at once|immediately|before|too early)",
                4.0,
            ),
            (
                near(
                    r"in[- ]flight|running requests|open requests|незаконченн\w* запрос\w*",
                    r"(?:killed|cut|lost|502|SIGTERM|deploy\w*|deadline|обрыв\w*)",
                ),
                3.5,
            ),
        ],
        # database
        "pg-max-connections-by-app": [
            (
                near(
                    r"(?:lambda\w*|functions?|replicas?|pods?|workers?|processes)",
                    r"(?:each|own|every)[^.;]{0,20}(?:session|connection|pool)s?|opens? (?:its|their|an) own",
                ),
                3.0,
            ),
            (r"numbackends|max_connections ?[=:]? ?\d+", 2.5),
        ],
        "sqlalchemy-pool-exhausted-by-leak": [
            (r"\d+ (?:backends?|sessions?|connections?)[^.;]{0,20} idle in transaction", 4.5),
            (
                near(
                    r"(?:database |db )?connections?|сессии|соединени\w*",
                    r"(?:leak\w*|ran out|running out|used up by|утека\w*|теч[её]т|кончил\w*)",
                ),
                3.5,
            ),
            (
                near(
                    r"(?:checked[- ]out|connections?|sessions?)",
                    r"(?:only goes up|never goes down|never (?:gives|given|goes) back|not given back|pool\.status|growing until|до перезапуска раст\w*)",
                ),
                4.0,
            ),
        ],
        "pg-restarted-stale-pool": [
            (
                near(
                    r"(?:rds|aurora|cloud ?sql|database|postgres\w*|db)",
                    r"(?:patched|rebooted|restarted|failed over|minor (?:version )?upgrade)",
                ),
                3.0,
            )
        ],
        "db-writes-routed-to-standby": [
            (
                near(
                    r"(?:haproxy|pgpool|dns|patroni|load balancer|proxy|route\w*|send\w*)",
                    r"(?:follower|replica|standby|secondary|slave|old primary|реплик\w*)",
                ),
                3.5,
            ),
            (r"pg_is_in_recovery", 4.0),
        ],
        "pgbouncer-transaction-prepared-statements": [
            (
                r"(?:supavisor|pgcat|rds proxy|odyssey|pgbouncer|pooler)[^.;]{0,60}(?:random|fail\w*|prepared|6543|transaction)",
                3.0,
            )
        ],
        "ddl-lock-queue": [
            (
                near(
                    r"(?:alembic upgrade|migrate\b|migration|ALTER TABLE|add(?:ed|ing|s)? (?:an? )?(?:foreign key|column|constraint|index)|миграци\w*)",
                    r"(?:froze\w*|hung|hangs?|stuck|waits?|locked|stopped|Lock/relation|relation lock|висел\w*|вис\w*|встал\w*)",
                ),
                4.0,
            ),
            (r"Lock/relation|AccessExclusive\w*", 4.0),
        ],
        "idle-in-transaction-blocks-writers": [
            (
                near(
                    r"(?:notebook|console|dbeaver|pgadmin|datagrip|psql|script|session|аналитик\w*|консол\w*)",
                    r"(?:holds?|held|keeps?|left|open since|since yesterday|идёт со вчера|держит|открыт\w* со)",
                ),
                3.5,
            )
        ],
        "deadlock-app-lock-order": [
            (near(r"(?:two|both|jobs?|sync|checkout|import)", r"(?:kill|block|abort)s? each other"), 3.0)
        ],
        "hot-row-contention": [(r"transactionid\b|tuple lock|wait_event (?:tuple|transactionid)", 3.0)],
        "n-plus-one-queries": [
            (
                near(
                    r"(?:same|identical|repeated|duplicate[ds]?|one|a) (?:sql )?(?:quer(?:y|ies)|lookup|select)s?",
                    r"(?:repeated|per (?:row|item|field|record|line|object)|for (?:each|every)|again for|own lookup|many times (?:per|in) )|per (?:row|item|field|record)",
                ),
                3.5,
            ),
            (
                r"(?:\d{3,}) (?:\w+ )?(?:queries|selects|statements)|debug[- ]toolbar|(?:expensive|heavy) query .{0,20}many times",
                3.0,
            ),
            (
                r"\d{2,} (?:spans|sql|selects?|queries|statements)\b|for each of \d+|walks? \w+\.\w+|prefetch_related|selectinload",
                3.5,
            ),
        ],
        "missing-index-seq-scan": [
            (
                near(
                    r"index\w*|индекс\w*",
                    r"(?:dropped|lost|missing|removed|not (?:created|restored)|forgotten|удал\w*|потер\w*|забы\w*|пропал\w*)",
                ),
                4.0,
            ),
            (r"Seq Scan|Rows Removed by Filter|rows_examined|idx_scan|seq_scan", 4.0),
        ],
        "table-bloat-autovacuum-off": [(r"n_dead_tup|pgstattuple|dead tuples|last_autovacuum", 4.5)],
        "vacuum-blocked-by-old-xmin": [(r"backend_xmin|xmin horizon|oldest xmin", 4.5)],
        "stale-statistics-bad-plan": [
            (
                r"(?:expects?|estimates?|estimated) (?:\d+|one|a single) rows?[^.;]{0,40}(?:gets?|actual|finds?|returns?) \d+|last_analyze",
                4.0,
            )
        ],
        "replica-lag-stale-reads": [(r"pg_last_xact_replay\w*|replay_lag|lag (?:is |of )?\d+ ?(?:s|sec|min|mb)", 3.5)],
        "pg-data-volume-full": [
            (
                near(
                    r"(?:disk|volume|partition|storage|диск\w*)",
                    r"(?:full|100 ?%|no space|ran out)[^.;]{0,60}(?:postgres\w*|database|db|баз\w*)|(?:postgres\w*|database|db|баз\w*)[^.;]{0,40}(?:fails to start|cannot start|does not start|crash\w*|stopped|не (?:старт|запуск|поднима)\w*)",
                ),
                3.0,
            ),
            (
                near(
                    r"(?:database|db|data|pg\w*|postgres\w*) (?:volume|disk|partition|directory)|pg_wal|диск\w* (?:с )?баз\w*",
                    r"(?:100 ?%|full|no space|filled|biggest|заполн\w*|кончил\w*)",
                ),
                4.0,
            ),
        ],
        "replication-slot-retains-wal": [(r"pg_replication_slots|restart_lsn|debezium|inactive slot", 4.0)],
        # schema and data
        "migration-not-applied-missing-column": [
            (
                r"(?:forgot\w*|skipped|without|no|missed) (?:to )?(?:run(?:ning)? )?(?:the )?(?:flask db|alembic|manage\.py|django)? ?(?:db )?(?:upgrade|migrate|migrations?)\b",
                3.5,
            )
        ],
        "bad-upstream-null": [
            (
                near(
                    r"(?:erp|1c|sap|supplier|partner|feed|csv|export|import|1с|выгрузк\w*|поставщик\w*)",
                    r"(?:empty|blank|null|without|missing|left|row \d+|line \d+|stops|пуст\w*|строк\w* \d+|не заполн\w*)",
                ),
                3.5,
            )
        ],
        "text-encoding-mismatch": [
            (
                near(
                    r"(?:names?|letters|file|terminal|text|csv|имена|текст\w*|файл\w*)",
                    r"(?:umlaut\w*|accent\w*|latin-?1|cp125\d|windows-125\d|iso-8859\S*|cyrillic|кракозябр\w*)",
                ),
                4.0,
            )
        ],
        # third parties
        "external-response-schema-changed": [
            (
                near(
                    r"(?:api|portal|feed|upstream|response|json|endpoint|provider|they|their (?:side|app|site))",
                    r"(?:may have changed|might have changed|(?:has|have|was|were|got) (?:been )?(?:changed|updated|redesigned|migrated)|new version|release notes|released (?:a )?new|pushed an update|обновил\w*|помен\w*|измен\w*)",
                ),
                3.0,
            ),
            (
                near(
                    r"(?:supplier|partner|provider|vendor|they|api|marketplace|bank|поставщик\w*|партн[её]р\w*|они)",
                    r"(?:wraps?|wrapped|renamed|nested|moved|as of today|did not expect|now (?:returns?|sends?|a list|an object)|different (?:shape|key)|v\d of (?:their|the)|теперь (?:шл[её]т|отда[её]т|присыла)\w*)",
                ),
                3.5,
            ),
        ],
        "external-api-rate-limited": [
            (
                r"\d+ (?:calls?|requests?|messages?) (?:an?|per) (?:hour|minute|second|day)[^.;]{0,40}(?:stop\w*|limit\w*|refus\w*|then)|(?:stops?|stuck|refused) after \d+ (?:calls?|requests?|messages?)?|API rate limit",
                3.5,
            )
        ],
        "external-api-5xx": [
            (
                near(
                    r"(?:they|their|them|у них|у партн[её]ра|у провайдера|на их стороне|они) ?(?:themselves|own|side|самих|сами)?",
                    r"(?:cannot reach|database is down|is broken|has an outage|лежит|упал\w*|не достуч\w*|сломал\w*|авари\w*)",
                ),
                3.5,
            ),
            (
                near(
                    r"(?:answers?|returns?|responds?|отвеча\w*|возвраща\w*)",
                    r"50[0234]\b[^.;]{0,30}(?:to all|to everybody|for everyone|всем)|(?:incident|status) page",
                ),
                4.0,
            ),
        ],
        # credentials
        "oauth-client-secret-rotated": [
            (
                near(
                    r"(?:azure|google|okta|github|entra|keycloak|oauth)[^.;]{0,20}(?:app|client|application)?[^.;]{0,10}secret",
                    r"(?:ran out|expired|rotated|old|deleted|истек\w*)",
                ),
                4.5,
            )
        ],
        "jwt-signing-key-mismatch": [
            (
                near(
                    r"(?:each|every) (?:pod|worker|replica|node|instance|container)",
                    r"(?:own|different|random) (?:secret|key)|made up",
                ),
                4.0,
            )
        ],
        "db-password-wrong": [
            (
                near(
                    r"(?:password|secret|пароль|секрет)",
                    r"(?:newline|whitespace|special character|url-?encod\w*|old one|wrong|edited|перевод строки|пробел\w*|старый)",
                ),
                3.0,
            )
        ],
        # network and configuration
        "tls-cert-expired": [
            (
                near(
                    r"certbot|acme|let'?s ?encrypt|cert-manager|renew\w*",
                    r"(?:off|failed|stopped|not running|months|broken|disabled|выключ\w*|не работа\w*)",
                ),
                3.5,
            )
        ],
        "dns-server-unreachable": [
            (
                near(
                    r"(?:lookups?|node-local-dns|coredns|nameserver|resolver|dig\b|nslookup)",
                    r"(?:fail\w*|crash\w*|time\w*|servfail|down|lost|не отвеча\w*)",
                ),
                4.0,
            )
        ],
        "proxy-misconfigured": [(r"\bno_proxy\b|through (?:the )?(?:squid|proxy)|https?_proxy", 4.0)],
        "mtu-blackhole": [(r"\bMTU\b|\bMSS\b|ping -s|-M do", 4.0)],
        "packet-loss-on-path": [(r"mtr\b|traceroute|\d{1,3} ?% (?:packet )?loss", 4.0)],
        "env-var-missing": [
            (
                near(
                    r"[A-Z][A-Z0-9]*_[A-Z0-9_]+",
                    r"(?:is )?(?:not|missing|absent|unset|forgotten)[^.;]{0,20}(?:in|from|set)?|new values file",
                ),
                2.5,
            )
        ],
        "module-missing": [
            (
                r"--only main|without dev|slim image|requirements\.txt (?:lacks|misses|without)|not in requirements|extras? not installed",
                3.5,
            )
        ],
        "config-change-bad-value": [
            (
                near(
                    r"(?:feature )?flag|setting|toggle|percentage|values? file|configmap|флаг\w*|настройк\w*",
                    r"(?:set to|instead of|changed to|switched to|was 0|applied|вместо|выстав\w*|переключ\w*)",
                ),
                3.5,
            )
        ],
        "reverse-proxy-limits-too-low": [
            (
                r"exactly (?:at |after )?(?:60|30)(?:\.0)? ?s\w*|proxy_read_timeout|client_max_body_size|ровно (?:через )?(?:60|30) сек\w*",
                4.0,
            )
        ],
        "bad-deploy-code-regression": [
            (
                near(
                    r"(?:rolled back|roll-?back|rolling back|reverted|откатил\w*|откат\w*)",
                    r"(?:normal|fine|as before|gone|cured|helped|раньше|помог\w*|прошло|нормальн\w*)",
                ),
                4.0,
            )
        ],
        "timezone-setting-wrong": [(r"container (?:is )?in UTC|TZ (?:is )?(?:not set|unset)|контейнер\w* в UTC", 4.0)],
        # code, caches and queues
        "race-condition-check-then-act": [
            (
                near(
                    r"(?:redeemed|sold|booked|used|reserved|claimed|продан\w*|использован\w*|списан\w*)",
                    r"(?:by (?:two|forty|several|\d+) (?:people|users|customers)|twice|within (?:a|one) second|at (?:the same|once)|дважды|двум|одновременн\w*)",
                ),
                4.0,
            ),
            (r"SELECT \w+ then (?:INSERT|UPDATE)|count then insert", 4.0),
        ],
        "none-attribute-error": [
            (
                near(
                    r"(?:without|no|lacking|без) (?:an? )?\w+(?: \w+)?",
                    r"(?:gives?|ends? in|shows?|returns?|causes?|да[её]т) (?:an? )?(?:500|error|crash|ошибк\w*)",
                ),
                2.0,
            )
        ],
        "redis-down": [(r"sdown|odown|redis-cli ping|no quorum", 3.0)],
        "celery-no-worker": [
            (
                r"\b(?:0|zero|no) (?:replicas|workers|consumers)\b|stays? ['\"]?(?:queued|pending)\b|queued['\"]? for ?ever|celery inspect|нет (?:ни одного )?(?:воркер|консьюмер)\w*",
                4.0,
            )
        ],
        "scheduled-task-duplicated": [
            (near(r"(?:beat|cron|scheduler|celery-beat)", r"(?:inside|in) (?:both|each|every|all)"), 4.0)
        ],
        "cache-stale-after-update": [
            (
                near(
                    r"(?:cdn|varnish|cloudfront|cache\w*|кэш\w*)",
                    r"(?:purg\w*|flush\w*|former|outdated|old (?:text|page|price|version)|for an hour|очист\w*|сброс\w*)",
                ),
                4.0,
            )
        ],
        "queue-backlog-consumers-too-slow": [
            (
                near(
                    r"(?:lag|лаг|backlog|очеред\w*)",
                    r"(?:\d+ ?(?:m|k|million|thousand|млн|тыс\w*)|grows?|growing|растёт|растет)",
                ),
                2.6,
            )
        ],
        "telegram-bot-kicked-or-no-rights": [
            (
                near(
                    r"(?:bot|бот\w*)", r"(?:admin rights|administrator|прав\w* администратора|лишил\w*|разжаловал\w*)"
                ),
                3.5,
            )
        ],
        "config-file-invalid": [
            (
                near(
                    r"(?:supervisor\w*|systemd|nginx|unit|config\w*|ini|yaml|toml|crontab|\.conf|конфиг\w*)",
                    r"(?:colon|indentation|typo|bracket|comma|section (?:header|name)|unknown (?:directive|key|option)|unrecognized|syntax|опечатк\w*|двоеточи\w*)",
                ),
                4.0,
            ),
        ],
        "log-level-debug-flood": [
            (
                near(
                    r"(?:statement|query|debug|verbose|sql|access|trace) log(?:ging|s)?|log_statement|log_min_duration|логирован\w*",
                    r"(?:gb|gib|гб|per hour|a day|an hour|evaporat\w*|fills?|all day|everything|в час|в день)",
                ),
                3.5,
            ),
        ],
        "wsgi-asgi-entrypoint-wrong": [
            (r"\w+:app\b|\w+\.wsgi\b|\w+:application\b", 2.5),
        ],
    }
)
