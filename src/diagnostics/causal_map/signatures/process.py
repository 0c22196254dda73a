"""Texts of a sick process: workers, event loop, threads, descriptors, memory, client pools, overload."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "fd-leak": [
            (r"Too many open files", 5.0),
            (r"\[Errno 24\]|EMFILE\b", 5.0),
            (r"socket\.accept\(\) out of system resource", 4.0),
            (r"ResourceWarning: unclosed", 2.5),
            (r"Unclosed (?:client session|connector|connection)", 3.0),
        ],
        "memory-leak-steady": [
            (r"MemoryError", 3.0),
            (r"was sent SIGKILL! Perhaps out of memory", 1.0),
            (r"tracemalloc", 1.0),
            (r"worker exceeded memory limit|max-requests|reached max(?:imum)? memory", 2.0),
        ],
        "gunicorn-worker-timeout": [
            (r"WORKER TIMEOUT \(pid", 2.0),
            (r"handle_abort", 2.0),
            (r"SIGABRT", 1.5),
            (r"harakiri|HARAKIRI", 3.0),
        ],
        "worker-segfault-native": [
            (r"was sent SIGSEGV", 6.0),
            (r"signal 11 \(SIGSEGV\)|SIGSEGV", 5.0),
            (r"Fatal Python error: (?:Segmentation fault|Bus error|Aborted)", 5.5),
            (r"Segmentation fault", 3.0),
            (r"segfault at [0-9a-f]+ ip", 5.5),
            (r"exit(?:ed)?(?: with)?(?: code| status)?:? ?\b139\b", 4.0),
            (r"(?:was sent |signal \d+ \()SIG(?:BUS|ILL|ABRT)", 3.5),
            (r"Child process \[\d+\] died", 2.5),
            (r"malloc\(\): |free\(\): invalid|double free or corruption|corrupted size vs", 5.0),
        ],
        "app-process-down": [
            (r"connect\(\) failed \(111: Connection refused\) while connecting to upstream", 4.0),
            (r"no live upstreams", 3.0),
            (r"NewConnectionError.{0,120}Connection refused", 0.8),
            (r"502 Bad Gateway", 0.7),
            (r"(?:Active: failed|inactive \(dead\))", 3.0),
        ],
        "zombie-children-not-reaped": [(r"<defunct>", 5.0), (r"defunct|zombie process(?:es)?", 4.5)],
        "gc-or-fork-pause-huge-heap": [(r"gc: collecting|gc: done, .{0,60}elapsed", 3.0)],
        "crash-loop-on-boot": [
            (r"CrashLoopBackOff", 5.0),
            (r"Worker failed to boot", 3.5),
            (r"HaltServer", 3.0),
            (r"start request repeated too quickly", 5.0),
            (r"Back-off restarting failed container", 5.0),
            (r"Application startup failed\. Exiting", 2.0),
            (r"exited too quickly|entered FATAL state", 4.0),
        ],
        "unbounded-thread-creation": [
            (r"can't start new thread", 2.5),
            (r"pthread_create failed|unable to create (?:new )?native thread", 2.5),
        ],
        "eventloop-blocked-sync-io": [
            (r"Executing <(?:Task|Handle)[^\n]{0,300} took \d+\.\d+ seconds", 6.0),
            (r"Liveness probe failed.{0,120}(?:deadline exceeded|Timeout exceeded)", 1.5),
            (r"event loop (?:is |was )?(?:blocked|lag)", 5.0),
        ],
        "threadpool-exhausted-by-slow-dependency": [
            (r"Task queue depth is \d+", 4.0),
            (
                r"server reached max(?:imum)? threads|thread ?pool (?:is )?(?:exhausted|full)|worker_connections are not enough",
                3.5,
            ),
            (r"to_thread|anyio\.WouldBlock|CapacityLimiter", 1.5),
        ],
        "thread-deadlock-lock-order": [(r"dead ?lock detected by|_thread\.lock.{0,60}blocking", 1.5)],
        "sync-workers-held-by-slow-clients": [
            (r"gunicorn/workers/sync\.py.{0,600}(?:recv|readline)", 3.0),
            (r"client (?:timed out|intended to send too large|prematurely closed)", 1.0),
        ],
        "unbounded-asyncio-tasks": [
            (r"Task was destroyed but it is pending", 2.0),
            (r"pending tasks?: \d{4,}", 3.0),
        ],
        "event-loop-mismatch": [
            (r"attached to a different (?:event )?loop", 6.0),
            (r"is bound to a different event loop", 6.0),
            (r"Event loop is closed", 4.5),
            (r"There is no current event loop in thread|no running event loop", 4.0),
            (r"asyncio\.run\(\) cannot be called from a running event loop", 5.0),
            (r"This event loop is already running", 5.0),
        ],
        "background-task-exception-lost": [
            (r"(?:Task|Future) exception was never retrieved", 5.5),
            (r"coroutine '[^']{1,200}' was never awaited", 5.0),
            (r"Exception in thread Thread-\d+", 2.5),
        ],
        "http-client-pool-exhausted": [
            (r"\bhttp(?:x|core)\d?\.PoolTimeout", 5.5),
            (r"PoolTimeout", 2.5),
            (r"Connection pool is full, discarding connection", 4.0),
            (r"EmptyPoolError|Pool reached maximum size and no more connections are allowed", 5.0),
            (r"ConnectionTimeoutError.{0,40}to host", 1.0),
            (r"Too many outstanding requests", 3.0),
        ],
        "worker-count-too-low": [
            (r"WEB_CONCURRENCY", 2.0),
            (r"server reached pm\.max_children|max(?:imum)? workers reached", 3.0),
        ],
        "traffic-spike-over-capacity": [
            (r"503 Service (?:Temporarily )?Unavailable", 0.8),
            (r"upstream timed out", 0.8),
            (r"limiting (?:requests|connections), excess", 3.0),
            (r"load shedding|Overloaded|queue is full", 2.0),
            (r"listen queue of socket .{0,60}full", 4.0),
        ],
        "graceful-shutdown-too-short": [
            (r"Waiting for (?:connections to close|background tasks to complete)", 2.5),
            (
                r"(?:did not|failed to) (?:stop|exit|terminate) .{0,40}(?:SIGKILL|killing)|State 'stop-sigterm' timed out",
                4.0,
            ),
            (r"CancelledError.{0,200}(?:shutdown|lifespan)", 2.0),
        ],
        "fork-shares-connections": [
            (r"SSL error: decryption failed or bad record mac", 5.0),
            (r"lost synchronization with server: got message type", 5.0),
            (r"PGRES_TUPLES_OK and no message from the libpq", 5.0),
            (r"insufficient data in \"\w\" message", 4.0),
        ],
        "request-body-too-large-for-worker": [
            (r"413 (?:Request Entity|Payload|Content) Too Large|client intended to send too large body", 4.0),
            (r"RequestDataTooBig|TooManyFieldsSent|LimitRequestLine", 4.0),
        ],
        "websocket-connections-exhausted": [
            (r"worker_connections are not enough", 5.0),
            (r"too many websocket", 3.0),
        ],
    }
)

STORIES = table(
    {
        "fd-leak": [
            (
                r"(?:fine|well|ok) for (?:a day|days|some hours|several hours|\d+ (?:hours|days)).{0,60}(?:until|then)|after \d+ (?:hours|days) of uptime",
                2.6,
            ),
            (r"(?:file )?descriptors?|дескриптор\w*|lsof|CLOSE_WAIT", 3.5),
            (
                r"(?:Client|Session|client|session)(?:\(\))? (?:per|for (?:each|every)) (?:page|request|call)|never closed|not closed",
                2.0,
            ),
            (r"(?:не|без) закрыва\w*|не закрыт\w*", 1.5),
        ],
        "memory-leak-steady": [
            (
                r"(?:memory|rss) (?:usage )?(?:grows?|climbs?|rises?|increas\w+|creeps?|keeps? (?:growing|rising))",
                4.0,
            ),
            (r"memory leak|leak(?:s|ing)? memory|утечк\w* памяти|утекает память", 4.5),
            (
                r"(?:памят|rss|потребление памяти)\w*\b.{0,50}(?:раст|увелич|ползет|ползёт|доходит до лимита)\w*|растет память|растёт память",
                4.0,
            ),
            (
                r"(?:never cleaned|never cleared|no eviction|unbounded (?:dict|cache|list)|module[- ]level (?:dict|list|cache))",
                2.5,
            ),
            (r"(?:restart(?:s|ed)?|reboot) (?:it )?(?:every|each) (?:night|day|week)|nightly restart", 1.5),
            (
                r"mb (?:per|an?|every) (?:hour|day)|% (?:per|an?) hour|на \d+ мб|мб (?:в|за|каждый) (?:час|день|сутки)",
                3.0,
            ),
            (
                r"lru_cache\(maxsize=None\)|maxsize=None|global (?:list|dict|cache)|глобальн\w* (?:словар|спис|кэш|кеш)\w*",
                3.0,
            ),
        ],
        "gunicorn-worker-timeout": [(r"--timeout|timeout 30|worker timeout", 2.0)],
        "worker-segfault-native": [
            (
                r"(?:native|c) (?:extension|library|module|code)|segfault\w*|core dump\w*|сегфолт\w*|упал\w* в корку",
                3.5,
            ),
            (
                r"(?:wheel|opencv|shapely|lxml|pillow|numpy|torch|geos|gdal|grpc|ssl) .{0,40}(?:from|version|верси|wheel|private)",
                1.5,
            ),
            (r"(?:loses? a child|child (?:dies|died)|dies? instantly|умирает сразу)", 2.5),
        ],
        "app-process-down": [
            (r"connection refused \(?50\d|(?:nginx|proxy|balancer) (?:answers|says|returns|shows) 502", 2.5),
            (
                r"(?:service|process|app|uvicorn|gunicorn) (?:is |was )?(?:not running|stopped|dead|down)|systemctl .{0,40}(?:inactive|failed)",
                3.5,
            ),
            (r"(?:site|whole site|everything) (?:is )?(?:completely )?down", 1.5),
            (
                r"(?:процесс|сервис|приложение|uvicorn|gunicorn) (?:не запущен|остановлен|лежит|упал|умер)\w*",
                3.5,
            ),
            (r"nothing (?:listens|is listening)|никто не слушает|порт не слушает\w*", 3.5),
        ],
        "zombie-children-not-reaped": [
            (r"defunct|zombies?|зомби", 4.5),
            (r"popen|subprocess", 2.0),
        ],
        "gc-or-fork-pause-huge-heap": [
            (
                r"(?:every|each) (?:few|couple of|two|three|five|ten|\d+) (?:minutes|min)\b.{0,30}(?:all|everything|whole|every).{0,30}(?:freez|paus|stall|stop|hang|stand)\w*|кажд\w* (?:несколько|пару|\d+) минут .{0,40}(?:замира|вста|завис|пауз)\w*",
                3.5,
            ),
            (
                r"garbage collect\w*|gc pauses?|gc\.(?:collect|freeze|disable)|сборк\w* мусора|сборщик\w* мусора",
                4.5,
            ),
            (
                (
                    r"(?:freez|paus|stall|hang|замира|зависа)\w* .{0,30}(?:for |на )?(?:about |около |примерно )?(?:a |one |two |three |\d+)"
                    r".{0,8}(?:s\b|sec|сек).{0,60}(?:then|потом|затем)"
                ),
                2.0,
            ),
            (r"(?:million|millions of|миллион\w*) .{0,30}(?:objects|объект)", 3.5),
        ],
        "crash-loop-on-boot": [
            (
                r"(?:restarts?|flap(?:s|ping)?|loop(?:s|ing)?) .{0,30}(?:every few seconds|constantly|in a loop)|crash[- ]?loop\w*",
                4.0,
            ),
            (
                r"up for (?:a few|\d+) s\w*|постоянно перезапуска\w*|рестарт\w* по кругу|циклическ\w* (?:рестарт|перезапуск)\w*",
                4.0,
            ),
        ],
        "unbounded-thread-creation": [
            (
                r"threads? (?:count|number)|number of threads|thread per (?:request|call|message)|threads? climb\w*",
                3.0,
            ),
            (r"ThreadPoolExecutor|threading\.Thread", 2.0),
            (r"(?:числ|колич)\w* потоков|поток\w* на каждый|тысяч\w* потоков", 3.5),
        ],
        "eventloop-blocked-sync-io": [
            (
                (
                    r"async def.{0,60}(?:requests|time\.sleep|sync|psycopg2|blocking)|(?:requests\.get|time\.sleep|psycopg2|sync \w+)"
                    r".{0,60}(?:in|inside|within|внутри) (?:an? )?async"
                ),
                5.5,
            ),
            (r"block(?:s|ed|ing)? (?:the )?(?:event )?loop|event loop|цикл\w* событий|event-loop", 3.0),
            (
                r"(?:entire|whole|complete) (?:api|app|backend|service)(?: including /?health)? .{0,20}(?:freez|stop|hang|stall)\w*",
                3.0,
            ),
            (
                r"(?:весь|всё|все) (?:бэкенд|бекенд|апи|api|сервис|приложение) .{0,20}(?:замира|завис|встаёт|встает|стопор)\w*",
                3.0,
            ),
            (r"(?:including|even) (?:the )?/?health|даже /?health|включая /?health", 2.0),
            (r"(?:freez|stop|hang)\w* for (?:everybody|everyone|all)", 2.0),
            (
                r"cpu (?:of the (?:pod|container) )?(?:is )?(?:idle|low|[0-9] ?%)|процессор .{0,20}(?:не загружен|простаивает)",
                1.0,
            ),
            (r"bcrypt|pandas|json\.loads|cpu[- ]bound", 1.0),
        ],
        "threadpool-exhausted-by-slow-dependency": [
            (
                r"(?:synchronous|sync|def) (?:routes?|endpoints?|handlers?|views?)|def-endpoints?|синхронн\w* (?:ручк|эндпо|маршрут|роут)\w*",
                4.5,
            ),
            (r"thread (?:limiter|tokens?)|thread ?pool|anyio|40 (?:threads|потоков)|пул\w* потоков", 3.5),
            (r"all (?:worker )?threads (?:wait|are waiting|busy|stuck)|все потоки (?:ждут|заняты)", 3.5),
        ],
        "thread-deadlock-lock-order": [
            (
                r"(?:hang|stuck|wait|block)\w* for ?ever|вис(?:ят|ит) (?:навсегда|вечно|бесконечно|намертво)",
                2.5,
            ),
            (
                r"threading\.(?:R?Lock)|two locks|mutex|py-spy|acquire\(?|deadlock(?:ed)? threads?|взаимн\w* блокировк\w* потоков",
                3.0,
            ),
            (r"restart (?:always )?helps|помогает (?:только )?(?:рестарт|перезапуск)", 1.0),
        ],
        "sync-workers-held-by-slow-clients": [
            (
                r"(?:bad|slow|poor|weak|mobile|3g|edge) (?:mobile )?(?:network|connection|internet|link|clients?|uploads?)",
                3.0,
            ),
            (
                r"slow ?loris|half-open|no (?:nginx|buffering proxy)|without (?:nginx|a proxy)|directly to (?:gunicorn|the internet)",
                3.0,
            ),
            (
                r"медленн\w* (?:клиент|интернет|соединени|канал)\w*|без nginx|плох\w* (?:интернет|связ)\w*",
                3.0,
            ),
        ],
        "unbounded-asyncio-tasks": [
            (r"create_task|gather\(|asyncio\.gather|ensure_future", 3.0),
            (r"bursts? of|webhooks? (?:burst|storm)|tens of thousands of tasks|всплеск\w*|пачк\w* вебхуков", 2.8),
        ],
        "event-loop-mismatch": [
            (
                r"asyncio\.run|new_event_loop|first (?:celery )?task .{0,40}(?:every|later|second)|перв\w* (?:задач|вызов)\w*.{0,40}(?:втор|след)\w*",
                2.5,
            ),
        ],
        "background-task-exception-lost": [
            (r"fire[- ]and[- ]forget|create_task\(|BackgroundTasks?|add_task", 1.5),
            (
                r"(?:emails?|notifications?|messages?|письма|уведомления) .{0,30}(?:silently|stopped|disappear|не приход|перестали)\w*",
                1.0,
            ),
        ],
        "http-client-pool-exhausted": [
            (
                r"max_connections=|max_keepalive|limits=|connection pool of (?:the )?(?:http|client)|pool (?:of|size) .{0,20}(?:httpx|aiohttp|requests)",
                3.0,
            ),
            (
                r"(?:partner|provider|they) (?:says?|sees?) .{0,30}(?:few|hardly any|no) (?:requests|traffic|calls)",
                3.5,
            ),
            (r"(?:responses?|stream\w*) (?:are |is )?(?:not|never) (?:closed|read)", 2.5),
            (r"партн[её]р видит мало|лимит\w* соединений клиента", 3.0),
        ],
        "worker-count-too-low": [
            (r"requests? (?:wait|queue)\w*(?: up)?(?: in line)?", 1.5),
            (
                r"(?:only )?(?:one|1|a single|single|two|2) (?:gunicorn |uvicorn )?workers?\b|workers? ?[=:] ?1\b|--workers 1|WEB_CONCURRENCY",
                3.0,
            ),
            (r"(?:один|1|одним|двумя) (?:воркер|процесс)\w*|воркеров (?:стало|сократили|уменьшили)", 3.0),
            (
                r"(?:reduc|cut|lower|decreas)\w* (?:the )?(?:number of )?(?:workers|replicas|threads|pods)|config(?:uration)? cleanup",
                2.5,
            ),
        ],
        "traffic-spike-over-capacity": [
            (
                r"(?:tv|radio|super ?bowl|black friday|newsletter|campaign|advert\w*|promotion|promo|sale|viral|hacker news|reddit|influencer)\b",
                3.3,
            ),
            (
                r"(?:traffic|requests?|rps|load|users) .{0,30}(?:\d+x|\d+ times|tripl|doubl|tenfold|spik|surg|peak)\w*",
                3.0,
            ),
            (
                r"(?:traffic|load) (?:spike|surge|peak)|flash sale|bots? (?:crawl|hammer|scrap)\w*|crawler|ddos",
                3.0,
            ),
            (
                r"(?:трафик|нагрузк|запросов)\w* .{0,30}(?:вырос|в \d+ раз|больше обычного|пик)\w*|чёрн\w* пятниц\w*|черн\w* пятниц\w*|акци[ия]\b|рассылк\w*|реклам\w*",
                2.5,
            ),
        ],
        "scheduled-jobs-overlap": [
            (
                r"(?:\w+ )?(?:copies|instances) of (?:the |same )?.{0,20}(?:job|script|report|task)|overlap\w*|pile up",
                3.5,
            ),
            (r"(?:cron|job|script) .{0,30}(?:takes|runs) .{0,20}(?:longer|hours?|\d)", 2.0),
            (
                r"(?:копи|экземпляр)\w* (?:задачи|задания|скрипта|отчёта|отчета|джобы)|накладыва\w*|наслаива\w*",
                3.5,
            ),
        ],
        "cold-start-after-deploy": [
            (
                r"(?:first|one|a|about a) minutes? after (?:each |every |the |a )?(?:deploy|restart|release|rollout)",
                4.0,
            ),
            (r"(?:cold|warm(?:s|ing)?[- ]?up|warm) (?:cache|start|up)?", 2.0),
            (
                r"после (?:каждого )?(?:деплоя|рестарта|релиза|выкладки) .{0,40}(?:минут|секунд).{0,40}(?:потом|затем|нормальн)\w*|прогрев\w*|холодн\w* (?:старт|кэш|кеш)",
                3.5,
            ),
        ],
        "graceful-shutdown-too-short": [
            (
                r"(?:during|on|at|with) (?:each |every )?(?:deploy|rollout|rolling (?:update|restart)|restart)s?.{0,60}(?:502|cut|drop|abort|lost)\w*",
                2.5,
            ),
            (
                r"(?:in-flight|running) (?:requests|jobs|tasks) .{0,20}(?:cut|abort|kill|lost|drop)\w*|terminationGracePeriod\w*|graceful[- ]timeout|preStop",
                3.5,
            ),
        ],
        "fork-shares-connections": [
            (r"preload(?:_app)?|after (?:the )?fork|post_fork|multiprocessing|--preload|после форка", 3.0),
        ],
    }
)
