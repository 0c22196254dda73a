"""How people tell that something happened who have no error text to paste: two things named near each other.

The order in which they are named says nothing, so ``near`` takes both.
"""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table({})


def near(one: str, other: str, within: int = 60) -> str:
    """Return a pattern for two things in one breath, in either order."""
    gap = rf"\b[^.;]{{0,{within}}} "
    return rf"(?:{one}){gap}(?:{other})|(?:{other}){gap}(?:{one})"


_SLOW = (
    r"slow\w*|seconds|minutes?|crawl\w*|sluggish|latency|takes? longer|тормоз\w*|медленн\w*|секунд\w*|минут\w*|долго"
)
_GROWS = (
    r"grow\w*|climb\w*|ris(?:e|es|ing)|increas\w*|creep\w*|leak\w*|раст[её]т|вырос\w*|увелич\w*|теч[её]т|ползёт|ползет"
)
_TWICE = r"twice|two (?:identical|equal|same|copies)|double[sd]?|duplicat\w*|again and again|дважды|по два|два раза|двойн\w*|задвоен\w*|повторно|дубл\w*"
_WAIT = r"waits?|waiting|hangs?|hanging|blocked|stuck|queued?|locked|жд[уё]т|вис(?:ит|ят|нет|нут)|завис\w*|блокир\w*|стоят|встал\w*"
_FAIL = r"fail\w*|break\w*|broke\w*|crash\w*|error\w*|die[sd]?|refus\w*|reject\w*|пада\w*|ошибк\w*|не (?:работа|проход|сохран|открыва|грузит|отправ|прин)\w*"

