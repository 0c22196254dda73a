"""Triage of reports written for these tests, from experience, in both languages."""



from __future__ import annotations

import pytest

from diagnostics.core_diagnostics.classification import classify
from diagnostics.model.problem import Category, Problem, Severity

# Description, error text, context.

BENIGN = [
    ("A user blocked our bot, so this is logged for his chat.", "Forbidden: bot was blocked by the user", ""),
    ("Alert fired during the announced maintenance window, all green since.", "Connection refused", ""),
    ("Our CI prints this traceback on purpose, the test checks that the timeout is handled.", "httpx.ReadTimeout", ""),
    ("Pods scale down at night; this is printed and no requests are lost.", "[INFO] Handling signal: term", ""),
    ("Is it OK that max_connections is 100 for 20 users?", "", ""),
    ("Redis was upgraded last night, all clients reconnected within two seconds, no tasks lost.", "consumer: Connection to broker lost. Trying to re-establish the connection...", ""),
    ("Somebody on the internet asks us for WordPress pages.", "GET /wp-login.php 404", ""),
    ("A deadlock was detected once; the retry went through and nobody noticed.", "deadlock detected", "retried automatically"),
    ("Nightly backup finished, 14 GB, took eleven minutes.", "", ""),
    ("Postgres writes this every five minutes.", "LOG:  checkpoint complete: wrote 812 buffers (5.0%)", ""),
    ("A colleague mistyped his password three times and then got in.", "401 Unauthorized", "POST /login"),
    ("CPU is at 95 % for two minutes during the nightly batch, as every night; requests stay at 80 ms.", "", ""),
    ("Our own load test hit the limiter, as intended.", "429 Too Many Requests", ""),
    ("Certificate expires in 60 days, auto-renewal is on. Just a note.", "", ""),
    ("We want to upgrade PostgreSQL next month. What should we look at?", "", ""),
    ("Staging was switched off for the weekend to save money.", "connection refused", "staging"),
    ("Rolling restart: each worker exits once, requests were drained.", "[INFO] Worker exiting (pid: 17)", ""),
    ("Spam bots post to the contact form and get rejected, real visitors are not affected.", "CSRF verification failed", ""),
    ("Warning at start-up since we upgraded the library, everything works.", "DeprecationWarning: pkg_resources is deprecated", ""),
    ("Which is better for us, pgbouncer or a bigger pool?", "", ""),
    ("Failover drill: standby was promoted in 20 s, application recovered by itself as planned.", "57P01", ""),
    ("Browser of a visitor closed the connection while the page was loading.", "BrokenPipeError: [Errno 32] Broken pipe", ""),
    ("Worker recycles after 1000 requests, configured with max-requests.", "Maximum request limit of 1000 exceeded. Terminating process.", ""),
    ("Uptime robot checks a host that we retired last week.", "timeout", ""),
    ("Пользователь заблокировал бота, остальным рассылка ушла.", "Forbidden: bot was blocked by the user", ""),
    ("Плановый рестарт базы прошёл в окне обслуживания, всё работает.", "terminating connection due to administrator command", ""),
    ("Это нормально, что autovacuum занимает одно ядро по ночам?", "", ""),
    ("Сканер безопасности перебирает адреса, на клиентов не влияет.", "404 Not Found: /.git/config", ""),
    ("Нагрузочный тест завершён успешно, ошибок нет.", "", ""),
    ("Просто сообщаю: сертификат продлён автоматически.", "", ""),
    ("Клиент ввёл неверный пароль, потом вспомнил и вошёл.", "Invalid username or password", ""),
    ("Учебная тревога, сервис останавливали намеренно.", "Connection refused", ""),
    ("The nightly vacuum of the biggest table takes forty minutes, nobody works at that time.", "", ""),
    ("Bot was removed from a group by its admin.", "Forbidden: bot was kicked from the group chat", ""),
    ("We see one 401 per session, the client then refreshes its token and goes on.", "jwt.exceptions.ExpiredSignatureError: Signature has expired", ""),
    ("Disk is at 61 % and grows by one percent a month.", "", ""),
    ("A developer ran the script from his notebook without VPN and could not connect, that is how it should be.", "timeout expired", ""),
    ("Monitoring mail after the OS update: host rebooted at 03:00 as agreed.", "", ""),
    ("Import rejects rows without a price, the editor gets a list of them. That is the specification.", "ValidationError", ""),
    ("Someone scraped the catalogue and was limited to 10 requests a second.", "429 Too Many Requests", "our own limiter"),
    ("Users who pick a taken nickname see a friendly hint.", "duplicate key value violates unique constraint", "409 to the client"),
    ("Does it matter that Python 3.11 prints this?", "DeprecationWarning: 'asyncore' is deprecated", ""),
    ("Replica is rebuilt today, DBA told us; reads go to the primary meanwhile.", "could not connect to standby", ""),
    ("Pod was replaced during the node upgrade, the other two served all requests.", "exit code 143", ""),
    ("Load average is 6 on a 16-core box, response times are the same as last week.", "", ""),
    ("How do I rotate the logs of gunicorn?", "", ""),
    ("Тестовый стенд выключен до понедельника.", "Connection refused", ""),
    ("Хотим узнать, сколько воркеров ставить на 4 ядра.", "", ""),
    ("После деплоя кэш прогревался минуту, потом всё как обычно; предупреждали заранее.", "", ""),
    ("Покупателю отказал его банк, остальные платежи идут.", "Your card has insufficient funds", ""),
    ("Celery restarted its children, configured so after 100 tasks.", "worker: Warm shutdown", ""),
    ("Partner announced that their sandbox is off on Sunday; production not concerned.", "503", ""),
]  # fmt: skip

