"""Texts of Redis, Celery, schedulers and cache semantics."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "redis-down": [
            (r"Error (?:111|61) connecting to", 5.0),
            (r"redis\.exceptions\.ConnectionError: (?!max number|Error -)", 2.5),
            (r"redis.{0,80}Connection refused", 5.0),
            (
                r"(?:amqp|kombu|pika)\b.{0,120}(?:Connection refused|ConnectionError|AMQPConnectionError)|Cannot connect to (?:redis|amqp)://",
                4.5,
            ),
            (
                r"redis.{0,60}TimeoutError|Timeout reading from (?:socket|\S{1,80}:6379)|Timeout connecting to server",
                3.0,
            ),
            (r"kombu\.exceptions\.OperationalError", 3.5),
        ],
        "redis-loading-dataset": [(r"LOADING Redis is loading the dataset|BusyLoadingError", 6.0)],
        "redis-readonly-replica": [
            (r"READONLY You can't write against a read only replica|redis.{0,40}ReadOnlyError", 6.0)
        ],
        "redis-bgsave-failing": [
            (r"MISCONF Redis is configured to save RDB", 6.0),
            (r"Can't save in background", 5.0),
        ],
        "redis-maxmemory-noeviction": [(r"OOM command not allowed|command not allowed when used memory", 6.0)],
        "redis-maxclients-reached": [
            (r"max number of clients reached", 6.0),
            (r"redis.{0,60}Too many connections", 4.5),
        ],
        "redis-client-pool-exhausted": [
            (
                r"redis\.exceptions\.ConnectionError: (?:No connection available|Too many connections)|BlockingConnectionPool",
                5.0,
            )
        ],
        "redis-auth-wrong": [
            (r"invalid username-password pair|WRONGPASS", 6.0),
            (r"NOAUTH", 5.5),
            (r"Authentication required", 3.0),
            (
                r"redis\.exceptions\.AuthenticationError|HELLO must be called with the client already authenticated",
                5.5,
            ),
            (r"NOPERM|redis.{0,40}NoPermissionError", 5.0),
            (r"ACCESS_REFUSED - Login was refused", 5.5),
        ],
        "redis-slow-command-blocks": [
            (r"BUSY Redis is busy running a script|slowlog", 4.5),
            (r"Timeout reading from (?:socket|\S{1,80}:6379)", 2.5),
        ],
        "redis-cluster-slot-moved": [(r"MOVED \d+ |ASK \d+ |CLUSTERDOWN|CROSSSLOT", 5.5)],
        "redis-wrong-type-or-key-collision": [(r"WRONGTYPE Operation against a key", 5.5)],
        "cache-deserialisation-after-deploy": [
            (
                r"(?:_pickle\.UnpicklingError|pickle data was truncated|unsupported pickle protocol|Can't get attribute '\w+' on <module)",
                5.0,
            ),
        ],
        "celery-no-worker": [
            (r"celery\.exceptions\.TimeoutError: The operation timed out", 4.0),
            (r"No nodes replied within time constraint", 5.5),
        ],
        "celery-unregistered-task": [
            (r"Received unregistered task of type", 6.0),
            (r"celery\.exceptions\.NotRegistered", 6.0),
        ],
        "celery-worker-lost": [(r"WorkerLostError|Worker exited prematurely", 6.0)],
        "celery-time-limit-kills-task": [
            (r"TimeLimitExceeded|SoftTimeLimitExceeded", 6.0),
            (r"(?:Soft|Hard) time limit \([\d.]+s?\) exceeded", 6.0),
        ],
        "celery-worker-deaf-after-reconnect": [
            (r"consumer: Connection to broker lost", 5.0),
            (r"Trying to re-establish the connection", 3.5),
            (r"missed heartbeat from", 2.5),
            (r"delivery acknowledgement on channel \d+ timed out", 4.0),
        ],
        "broker-disk-or-memory-alarm": [
            (r"(?:disk|memory) (?:resource limit )?\balarm|connection\.blocked|resource alarm", 5.5)
        ],
        "broker-message-too-large": [
            (r"MessageSizeTooLarge|message size .{0,20}larger than|PRECONDITION_FAILED - message size", 5.5)
        ],
        "queue-declaration-conflict": [
            (r"PRECONDITION_FAILED - inequivalent arg|NOT_FOUND - no (?:queue|exchange)", 5.5)
        ],
        "poison-message-requeue-loop": [(r"celery.{0,40}Retry in \d+s|redelivered: ?True|delivery count|requeue", 2.0)],
        "task-serialisation-error": [
            (r"kombu\.exceptions\.(?:EncodeError|ContentDisallowed|DecodeError)", 6.0),
            (r"Refusing to deserialize (?:untrusted|disabled) content", 6.0),
        ],
        "scheduled-task-duplicated": [(r"beat: .{0,40}(?:already running|Pidfile)", 3.0)],
        "scheduler-missed-runs": [
            (r"Run time of job .{0,120}was missed by|maximum number of running instances reached", 5.5)
        ],
        "kafka-consumer-rebalancing": [
            (r"(?:CommitFailedError|RebalanceInProgress|max\.poll\.interval|Group .{0,40}rebalanc)", 5.5)
        ],
    }
)

STORIES = table(
    {
        "redis-down": [
            (
                r"redis .{0,20}(?:is |was )?(?:down|stopped|not running|unreachable|dead|refused?)|(?:редис|redis) .{0,15}(?:лежит|упал|недоступ|не запущ)\w*",
                4.0,
            ),
            (r"(?:cache|cached) pages?", 0.5),
        ],
        "redis-maxmemory-noeviction": [(r"maxmemory|noeviction|eviction", 4.0)],
        "redis-maxclients-reached": [(r"maxclients", 5.0)],
        "redis-auth-wrong": [(r"requirepass|redis .{0,20}(?:password|auth|acl)|парол\w* redis", 3.0)],
        "redis-slow-command-blocks": [(r"KEYS \*|SMEMBERS|big key|slowlog", 4.5)],
        "celery-no-worker": [
            (
                r"(?:tasks?|jobs?|queue) .{0,25}(?:stay|stuck|remain|wait|hang)s? .{0,10}(?:pending|queued|unprocessed|in the queue)|pending",
                3.0,
            ),
            (
                r"no (?:celery )?workers?|worker (?:process |container )?(?:is |was )?(?:not running|down|stopped|not started)|nobody consumes",
                4.0,
            ),
            (
                r"(?:задач|очеред)\w* .{0,25}(?:не (?:выполня|обрабатыва|разбира)|вис|копит|стоит|растёт|растет)\w*|воркер\w* .{0,15}(?:не запущ|остановлен|лежит|упал)\w*",
                3.5,
            ),
            (r"queue (?:length|depth|size)? ?(?:grows|is growing|keeps growing|climbs|piles up)", 2.5),
        ],
        "celery-worker-lost": [(r"(?:big|large) exports?", 0.8)],
        "celery-time-limit-kills-task": [(r"time[_ ]limit|лимит\w* времени", 3.0)],
        "celery-worker-deaf-after-reconnect": [
            (
                r"(?:since|after) (?:the )?(?:redis|broker|rabbit\w*) (?:restart|reconnect|failover|upgrade|blip|maintenance)",
                4.0,
            ),
            (
                r"worker (?:looks|seems|is) (?:healthy|alive|fine|ok)|(?:после|с) (?:перезапуска|рестарта) (?:redis|редис|брокер|rabbit)\w*",
                3.0,
            ),
        ],
        "poison-message-requeue-loop": [
            (
                r"same (?:traceback|exception|error|message|task) .{0,30}(?:times|again|over and over|per second|a second|every|loop)|requeue\w*|acks_late|poison|(?:одна и та же|один и тот же|одно и то же) .{0,30}(?:ошибк|сообщен|трейс|задач)\w*",
                4.0,
            ),
        ],
        "scheduled-task-duplicated": [
            (
                r"(?:each|every|all|same)? ?(?:e-?mail|message|notification|report|invoice|letter|reminder|sms|charge|digest|newsletter)s? .{0,30}(?:twice|two times|double|duplicat|2 times)\w*",
                3.5,
            ),
            (
                r"two (?:beats?|schedulers?|crons?)|second (?:beat|scheduler)|beat (?:runs|started|in) (?:twice|two|both|each|every)|celery beat",
                3.5,
            ),
            (
                r"(?:письм|сообщени|уведомлен|отч[её]т|рассылк|смс|счет|счёт)\w* .{0,30}(?:дважды|по два|два раза|дубл|двойн)\w*|(?:дважды|по два раза|по два) .{0,30}(?:письм|сообщени|уведомлен|отч[её]т)\w*",
                3.5,
            ),
        ],
        "scheduler-missed-runs": [
            (
                r"(?:cron|scheduled|scheduler|beat|nightly|job) .{0,30}(?:did not run|never ran|was skipped|not started|missed|не запустил|не отработал)\w*",
                3.0,
            )
        ],
        "cache-stampede": [
            (
                r"stampede|thundering herd|dog-?pile|(?:cache|key) expires? .{0,60}(?:all|spike|every|database)\w*|(?:every|each) (?:\d+ )?(?:minutes?|hour) .{0,40}(?:cache|ttl)",
                4.5,
            ),
            (
                r"кэш\w* (?:истекает|протуха)\w* .{0,60}(?:все|нагруз|база|запрос)\w*|одновременн\w* протуха\w*",
                4.0,
            ),
        ],
        "cache-stale-after-update": [
            (
                r"(?:stale|old|outdated) (?:cache|cached)|cache (?:is |was )?(?:not|never) (?:invalidat|clear|flush)\w*|invalidat\w*|until (?:the )?(?:cache|ttl)|flush(?:ing|ed|es)? (?:the )?(?:cache|redis)\b|clear(?:ing|s|ed)? (?:the )?cache",
                4.0,
            ),
            (
                r"(?:сброс|очистк|инвалидац)\w* кэш\w*|кэш\w* не (?:сброс|обнов|инвалид)\w*|кеш\w* не (?:сброс|обнов|инвалид)\w*",
                4.0,
            ),
        ],
        "cache-key-collision-between-users": [
            (
                r"(?:another|other|someone else's|somebody else's|foreign|wrong) (?:user|customer|person|client|tenant|account)(?:'s)? .{0,30}(?:data|cart|profile|page|name|orders?|see)|sees? (?:the )?(?:cart|profile|data|orders?) of (?:another|other|someone)",
                4.0,
            ),
            (r"чуж\w* (?:данн|корзин|профил|заказ|им)\w*", 4.0),
        ],
        "broker-disk-or-memory-alarm": [(r"rabbit\w* .{0,30}(?:alarm|watermark|blocked)", 4.0)],
        "queue-backlog-consumers-too-slow": [
            (
                r"(?:queue|backlog|lag) .{0,30}(?:grow|climb|rise|hours? behind|million|thousand)\w*|consumer lag|tasks? (?:are )?(?:delayed|late|executed .{0,10}(?:late|later))",
                2.5,
            ),
            (r"очередь .{0,20}(?:раст|копит|отста)\w*|задачи .{0,20}(?:с опозданием|с задержк)\w*", 2.5),
        ],
    }
)
