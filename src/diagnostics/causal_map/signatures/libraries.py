"""Texts of clients and servers that the other tables do not name: brokers, other databases, HTTP and RPC clients, ORMs.

A status is only read where a client of somebody else's service reports it; the same number in an access log is ours.
"""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

#: What the clients of third parties put before the status that they received.
_RECEIVED = (
    r"(?:HTTP Error|HttpError|ClientResponseError:|HTTPStatusError:|TwilioRestException: HTTP|HTTPException:|ApiException: \(?|"
    r"ApiError:? \(?|WebServiceError:?|HTTP error:?|answered|responded with|replied with|returned status(?: code)?|unexpected status(?: code)?:?|"
    r"got status(?: code)?|received status(?: code)?|bad response status code|Response status code does not indicate success:) ?"
)


def _received(status: str) -> str:
    return rf"{_RECEIVED}{status}\b"


SIGNATURES = table(
    {
        # Statuses as seen by a client.
        "external-api-5xx": [
            (_received(r"(?:50[02]|503|52\d|530)"), 4.0),
            (r"\bHTTP (?:status )?(?:50[023]|52\d)\b", 3.0),
            (r"too many 50[0-4] error responses", 5.0),
            (r"StatusCode\.(?:UNAVAILABLE|INTERNAL)\b", 3.5),
            (r"(?:backendError|overloaded_error|SERVER_IS_BUSY|ServiceUnavailableError|ServerError: 5\d\d)\b", 4.0),
            (
                r"(?:stripe|openai|anthropic|twilio|sendgrid|telegram|slack|github)\S{0,40}(?:ServerError|ServiceUnavailable\w*|InternalServerError|OverloadedError)",
                4.5,
            ),
        ],
        "external-api-slow": [
            (_received("504"), 3.0),
            (r"StatusCode\.DEADLINE_EXCEEDED", 3.5),
            (r"(?:Read timeout on endpoint URL|ConnectTimeoutError: Connect timeout on endpoint)", 3.0),
        ],
        "external-api-rate-limited": [
            (_received("429"), 5.0),
            (r"StatusCode\.RESOURCE_EXHAUSTED|too_many_requests|rate_limit_(?:exceeded|error)", 5.0),
            (
                r"(?:TooManyRequestsException|RequestThrottled\w*|LimitExceededException|Please reduce your request rate)",
                5.0,
            ),
        ],
        "external-quota-exhausted": [
            (_received("402"), 4.5),
            (
                r"credit balance is too low|(?:monthly|daily|plan|usage|spending) (?:limit|quota|cap) (?:has been |was )?(?:reached|exceeded|exhausted)|account (?:has been |is |was )?(?:suspended|deactivated) .{0,30}(?:billing|payment|unpaid)",
                5.0,
            ),
        ],
        "external-endpoint-removed": [
            (_received("410"), 5.0),
            (_received("404"), 2.5),
            (r"(?:decommissioned|has reached (?:its )?end of life|api version .{0,20}(?:sunset|retired))", 4.5),
            (r"StatusCode\.UNIMPLEMENTED", 2.5),
        ],
        "own-bug-bad-request-payload": [
            (_received("(?:400|422)"), 3.5),
            (r"StatusCode\.INVALID_ARGUMENT|InvalidArgument(?:Error)?\b: 400", 4.0),
            (r"An error occurred \((?:ValidationError|InvalidRequest|InvalidArgument|MalformedPolicy)\)", 4.0),
        ],
        "api-key-invalid-or-revoked": [
            (_received("401"), 4.5),
            (r"HTTP 401\b", 4.0),
            (r"StatusCode\.UNAUTHENTICATED|security_exception|AuthenticationException\(401", 4.0),
            (r"(?:account|api|access) (?:key|token) (?:is |was |has been )?(?:disabled|revoked|invalid|expired)", 5.0),
            (r"invalid_auth\b|token_revoked\b|account_inactive\b", 5.0),
        ],
        "api-permission-missing": [
            (_received("403"), 3.5),
            (r"StatusCode\.PERMISSION_DENIED|missing_scope\b|not_authorized\b", 4.5),
            (r"(?:User|Role|Principal)[: ]\S{1,120} is not authorized", 5.0),
        ],
        "external-connection-reset": [
            (r"(?:httpx|httpcore)\.(?:ReadError|WriteError|CloseError)\b", 3.0),
            (r"urllib3\.exceptions\.ProtocolError", 2.5),
        ],
        # Other databases.
        "pg-server-down": [
            (
                r"Can't connect to (?:local )?MySQL server|Lost connection to MySQL server at 'reading initial|pymysql\.err\.OperationalError: \(2003",
                4.0,
            ),
            (r"ServerSelectionTimeoutError|AutoReconnect\b", 3.5),
        ],
        "pg-restarted-stale-pool": [
            (r"MySQL server has gone away|Lost connection to MySQL server during query", 4.0),
            (r"(?:ConnectionDoesNotExistError|connection does not exist|08003|08006)\b", 2.5),
            (r"InterfaceError: (?:connection|cursor) (?:already|is) closed", 3.0),
        ],
        "pg-max-connections-by-app": [
            (r"\(1040, ['\"]Too many connections|too many connections for database", 5.0),
        ],
        "pg-port-blocked-by-firewall": [
            (
                r"could not connect to server: (?:Connection timed out|No route to host|Network is unreachable)",
                4.5,
            ),
            (r"Connect call failed \('[^']{1,60}', 543\d\).{0,80}timed out|Is the server running on host", 1.5),
        ],
        "migration-not-applied-missing-column": [(r"no such column: \w|Unknown column '", 5.0)],
        "migration-missing-table": [(r"no such table: \w|\(1146, ['\"]Table|Table '\S{1,80}' doesn't exist", 5.0)],
        "optimistic-lock-conflict": [(r"version_conflict_engine_exception|WriteConflict\b", 5.0)],
        "function-or-extension-missing": [
            (
                r"type \"(?:vector|geometry|geography|citext|hstore|ltree|halfvec)\" does not exist|extension \"[^\"]{1,60}\" is not available|could not open extension control file",
                6.0,
            ),
            (r"function \w+\([^)]{0,80}\) does not exist", 2.0),
        ],
        "sql-syntax-error": [
            (
                r"must appear in the GROUP BY clause|error in your SQL syntax|subquery in FROM must have an alias|more than one row returned by a subquery|missing FROM-clause entry|INSERT has more (?:expressions|target columns)|column reference \"[^\"]{1,60}\" is ambiguous|each UNION query must have the same",
                5.5,
            ),
            (r"(?:42803|42702|42P09|21000|CardinalityViolation|GroupingError|AmbiguousColumn)\b", 5.0),
        ],
        "container-image-or-manifest-wrong": [
            (r"exit(?:ed)?(?: with)?(?: code| status)?:? ?\b127\b", 4.5),
            (r"exit(?:ed)?(?: with)?(?: code| status)?:? ?\b126\b", 4.5),
            (
                r"command not found|executable file not found",
                4.5,
            ),
            (r"error: (?:unrecognized|the following) arguments|No such option:|unrecognized arguments", 4.0),
        ],
        "pg-data-volume-full": [
            (
                r"could not write (?:lock file|to file|init file|block|to temporary file)[^\n]{0,120}No space left|postmaster\.pid\W{0,3} ?No space left",
                6.0,
            ),
        ],
        "on-conflict-constraint-missing": [(r"42P10\b", 5.0)],
        "migration-fails-on-existing-data": [
            (
                r"cannot be cast automatically to type|cannot drop (?:table|column|type) .{0,80}because other objects",
                5.0,
            ),
        ],
        "migration-partially-applied": [
            (r"InconsistentMigrationHistory", 5.5),
            (r"Target database is not up to date", 3.5),
        ],
        "numeric-overflow-input": [
            (r"Python int too large to convert|is out of range for type (?:integer|bigint|smallint)", 5.0),
            (r"Out of range value for column", 5.0),
        ],
        "payload-validation-mismatch": [
            (r"marshmallow\.exceptions\.ValidationError|Missing data for required field", 4.5),
            (r"msgspec\.ValidationError|serializers?\.ValidationError|\"code\": ?\"(?:required|invalid)\"", 3.5),
        ],
        # Brokers and caches.
        "redis-down": [
            (r"NoBrokersAvailable|KafkaConnectionError|BrokerTransportFailure|ALL_BROKERS_DOWN|brokers? are down", 5.0),
            (r"rdkafka\S{0,60}.{0,120}Connection refused", 5.0),
            (r"MasterNotFoundError|No master found for", 5.0),
            (r"memcache\w*.{0,60}(?:Connection refused|is dead|unreachable)", 4.5),
        ],
        "redis-auth-wrong": [(r"ACCESS_REFUSED|SaslAuthenticationFailed\w*|TOPIC_AUTHORIZATION_FAILED|NOPERM\b", 5.0)],
        "kafka-consumer-rebalancing": [
            (
                r"MAXPOLL\b|maximum poll interval|UnknownMemberIdError|UNKNOWN_MEMBER_ID|IllegalGenerationError|RebalanceInProgressError",
                5.5,
            ),
        ],
        "celery-time-limit-kills-task": [(r"delivery acknowledgement on channel \d+ timed out", 5.5)],
        "celery-worker-deaf-after-reconnect": [
            (r"Connection to broker lost\. Trying to re-establish", 2.5),
            (r"missed heartbeats? from|Too many heartbeats missed", 3.0),
            (r"pika\.exceptions\.(?:StreamLostError|ConnectionClosedByBroker|ChannelWrongStateError)", 3.5),
        ],
        "broker-disk-or-memory-alarm": [
            (r"resource limit alarm set|Publishers will be blocked|ConnectionBlockedTimeout|disk_free_limit", 6.0),
        ],
        "task-serialisation-error": [(r"kombu\.exceptions\.(?:EncodeError|DecodeError|ContentDisallowed)", 6.0)],
        "scheduled-jobs-overlap": [(r"skipped: maximum number of running instances reached", 6.0)],
        # Names, paths, certificates.
        "dns-server-unreachable": [
            (r"Timeout while contacting DNS servers|ClientConnectorDNSError.{0,120}Timeout|EAI_AGAIN", 5.0)
        ],
        "dns-name-not-found": [(r"ENOTFOUND\b|ERR_NAME_NOT_RESOLVED|getaddrinfo failed|Domain name not found", 4.5)],
        "tls-cert-expired": [(r"ERR_CERT_DATE_INVALID|SEC_ERROR_EXPIRED_CERTIFICATE", 5.5)],
        "tls-unknown-ca": [(r"ERR_CERT_AUTHORITY_INVALID|SEC_ERROR_UNKNOWN_ISSUER", 5.0)],
        "tls-hostname-mismatch": [(r"ERR_CERT_COMMON_NAME_INVALID|SSL_ERROR_BAD_CERT_DOMAIN", 5.5)],
        "tls-plain-http-mismatch": [(r"record layer failure|ERR_SSL_PROTOCOL_ERROR|SSL_ERROR_RX_RECORD_TOO_LONG", 4.0)],
        "ssl-redirect-or-proxy-header-loop": [(r"ERR_TOO_MANY_REDIRECTS|redirected you too many times", 5.0)],
        # Tokens.
        "jwt-signing-key-mismatch": [
            (r"InvalidAlgorithmError|The specified alg value is not allowed", 4.0),
            (r"jwt\.exceptions\.DecodeError|Not enough segments|Invalid header padding|JWTDecodeError", 3.0),
        ],
        # Start and stop.
        "app-process-down": [
            (
                r"connect\(\) to unix:\S{1,120} failed \((?:2|11|111): .{0,60}while connecting to upstream|no live upstreams",
                4.0,
            ),
        ],
        "file-permission-denied": [
            (r"connect\(\) to unix:\S{1,120} failed \(13: Permission denied\)|\(13: Permission denied\)", 5.0),
        ],
        "port-already-in-use": [(r"Ports are not available|port is already allocated|EADDRINUSE", 5.5)],
        "wsgi-asgi-entrypoint-wrong": [
            (r"no python application found|missing 2 required positional arguments: 'receive' and 'send'", 5.5),
            (r"No module named '[\w.]{1,60}\.(?:wsgi|asgi)'", 6.0),
        ],
        "circular-import": [(r"AppRegistryNotReady|Apps aren't loaded yet", 4.0)],
        "package-api-removed": [
            (
                r"ImportError: cannot import name '\w{1,60}' from '[\w.]{1,80}' \(/usr|/site-packages/\S{1,120}ImportError",
                3.0,
            ),
        ],
        "file-or-template-missing": [
            (r"(?:executable|binary|command) (?:was )?not found|not found: \S{1,60} executable", 3.5),
        ],
        "worker-count-too-low": [(r"listen queue of socket .{0,80}full", 4.0), (r"reset reason: overflow", 4.0)],
        "host-memory-exhausted": [
            (r"ArrayMemoryError|Unable to allocate \d[\d.]* ?[KMGT]i?B", 4.5),
            (r"MemoryError\b", 3.2),
        ],
        "pg-out-of-memory": [(r"Failed on request of size \d+", 5.0)],
        "health-probe-misconfigured": [
            (r"(?:Liveness|Readiness|Startup) probe failed: HTTP probe failed with statuscode: (?:30\d|40\d)", 5.0),
        ],
        # Code.
        "attribute-or-type-bug": [
            (r"(?:too many|not enough) values to unpack|StopIteration\b|generator raised StopIteration", 4.5),
            (r"(?:' not supported between instances of '|unsupported operand type\(s\) for)", 4.5),
            (r"dictionary changed size during iteration|list index out of range|string index out of range", 4.0),
        ],
        "json-serialisation-bug": [(r"Circular reference detected|Out of range float values are not JSON", 5.0)],
        "orm-driver-misuse": [
            (
                r"no results to fetch|Not an executable object|FieldError: Cannot resolve keyword|Unconsumed column names|sqlalchemy\.exc\.(?:CompileError|StatementError|ArgumentError|NoForeignKeysError|NoReferencedTableError|AmbiguousForeignKeysError)|is already attached to session",
                5.0,
            ),
        ],
        "concurrent-session-use": [(r"This session is in '(?:prepared|committed|inactive)' state", 4.5)],
        "infinite-loop-request": [(r"catastrophic backtracking", 5.5)],
        "redis-client-pool-exhausted": [(r"No connection available\.", 4.5)],
    }
)

