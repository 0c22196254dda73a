"""Texts of third parties that are down, slow, limited or changed."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "external-api-slow": [
            (r"ReadTimeout(?:Error)?\b", 1.8),
            (r"Read timed out", 1.8),
            (r"APITimeoutError|openai.{0,20}Timeout|stripe.{0,40}timed? ?out", 3.5),
            (r"504 (?:Server Error|Gateway Time-?out)", 2.0),
            (r"DeadlineExceeded|DEADLINE_EXCEEDED|504 Deadline", 3.0),
            (r"telegram\.error\.TimedOut|ServerTimeoutError|SocketTimeout|ReadTimeoutError", 1.5),
        ],
        "external-api-5xx": [
            (r"50[0234] Server Error", 4.0),
            (r"Server error '50\d", 4.0),
            (r"(?:openai|anthropic)\.(?:InternalServerError|APIStatusError|OverloadedError)", 5.0),
            (r"Error code: (?:500|502|503|504|529)", 4.5),
            (r"stripe.{0,20}APIError|APIConnectionError", 2.5),
            (r"Bad Gateway|bad gateway", 0.8),
            (
                r"(?:BackendError|InternalError|ServiceUnavailable|SlowDown)\b.{0,40}(?:when calling|google|s3)",
                4.0,
            ),
            (r"google\.api_core\.exceptions\.(?:ServiceUnavailable|InternalServerError|BadGateway)", 5.0),
            (r"TelegramServerError|UNAVAILABLE: ", 3.5),
        ],
        "external-api-rate-limited": [
            (r"429 (?:Client Error|Too Many Requests)", 5.5),
            (r"Too Many Requests", 5.0),
            (r"RateLimitError|RateLimitExceeded|rate limit\w*", 5.0),
            (r"Flood control exceeded|RetryAfter|TelegramRetryAfter|FloodWait", 5.5),
            (
                r"ThrottlingException|Throttling: Rate exceeded|RequestLimitExceeded|ProvisionedThroughputExceeded|SlowDown",
                5.0,
            ),
            (r"Error code: 429", 5.0),
            (r"RESOURCE_EXHAUSTED|ResourceExhausted|userRateLimitExceeded", 4.5),
        ],
        "external-quota-exhausted": [
            (r"insufficient_quota|You exceeded your current quota", 6.0),
            (r"(?:dailyLimitExceeded|quotaExceeded|Quota exceeded|usage limit reached)", 5.0),
            (
                r"402 (?:Client Error|Payment Required)|billing (?:hard limit|account .{0,20}disabled|not active)|BillingNotEnabled",
                5.0,
            ),
        ],
        "external-response-schema-changed": [
            (r"validation errors? for (?!Settings|Config|\w*Settings|\w*Config|Request)\w+", 2.0),
            (r"KeyError: '[a-z_]+'", 1.2),
            (r"JSONDecodeError|Expecting value: line 1 column 1", 1.5),
            (r"unexpected mimetype|ContentTypeError", 2.5),
            (r"string indices must be integers", 1.0),
        ],
        "external-response-not-json": [
            (r"Expecting value: line 1 column 1", 2.5),
            (r"unexpected mimetype: text/html|Attempt to decode JSON with unexpected mimetype", 4.0),
        ],
        "external-connection-reset": [
            (r"Remote end closed connection without response|RemoteDisconnected", 3.5),
            (r"Connection aborted\.", 2.0),
            (r"ConnectionResetError|Connection reset by peer|\[Errno 104\]|ECONNRESET", 1.5),
            (r"ServerDisconnectedError|Server disconnected(?: without sending a response)?", 3.0),
            (r"RemoteProtocolError", 2.5),
        ],
        "external-response-truncated": [
            (r"IncompleteRead", 5.5),
            (r"ChunkedEncodingError", 4.0),
            (r"Response payload is not completed|ClientPayloadError", 5.5),
            (r"peer closed connection without sending complete message body", 6.0),
            (r"Not enough data to satisfy|ContentLengthError", 5.0),
            (r"Unterminated string starting at", 2.0),
        ],
        "external-endpoint-removed": [
            (r"410 (?:Client Error|Gone)", 5.5),
            (r"404 Client Error", 2.5),
            (r"Client error '404|Error code: 404", 2.5),
            (
                r"has been (?:deprecated|removed|sunset|retired|shut down)|no longer (?:supported|available)|is deprecated and",
                4.0,
            ),
            (r"model_not_found|The model [`'\"][^`'\"]{1,60}[`'\"] (?:does not exist|has been)", 4.0),
            (r"301 Moved|308 Permanent|TooManyRedirects", 2.0),
        ],
        "telegram-getupdates-conflict": [
            (r"terminated by other getUpdates request", 6.0),
            (r"can't use getUpdates method while webhook is active", 6.0),
            (r"TelegramConflictError|telegram\.error\.Conflict", 5.5),
        ],
        "telegram-webhook-misconfigured": [
            (r"Wrong response from the webhook|bad webhook", 5.5),
            (r"last_error_message", 3.0),
        ],
        "own-bug-bad-request-payload": [
            (r"400 (?:Client Error|Bad Request)", 3.0),
            (r"422 (?:Client Error|Unprocessable)", 2.5),
            (r"Can't parse entities", 5.5),
            (
                r"Message is too long|message text is empty|chat not found|BUTTON_DATA_INVALID|message is not modified",
                4.0,
            ),
            (r"TelegramBadRequest|telegram\.error\.BadRequest", 3.5),
            (
                r"stripe\._?error\.(?:InvalidRequestError|IdempotencyError)|InvalidRequestError: (?!The asyncio)",
                3.0,
            ),
            (r"openai\.BadRequestError|Error code: 400|context_length_exceeded|maximum context length", 4.0),
            (r"ValidationException|MalformedXML|ParamValidationError|InvalidParameter", 3.5),
        ],
        "smtp-rejected": [
            (
                r"SMTPRecipientsRefused|SMTPSenderRefused|SMTPDataError|SMTPServerDisconnected|SMTPConnectError",
                4.5,
            ),
            (r"(?:421|450|451|452|550|552|554)\b[ -]\d\.\d\.\d", 4.0),
            (r"550 .{0,60}(?:blocked|spam|rejected|relay)", 4.5),
            (r"Mailbox unavailable|blacklist\w*|Spamhaus", 3.5),
        ],
        "external-partial-region-outage": [(r"(?:region|zone)\b.{0,30}(?:outage|degraded|unavailable)", 4.0)],
        "cloud-storage-bucket-missing": [
            (r"NoSuchBucket|The specified bucket does not exist", 5.5),
            (r"NoSuchKey", 3.0),
        ],
        "external-ip-blocked": [
            (
                r"403 Forbidden.{0,120}(?:cloudflare|Access denied|IP)|error code: 10(?:06|07|08|20)|Attention Required! \| Cloudflare",
                5.0,
            ),
            (
                r"IP\b.{0,30}\b(?:blocked|banned|whitelisted)\b|IP address (?:is )?not allowed",
                5.0,
            ),
        ],
    }
)

STORIES = table(
    {
        "external-api-slow": [
            (
                r"(?:partner|provider|carrier|vendor|supplier|third[- ]party|gateway|bank|\w+ api|remote)(?:'s)? .{0,40}(?:answers?|responds?|replies|takes?|is|became) .{0,20}(?:in )?(?:slow\w*|\d+ ?s\b|\d+ sec\w*)",
                4.0,
            ),
            (
                r"(?:партн[её]р|провайдер|банк|шлюз|внешн\w* сервис|поставщик|сторонн\w*)\w* .{0,40}(?:отвечает|тормоз|медленн|долго|секунд)\w*",
                4.0,
            ),
            (r"slow (?:partner|provider|vendor|third[- ]party|api)|from anywhere", 1.5),
        ],
        "external-api-5xx": [
            (
                r"(?:provider|partner|vendor|their|bank|stripe|openai|google|aws|telegram)(?:'s)? .{0,20}(?:status ?page|status) .{0,20}(?:red|incident|degraded|outage|down|says|confirms?)",
                5.0,
            ),
            (
                r"status ?page|(?:503|502|500) from (?:the |our )?(?:provider|partner|bank|vendor)|статус[- ]?страниц\w*|(?:у|на стороне) (?:провайдера|партн[её]ра|банка|поставщика|сервиса) (?:авария|сбой|проблем|лежит)\w*",
                3.5,
            ),
            (
                r"(?:partner|provider|vendor|gateway|third[- ]party)(?:'s)? .{0,15}(?:(?:is|are|was|has|had|went) (?:an? |completely )?(?:down|outage|unavailable|broken|incident)|returns? 5\d\d|answers? (?:with )?5\d\d|50\d\b)",
                4.0,
            ),
            (
                r"(?:партн[её]р|провайдер|платёжн\w* шлюз|платежн\w* шлюз|банк)\w* .{0,20}(?:леж|упал|недоступ|5\d\d|отдаёт 5|отдает 5)\w*",
                4.0,
            ),
            (r"also (?:fails|broken|down) (?:from|with) curl|curl .{0,30}(?:also|same|50\d)", 2.0),
        ],
        "external-api-rate-limited": [
            (
                r"rate limit\w*|quota|throttl(?:ed|es|ing) us|too many requests|429|лимит\w* запросов|превыс\w* лимит|retry after",
                3.5,
            ),
            (r"bulk (?:send|mail|message)\w*|mass (?:mail|send)\w*|массов\w* рассылк\w*", 1.5),
        ],
        "external-quota-exhausted": [
            (
                r"(?:credits?|balance|quota|subscription|free tier|paid plan)\b.{0,20} (?:ran out|exhausted|used up|expired|empty|unpaid)\b|(?:ran|run|running) out of (?:credits?|quota|tokens|budget)|(?:account|subscription) .{0,20}(?:suspended|unpaid|out of (?:credit|money|funds))|unpaid (?:invoice|bill)",
                4.0,
            ),
            (
                r"(?:баланс|квота|подписка|тариф|лимит) .{0,20}(?:исчерпан|закончил|кончил|не оплачен|нул)\w*",
                4.0,
            ),
        ],
        "external-response-schema-changed": [
            (
                r"(?:import|sync|parser|parsing|feed|rates?) .{0,25}(?:fail|break|broke|crash|stop)\w* (?:since|from|after) (?:to)?(?:night|midnight|today|yesterday|00:00|this morning|\d)",
                2.0,
            ),
            (
                r"(?:curl|response|json|payload|feed|they|partner|provider|field) .{0,40}(?:field|renamed|now (?:returns?|sends?|has|called|named)|different (?:format|field|shape)|changed the)",
                3.5,
            ),
            (
                r"(?:named|called) \"?\w+\"? now|(?:renamed|removed|changed) .{0,20}(?:field|key|format|response|api|schema)",
                3.5,
            ),
            (
                r"we (?:changed|did|touched|deployed) nothing|nothing (?:was )?changed on our side|у нас ничего не меня\w*|мы ничего не меня\w*",
                1.5,
            ),
            (
                r"(?:поле|формат|структур)\w* .{0,30}(?:измен|переимен|пропал|друг)\w*|помен\w* (?:формат|поле|api|апи|ответ)\w*",
                3.5,
            ),
        ],
        "external-connection-refused": [
            (
                r"refus\w* .{0,20}(?:by|from) (?:the )?(?:partner|provider|vendor|bank|gateway|third)|(?:partner|provider|vendor|bank)\w* .{0,30}refus\w* (?:the |our )?connect\w*",
                2.5,
            )
        ],
        "external-connection-reset": [
            (
                r"(?:api|partner|provider|courier|bank|gateway)\b.{0,20}(?:drops?|resets?|cuts?|aborts?) .{0,30}(?:connections?|requests?|calls?)|also (?:from|with|via) curl",
                2.5,
            ),
            (
                r"(?:partner|provider|api gateway|their) .{0,30}(?:reset|close|drop)s?\w*|обрыва\w* соединени\w*|разрыва\w* соединени\w*",
                2.0,
            ),
        ],
        "external-response-truncated": [
            (
                r"(?:large|big|long) .{0,30}(?:breaks?|cut|truncat|abort|stop)\w*|(?:больш|крупн)\w* .{0,30}(?:обрыва|обреза)\w*",
                2.5,
            ),
        ],
        "external-endpoint-removed": [
            (
                r"(?:404|410) .{0,30}(?:from|of) (?:the |their )?(?:api|provider|partner)|since (?:the )?(?:1st|first) of (?:the )?(?:month|january|july|october|april)",
                2.2,
            ),
            (
                r"(?:api|endpoint|version|model|method|v\d) .{0,25}(?:deprecat|sunset|retire|discontinu|removed)\w*|(?:deprecat|sunset|retire|discontinu)\w* .{0,20}(?:api|endpoint|version|model|method|v\d)|shut ?down of v\d|end[- ]of[- ]life|v\d (?:is |was )?(?:gone|removed|off)|(?:закры|отключи|удали|убра)\w* (?:старый |старую )?(?:метод|верси|api|апи|эндпо)\w*",
                3.0,
            ),
            (r"since the (?:1st|first) of|410\b", 1.0),
        ],
        "telegram-getupdates-conflict": [
            (
                r"(?:bot|messages?) .{0,30}(?:every (?:second|other)|each second) message|answers? (?:only )?(?:every second|every other|half)",
                2.0,
            ),
            (
                r"(?:every )?second message|two (?:bot )?instances|old (?:vps|container|server|instance) .{0,20}(?:still|runs?|running)|второй экземпляр|стар\w* (?:контейнер|сервер|бот)\w* .{0,20}(?:не останов|ещё|еще|работа)\w*|через раз",
                3.0,
            ),
        ],
        "own-bug-bad-request-payload": [
            (
                r"since we (?:added|changed|started|send|use)|(?:provider|partner|bank|gateway|api) (?:rejects|refuses) (?:everything|our|all)",
                2.0,
            ),
            (r"our (?:request|payload|body|signature)|idempoten\w*|markdown|html tags", 1.5),
        ],
        "smtp-rejected": [(r"smtp|spf|dkim|dmarc|spam|blacklist\w*|mail ?server|почтов\w* сервер", 3.0)],
        "external-ip-blocked": [
            (
                r"(?:ip|address)\b.{0,30}(?:bann|block|blacklist|whitelist|allowlist)\w*|(?:bann|block)(?:s|ed) (?:the |our |us|my )?(?:server|ip|address)\w*|captcha|cloudflare",
                4.0,
            )
        ],
    }
)