STORIES = table(
    {
        # host
        "host-memory-exhausted": [
            (
                near(r"(?:host|machine|server|box|node|vm)", r"(?:out of|no free|runs? out of|lacks?) (?:memory|ram)"),
                3.5,
            ),
            (
                r"(?:на сервере|на хосте|сервер\w*) .{0,40}(?:кончил|не хвата|законч)\w* (?:память|памяти|оперативк)\w*",
                3.5,
            ),
        ],
        "disk-failing": [
            (
                r"(?:bad|reallocated|pending|uncorrectable) sectors?|smart (?:errors?|says|reports|status)|raid .{0,30}(?:degraded|failed)|disk (?:is )?(?:dying|failing|broken|defective)|битые сектор\w*|диск (?:сыплется|умира\w*|неисправ\w*)",
                4.5,
            )
        ],
        "disk-quota-exceeded": [
            (r"(?:disk|user|project|directory|storage) quota|квот\w* (?:на )?диск\w*|дисков\w* квот\w*", 4.0)
        ],
        "shared-memory-too-small": [(r"shm[-_]size|/dev/shm|shared memory", 4.0)],
        "inotify-watches-exhausted": [(r"inotify|file watch(?:er|es|ing)", 4.0)],
        "listen-backlog-overflow": [
            (near(r"(?:accept|listen|syn) (?:queue|backlog)", r"overflow\w*|full|drop\w*|переполн\w*"), 4.5)
        ],
        "host-cpu-saturated-by-neighbour": [
            (
                near(
                    r"(?:another|other|foreign|second|different|some|neighbou?r\w*) (?:process|container|vm|tenant|service|job|app)\w*|miner|backup|antivirus|ci runner|build",
                    r"cpu|cores?|processor|load",
                ),
                3.0,
            ),
            (
                near(
                    r"(?:чужой|соседн|друго|посторонн)\w* (?:процесс|контейнер|сервис|виртуал)\w*|майнер|антивирус\w*|бэкап\w*|сборк\w*",
                    r"процессор\w*|ядр\w*|cpu|цпу|нагрузк\w*",
                ),
                3.5,
            ),
        ],
        "cgroup-memory-oom-kill": [
            (
                near(
                    r"(?:memory|ram) limit|limits?\.memory|oom\w*|лимит\w* памяти|оом",
                    r"kill\w*|restart\w*|die[sd]?|terminated|перезапус\w*|убива\w*|убит\w*",
                ),
                3.5,
            )
        ],
        "swap-thrash": [(near(r"swap\w*|своп\w*|подкачк\w*", _SLOW + r"|full|busy|hang\w*|заб\w*|занят\w*"), 4.0)],
        "ephemeral-ports-exhausted": [
            (
                near(
                    r"(?:local|source|outgoing|client) ports?|sockets?",
                    r"(?:exhausted|used up|run out|time_wait|none left)|кончил\w*",
                ),
                3.5,
            )
        ],
        "conntrack-table-full": [(r"connection tracking|conntrack|таблиц\w* соединений", 3.5)],
        "file-permission-denied": [
            (
                near(
                    r"(?:permission|owner|ownership|rights|прав\w*|владел\w*)",
                    r"(?:file|folder|directory|volume|mount|socket|path|файл\w*|каталог\w*|папк\w*|том\w*)",
                ),
                2.5,
            )
        ],
        "host-clock-skew": [
            (
                near(
                    r"(?:clock|system time|date|ntp|час\w*|врем\w*)",
                    r"(?:ahead|behind|drift\w*|skew\w*|wrong|off by|out of sync|спеш\w*|отста\w*|сбил\w*|убежал\w*)",
                ),
                3.5,
            )
        ],
        "container-evicted": [
            (near(r"(?:pods?|containers?)", r"(?:evict\w*|rescheduled|pressure|pending|no node)"), 3.0)
        ],
        "disk-io-saturated": [
            (
                near(
                    r"(?:disk|storage|volume|ebs|i/?o|диск\w*|хранилищ\w*)",
                    r"(?:saturat\w*|busy|await|latency|100 ?% util\w*|queue|throttl\w*|burst|загружен\w*|очеред\w*|перегруж\w*)",
                ),
                3.5,
            )
        ],
        "disk-full-app-volume": [
            (
                near(
                    r"(?:disk|partition|volume|/var|/tmp|root fs|диск\w*|раздел\w*|том\w*)",
                    r"(?:full|100 ?%|no space|filled|run out|заполнен\w*|забит\w*|кончил\w*|переполнен\w*)",
                ),
                3.5,
            )
        ],
        # process
        "websocket-connections-exhausted": [
            (
                near(
                    r"web ?sockets?|вебсокет\w*",
                    r"limit|too many|exhaust\w*|refus\w*|full|\d{3,} (?:connections|clients)",
                ),
                4.0,
            )
        ],
        "request-body-too-large-for-worker": [
            (near(r"(?:large|huge|big|gigabyte) (?:upload|body|request|file|post)\w*", r"memory|kills?|worker"), 3.0)
        ],
        "graceful-shutdown-too-short": [
            (
                near(
                    r"(?:deploy\w*|rollout\w*|restart\w*|release|scal\w*|деплой\w*|рестарт\w*|выкатк\w*|релиз\w*)",
                    r"(?:cut|drop\w*|abort\w*|in[- ]flight|half[- ]done|interrupt\w*|unfinished|some requests|502|обрыва\w*|теря\w*|обруб\w*)",
                ),
                3.0,
            ),
            (r"grace(?:ful)?[-_ ]?(?:period|timeout|shutdown)|preStop", 3.0),
        ],
        "memory-leak-steady": [(near(r"(?:memory|rss|ram|heap|памят\w*)", _GROWS), 3.5)],
        "fd-leak": [
            (
                near(
                    r"(?:file )?descriptors?|open files|sockets? in CLOSE_WAIT|дескриптор\w*|открыт\w* файл\w*",
                    _GROWS + r"|limit|1024|thousands|тысяч\w*|лимит\w*",
                ),
                4.0,
            )
        ],
        "thread-deadlock-lock-order": [
            (
                near(
                    r"(?:two|both|several|worker) threads?|threads|поток\w*",
                    r"(?:each other|deadlock\w*|waits? for (?:a|the) lock|друг друга|взаимн\w*|блокировк\w*)",
                ),
                4.0,
            )
        ],
        "unbounded-thread-creation": [
            (near(r"(?:number of |count of )?threads|поток\w*", _GROWS + r"|thousands|\d{4,}|тысяч\w*"), 3.5)
        ],
        "unbounded-asyncio-tasks": [
            (
                near(
                    r"(?:asyncio )?tasks|create_task|корутин\w*",
                    _GROWS + r"|thousands|\d{4,}|without limit|unbounded|тысяч\w*",
                ),
                3.5,
            )
        ],
        "eventloop-blocked-sync-io": [
            (
                near(
                    r"(?:async def|event loop|async handler|async view|асинхронн\w*|цикл\w* событий)",
                    r"(?:requests\.|time\.sleep|pandas|blocking|synchronous|sync|block\w*|freez\w*|стоит|блокир\w*|синхронн\w*)",
                ),
                4.0,
            ),
            (
                r"(?:everything|all endpoints?|even (?:the )?/?health\w*|whole api) .{0,40}(?:freez|stop|pause|hang)\w* .{0,40}(?:while|when|during)",
                2.5,
            ),
        ],
        "threadpool-exhausted-by-slow-dependency": [
            (
                near(
                    r"(?:sync|synchronous|plain|def) (?:endpoints?|views?|handlers?|routes?)|thread limiter|thread ?pool|anyio|worker threads|пул\w* поток\w*|все потоки",
                    r"(?:wait\w*|time\w*|hang\w*|queue\w*|busy|exhausted|taken|in requests|in urllib|slow|заняты|ждут|вис\w*)",
                ),
                3.5,
            )
        ],
        "sync-workers-held-by-slow-clients": [
            (
                near(
                    r"slow (?:clients?|phones?|networks?|uploads?|mobile|connections?)|bad (?:mobile|internet)|медленн\w* (?:клиент|интернет|соединен)\w*",
                    r"workers?|gunicorn|site|воркер\w*|сайт\w*",
                ),
                3.5,
            )
        ],
        "worker-count-too-low": [
            (
                near(
                    r"(?:only |just )?(?:one|two|1|2|single|few|один|два) (?:gunicorn |uvicorn |sync )?(?:workers?|воркер\w*|process\w*)|worker count|WEB_CONCURRENCY|workers=\d",
                    r"queue\w*|wait\w*|slow\w*|peak|busy|cpu (?:is )?(?:idle|low|\d\d ?%)|очеред\w*|жд[уё]т|простаив\w*",
                ),
                3.5,
            )
        ],
        "traffic-spike-over-capacity": [
            (
                near(
                    r"(?:traffic|load|visitors|rps|requests|трафик\w*|нагрузк\w*|посетител\w*|запрос\w*)",
                    r"(?:tripled|doubled|spike\w*|surge\w*|\d+ ?(?:x|times)|tenfold|campaign|promo\w*|newsletter|tv|black friday|в \d+ раз\w*|реклам\w*|акци\w*|рассылк\w*|всплеск\w*)",
                ),
                3.0,
            )
        ],
        "scheduled-jobs-overlap": [
            (
                near(
                    r"(?:cron|jobs?|task|import|run)",
                    r"(?:overlap\w*|before the (?:previous|last) (?:one )?(?:ends|finishes|is done)|still running when|at the same time)",
                ),
                3.5,
            ),
            (r"(?:задач|джоб|крон)\w* .{0,40}(?:накладыва|пересека|ещ[её] не законч)\w*", 3.5),
        ],
        "cold-start-after-deploy": [
            (
                near(
                    r"(?:first|initial) (?:requests?|minutes?|calls?|hits?)|(?:warm|cold)[- ]?(?:up|start|cache)|перв\w* (?:запрос|минут)\w*|прогрев\w*",
                    r"(?:deploy\w*|restart\w*|release|rollout|start|деплой\w*|рестарт\w*|запуск\w*|релиз\w*)",
                ),
                3.0,
            )
        ],
        "http-client-pool-exhausted": [
            (
                near(
                    r"(?:http )?(?:client|connection|session) pool|max_connections|limits=|responses? (?:are |is )?(?:never|not) closed|пул\w* соединений",
                    r"(?:httpx|requests|urllib3|aiohttp|partner|api|клиент\w*|партн[её]р\w*)",
                ),
                3.0,
            )
        ],
        "worker-segfault-native": [
            (r"segfault\w*|segmentation fault|core dump\w*|SIGSEGV|signal 11|exit code 139", 4.0)
        ],
        "zombie-children-not-reaped": [(r"zombies?|defunct|зомби", 4.5)],
        "gc-or-fork-pause-huge-heap": [
            (
                near(
                    r"(?:gc|garbage collect\w*|fork|сборк\w* мусора|сборщик\w* мусора)",
                    r"(?:pause\w*|stop\w*|freez\w*|seconds|stall\w*|пауз\w*|замира\w*|секунд\w*)",
                ),
                4.0,
            )
        ],
        "fork-shares-connections": [
            (
                near(
                    r"preload\w*|fork\w*|prefork|multiprocessing",
                    r"(?:connection|session|engine|pool|socket|соединени\w*)s?",
                ),
                3.5,
            )
        ],
        "crash-loop-on-boot": [
            (
                near(
                    r"(?:restarts?|restarting|crash(?:es|ing)?|exits?|перезапуска\w*|рестарт\w*|пада\w*)",
                    r"(?:at start|on start|at boot|on boot|loop\w*|over and over|every few seconds|immediately|right away|сразу|при старте|по кругу|циклически|бесконечно)",
                ),
                3.0,
            )
        ],
        # database reach
        "pg-starting-up": [
            (
                near(
                    r"(?:postgres\w*|database|db|баз\w*)",
                    r"(?:starting up|still (?:starting|recovering|replaying)|recovery|comes up|поднима\w*|восстанавлива\w*|стартует)",
                ),
                3.0,
            )
        ],
        "pg-restarted-stale-pool": [
            (
                near(
                    r"(?:restart\w*|failover|maintenance|upgrade|reboot|рестарт\w*|переключени\w*|обслуживани\w*|обновлени\w*) (?:of )?(?:the )?(?:db|database|postgres\w*|rds|aurora|баз\w*|бд|постгрес\w*)|(?:db|database|postgres\w*|rds|aurora|баз\w*|бд) (?:was )?(?:restart\w*|failover|upgrade\w*|patched|reboot\w*|перезагру\w*)",
                    r"(?:first|once|one|some|stale|old) (?:request|query|connection|call|click)s?|reload helps|перв\w* запрос\w*|стар\w* соединени\w*",
                ),
                3.5,
            )
        ],
        "pg-max-connections-by-app": [
            (
                near(
                    r"(?:connections?|clients?|slots?|соединени\w*|подключени\w*)",
                    r"(?:used up|exhausted|all taken|none left|limit reached|too many|max_connections|исчерпан\w*|кончил\w*|занят\w*|слишком много)",
                ),
                3.0,
            )
        ],
        "pg-role-connection-limit": [
            (
                near(
                    r"(?:role|user|tenant|роль|роли|пользовател\w*)",
                    r"(?:connection limit|limit of \d+ connections|лимит\w* (?:соединений|подключений))",
                ),
                3.5,
            )
        ],
        "pgbouncer-pool-exhausted": [
            (
                near(
                    r"pgbouncer|odyssey|pooler|пулер\w*",
                    r"(?:waiting|full|exhausted|queue\w*|cl_waiting|all (?:server )?connections|ждут|очеред\w*|исчерпан\w*)",
                ),
                4.0,
            )
        ],
        "replica-lag-stale-reads": [
            (
                near(
                    r"(?:replica|standby|read endpoint|реплик\w*)",
                    r"(?:lag\w*|behind|old|stale|yet|not there|отста\w*|стар\w*|ещ[её] нет)",
                ),
                4.0,
            ),
            (
                near(
                    r"(?:sav|edit|creat|updat|added|placed)\w*",
                    r"(?:still (?:the )?(?:old|previous)|(?:old|previous) (?:value|version|data|list)|not (?:there|visible) (?:yet|for)|appears? (?:only )?after)",
                ),
                2.0,
            ),
        ],
        "synchronous-standby-missing": [
            (
                near(
                    r"(?:synchronous|sync) (?:standby|replica\w*)|синхронн\w* реплик\w*",
                    r"(?:off|down|stopped|gone|missing|commit\w*|отключ\w*|выключ\w*|упал\w*)",
                ),
                4.5,
            ),
            (
                near(
                    r"commits?|коммит\w*",
                    r"(?:hang\w*|wait\w*|never return|вис\w*|жд[уё]т) .{0,40}(?:standby|replica|second node|реплик\w*)",
                ),
                4.0,
            ),
        ],
        "pg-postmaster-frozen": [
            (
                near(
                    r"(?:new )?connections?|port (?:is )?open|tcp",
                    r"(?:accept\w* but|never (?:get|receive)s? an answer|no answer|handshake never|hang without)",
                ),
                2.5,
            )
        ],
        "db-writes-routed-to-standby": [
            (
                near(
                    r"(?:writes?|saves?|inserts?|запис\w*|сохран\w*)",
                    r"(?:replica|standby|reader|read[- ]only|реплик\w*|только (?:на |для )?чтени\w*)",
                ),
                3.5,
            )
        ],
        "pg-backend-crash-recovery": [
            (
                near(
                    r"(?:postgres\w*|database|db|backend|баз\w*|постгрес\w*)",
                    r"(?:crash\w*|segfault\w*|oom|killed by|recovery mode|рухнул\w*|упал\w* и восстан\w*)",
                ),
                3.0,
            )
        ],
        "standby-query-cancelled": [
            (
                near(
                    r"(?:report\w*|quer\w*|select\w*|отч[её]т\w*|запрос\w*)",
                    r"(?:cancel\w*|abort\w*|kill\w*|отмен\w*|прерыва\w*|убива\w*) .{0,30}(?:replica|standby|реплик\w*)|(?:replica|standby|реплик\w*)[^.;]{0,30}(?:cancel\w*|abort\w*|kill\w*|отмен\w*|прерыва\w*)",
                ),
                3.5,
            )
        ],
        "idle-session-timeout-kills-pooled": [
            (
                near(
                    r"(?:idle|quiet|unused|no traffic|weekend|night|простаива\w*|выходн\w*|ноч\w*)",
                    r"(?:first (?:request|query|call|click)|перв\w* (?:запрос|клик)\w*)",
                ),
                2.5,
            )
        ],
        "pg-port-blocked-by-firewall": [
            (
                near(
                    r"(?:firewall|security group|network policy|acl|vpc|subnet|iptables|фаервол\w*|файрвол\w*)",
                    r"(?:db|database|postgres\w*|rds|5432|баз\w*)",
                ),
                4.0,
            )
        ],
        # locks
        "idle-in-transaction-blocks-writers": [
            (
                near(
                    r"(?:transaction|session|BEGIN|транзакци\w*|сесси\w*)",
                    r"(?:left open|forgotten|uncommitted|idle in transaction|not committed|went (?:home|to lunch)|незакрыт\w*|забы\w*|оставил\w*|не закомми\w*)",
                ),
                4.0,
            )
        ],
        "ddl-lock-queue": [
            (
                near(
                    r"(?:ALTER TABLE|DDL|migration|adding a column|миграци\w*|альтер\w*)",
                    r"(?:everyone|everything|all (?:queries|requests|sessions)|behind it|queue\w*|hang\w*|wait\w*|block\w*|за ней|жд[уё]т|встал\w*|вис\w*)",
                ),
                4.0,
            )
        ],
        "explicit-lock-table-job": [
            (
                near(
                    r"LOCK TABLE|VACUUM FULL|REINDEX|CLUSTER\b|CREATE INDEX|table lock|эксклюзивн\w* блокировк\w*",
                    _WAIT + r"|nobody|no one|никто",
                ),
                4.0,
            )
        ],
        "deadlock-app-lock-order": [
            (
                near(
                    r"deadlocks?|дедлок\w*|взаимн\w* блокировк\w*",
                    r"(?:order\w*|transaction\w*|rows?|two|jobs?|update\w*|строк\w*|порядк\w*)",
                ),
                3.5,
            )
        ],
        "hot-row-contention": [
            (
                near(
                    r"(?:same|one|single) (?:row|counter|balance|record)|одн\w* (?:строк|запис|счётчик|счетчик)\w*",
                    r"(?:everybody|all|every|many|each|concurrent\w*|queue\w*|wait\w*|все|кажд\w*|очеред\w*)",
                ),
                3.0,
            )
        ],
        "advisory-lock-held": [
            (near(r"advisory|pg_advisory\w*|рекомендательн\w* блокировк\w*", _WAIT + r"|never|held|lock"), 4.0)
        ],
        "sqlite-database-locked": [(near(r"sqlite", r"lock\w*|busy|concurrent|блокир\w*"), 4.5)],
        "optimistic-lock-conflict": [
            (
                near(
                    r"(?:two|both|several) (?:people|users|editors|managers|tabs|operators)",
                    r"(?:same (?:document|record|order|article|card|form)|overwrit\w*|conflict\w*)",
                ),
                2.5,
            )
        ],
        "max-locks-per-transaction": [(r"max_locks_per_transaction|thousands of (?:partitions|tables) in one", 4.5)],
        # performance
        "missing-index-seq-scan": [
            (
                near(
                    r"(?:no|without|missing|lost|dropped) (?:an? |the )?index\w*|seq(?:uential)? scan|full (?:table )?scan|нет индекс\w*|без индекс\w*|последовательн\w* скан\w*|полн\w* перебор",
                    _SLOW + r"|rows|table|table|строк\w*|таблиц\w*",
                ),
                4.0,
            ),
            (near(r"(?:search|filter|lookup|list|поиск\w*|фильтр\w*) (?:by|for|on|with|over|по)\b", _SLOW), 2.0),
        ],
        "n-plus-one-queries": [
            (
                near(
                    r"(?:\d{2,}|hundreds of|thousands of|many|сотн\w*|тысяч\w*) (?:\w+ )?(?:queries|selects?|statements|sql|запрос\w*)|one query per|a query for each|N ?\+ ?1|select_related|lazy (?:load\w*|relationship\w*)|joinedload",
                    r"(?:page|list|request|row|item|each|every|single|screen|view|страниц\w*|спис\w*|кажд\w*|строк\w*)",
                ),
                4.0,
            ),
            (r"every single query .{0,40}(?:millisecond|fast|quick)", 3.0),
        ],
        "working-set-exceeds-buffer-cache": [
            (
                r"(?:shared_buffers|cache hit (?:ratio|rate)|buffer cache|working set|reads? from disk|disk reads|чтени\w* с диска|кэш\w* буфер\w*)",
                3.5,
            ),
            (
                near(
                    r"smaller (?:instance|machine|vm|box)|less (?:ram|memory)|меньш\w* (?:инстанс|сервер|машин)\w*|маленьк\w* (?:инстанс|сервер|машин)\w*",
                    r"(?:quer\w*|plans?|disk|database|запрос\w*|план\w*|диск\w*|баз\w*)",
                ),
                3.5,
            ),
        ],
        "table-bloat-autovacuum-off": [
            (
                near(
                    r"(?:dead (?:rows|tuples)|bloat\w*|мёртв\w* строк\w*|мертв\w* строк\w*|раздул\w*)",
                    r"(?:table\w*|index\w*|slow\w*|off|disabled|grow\w*|size|gb|million\w*|vacuum\w*|таблиц\w*|отключ\w*|раст\w*|гб|миллион\w*)",
                ),
                4.0,
            ),
            (
                near(
                    r"(?:auto)?vacuum|(?:авто)?вакуум\w*",
                    r"(?:off|disabled|cannot keep up|never ran|behind|not run|отключ\w*|выключ\w*|не успева\w*|не запуска\w*)",
                ),
                4.0,
            ),
        ],
        "stale-statistics-bad-plan": [
            (
                near(
                    r"(?:ANALYZE|statistics|planner|estimate\w*|plan (?:changed|flipped)|статистик\w*|планировщик\w*|план\w* (?:помен|измен|слом)\w*)",
                    r"(?:quick|fast|helps|cure\w*|wrong|stale|old|rows|bulk|load|slow\w*|быстр\w*|помога\w*|устаре\w*|строк\w*)",
                ),
                3.5,
            )
        ],
        "vacuum-blocked-by-old-xmin": [
            (
                near(
                    r"(?:vacuum|вакуум\w*)",
                    r"(?:removes? nothing|cannot (?:remove|clean)|oldest xmin|old transaction|does not help|open for (?:days|hours)|ничего не (?:чист|удал)\w*|стар\w* транзакци\w*)",
                ),
                4.5,
            )
        ],
        "replication-slot-retains-wal": [
            (
                near(r"(?:replication )?slots?|слот\w*", r"(?:wal|pg_wal|disk|inactive|grow\w*|растёт|растет|диск\w*)"),
                4.0,
            )
        ],
        "pg-wal-archive-failing": [
            (
                near(
                    r"(?:archiv\w*|wal-g|pgbackrest|barman|архив\w*)",
                    r"(?:wal|pg_wal|segments?|fail\w*|pile\w*|накапл\w*|не (?:уход|отправ)\w*)",
                ),
                4.0,
            )
        ],
        "pg-out-of-memory": [
            (
                near(
                    r"(?:postgres\w*|database|db server|query|баз\w*|запрос\w*)",
                    r"(?:out of memory|runs out of memory|не хвата\w* памяти)",
                ),
                3.0,
            )
        ],
        "work-mem-spill-to-disk": [
            (
                near(
                    r"(?:work_mem|temp(?:orary)? files?|external (?:merge|sort)|pgsql_tmp|временн\w* файл\w*)",
                    r"(?:sort\w*|disk|spill\w*|report\w*|slow\w*|диск\w*|отч[её]т\w*|сортир\w*)",
                ),
                4.0,
            )
        ],
        "generic-plan-regression": [
            (
                near(
                    r"(?:generic plan|prepared|plan_cache_mode|sixth|after five|fifth)",
                    r"(?:slow\w*|plan|execution|run|quer\w*)",
                ),
                4.0,
            )
        ],
        "jit-compilation-overhead": [(r"\bjit\b", 4.0)],
        "deep-offset-pagination": [
            (
                near(
                    r"(?:offset|page \d{3,}|last pages?|deep pag\w*|далёк\w* страниц\w*|далек\w* страниц\w*|последн\w* страниц\w*|глубок\w* страниц\w*)",
                    _SLOW,
                ),
                4.0,
            )
        ],
        "redundant-indexes-slow-writes": [
            (
                near(
                    r"(?:\d+|too many|many|redundant|unused|много|лишн\w*) (?:\w+ )?(?:index\w*|индекс\w*)",
                    r"(?:write\w*|insert\w*|update\w*|slow\w*|вставк\w*|запис\w*|медленн\w*)",
                ),
                4.0,
            )
        ],
        "checkpoint-storm-small-max-wal": [
            (
                near(
                    r"checkpoints?|чекпо[йи]нт\w*|контрольн\w* точк\w*|max_wal_size",
                    r"(?:frequent\w*|too often|stall\w*|every (?:few|\d+) (?:s|sec|seconds|minutes)|slow\w*|spike\w*|часто|провал\w*|секунд\w*)",
                ),
                4.0,
            )
        ],
        "sequence-exhausted-int4": [
            (
                near(
                    r"(?:sequence|serial|integer|int4|id|последовательност\w*|сиквенс\w*)",
                    r"(?:2147483647|2\.1 (?:billion|bn)|max(?:imum)? (?:value|of int)|overflow\w*|exhausted|ran out|исчерпан\w*|предел\w*)",
                ),
                4.0,
            )
        ],
        "data-page-corruption": [
            (
                near(
                    r"(?:checksum|corrupt\w*|page|block|поврежд\w*|контрольн\w* сумм\w*)",
                    r"(?:table|index|database|rows?|relation|таблиц\w*|индекс\w*|баз\w*)",
                ),
                2.5,
            )
        ],
        "index-collation-changed": [
            (
                near(
                    r"(?:collation|glibc|locale|локал\w*)",
                    r"(?:index\w*|upgrade|sort\w*|order|lookup\w*|rows|индекс\w*|сортиров\w*|обновлени\w*)",
                ),
                4.0,
            )
        ],
        # schema and data
        "row-level-security-policy-blocks": [
            (
                near(
                    r"(?:row[- ]level security|rls|polic(?:y|ies)|политик\w*)",
                    r"(?:rows?|tenant\w*|insert\w*|nothing|empty|строк\w*|арендатор\w*)",
                ),
                3.5,
            )
        ],
        "function-or-extension-missing": [
            (
                near(
                    r"(?:extension|postgis|pg_trgm|uuid-ossp|pgcrypto|vector|citext|расширени\w*)",
                    r"(?:missing|not installed|does not exist|new (?:server|cluster|database)|not (?:available|there)|нет\b|не установ\w*)",
                ),
                4.0,
            )
        ],
        "column-type-mismatch": [
            (
                near(
                    r"(?:column|field|id|parameter|столб\w*|колонк\w*|пол[ея]\w*)",
                    r"(?:type (?:changed|mismatch|differs)|text instead of|string instead of|is now (?:text|int|uuid|bigint)|тип\w* (?:измен|не совпад|друго)\w*)",
                ),
                3.5,
            )
        ],
        "json-malformed-input": [
            (
                near(
                    r"(?:invalid|malformed|broken|bad) json|бит\w* json|невалидн\w* json",
                    r"(?:body|payload|client|partner|import|file|message|тел\w*|клиент\w*|партн[её]р\w*)",
                ),
                3.5,
            )
        ],
        "migration-not-applied-missing-column": [
            (
                near(
                    r"(?:migrations?|миграци\w*)",
                    r"(?:not (?:run|applied|executed)|skipped|forgot\w*|pending|missed|не (?:применил|накат|выполн|прогна|запуст)\w*|забы\w*|пропуст\w*)",
                ),
                3.5,
            )
        ],
        "new-not-null-column-old-code": [
            (
                near(
                    r"(?:new|added) (?:mandatory|required|not null|obligatory) (?:column|field)|NOT NULL|нов\w* обязательн\w* (?:пол|столб|колонк)\w*",
                    r"(?:old (?:code|version|pods|app)|migration|insert\w*|deploy\w*|стар\w* (?:код|верси)\w*|миграци\w*)",
                ),
                3.5,
            )
        ],
        "sequence-desync-after-import": [
            (
                near(
                    r"(?:import\w*|restor\w*|copied|dump|transfer\w*|импорт\w*|восстанов\w*|перен[её]с\w*|залив\w*|залил\w*)",
                    r"(?:id (?:already )?exists|new (?:records?|rows?|customers?|orders?) (?:cannot|can't|are not|fail)|nextval|sequence|serial|duplicate (?:id|key)|нов\w* (?:запис|клиент|заказ)\w*|дубл\w* (?:ключ|id)\w*)",
                ),
                3.0,
            )
        ],
        "text-encoding-mismatch": [
            (
                near(
                    r"(?:encoding|charset|umlauts?|accents?|cyrillic|emoji|mojibake|кодировк\w*|кириллиц\w*|кракозябр\w*|эмодзи)",
                    r"(?:wrong|broken|garbled|cannot|fail\w*|question marks|import\w*|export\w*|\?{2,}|вместо|лома\w*|импорт\w*|выгрузк\w*)",
                ),
                3.5,
            )
        ],
        "upload-file-invalid": [
            (
                near(
                    r"(?:upload\w*|file|picture|photo|image|pdf|xlsx?|zip|загру\w*|файл\w*|фото\w*|картинк\w*)",
                    r"(?:not (?:an? )?(?:image|valid|pdf)|damaged|corrupt\w*|renamed|truncated|unreadable|бит\w*|поврежд\w*|не (?:картинк|изображен)\w*)",
                ),
                3.0,
            )
        ],
        "duplicate-client-submission": [
            (
                near(
                    r"(?:double[- ]?click\w*|clicks? twice|submit\w* twice|resubmit\w*|back button|retries the same|дважды наж\w*|двойн\w* (?:клик|наж|отправ)\w*|нажал\w* (?:дважды|два раза))",
                    r"(?:error|order|payment|form|record|exists|ошибк\w*|заказ\w*|форм\w*|оплат\w*)",
                ),
                3.5,
            )
        ],
        "unparsable-date-or-number": [
            (
                near(
                    r"(?:date|number|amount|price|decimal|дат\w*|числ\w*|сумм\w*)",
                    r"(?:format|comma|locale|dd\.mm|cannot be (?:parsed|read)|формат\w*|запят\w*|не (?:разбира|парс|чита)\w*)",
                ),
                2.5,
            )
        ],
        "payload-validation-mismatch": [
            (
                near(
                    r"(?:old|previous|new) (?:app|client|mobile|frontend|version|bundle)|стар\w* (?:верси|приложен|клиент|фронт)\w*",
                    r"(?:sends?|without|field|rejected|422|400|шл[её]т|присыла\w*|пол[ея]\w*|отказ\w*)",
                ),
                2.5,
            )
        ],
        # third parties
        "external-api-slow": [
            (
                near(
                    r"(?:partner|provider|vendor|supplier|third[- ]party|gateway|bank|carrier|courier|their (?:api|endpoint|server)|партн[её]р\w*|провайдер\w*|банк\w*|шлюз\w*|поставщик\w*|внешн\w* (?:api|апи|сервис)\w*)",
                    r"(?:slow\w*|answers? in \d+|respond\w* in \d+|takes \d+|latency|\d+ s(?:econds)?\b|медленн\w*|тормоз\w*|отвеча\w* (?:по |за )?\d+|долго)",
                ),
                3.5,
            )
        ],
        "external-api-5xx": [
            (
                near(
                    r"(?:partner|provider|vendor|supplier|gateway|bank|carrier|courier|stripe|openai|aws|google|партн[её]р\w*|провайдер\w*|банк\w*|шлюз\w*|поставщик\w*)",
                    r"(?:outage|incident|is down|has problems|status page|confirmed|unavailable|maintenance|авари\w*|сбой|лежит|недоступ\w*|подтверд\w*)",
                ),
                3.0,
            )
        ],
        "external-response-not-json": [
            (
                near(
                    r"(?:html|login page|error page|captcha|страниц\w*)",
                    r"(?:instead of json|answers? with|returns?|вместо json|возвраща\w*|отда[её]т)",
                ),
                3.5,
            )
        ],
        "external-partial-region-outage": [
            (
                near(
                    r"(?:region|zone|availability zone|data ?cent(?:er|re)|регион\w*|зон\w* доступности)",
                    r"(?:outage|down|fail\w*|unavailable|degraded|авари\w*|недоступ\w*|упал\w*)",
                ),
                3.5,
            )
        ],
        "external-response-schema-changed": [
            (
                near(
                    r"(?:partner|provider|vendor|their|api|feed|response|marketplace|партн[её]р\w*|провайдер\w*|поставщик\w*|ответ\w*|фид\w*)",
                    r"(?:renamed|nested|different (?:format|structure|field)|new format|changed (?:the |their )?(?:format|field|json|structure|schema|response)|field is (?:gone|missing|now)|переимен\w*|сменил\w* формат|измен\w* (?:формат|структур|ответ|поле)\w*|нов\w* формат\w*)",
                ),
                3.5,
            )
        ],
        "external-endpoint-removed": [
            (
                near(
                    r"(?:endpoint|api|version|v\d|method|model|метод\w*|верси\w*|эндпоинт\w*)",
                    r"(?:removed|sunset|switched off|turned off|discontinued|deprecated|gone|retired|shut down|отключ\w*|закры\w*|удал\w*|больше не поддерж\w*)",
                ),
                3.0,
            )
        ],
        "external-quota-exhausted": [
            (
                near(
                    r"(?:credit\w*|balance|prepaid|plan|subscription|quota|invoice|баланс\w*|тариф\w*|подписк\w*|квот\w*|сч[её]т\w*)",
                    r"(?:ran out|used up|exhausted|expired|unpaid|empty|zero|top(?:ped)? up|exceeded|кончил\w*|исчерпан\w*|не оплач\w*|истек\w*|пополн\w*)",
                ),
                3.5,
            )
        ],
        "smtp-rejected": [
            (
                near(
                    r"(?:mails?|e-?mails?|letters?|письм\w*|почт\w*)",
                    r"(?:bounce\w*|rejected by|spam|blacklist\w*|spf|dkim|not delivered|спам\w*|отклон\w*|не доход\w*|блэклист\w*|ч[её]рн\w* спис\w*)",
                ),
                3.0,
            )
        ],
        "external-ip-blocked": [
            (
                near(
                    r"(?:our|the|new|server\S*) (?:ip|address|server)|ip[- ]address|наш\w* (?:ip|адрес|сервер)\w*",
                    r"(?:block\w*|bann?\w*|blacklist\w*|not (?:whitelisted|allowed)|заблок\w*|забан\w*|бан\b|не в белом)",
                ),
                3.5,
            )
        ],
        "external-connection-reset": [
            (
                near(
                    r"(?:partner|provider|their|api|bank|courier|партн[её]р\w*|провайдер\w*|банк\w*)",
                    r"(?:drops?|resets?|cuts?|hangs up|обрыва\w*|рв[её]т|сбрасыва\w*) (?:the |our |every |each )?(?:\w+ )?(?:connection|call|request|соединени)\w*|(?:dies?|ends?|closed) without an answer",
                ),
                2.5,
            ),
        ],
        # credentials
        "db-role-missing": [
            (
                near(
                    r"(?:role|db user|database user|роль|пользовател\w* базы)",
                    r"(?:does not exist|missing|was (?:dropped|deleted)|не (?:существ|созда)\w*|удал\w*)",
                ),
                3.5,
            )
        ],
        "db-password-wrong": [
            (near(r"(?:database|db|postgres\w*|баз\w*|бд)", r"(?:password|credentials?|secret|парол\w*)"), 2.5)
        ],
        "oauth-scope-missing": [
            (
                near(
                    r"scopes?|consent|oauth",
                    r"(?:missing|insufficient|new (?:scope|permission)|not granted|не хвата\w*)",
                ),
                3.0,
            )
        ],
        "oauth-redirect-uri-mismatch": [
            (
                near(
                    r"(?:redirect|callback) ur[il]s?",
                    r"(?:mismatch|not (?:registered|allowed)|new domain|changed|не (?:совпад|зарегистр)\w*)",
                ),
                4.0,
            )
        ],
        "oauth-client-secret-rotated": [
            (
                near(
                    r"(?:oauth|google|azure|github|okta|keycloak) (?:client|app|application|project)|client secret|секрет\w* (?:клиент|приложен)\w*",
                    r"(?:deleted|removed|rotated|expired|changed|disabled|regenerated|удал\w*|истек\w*|смен\w*|помен\w*)",
                ),
                4.0,
            )
        ],
        "oauth-refresh-token-revoked": [
            (
                near(
                    r"(?:google|calendar|drive|gmail|microsoft|integration|sync\w*|account|календар\w*|гугл\w*|интеграци\w*)",
                    r"(?:re-?connect\w*|re-?auth\w*|log(?:ged)? in again|consent|disconnected|revoked|testing mode|seven days|заново|отозва\w*|отвал\w*|отключил\w*)",
                ),
                2.8,
            )
        ],
        "cloud-session-token-expired": [
            (
                near(
                    r"(?:session|temporary|sts|assume[- ]?role) (?:token|credentials?|keys?)",
                    r"(?:expir\w*|hour|истек\w*)",
                ),
                4.0,
            ),
            (r"longer than (?:an|one) hour|after (?:exactly )?(?:an|one) hour", 1.5),
        ],
        "jwt-claims-mismatch": [
            (
                r"\b(?:audience|issuer|aud|iss) (?:claim|mismatch|differs|changed|is (?:wrong|different))|new (?:realm|tenant|issuer)",
                4.0,
            )
        ],
        "jwt-expired": [
            (
                near(
                    r"(?:access )?tokens?|sessions?|токен\w*|сесси\w*",
                    r"(?:expire\w* (?:after|too|in)|lifetime|15 minutes|истека\w*)",
                ),
                2.0,
            )
        ],
        "jwt-signing-key-mismatch": [
            (
                near(
                    r"(?:secret[_ ]?key|signing key|jwt secret|sessions?|tokens?|ключ\w* подписи|секретн\w* ключ\w*)",
                    r"(?:regenerated|rotated|different on|each (?:pod|worker|node)|changed|random at start|logged out|разлогин\w*|выкин\w*|смен\w*|сгенер\w*|перегенер\w*)",
                ),
                3.5,
            )
        ],
        "encryption-key-changed": [
            (
                near(
                    r"(?:encryption|fernet|decrypt\w*|cipher|шифрован\w*|расшифр\w*)",
                    r"(?:key|cannot|changed|rotated|fail\w*|ключ\w*|не (?:чита|расшифр)\w*|смен\w*)",
                ),
                3.5,
            )
        ],
        "webhook-secret-mismatch": [
            (
                near(
                    r"webhooks?|вебхук\w*",
                    r"(?:secret|signature|recreated|rotated|rejected|unsigned|секрет\w*|подпис\w*|пересозда\w*)",
                ),
                3.5,
            )
        ],
        "ssh-or-sftp-key-rejected": [
            (
                near(
                    r"(?:sftp|ssh|host key|deploy key)",
                    r"(?:refus\w*|rejected|denied|changed|fail\w*|отказ\w*|не пуска\w*|смен\w*)",
                ),
                4.0,
            )
        ],
        "private-registry-auth-failed": [
            (
                near(
                    r"(?:registry|docker hub|private (?:index|pypi)|image pull|реестр\w*|регистри)",
                    r"(?:401|403|denied|unauthorized|login|credentials?|token|rate limit|доступ\w*|токен\w*)",
                ),
                4.0,
            )
        ],
        "api-permission-missing": [
            (
                near(
                    r"(?:iam|policy|role|service account|permissions?|прав\w*|политик\w*)",
                    r"(?:bucket|s3|api|write|read|missing|removed|clean-?up|бакет\w*|апи|запис\w*|чтени\w*)",
                ),
                2.5,
            )
        ],
        "api-key-invalid-or-revoked": [
            (
                near(
                    r"(?:api|access|secret|license)[- ]?(?:key|token)s?|ключ\w* (?:api|апи|доступа)|апи[- ]?ключ\w*",
                    r"(?:expired|revoked|rotated|wrong|deleted|disabled|old|invalid|regenerated|истек\w*|отозва\w*|удал\w*|неверн\w*|смен\w*|перевыпу\w*)",
                ),
                3.5,
            )
        ],
        "mutual-tls-client-certificate-rejected": [
            (
                near(
                    r"client cert\w*|mtls|клиентск\w* сертификат\w*",
                    r"(?:expired|rejected|wrong|missing|not sent|истек\w*|отклон\w*|не прин\w*)",
                ),
                4.5,
            )
        ],
        "telegram-bot-kicked-or-no-rights": [
            (
                near(
                    r"(?:bot|бот\w*)",
                    r"(?:kicked|no (?:admin )?rights|not an? admin|removed from the (?:group|channel)|выгнал\w*|исключ\w*|нет прав|не админ\w*)",
                ),
                3.0,
            )
        ],
        # network
        "tls-cert-expired": [
            (
                near(
                    r"(?:cert\w*|tls|ssl|let'?s encrypt|certbot|сертификат\w*)",
                    r"(?:expired|ran out|not renewed|renewal (?:failed|broken)|ended|истек\w*|просроч\w*|не продл\w*|закончил\w*)",
                ),
                4.0,
            )
        ],
        "tls-hostname-mismatch": [
            (
                near(
                    r"cert\w*|сертификат\w*",
                    r"(?:other|another|wrong|different) (?:name|host|domain)|(?:друг\w*|чуж\w*) (?:имя|имени|домен\w*|хост\w*)",
                ),
                4.0,
            )
        ],
        "tls-unknown-ca": [
            (
                near(
                    r"(?:self[- ]signed|corporate|internal|private|root|intermediate|корпоративн\w*|самоподпис\w*|корнев\w*|промежуточн\w*) (?:ca\b|cert\w*|root|chain|authority|сертификат\w*|цепочк\w*)",
                    r"(?:trust\w*|missing|new image|not installed|verify|refus\w*|доверя\w*|не установ\w*|образ\w*)",
                ),
                4.0,
            )
        ],
        "tls-handshake-interrupted": [
            (near(r"(?:tls|ssl) handshake", r"(?:breaks?|interrupt\w*|reset|closed|times? out|hangs?)"), 3.5)
        ],
        "http2-stream-refused": [(r"http/?2|goaway|\bstreams? refused", 3.5)],
        "packet-loss-on-path": [
            (
                near(
                    r"(?:packet )?loss|mtr|retransmi\w*|потер\w* пакет\w*", r"\d+ ?%|hop|path|vpn|site|subnet|канал\w*"
                ),
                4.0,
            )
        ],
        "mtu-blackhole": [
            (
                near(
                    r"(?:small|short) (?:requests?|answers?|responses?|packets?|messages?)|маленьк\w* (?:запрос|ответ|пакет)\w*",
                    r"(?:large|big|over 1[34]\d\d|anything (?:over|above|larger)|больш\w*) .{0,30}(?:hang\w*|time\w*|stall\w*|never|вис\w*)?",
                ),
                3.0,
            ),
            (
                near(
                    r"(?:mtu|mss|tunnel|vpn|wireguard|gre|ipsec|overlay|туннел\w*)",
                    r"(?:large|big|hang\w*|1[34]\d\d bytes|stall\w*|uploads?|больш\w*|вис\w*)",
                ),
                4.0,
            ),
        ],
        "dns-server-unreachable": [
            (
                near(
                    r"(?:dns|coredns|resolver|resolv\.conf|name resolution|днс|резолв\w*)",
                    r"(?:down|slow|time\w*|overload\w*|intermittent\w*|random\w*|fail\w*|unreachable|лежит|не (?:отвеча|работа|резолв)\w*|таймаут\w*)",
                ),
                3.5,
            )
        ],
        "dns-name-not-found": [
            (
                near(
                    r"(?:name|host ?name|domain|record|имя|имени|домен\w*|запис\w*)",
                    r"(?:does not resolve|unknown|not found|renamed|removed from dns|не (?:резолв|найден|находит)\w*|переимен\w*)",
                ),
                2.5,
            )
        ],
        "tcp-port-filtered": [
            (
                near(
                    r"(?:firewall|security group|egress|network polic\w*|vpn|acl|nat|файрвол\w*|фаервол\w*|впн)",
                    r"(?:time\w*|cannot reach|unreachable|blocked|partner|external|outgoing|not reachable|не достуч\w*|таймаут\w*|недоступ\w*)",
                ),
                3.0,
            )
        ],
        "proxy-misconfigured": [
            (
                near(
                    r"(?:https?_proxy|no_proxy|proxy|squid|прокси\w*)",
                    r"(?:wrong|decommissioned|407|old|not (?:set|excluded)|refus\w*|container|env\w*|--noproxy|стар\w*|неверн\w*|не (?:пуска|работа|задан)\w*)",
                ),
                4.0,
            )
        ],
        "ipv6-localhost-preferred": [
            (near(r"(?:ipv6|::1|localhost)", r"(?:ipv4|127\.0\.0\.1|first|refused|prefer\w*|vs)"), 3.0)
        ],
        "keep-alive-race-with-balancer": [
            (near(r"keep-?alive", r"(?:load )?balancer|alb|elb|nginx|idle|timeout|балансир\w*"), 4.0),
            (
                near(
                    r"idle (?:for )?(?:a |one |\d+ )?(?:minute|second|s\b)\w*",
                    r"(?:balancer|alb|first (?:call|request)|reused)",
                ),
                3.0,
            ),
        ],
        "idle-connection-dropped-by-middlebox": [
            (
                near(
                    r"(?:nat|firewall|azure|middlebox|gateway|load balancer)",
                    r"(?:drops?|kills?|forgets?|closes?) (?:the )?(?:idle|quiet|unused)|idle (?:connections?|for)",
                ),
                4.0,
            )
        ],
        # configuration and deploy
        "pool-too-small": [
            (
                near(
                    r"pool[_ ]?size|pool of \d|max_overflow|размер\w* пула",
                    r"(?:too small|lowered|reduced|only|changed|set to|уменьш\w*|мал\w*|всего)",
                ),
                3.0,
            )
        ],
        "env-var-missing": [
            (
                near(
                    r"(?:env(?:ironment)?[- ](?:var\w*|file)|\.env|secret|configmap|переменн\w* (?:окружения|среды))",
                    r"(?:missing|not set|unset|forgot\w*|lost|empty|not (?:passed|copied|defined)|не задан\w*|нет\b|забы\w*|пуст\w*)",
                ),
                4.0,
            )
        ],
        "config-file-invalid": [
            (
                near(
                    r"(?:yaml|toml|ini|json|nginx\.conf|config(?:uration)?) (?:file)?|конфиг\w*",
                    r"(?:typo|syntax|invalid|indent\w*|does not parse|tab|опечатк\w*|синтаксис\w*|невалид\w*|отступ\w*)",
                ),
                3.0,
            )
        ],
        "config-change-bad-value": [
            (
                near(
                    r"(?:config\w*|settings?|values? file|helm values|feature flag|flag|parameter|конфиг\w*|настро\w*|параметр\w*|флаг\w*)",
                    r"(?:changed|applied|pushed|rolled out|edited|lowered|raised|wrong value|typo|switched|поменя\w*|измен\w*|выкат\w*|правк\w*|неверн\w*|выключ\w*)",
                ),
                2.8,
            )
        ],
        "timezone-setting-wrong": [
            (
                near(
                    r"(?:time ?zone|utc|tz\b|часов\w* пояс\w*|таймзон\w*)",
                    r"(?:hours?|wrong|shift\w*|container|earlier|later|час\w*|раньше|позже|сдвин\w*|не задан\w*|контейнер\w*)",
                ),
                4.0,
            ),
            (
                near(
                    r"(?:reminders?|events?|mails?|jobs?|notifications?|напоминани\w*|событи\w*|письм\w*|уведомлени\w*)",
                    r"(?:one|two|three|\d+|час|два|три) (?:hours?|часа?|часов) (?:too )?(?:early|late|earlier|later|off|раньше|позже)|на (?:час|два|три|\d+) (?:часа?|часов)? ?(?:раньше|позже)",
                ),
                3.5,
            ),
        ],
        "wrong-environment-mixed-up": [
            (
                near(
                    r"(?:production|prod|live|прод\w*|боев\w*)",
                    r"(?:talks? to|uses?|points? (?:to|at)|connected to|смотрит на|ходит в|использует) .{0,15}(?:staging|sandbox|test|dev|стейдж\w*|песочниц\w*|тест\w*)",
                ),
                4.5,
            )
        ],
        "wrong-base-url-or-path": [
            (
                near(
                    r"(?:base[_ ]?url|url prefix|double slash|trailing slash|/v\d/v\d|path)",
                    r"(?:wrong|twice|missing|doubled|changed|lost|adds|неверн\w*|дважды)",
                ),
                3.0,
            )
        ],
        "db-url-wrong-host-or-port": [
            (
                near(
                    r"DATABASE_URL|db (?:host|url|port)|connection string|строк\w* подключени\w*|адрес\w* базы",
                    r"(?:wrong|old|localhost|other|changed|points?|typo|port|стар\w*|неверн\w*|опечатк\w*|порт\w*)",
                ),
                3.5,
            )
        ],
        "allowed-hosts-or-cors-misconfigured": [
            (
                near(
                    r"(?:new|another|second|other) (?:sub)?domain|origin|cors|allowed_hosts|csrf_trusted|нов\w* (?:под)?домен\w*",
                    r"(?:blocked|rejected|cannot call|forbidden|400|403|not allowed|блокир\w*|отказ\w*|не пуска\w*)",
                ),
                3.0,
            )
        ],
        "reverse-proxy-limits-too-low": [
            (
                near(
                    r"(?:nginx|ingress|proxy|балансир\w*)",
                    r"(?:body size|upload\w*|413|too large|client_max_body_size|proxy_read_timeout|exactly 60 s\w*|limit|лимит\w*|60 секунд)",
                ),
                3.0,
            ),
            (
                near(
                    r"(?:files?|uploads?|videos?|photos?|файл\w*|видео)",
                    r"(?:above|over|larger than|bigger than|more than|больше|свыше) (?:\d+|one|ten) ?(?:mb|megabytes?|мб|мегабайт\w*)",
                ),
                3.0,
            ),
        ],
        "ssl-redirect-or-proxy-header-loop": [
            (
                near(
                    r"redirect\w*|loops?|редирект\w*",
                    r"(?:https?|proxy|forwarded|endless|infinite|loop\w*|бесконечн\w*|по кругу)",
                ),
                3.0,
            )
        ],
        "health-probe-misconfigured": [
            (
                near(
                    r"(?:health ?check|liveness|readiness|probe|хелсчек\w*|проб\w*)",
                    r"(?:wrong path|renamed|404|too short|restarts?|although|timeout of|initialDelay|перезапуск\w*|не тот путь)",
                ),
                3.5,
            )
        ],
        "container-image-or-manifest-wrong": [
            (
                near(
                    r"(?:image|dockerfile|manifest|tag|образ\w*)",
                    r"(?:wrong|old|arm64|amd64|not found|missing|entrypoint|latest|неверн\w*|стар\w*|не найден\w*)",
                ),
                2.5,
            )
        ],
        "file-or-template-missing": [
            (
                near(
                    r"(?:template|static files?|css|font|binary|fixture|шаблон\w*|статик\w*|шрифт\w*)",
                    r"(?:missing|not (?:found|copied|in the image)|404|forgot\w*|не найден\w*|забы\w*|нет в образе)",
                ),
                3.5,
            )
        ],
        "wsgi-asgi-entrypoint-wrong": [
            (
                near(
                    r"(?:wsgi|asgi|entry ?point|app:app|main:app)",
                    r"(?:renamed|wrong|not found|moved|переимен\w*|неверн\w*)",
                ),
                4.0,
            )
        ],
        "cloud-storage-bucket-missing": [
            (near(r"(?:bucket|container) ", r"(?:does not exist|renamed|deleted|not created|missing)"), 3.0)
        ],
        "stale-client-bundle": [
            (
                near(
                    r"(?:browser|frontend|js|chunk|bundle|фронт\w*|браузер\w*)",
                    r"(?:old (?:version|files?|js)|stale|cached|hard (?:reload|refresh)|ctrl\+f5|стар\w* (?:верси|файл)\w*|закэш\w*)",
                ),
                3.5,
            )
        ],
        "package-upgrade-regression": [
            (
                near(
                    r"(?:pip install|requirements|lock ?file|dependenc\w*|libraries|library|зависимост\w*|библиотек\w*)",
                    r"(?:upgraded|updated|bumped|unpinned|new (?:major|minor)? ?version|latest|обнов\w*|без фиксации)",
                ),
                2.5,
            )
        ],
        "package-api-removed": [
            (
                near(
                    r"(?:rebuild\w*|unpinned|upgrade\w*|new image|пересбор\w*|обнов\w*)",
                    r"(?:import error|cannot import|does not start|импорт\w*|не (?:старт|запуск|поднима)\w*)",
                ),
                2.0,
            )
        ],
        "bad-deploy-code-regression": [
            (
                near(
                    r"(?:deploy\w*|release|rollout|version \d[\d.]*|merge|деплой\w*|релиз\w*|выкатк\w*|верси\w* \d[\d.]*)",
                    r"(?:error rate|since|right after|rolled back|rolling back|roll-?back|откат\w*|сразу после|с момента)",
                ),
                2.0,
            )
        ],
        "log-level-debug-flood": [
            (
                near(
                    r"(?:debug|echo=True|verbose|log level|sql echo|дебаг\w*|отладк\w*|уровень логов)",
                    r"(?:gb|slow\w*|log\w*|on in prod|left on|flood\w*|лог\w*|гб|включ\w*)",
                ),
                3.0,
            )
        ],
        "lock-timeout-too-low": [(near(r"lock_timeout", r"(?:\d+ ?ms|low|small|changed|set|мал\w*|постав\w*)"), 4.0)],
        "statement-timeout-too-low": [
            (near(r"statement_timeout", r"(?:\d+ ?m?s|low|small|changed|set|lowered|мал\w*|постав\w*|сниз\w*)"), 4.0)
        ],
        "telegram-webhook-misconfigured": [
            (
                near(
                    r"(?:telegram|bot|setWebhook|телеграм\w*|бот\w*)",
                    r"(?:webhook|вебхук\w*) .{0,40}(?:url|https|wrong|not set|old|self-signed|port|стар\w*|неверн\w*|не (?:установ|приход)\w*)",
                ),
                3.0,
            )
        ],
        "telegram-getupdates-conflict": [
            (
                near(
                    r"(?:bot|бот\w*)",
                    r"(?:two (?:copies|instances|processes)|second (?:copy|instance)|started twice|еще один|ещё один|две копии|второй (?:процесс|экземпляр|контейнер)\w*)",
                ),
                3.5,
            )
        ],
        # code
        "key-error-own-data": [
            (near(r"our (?:own )?(?:dict\w*|cache|settings|payload|mapping)", r"(?:key|missing)"), 2.0)
        ],
        "none-attribute-error": [
            (
                near(
                    r"(?:without|no|empty|blank|missing|not (?:yet )?filled|без|нет|пуст\w*|не заполнен\w*) (?:an? |the )?(?:\w+ )?(?:photo|company|address|phone|e-?mail|manager|category|profile|avatar|фото|компан\w*|адрес\w*|телефон\w*|профил\w*)",
                    _FAIL + r"|500",
                ),
                2.0,
            )
        ],
        "commit-missing": [
            (
                near(
                    r"(?:sav\w*|success|200|ok|сохран\w*|успешн\w*)",
                    r"(?:nothing (?:is |was |has )?(?:saved|stored|changed|in the (?:db|database))|not in the database|after reload|no commit|without commit|в базе (?:пусто|нет)|после (?:перезагрузк|обновлени)\w*|нет коммит\w*)",
                ),
                3.5,
            )
        ],
        "race-condition-check-then-act": [
            (
                near(
                    _TWICE + r"|negative stock|oversold|two winners|в минус",
                    r"(?:same (?:moment|time|second)|parallel\w*|simultaneous\w*|concurrent\w*|at once|race|одновременн\w*|параллельн\w*|гонк\w*)",
                ),
                4.0,
            ),
            (r"check[- ]then[- ]act|reads? .{0,30}(?:and )?then writes?|no lock\b|read-modify-write", 3.0),
        ],
        "float-money-rounding": [
            (
                near(
                    r"(?:one |a |by )?(?:cents?|penny|kopecks?|копе\w*|цент\w*)|rounding|float\w*|округл\w*",
                    r"(?:off|differ\w*|sum|total\w*|invoice\w*|price\w*|money|wrong|расход\w*|сумм\w*|итог\w*|сч[её]т\w*|цен\w*)",
                ),
                4.0,
            )
        ],
        "wrong-calculation-bug": [
            (
                near(
                    r"(?:discount|vat|tax|total|price|commission|points|bonus|скидк\w*|ндс|налог\w*|сумм\w*|цен\w*|комисси\w*|балл\w*|бонус\w*)",
                    r"(?:calculated (?:wrong\w*|twice)|applied twice|wrong|too (?:high|low|much)|doubled|неверн\w*|неправильн\w*|дважды|удва\w*|завыш\w*|заниж\w*)",
                ),
                3.0,
            )
        ],
        "infinite-loop-request": [
            (
                near(
                    r"(?:while True|endless loop|infinite loop|regex\w*|one (?:request|process|core)|бесконечн\w* цикл\w*|один (?:запрос|процесс))",
                    r"(?:100 ?%|for ?ever|never (?:ends|returns)|burn\w*|spins?|core|навсегда|ядр\w*|не заверша\w*)",
                ),
                4.0,
            )
        ],
        "retry-without-backoff-amplification": [
            (
                near(
                    r"retr(?:y|ies|ying)|повтор\w*|ретра\w*",
                    r"(?:storm|without (?:pause|backoff|delay)|endless\w*|amplif\w*|hammer\w*|times (?:the )?(?:usual )?traffic|без пауз\w*|бесконечн\w*|лавин\w*|шторм\w*)",
                ),
                4.0,
            )
        ],
        "background-task-exception-lost": [
            (
                near(
                    r"(?:background|fire[- ]and[- ]forget|create_task|BackgroundTasks|фонов\w*)",
                    r"(?:nothing (?:happens|in the log)|silently|never (?:sent|done|executed)|lost|exception|тихо|не (?:выполн|отправ)\w*|теря\w*)",
                ),
                3.0,
            )
        ],
        "await-missing-or-misused": [
            (r"(?:forgot(?:ten)?|missing|without) (?:an? )?await|coroutine object|never awaited|забы\w* await", 4.0)
        ],
        "naive-aware-datetime-mix": [
            (near(r"(?:naive|aware|utcnow|datetime)", r"(?:compare|mix\w*|subtract|timezone|utc)"), 3.0)
        ],
        "url-route-or-reverse-bug": [
            (
                near(
                    r"(?:route|url name|reverse|link|menu|маршрут\w*|ссылк\w*)",
                    r"(?:renamed|broken|404|wrong order|shadow\w*|переимен\w*|не (?:работа|ведёт|ведет)\w*)",
                ),
                2.5,
            )
        ],
        "session-not-rolled-back": [
            (
                near(
                    r"(?:rollback|rolled back|aborted transaction|откат\w*)",
                    r"(?:missing|no|without|not|after (?:one|an) error|every (?:following|next)|все следующие|после (?:одной )?ошибки)",
                ),
                3.0,
            )
        ],
        "concurrent-session-use": [
            (
                near(
                    r"(?:one|same|shared|global|общ\w*|одн\w*) (?:session|connection|cursor|сесси\w*|соединени\w*)",
                    r"(?:gather|threads?|parallel|concurrent\w*|requests|tasks|поток\w*|параллельн\w*|одновременн\w*)",
                ),
                3.5,
            )
        ],
        "lazy-load-after-session-close": [
            (
                near(
                    r"(?:lazy|relationship|detached)",
                    r"(?:closed session|after (?:the )?session|background|template|outside)",
                ),
                3.5,
            )
        ],
        "json-serialisation-bug": [
            (near(r"(?:decimal|datetime|uuid|set|nan) ", r"(?:json|serial\w*|returned|response)"), 3.0)
        ],
        "orm-driver-misuse": [
            (
                near(
                    r"(?:orm|queryset|sqlalchemy|cursor|driver)",
                    r"(?:misuse\w*|wrong (?:call|method)|filter\(|\.get\(|more than one|not (?:a |an )?executable)",
                ),
                2.5,
            )
        ],
        "sql-syntax-error": [
            (
                near(
                    r"(?:hand-?written|raw|new|our) (?:sql|query)|сырой sql",
                    r"(?:syntax|typo|group by|ambiguous|синтакс\w*|опечатк\w*)",
                ),
                3.5,
            )
        ],
        "transaction-held-during-external-call": [
            (
                near(
                    r"(?:transaction|atomic|session|транзакци\w*)",
                    r"(?:http call|external call|calls? (?:the )?(?:partner|bank|api|smtp)|requests\.|sends? (?:a )?mails?|внешн\w* (?:вызов|запрос)\w*|обращени\w* к)",
                ),
                3.5,
            )
        ],
        # caches and queues
        "redis-down": [
            (
                near(
                    r"(?:redis|rabbitmq|rabbit|broker|kafka|memcached|редис\w*|брокер\w*|кафк\w*|рэббит\w*)",
                    r"(?:is down|not running|stopped|unreachable|dead|gone|crashed|not reachable|лежит|упал\w*|не запущен\w*|недоступ\w*|остановлен\w*)",
                ),
                4.0,
            )
        ],
        "redis-loading-dataset": [
            (near(r"redis|редис\w*", r"(?:loading|load\w* (?:its )?(?:data|dump|rdb|aof)|загружа\w*)"), 4.0)
        ],
        "redis-readonly-replica": [
            (
                near(
                    r"redis|sentinel|редис\w*|сентинел\w*",
                    r"(?:replica|slave|read[- ]only|failover|switched|реплик\w*|переключ\w*)",
                ),
                3.5,
            )
        ],
        "redis-maxmemory-noeviction": [
            (near(r"redis|редис\w*", r"(?:out of memory|maxmemory|memory (?:is )?full|noeviction|памят\w*)"), 3.5)
        ],
        "redis-slow-command-blocks": [
            (
                near(
                    r"redis|редис\w*",
                    r"(?:KEYS \*|FLUSHALL|slow ?log|big key|SMEMBERS|blocks?|HGETALL|больш\w* ключ\w*|тормоз\w*)",
                ),
                3.5,
            )
        ],
        "redis-maxclients-reached": [
            (
                near(
                    r"redis|редис\w*",
                    r"(?:maxclients|too many clients|10000 (?:clients|connections)|connected_clients|слишком много (?:клиент|подключ)\w*)",
                ),
                4.0,
            )
        ],
        "redis-wrong-type-or-key-collision": [
            (
                near(
                    r"(?:redis|cache|кэш\w*) ?(?:keys?|ключ\w*)",
                    r"(?:two (?:features|services|apps)|same (?:key|name|prefix)|collision|other type|одинаков\w*|пересек\w*)",
                ),
                3.5,
            )
        ],
        "cache-deserialisation-after-deploy": [
            (
                near(
                    r"(?:pickle\w*|cached (?:objects?|values?)|old (?:cache|entries)|кэш\w*)",
                    r"(?:deploy\w*|new version|unpickl\w*|cannot be read|renamed class|деплой\w*|нов\w* верси\w*|не чита\w*)",
                ),
                3.0,
            )
        ],
        "cache-stale-after-update": [
            (
                near(
                    r"(?:cache\w*|кэш\w*)",
                    r"(?:flush\w*|invalidat\w*|old (?:value|price|data|page)|stale|former|yesterday|сброс\w*|стар\w*|устаревш\w*|не обновл\w*|очист\w*)",
                ),
                3.5,
            ),
            (
                near(
                    r"(?:price|text|title|status|settings?|цен\w*|статус\w*|текст\w*)",
                    r"(?:old|former|previous|stale|yesterday'?s?|прежн\w*|стар\w*|вчерашн\w*) .{0,50}(?:cache|flush|ttl|кэш\w*)",
                ),
                3.5,
            ),
        ],
        "cache-stampede": [
            (
                near(
                    r"(?:cache|ttl|кэш\w*)",
                    r"(?:expires?|expired|all at once|full hour|stampede|thundering|dog-?pile|протух\w*|истека\w*|одновременн\w*)",
                ),
                3.0,
            )
        ],
        "cache-key-collision-between-users": [
            (
                near(
                    r"(?:another|other|foreign(?! key)|wrong|someone else'?s?|чуж\w*|друг\w*) (?:user'?s?|customer'?s?|person'?s?|client'?s?|people'?s?)?|чужие|чужой|чужую",
                    r"(?:cart|profile|data|account|page|orders?|name|корзин\w*|профил\w*|данны\w*|заказ\w*|кабинет\w*)",
                ),
                3.0,
            )
        ],
        "celery-no-worker": [
            (
                near(
                    r"(?:celery|rq|dramatiq|arq|worker|воркер\w*|селери)",
                    r"(?:not running|no worker|not started|is off|scaled to (?:zero|0)|PENDING|не запущен\w*|нет воркер\w*|остановлен\w*)",
                ),
                3.5,
            )
        ],
        "celery-worker-deaf-after-reconnect": [
            (
                near(
                    r"(?:workers?|consumers?|воркер\w*|консьюмер\w*)",
                    r"(?:alive but|look alive|take no|stopped consuming|idle after|until (?:they are )?restart\w*|живы|не бер\w*|не забира\w*)",
                ),
                3.0,
            )
        ],
        "celery-unregistered-task": [
            (
                near(
                    r"(?:task|задач\w*)",
                    r"(?:not registered|unregistered|unknown task|old (?:worker|code)|worker was not (?:deployed|restarted)|не зарегистр\w*|воркер не (?:обнов|перезапус)\w*)",
                ),
                3.5,
            )
        ],
        "celery-time-limit-kills-task": [
            (
                near(
                    r"(?:task|job|report|задач\w*|отч[её]т\w*)",
                    r"(?:time limit|same number of (?:seconds|minutes)|exactly (?:after )?\d+ (?:seconds|minutes)|лимит\w* времени|ровно через)",
                ),
                3.5,
            )
        ],
        "celery-worker-lost": [
            (
                near(
                    r"(?:celery|worker|child|воркер\w*)",
                    r"(?:lost|signal 9|sigkill|exited prematurely|killed|убит\w*|потерян\w*)",
                ),
                2.5,
            )
        ],
        "queue-backlog-consumers-too-slow": [
            (
                near(
                    r"(?:queue|backlog|lag|messages|очеред\w*|сообщени\w*|лаг\w*)",
                    _GROWS
                    + r"|hours (?:late|behind|old)|thousands?|\d{4,}|millions?|cannot keep up|тысяч\w*|миллион\w*|не успева\w*|опозда\w*|часа",
                ),
                2.6,
            )
        ],
        "poison-message-requeue-loop": [
            (
                near(
                    r"(?:same|one|this) (?:message|task|job|traceback|event)|одн\w* и т\w* же (?:сообщени|задач)\w*",
                    r"(?:again and again|over and over|requeue\w*|redeliver\w*|blocks? (?:all|the|others)|endless\w*|per second|снова и снова|бесконечн\w*|блокир\w*)",
                ),
                4.0,
            )
        ],
        "scheduled-task-duplicated": [
            (
                near(
                    r"(?:mails?|sms|reminders?|notifications?|reports?|messages?|letters?|jobs?|tasks?|письм\w*|смс|напоминани\w*|уведомлени\w*|отч[её]т\w*|сообщени\w*)",
                    _TWICE,
                ),
                3.2,
            ),
            (
                near(
                    r"(?:beat|scheduler|cron|apscheduler|планировщик\w*|крон\w*)",
                    r"(?:two|second|each (?:pod|replica|worker|node)|both|every (?:pod|replica|worker)|два|двух|второй|кажд\w*)",
                ),
                4.0,
            ),
        ],
        "scheduler-missed-runs": [
            (
                near(
                    r"(?:cron|scheduler|beat|scheduled (?:job|task)|nightly job|планировщик\w*|крон\w*|ночн\w* задач\w*)",
                    r"(?:did not run|didn't run|missed|not (?:started|running)|never fired|не запусти\w*|не отработ\w*|пропущен\w*)",
                ),
                3.5,
            )
        ],
        "broker-disk-or-memory-alarm": [
            (
                near(
                    r"(?:rabbitmq|rabbit|broker|брокер\w*)",
                    r"(?:alarm|watermark|blocks? publishers|publishers? (?:hang|block)\w*|low on (?:disk|memory)|flow control|блокир\w*)",
                ),
                4.0,
            )
        ],
        "broker-message-too-large": [
            (
                near(
                    r"(?:messages?|payload|events?|сообщени\w*)",
                    r"too (?:large|big) .{0,20}(?:broker|kafka|queue|rabbit)|larger than (?:the )?(?:broker|max\.message)",
                ),
                4.0,
            )
        ],
        "queue-declaration-conflict": [
            (
                near(
                    r"(?:queue|exchange|очеред\w*)",
                    r"(?:declared|arguments? (?:changed|differ)|durable|ttl|dead[- ]letter|x-\w+|аргумент\w*)",
                ),
                3.0,
            )
        ],
        "task-serialisation-error": [
            (
                near(
                    r"(?:task|celery|message|задач\w*)",
                    r"(?:cannot be (?:serialised|serialized|pickled|sent)|not serial\w*|pass\w* (?:a )?model|не сериализ\w*)",
                ),
                3.0,
            )
        ],
        "kafka-consumer-rebalancing": [
            (
                near(
                    r"(?:consumer group|consumers?|kafka|partition\w*|кафк\w*|консьюмер\w*)",
                    r"(?:rebalanc\w*|rejoin\w*|kicked out|max\.poll|ребаланс\w*)",
                ),
                4.0,
            )
        ],
        "redis-client-pool-exhausted": [
            (
                near(r"redis|редис\w*", r"(?:connection pool|max_connections|pool (?:is )?(?:full|exhausted)|пул\w*)"),
                3.5,
            )
        ],
    }
)