UNKNOWN = [
    ("", "", ""),
    ("", "Error", ""),
    ("App is broken, please fix.", "", ""),
    ("Customer says yesterday something was weird. No details.", "", ""),
    ("The message was cut off by the log collector.", "Traceback (most recent call last):", ""),
    ("Users get errors now and then. Could be the network, the database or our last deploy.", "", ""),
    ("Alert text only, the dashboard was deleted.", "threshold exceeded", ""),
    ("Pod was restarted, reason unknown, events expired.", "exit code 137", ""),
    ("Got this from support, page and time are not known.", "Something went wrong", ""),
    ("Slow today.", "", ""),
    ("No idea what this is, found in the log of a host that runs many services.", "Connection reset by peer", ""),
    ("Работает как-то странно.", "", ""),
    ("Клиент прислал скриншот, ни времени, ни страницы.", "Ошибка 500", ""),
    ("Ночью что-то падало, логи не сохранились.", "", ""),
    ("Помогите, срочно!", "", ""),
    ("Somebody saw an error yesterday evening.", "", ""),
    ("Exception class only, the rest was filtered.", "OperationalError", ""),
    ("The graph has a hole between two and three o'clock.", "", ""),
    ("Latency alarm at night, resolved before anyone looked. No traces kept.", "p99 > 2s", ""),
    ("Third party widget reports an error from our page, no request id.", "NetworkError when attempting to fetch resource", ""),
    ("Either DNS or the firewall or the partner, we have three theories and no data.", "ConnectionError", ""),
    ("Всё плохо.", "", ""),
    ("Пользователь пишет «не грузится», больше ничего не известно.", "", ""),
    ("It crashed again.", "exit status 1", ""),
    ("Attached is a log of another service, ours was not kept.", "INFO started", ""),
    ("Worker was killed. Memory graph is missing, dmesg not accessible.", "signal 9", ""),
]  # fmt: skip