STORIES = table(
    {
        "transaction-held-during-external-call": [
            (
                r"(?:transaction|session|connection)s? (?:is |are |stays? |remains? |kept )?(?:open|held|idle|taken) (?:while|during|for the time of) .{0,40}(?:call|request|answer|wait|partner|provider|mail|api)\w*",
                4.5,
            ),
            (r"(?:calls?|asks?|waits? for) .{0,40} (?:inside|within|in the middle of) (?:a|the|one) transaction", 4.5),
            (r"внутри транзакции .{0,40}(?:вызов|запрос|ждём|ждем|обраща)\w*", 4.5),
        ],
        "long-transaction-blocks-writers": [
            (
                r"(?:long|hour-long|huge|endless|big)[- ]?(?:running )?(?:update|delete|transaction|import|batch|job) .{0,60}(?:block|lock|wait|hang|queue)\w*",
                3.5,
            ),
            (
                r"(?:долг|длинн|больш)\w* (?:транзакц|апдейт|обновлен|удален|импорт)\w* .{0,60}(?:блокир|жд[уё]т|вис)\w*",
                3.5,
            ),
        ],
        "index-build-failed-invalid": [
            (
                r"(?:index|indexes) .{0,40}\binvalid\b|\binvalid index|indisvalid|CREATE INDEX CONCURRENTLY .{0,40}(?:fail|abort|cancel|interrupt)\w*",
                4.5,
            ),
            (r"индекс\w* .{0,30}(?:INVALID|невалид|недостро)\w*", 4.5),
        ],
        "default-transaction-read-only": [(r"default_transaction_read_only", 6.0)],
        "tls-cert-expires-soon": [
            (
                r"cert\w* .{0,30}(?:expires?|expiring|runs? out|ends) (?:in|within|on|tomorrow|next|this|soon)|renewal .{0,30}(?:fail|broken|does not)\w*",
                2.5,
            ),
        ],
        "package-upgrade-regression": [
            (
                r"(?:after|since|with) (?:the |an? )?(?:upgrad\w*|updat\w*|bump\w*) (?:of |to |from )?(?:the )?(?:package|library|driver|sqlalchemy|django|psycopg\w*|asyncpg|celery|redis-py|pydantic|requests|urllib3|httpx|gunicorn|uvicorn|fastapi)\w*|(?:upgraded|updated|bumped|pinned) (?:the )?(?:package|library|driver|sqlalchemy|django|psycopg|asyncpg|celery|pydantic|requests|urllib3|httpx|gunicorn|uvicorn|fastapi)\w*",
                2.5,
            ),
            (r"после обновлени\w* (?:библиотек|пакет|драйвер|sqlalchemy|django|pydantic|celery)\w*", 2.5),
        ],
    }
)
