"""Texts of bugs of our own with healthy surroundings."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "none-attribute-error": [
            (r"'NoneType' object (?:has no attribute|is not (?:subscriptable|iterable|callable))", 5.0),
            (r"unsupported operand type\(s\) for .{1,6}: .{0,30}'NoneType'", 4.5),
        ],
        "attribute-or-type-bug": [
            (r"AttributeError: '(?!NoneType)\w+' object has no attribute", 3.5),
            (r"TypeError: (?!Failed to fetch)", 2.0),
            (
                r"(?:IndexError: list index out of range|ZeroDivisionError|AssertionError|NotImplementedError)",
                3.5,
            ),
            (r"UnboundLocalError|cannot access local variable|NameError: name '", 2.5),
            (r"RuntimeError: dictionary changed size during iteration", 4.0),
        ],
        "key-error-own-data": [(r"KeyError: ", 1.2)],
        "lazy-load-after-session-close": [(r"DetachedInstanceError|is not bound to a Session", 6.0)],
        "async-lazy-load-missing-greenlet": [(r"MissingGreenlet|greenlet_spawn has not been called", 6.0)],
        "session-not-rolled-back": [
            (r"current transaction is aborted, commands ignored", 5.5),
            (r"InFailedSqlTransaction|InFailedSQLTransaction|25P02", 5.5),
            (r"PendingRollbackError|transaction has been rolled back due to a previous exception", 6.0),
            (r"TransactionManagementError|Can't reconnect until invalid transaction is rolled back", 5.5),
            (r"This connection has been closed|This transaction is inactive", 1.5),
        ],
        "commit-missing": [(r"ROLLBACK\b.{0,40}(?:implicit|no commit)", 3.0)],
        "infinite-loop-request": [(r"WORKER TIMEOUT \(pid", 0.8)],
        "retry-without-backoff-amplification": [
            (r"RetryError", 2.0),
            (r"too many (?:50\d|429) error responses", 2.0),
            (r"Max retries exceeded", 0.2),
        ],
        "response-model-validation-error": [
            (r"ResponseValidationError", 6.0),
            (r"'loc': \('response'", 6.0),
            (r"PydanticSerializationError|Unable to serialize unknown type", 4.5),
        ],
        "json-serialisation-bug": [
            (r"is not JSON serializable", 6.0),
            (r"Out of range float values are not JSON compliant", 5.5),
        ],
        "recursion-error": [(r"maximum recursion depth exceeded|RecursionError", 6.0)],
        "sync-orm-in-async-context": [(r"SynchronousOnlyOperation|You cannot call this from an async context", 6.0)],
        "orm-driver-misuse": [
            (r"can(?:'t|not) adapt type '", 6.0),
            (r"can't subtract offset-naive and offset-aware.{0,200}asyncpg", 3.0),
            (r"Textual SQL expression .{0,120}should be explicitly declared as text", 5.5),
            (
                r"ArgumentError|InvalidRequestError: (?:One or more mappers|When initializing mapper|Mapper)",
                4.5,
            ),
            (
                r"a value is required for bind parameter|not all arguments converted during string formatting",
                5.0,
            ),
            (r"MultipleResultsFound|NoResultFound|MultipleObjectsReturned", 3.5),
            (r"cannot insert multiple commands into a prepared statement", 5.0),
            (r"the number of query arguments cannot exceed 32767|bind message has \d+ parameter", 5.0),
        ],
        "naive-aware-datetime-mix": [
            (r"can't (?:compare|subtract) offset-naive and offset-aware", 6.0),
            (r"received a naive datetime", 4.0),
        ],
        "clock-jump-breaks-timeouts": [
            (r"sleep length must be non-negative", 6.0),
            (r"negative (?:elapsed|duration|timeout)|Time has been changed|clock (?:stepped|jumped)", 4.5),
        ],
        "race-condition-check-then-act": [(r"get_or_create\(\) returned more than one", 4.0)],
        "await-missing-or-misused": [
            (
                r"object \w+ can't be used in 'await' expression|'coroutine' object (?:has no attribute|is not (?:subscriptable|iterable))",
                6.0,
            ),
            (r"coroutine '[^']{1,200}' was never awaited", 2.0),
        ],
        "float-money-rounding": [(r"decimal\.InvalidOperation|decimal\.Inexact", 3.0)],
        "url-route-or-reverse-bug": [
            (r"NoReverseMatch|BuildError: Could not build url", 5.5),
            (r"405 Method Not Allowed", 2.0),
        ],
    }
)

STORIES = table(
    {
        "none-attribute-error": [
            (
                r"(?:can be|is|was|may be) none\b|без проверки на none|optional field|profile is (?:empty|null)",
                2.0,
            )
        ],
        "async-lazy-load-missing-greenlet": [
            (r"(?:switch|mov|migrat)\w* to async\w*|AsyncSession|expire_on_commit|selectinload", 1.5)
        ],
        "session-not-rolled-back": [
            (
                r"(?:one|first|single) (?:duplicate|error|failure|failed \w+) .{0,30}(?:then|from then on|afterwards) (?:every|all)|aborted transaction|transaction is aborted",
                2.5,
            ),
            (
                r"(?:then|from then on|afterwards|since then) (?:every|all) .{0,30}(?:fails?|requests)|global session|without rollback|no rollback",
                2.0,
            ),
        ],
        "commit-missing": [
            (
                r"(?:not|never|isn't|are not) (?:saved|stored|persisted|in the (?:db|database|table)).{0,60}(?:200|success|no error|ok)|(?:200|success|no error|ok)\w*.{0,60}(?:not|never|nothing is|nothing gets|nothing was) (?:saved|stored|persisted|in the (?:db|database|table))|forgot(?:ten)? (?:the |to )?commit|missing commit|commit (?:is|was) missing|(?:no|without) commit\b",
                4.0,
            ),
            (r"(?:не сохраня|не запис|пропада)\w*.{0,60}(?:200|без ошибок|успешно|ок)\b", 3.5),
        ],
        "infinite-loop-request": [
            (
                r"(?:infinite|endless) (?:loop|recursion)|never (?:answers|returns|ends)|бесконечн\w* (?:цикл|рекурс)\w*|while true",
                4.0,
            ),
            (
                r"one (?:process|worker|core|thread) (?:is )?(?:at|on|uses) 100 ?% ?(?:cpu)?|один (?:процесс|воркер|поток) .{0,20}100 ?%|(?:burns|eats|uses|occupies) (?:a|one|the whole) (?:core|cpu)|catastrophic (?:regex|backtracking)|regex",
                3.5,
            ),
        ],
        "retry-without-backoff-amplification": [
            (
                r"retr(?:y|ies|ying) .{0,30}(?:without|no|immediately|tight|forever|storm|amplif)\w*|no back-?off|retry storm|while true.{0,20}try|egress .{0,20}\d+x|\d+x .{0,20}(?:egress|retries)",
                4.5,
            ),
            (
                r"(?:small|short|brief) .{0,30}blip|our (?:retries|own retries)|(?:шторм|лавин)\w* (?:повтор|ретра)\w*|без (?:паузы|backoff)|ретра\w*",
                3.0,
            ),
        ],
        "response-model-validation-error": [(r"response[_ ]model|one user only", 1.5)],
        "recursion-error": [(r"cycl(?:e|ic)\w*|parent .{0,20}(?:itself|child)", 1.5)],
        "clock-jump-breaks-timeouts": [
            (
                r"ntp (?:fix|step|jump|correct)\w*|clock (?:jump|step)\w*|time\.time\(\)|(?:caches?|sessions?|tokens?) expired at once|daylight saving|dst\b|перевод\w* часов|скач\w* времени",
                3.5,
            ),
        ],
        "naive-aware-datetime-mix": [
            (
                r"(?:one|two|three|\d+) hours? (?:off|early|late|shifted|wrong)|utc|timezone|time zone|часов\w* пояс\w*|на (?:час|\d+ час\w*) (?:раньше|позже|сдвин)\w*",
                2.0,
            ),
        ],
        "race-condition-check-then-act": [
            (
                r"race condition|(?:parallel|concurrent|simultaneous|two) (?:requests|clicks|users) .{0,40}(?:twice|double|duplicate|negative|oversold|both)|oversold|lost updates?|(?:last|other) (?:one|write) wins|гонк\w*|одновременн\w* .{0,40}(?:дважды|два|дубл)\w*",
                4.0,
            ),
        ],
        "wrong-calculation-bug": [
            (
                r"(?:wrong|incorrect|miscalculated) (?:total|sum|amount|price|vat|tax|discount|result)s?|off by one|rounding|неверн\w* (?:сумм|итог|расч[её]т|скидк|цен)\w*|неправильн\w* (?:сумм|итог|расч[её]т|скидк|цен)\w*|округлен\w*",
                3.0,
            ),
        ],
        "attribute-or-type-bug": [(r"(?:bug|баг) (?:in|of|в) (?:our|нашем)", 2.0)],
    }
)