# Category first.
SICK = [
    ("host_environment", "Nightly backup writes its dump to the same partition and fills it; requests wait for a pool slot then.", "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00", "df -h shows 100 %"),
    ("host_environment", "Writes fail with no space though df shows 40 % free; df -i is at 100 %.", "OSError: [Errno 28] No space left on device", ""),
    ("host_environment", "Антивирус сканирует том и занимает все ядра, запросы отваливаются по таймауту.", "ReadTimeout", "load average 35"),
    ("host_environment", "Outgoing calls fail at peak, thousands of sockets are in TIME_WAIT.", "OSError: [Errno 99] Cannot assign requested address", ""),
    ("host_environment", "Container is throttled: CPU limit is 200m.", "CPUThrottlingHigh", ""),
    ("app_runtime", "RSS climbs 80 MB an hour until the pod is restarted.", "", "module-level dict of sessions"),
    ("app_runtime", "Every endpoint, even /health, freezes while a report is built; handler is async def and calls pandas and requests.", "", ""),
    ("app_runtime", "Requests in flight are cut at every deploy.", "502 Bad Gateway", "terminationGracePeriodSeconds 5"),
    ("app_runtime", "После рассылки трафик вырос в 6 раз, сервис отвечает 503.", "503 Service Unavailable", ""),
    ("db_connection", "After the failover the first query of each worker fails.", "server closed the connection unexpectedly", "no pool_pre_ping"),
    ("db_connection", "Pods cannot connect since we scaled to 40 replicas.", "FATAL: sorry, too many clients already", ""),
    ("db_connection", "Long reports on the replica are killed.", "canceling statement due to conflict with recovery", ""),
    ("db_connection", "База не отвечает после перезагрузки сервера, systemctl показывает failed.", "connection to server at \"db\", port 5432 failed: Connection refused", "postgresql.service failed"),
    ("db_locks", "Updates of one account wait; a colleague left a transaction open in DBeaver.", "canceling statement due to lock timeout", ""),
    ("db_locks", "Two batch jobs update the same rows in different order.", "deadlock detected", ""),
    ("db_locks", "Nightly job takes an advisory lock and never gives it back.", "", "pg_advisory_lock"),
    ("db_performance_storage", "Search by e-mail takes nine seconds, EXPLAIN shows Seq Scan.", "", ""),
    ("db_performance_storage", "Все вставки в таблицу событий падают, id дошёл до предела.", "nextval: reached maximum value of sequence \"events_id_seq\" (2147483647)", ""),
    ("db_performance_storage", "pg_wal grows and the database disk is full.", "PANIC:  could not write to file \"pg_wal/xlogtemp.42\": No space left on device", ""),
    ("schema_or_data", "Insert fails since the new status was added in code only.", "invalid input value for enum order_status: \"refunded\"", ""),
    ("schema_or_data", "На новом сервере не прогнали миграции.", "relation \"invoice\" does not exist", ""),
    ("schema_or_data", "Partition for December was never created.", "no partition of relation \"events\" found for row", ""),
    ("external_service", "Shipping API answers 503 from everywhere, their status page is red.", "503 Server Error", ""),
    ("external_service", "Our SMS are not sent, the provider limits us.", "429 Too Many Requests", ""),
    ("external_service", "Платёжный шлюз лежит, у провайдера авария.", "502 Server Error: Bad Gateway for url", ""),
    ("auth_credentials", "All AWS calls fail since keys were rotated.", "botocore.exceptions.ClientError: (InvalidAccessKeyId)", ""),
    ("auth_credentials", "Service account may read but not write to the bucket.", "AccessDenied when calling the PutObject operation", ""),
    ("auth_credentials", "Пароль базы сменили, бэкенд не подключается.", "password authentication failed for user \"shop\"", ""),
    ("network_tls", "Partner's certificate ran out last night.", "certificate verify failed: certificate has expired", ""),
    ("network_tls", "Small requests pass through the VPN, large uploads hang.", "", "MTU 1500, wireguard"),
    ("network_tls", "Ни одно имя не резолвится.", "Temporary failure in name resolution", ""),
    ("config_deploy", "Saves fail at once under light load.", "canceling statement due to lock timeout", "lock_timeout=10ms"),
    ("config_deploy", "Second container does not start.", "[Errno 98] Address already in use", ""),
    ("config_deploy", "После переноса в новый контейнер не задана переменная окружения.", "KeyError: 'SENTRY_DSN'", ""),
    ("config_deploy", "Production talks to the sandbox of the bank since the config push.", "", ""),
    ("code_defect", "Profile page of users without a photo is broken.", "AttributeError: 'NoneType' object has no attribute 'url'", ""),
    ("code_defect", "Two parallel clicks sell the last ticket twice: race condition.", "", ""),
    ("code_defect", "После перехода на async падает сериализация.", "MissingGreenlet: greenlet_spawn has not been called", ""),
    ("cache_queue", "Tasks stay PENDING, no worker is running.", "", ""),
    ("cache_queue", "Writes to Redis fail, reads work.", "MISCONF Redis is configured to save RDB snapshots", ""),
    ("cache_queue", "Клиенты получают каждое письмо дважды.", "", "celery beat запущен на двух узлах"),
    ("host_environment", "Log rotation broke and the root partition is at 100 %.", "", ""),
    ("host_environment", "Jobs die with Killed and dmesg mentions the OOM killer.", "Killed", ""),
    ("host_environment", "Диск на сервере приложений забит логами, загрузка файлов не работает.", "OSError: [Errno 28] No space left on device", ""),
    ("host_environment", "ssh to the box takes a minute, swap is full and disks are busy.", "", ""),
    ("host_environment", "Tokens are rejected on one VM only, its clock is six minutes ahead.", "jwt: Token used before issued", ""),
    ("host_environment", "Disk latency is 200 ms since the burst credits of the volume are used up.", "", ""),
    ("host_environment", "File watcher fails to start.", "OSError: [Errno 28] inotify watch limit reached", ""),
    ("host_environment", "EC2 instance shows 60 % steal.", "", ""),
    ("host_environment", "После переезда приложение не может писать в каталог загрузок, владелец root.", "PermissionError: [Errno 13] Permission denied: '/srv/media'", ""),
    ("app_runtime", "Each replica handles 4 requests at once and the rest queue; only one gunicorn worker since the config cleanup.", "", ""),
    ("app_runtime", "Garbage collection of generation 2 takes three seconds and pauses everything.", "", ""),
    ("app_runtime", "Web socket server refuses new clients at 1024 connections.", "OSError: [Errno 24] Too many open files", ""),
    ("app_runtime", "Приложение висит, py-spy показывает, что два потока ждут друг друга.", "", ""),
    ("app_runtime", "В три часа дня память воркеров доходит до лимита, каждый час растёт на 50 МБ.", "", ""),
    ("app_runtime", "uWSGI prints harakiri and kills the request.", "HARAKIRI ON WORKER 3", ""),
    ("app_runtime", "Every worker crashed with a core dump after the new image library.", "worker was sent SIGSEGV", ""),
    ("db_connection", "All slots are used by idle connections of our own pods.", "remaining connection slots are reserved", ""),
    ("db_connection", "pgbouncer logs query_wait_timeout at peak.", "query_wait_timeout", ""),
    ("db_connection", "Запись не проходит, приложение смотрит на реплику.", "cannot execute UPDATE in a read-only transaction", ""),
    ("db_connection", "Commits hang since the second node was switched off; synchronous_standby_names is set.", "", ""),
    ("db_connection", "Security group was changed and backend cannot reach RDS.", "connection to server at \"10.1.1.1\", port 5432 failed: timeout expired", ""),
    ("db_connection", "Сессии не закрываются, и через пару часов пул пуст.", "QueuePool limit of size 5 overflow 10 reached", ""),
    ("db_locks", "REINDEX runs and nobody can write to the invoices table.", "", ""),
    ("db_locks", "A forgotten two-phase transaction keeps rows locked since Monday.", "", ""),
    ("db_locks", "Миграция ALTER TABLE ждёт, и за ней встали все запросы к таблице.", "canceling statement due to lock timeout", ""),
    ("db_locks", "All buyers update the same counter row and wait for each other.", "", ""),
    ("db_performance_storage", "Report got slow after bulk load, running ANALYZE helps.", "", ""),
    ("db_performance_storage", "Query plan flipped overnight, estimate says 1 row, actual is 2 million.", "", ""),
    ("db_performance_storage", "Страница со списком делает 400 запросов к базе.", "", ""),
    ("db_performance_storage", "Index returns wrong rows since the OS upgrade.", "collation version mismatch", ""),
    ("db_performance_storage", "Table is ten times larger than its live rows, autovacuum cannot keep up.", "", ""),
    ("db_performance_storage", "Archiving fails and WAL piles up.", "archive command failed with exit code 1", ""),
    ("schema_or_data", "The import of one customer fails with strange characters.", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9", ""),
    ("schema_or_data", "Orders with negative quantity end in error 500.", "violates check constraint \"orders_qty_check\"", ""),
    ("schema_or_data", "В загруженном файле дата записана как 31.12.2025.", "ValueError: time data '31.12.2025' does not match format '%Y-%m-%d'", ""),
    ("schema_or_data", "Function gen_random_uuid is missing on the new cluster.", "function gen_random_uuid() does not exist", ""),
    ("schema_or_data", "Upload of a photo ends in error 500, the file is not an image.", "PIL.UnidentifiedImageError: cannot identify image file", ""),
    ("external_service", "Maps provider changed the JSON, latitude is now nested.", "KeyError: 'lat'", ""),
    ("external_service", "Our OpenAI account ran out of credit.", "insufficient_quota", ""),
    ("external_service", "Mails to one big provider bounce.", "550 5.7.1 message rejected, your IP is on a blacklist", ""),
    ("external_service", "Partner blocks the IP of our new server.", "403 Forbidden", ""),
    ("external_service", "Банк отвечает по 20 секунд вместо одной.", "ReadTimeout", ""),
    ("auth_credentials", "Login with Google says redirect_uri_mismatch on the new domain.", "redirect_uri_mismatch", ""),
    ("auth_credentials", "All users were logged out after the secret key was regenerated.", "Signature verification failed", ""),
    ("auth_credentials", "S3 uploads fail with expired token every hour.", "ExpiredToken", ""),
    ("auth_credentials", "pg refuses the new host.", "no pg_hba.conf entry for host \"10.0.0.7\", user \"app\", database \"shop\"", ""),
    ("auth_credentials", "Токен бота отозван.", "Unauthorized", ""),
    ("network_tls", "Calls from the new subnet have 30 % packet loss.", "", ""),
    ("network_tls", "Certificate is for another name.", "certificate verify failed: Hostname mismatch", ""),
    ("network_tls", "Connections that were idle for six minutes are dead, the NAT gateway drops them.", "Connection reset by peer", ""),
    ("network_tls", "Прокси не пускает наружу.", "ProxyError: Tunnel connection failed: 403 Forbidden", ""),
    ("network_tls", "coredns is overloaded and lookups take five seconds.", "", ""),
    ("config_deploy", "nginx rejects uploads above 1 MB.", "413 Request Entity Too Large", ""),
    ("config_deploy", "Image was built for arm64.", "exec format error", ""),
    ("config_deploy", "Pod does not start: secret is not found.", "CreateContainerConfigError", ""),
    ("config_deploy", "Login loops between http and https since the proxy was put in front.", "", ""),
    ("config_deploy", "После обновления зависимостей без фиксации версий сервис не стартует.", "ImportError: cannot import name 'soft_unicode' from 'markupsafe'", ""),
    ("config_deploy", "Выключили флаг, и скидки исчезли.", "", ""),
    ("code_defect", "Totals are off by one cent for some baskets, rounding.", "", ""),
    ("code_defect", "Endpoint returns 200 but nothing is saved, commit is missing.", "", ""),
    ("code_defect", "Decimal cannot be returned by the new endpoint.", "TypeError: Object of type Decimal is not JSON serializable", ""),
    ("code_defect", "One process burns a core for ever on a regex.", "", ""),
    ("code_defect", "Время в напоминаниях сдвинуто на три часа.", "TypeError: can't compare offset-naive and offset-aware datetimes", ""),
    ("cache_queue", "At every full hour the cache expires and all requests hit the database at once.", "", ""),
    ("cache_queue", "Users see prices of yesterday until somebody flushes the cache.", "", ""),
    ("cache_queue", "Redis is loading for two minutes after restart.", "LOADING Redis is loading the dataset in memory", ""),
    ("cache_queue", "RabbitMQ does not accept messages.", "connection.blocked: low on disk", ""),
    ("cache_queue", "Очередь растёт, воркеры не успевают.", "", ""),
    ("cache_queue", "Job did not run tonight, scheduler was not started.", "", ""),
    ("cache_queue", "Users sometimes see the cart of another user since caching was added.", "", ""),
    ("db_connection", "Only the first request after the weekend fails, retry works.", "server closed the connection unexpectedly", "idle_session_timeout was set on Friday"),
    ("network_tls", "First call to the partner after a pause always fails, the second one works; their balancer closes idle connections after 60 s.", "RemoteDisconnected('Remote end closed connection without response')", "keep-alive session"),
    ("code_defect", "Partner was slow for a minute and our endless retries without pause took the whole API down.", "503 Server Error", "while True: try"),
    ("app_runtime", "httpx pool of 10 connections is empty because responses of the stream are never closed.", "httpx.PoolTimeout", ""),
    ("app_runtime", "Since the partner got slow all our threads wait for it and even static pages of sync views queue.", "", ""),
    ("db_performance_storage", "Writes got slow: the table has 23 indexes.", "", ""),
    ("db_performance_storage", "Reports spill gigabytes into temporary files.", "", ""),
    ("db_performance_storage", "After the upgrade to PG 16 short queries take 300 ms, switching jit off cures it.", "", ""),
    ("config_deploy", "Since DBA set statement_timeout to 500ms, exports are cancelled.", "canceling statement due to statement timeout", ""),
    ("config_deploy", "Debug toolbar and SQL echo were left on in production, log grows by 5 GB an hour.", "", ""),
    ("config_deploy", "Somebody raised max_connections in the pooler config and now everything is refused since the reload.", "unrecognized configuration parameter", ""),
    ("schema_or_data", "Customer with an emoji in his name cannot be exported to the old cp1251 file.", "UnicodeEncodeError: 'charmap' codec can't encode character", ""),
    ("schema_or_data", "Migration was interrupted half way, the second run fails.", "relation \"ix_orders_date\" already exists", ""),
    ("auth_credentials", "Nightly export to SFTP fails since partner changed the host key.", "paramiko.ssh_exception.BadHostKeyException", ""),
    ("auth_credentials", "Роль приложения истекла вчера.", "password authentication failed for user \"app\"", "rolvaliduntil"),
    ("external_service", "Courier API drops every tenth connection.", "Connection reset by peer", "also from curl at home"),
    ("cache_queue", "Same message is delivered again and again and blocks all others.", "", "RabbitMQ, requeue=True"),
    ("cache_queue", "Reminder SMS go out twice since we added the second scheduler container.", "", ""),
    ("host_environment", "Контейнер убивает ядро при генерации отчёта: лимит памяти 512 МБ.", "exit code 137", "dmesg: Memory cgroup out of memory"),
    ("host_environment", "Compile job of CI runs on the same host and eats all cores, API answers in 9 s.", "", ""),
    ("db_locks", "Nobody can save invoices while the DBA runs VACUUM FULL on the table.", "", ""),
]  # fmt: skip


def _classified(description: str, error: str, context: str):
    return classify(Problem(description=description, error_message=error, context={"context": context}))


@pytest.mark.parametrize(("description", "error", "context"), BENIGN)
def test_what_is_no_problem_is_said_to_be_none(description, error, context):
    triage = _classified(description, error, context)

    assert triage.category is Category.BENIGN, triage.reason
    assert triage.severity is Severity.LOW
    assert triage.candidates == ()


@pytest.mark.parametrize(("description", "error", "context"), UNKNOWN)
def test_what_cannot_be_decided_from_the_text_is_left_open(description, error, context):
    triage = _classified(description, error, context)

    assert triage.category is Category.UNKNOWN, triage.reason
    assert triage.severity in (Severity.MEDIUM, Severity.HIGH)


@pytest.mark.parametrize(("category", "description", "error", "context"), SICK)
def test_the_cause_decides_and_not_the_layer_where_the_text_appears(category, description, error, context):
    triage = _classified(description, error, context)

    assert triage.category == category, triage.reason
    assert triage.candidates
    assert triage.probe_first
