"""How people report, whatever the cause: signs of good health, of missing evidence, of harm, and of how many are hit.

Each concept is a list of patterns with weights, in English and Russian; the same matcher as for mechanisms reads them.
"""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from functools import lru_cache

from diagnostics.causal_map.signatures.matching import Hit, Matcher, table

#: Said about something that needs no cure: expected, planned, tested, noise, a question.
HEALTHY = [
    (r"all (?:is |are |was |were )?(?:healthy|fine|good|ok|okay|green|normal|well)\b", 2.5),
    (r"(?:everything|all|it|service|site|app|system|printing|\w+ing) (?:still )?(?:works|worked|runs|is working|is healthy)\b(?! (?:if|when|with|only|after|for a|again after|from))", 1.6),
    (r"(?:works|worked|working|running|behaves) (?:fine|well|normally|as (?:expected|before|designed|intended))", 1.6),
    (r"(?:no|zero|0|without(?: any)?) (?:\w+ )?(?:fail\w*|errors?|complaints?|impact|user impact|problems?|issues?|incidents?|5xx|4xx|422|500s?|alerts?|lost \w+|losses|timeouts|difference)\b", 1.8),
    (r"(?:nobody|no one|no user|no customer|no client)s? (?:is |was |has |have |were |are )?(?:affected|complain\w*|notic\w*|report\w*)", 2.5),
    (r"(?:users?|customers?|clients?) (?:are |were |is |was )?(?:not|un)[- ]?affected|not affected|no one affected", 2.5),
    (r"none of (?:our|the|my) (?:\w+ ){1,3}(?:failed|broke|were affected|was affected|were lost|is affected|are affected)|no (?:\w+ )?(?:accounts?|users?|customers?|clients?|orders?|requests?|data|calls?|messages?|money|sessions?) (?:is |are |was |were |has been |have been )?(?:affected|lost|harmed|touched|impacted|involved|at risk|compromised)", 2.5),
    (r"(?:i|we|admin|ops|dba|colleague|somebody|someone) (?:have |has |had |just )?(?:switched|turned|shut|scaled|took) (?:it|this|that|them|the \w+|our \w+) (?:off|down)", 2.4),
    (r"(?:random|wrong|guessed|stolen|leaked|weak) passwords|(?:guess|try|tries|trying|probe|probes|probing|enumerat\w*) .{0,30}(?:passwords?|logins?|accounts?|paths?|urls?)|(?:limiter|waf|fail2ban|firewall|captcha) .{0,20}(?:blocks?|bans?|rejects?|stops?|catches|works)|(?:wordpress|wp-\w+|phpmyadmin|cgi-bin) (?:paths?|urls?|pages?|requests?)|404s? (?:for|on|to) (?:wordpress|wp|random|unknown|php)", 2.4),
    (r"(?:test|drill|backup|restore|job|migration|deploy\w*|run|attempt|retry|check|upgrade)s? .{0,25}(?:succeed\w*|success\w*|passed|completed|went (?:well|fine)|finished\b|is done|done\b)", 2.2),
    (r"(?:second|next|first) (?:attempt|try|retry) (?:always )?(?:succeeds|works|succeeded)|(?:all )?retries succeed\w*|retried successfully", 2.0),
    (r"(?:within|below|under|inside) (?:the |our )?(?:slo|sla|limits?|budget|target|threshold|norm)|slo is|far (?:from|below) the (?:limit|threshold)", 2.5),
    (r"(?:is |are |was |as |were |totally |perfectly )?(?:expected|intended|intentional\w*|on purpose|by design|harmless(?![- ]looking)|known noise|cosmetic noise|deliberate\w*)\b", 2.0),
    (r"(?:this|it|that|which) is (?:quite |perfectly )?normal|normal behaviou?r|false (?:alarm|positive)", 2.5),
    (r"(?:planned|scheduled|announced) (?:deploy\w*|maintenance|work|restart|downtime|reboot|switch\w*|failover|upgrade|migration|shutdown)|our own (?:planned )?(?:deploy\w*|release|restart|test\w*|load|monitor\w*|script|maintenance|scanner|probe|check|doing|work)|maintenance window|game ?day|chaos (?:test|experiment|day)|drill\b", 2.5),
    (r"(?:just|only|simply) (?:asking|reporting|informing|curious|checking|a question|a note|letting you know|for the record)|fyi\b|for (?:your )?information|no action (?:needed|required)|nothing to do", 2.8),
    (r"(?:should|do|must|need) (?:i|we) (?:to )?(?:worry|be worried|be concerned|care|do (?:something|anything)|change|tune|increase|enable)|is (?:this|that|it) (?:ok|okay|normal|fine|a problem|dangerous|expected|safe|bad)\b|what does (?:this|it|that) mean|how (?:do|can|should) (?:i|we)\b|can (?:i|we) ignore|which (?:\w+ )?(?:is better|should we)|what is the (?:right|recommended|best)", 2.6),
    (r"(?:security )?scanner|vulnerability scan\w*|pen ?test\w*|port scan|wp-(?:login|admin)|\.php\b|bots? (?:prob|scan|ask)\w*|crawlers? ask|favicon|robots\.txt", 2.6),
    (r"(?:user|customer|client|analyst|visitor|browser|admin|he|she|they) (?:himself |herself )?(?:blocked (?:the|our) bot|typed|mistyped|pressed|cancel\w*|closed (?:the|his|her|their|a) (?:tab|page|browser|laptop|connection|window|app)|disconnect\w*|left the page|navigat\w* away|forgot (?:his|her|the|their) password|entered (?:a |the )?wrong)", 2.4),
    (r"(?:then|and|later) (?:he |she |they )?(?:got|logged|came) in\b|remembered (?:it|the|his|her)|(?:bank|issuer) (?:has )?(?:declined|refused)|declined the card|insufficient funds|wrong (?:pin|cvc|cvv)", 2.2),
    (r"(?:in|on) (?:my )?(?:dev\b|development|local\b|laptop|my machine|sandbox on purpose|terminal)", 1.0),
    (r"page cache|is the pool\b|available is \d|plenty of free|warn(?:ing|s)? (?:bothers|annoys|only)|(?:warning|message|line) (?:appears|printed|logged|shown) (?:once|at (?:start|shutdown|exit|boot)|when|while|on every (?:start|deploy))", 1.6),
    (r"(?:disappeared|gone|went away|resolved|recovered|closed) (?:by itself|after the (?:planned|maintenance))|already (?:fixed|solved|resolved|recovered)|was fixed", 1.2),
    (r"(?:on |in )?staging (?:only )?(?:on purpose|deliberately|test)|load test (?:of ours|went|passed|finished)|(?:during|from) (?:our )?(?:own )?(?:load|stress|penetration) test", 1.6),
    (r"(?:latency|memory|cpu|disk|usage|load) (?:rose|went up|is|used|at|reached|peaks?) .{0,40}(?:but|still|and|;) .{0,40}(?:slo|limit|available|cache|normal|fine|enough|ok\b|free)", 2.2),
    (r"(?:during|in|within|inside|for) (?:the |our |an? )?(?:\w+ )?(?:maintenance|service|change|update) (?:window|mode|page|night)|(?:announced|agreed|communicated|approved) (?:in advance|window|downtime|before)", 2.4),
    (r"(?:is |are |was |were |gets? |got )?(?:handled|caught|retried|reconnect\w*|recovered|absorbed|renewed|re-?sent|processed) (?:by|automatically|correctly|gracefully|properly|at once|immediately|within|on the (?:second|next)|later without|anyway)|auto[- ]?renew\w*|self[- ]heal\w*", 2.0),
    (r"(?:rightly|properly|correctly|deservedly) \w+|(?:is |are |was |were )?\w+ (?:correctly|as (?:it should|they should|configured|documented|usual|always|agreed|planned|announced))\b|as (?:every|each|on any) (?:night|day|week|month|monday|deploy|year)|as usual|like every (?:night|day|week)", 2.0),
    (r"(?:unit |integration |regression |negative |ci |smoke )?tests? (?:that |which )?(?:prints?|logs?|checks?|provokes?|simulat\w*|deliberately|on purpose|pass\w*|expects?|verif\w*|for the)|simulat\w*|fault injection|exercise|rehears\w*|training (?:session|day|env\w*)|workshop|demo(?:nstration)?\b", 2.0),
    (r"(?:we|i|ops|dba|admins?|devops) (?:ourselves |just |deliberately )?(?:stopped|switched off|turned off|shut down|restarted|paused|drained|disabled|removed|decommissioned|retired) (?:it|this|that|them|the|our|one|these)\b|(?:switched|turned|scaled|shut) (?:off|down|in) (?:for|at|over|on|to|after|by|as|last|yesterday)|(?:we|was|were) (?:already )?(?:decommission|retir|switched off|turned off)\w*|(?:pods?|workers?|nodes?|instances?) (?:scale|scaled|are scaled|is scaled) (?:down|in)|rolling (?:restart|update|deploy)", 2.2),
    (r"(?:we|i) (?:plan|want|intend|would like|are going|are planning|consider|wonder|ask|prepare)\b|planning (?:to|for|a)|next (?:week|month|quarter|year|sprint)|what (?:should|do|must) we|to save (?:money|costs?|energy)", 1.5),
    (r"\S ?\?[\s)»\"]*(?:$|\n)", 1.6),
    (r"(?:spam|spammers?|brute[- ]?force|attackers?|hackers?|bots?|googlebot|scrapers?|crawlers?|script kiddies) .{0,40}(?:reject\w*|block\w*|get|refused|denied|403|404|401|429|banned|try|tries|post|hammer|look)|real (?:clients?|users?|customers?) (?:have|are|see|get|not|work)", 2.2),
    (r"other (?:payments?|users?|customers?|requests?|orders?|logins?|clients?) (?:are |is |were )?(?:fine|ok|okay|unaffected|go through|work)", 1.0),
    (r"(?:informational|info level|cosmetic|noise|noisy|harmless(?![- ]looking)|benign|ignorable)\b|(?:only|just) (?:a |an )?(?:warning|notice|info|deprecation|log line|message)", 2.0),
    (r"as (?:usual|always|before|ever)\b|(?:usual|typical|same as (?:always|last|usual)|stable|steady|constant) (?:for|at|level|since|load|value|as|behaviou?r|pattern)|back to normal|(?:fine|ok|okay|good|normal|quiet) (?:now|again|since|today)", 1.8),
    (r"(?:customer|client|user|colleague|manager|boss|auditor|newcomer|intern|team|he|she|somebody|someone) (?:asks?|asked|wants to know|would like to know|is asking|wonders|is curious)|wants? to know|feature request|(?:can|could) (?:you|somebody|anyone) (?:explain|tell|add|grant|enable|confirm|recommend)|please (?:add|grant|enable|explain|tell|confirm|advise|recommend)|what(?:'s| is) the (?:difference|best|meaning|purpose)|how (?:much|many|long|often) (?:is|are|should|do|does|will|can)", 2.2),
    (r"(?:and|then|client|user|caller|browser|app) (?:gets?|receives?|is answered|is shown|sees?) (?:a |an )?(?:clean |clear |proper |correct |normal )?(?:401|403|404|409|422|429|message|hint|explanation)|(?:refresh\w*|renew\w*) (?:the |its |his )?(?:token|session)|logs? in again|re-?login", 1.6),
    (r"(?:appears?|printed|logged|shown|comes?|happens?|seen|occurs?) (?:only |just |once )?(?:at|on|during|when|while|in|after) (?:each |every |the |a |an |our |my |unit |pytest |local )?(?:start\w*|stop\w*|shut\w*|exit\w*|boot\w*|deploy\w*|restart\w*|reload\w*|tests?|ci\b|pytest|dev\w*|scal\w*)", 1.8),
    (r"(?:one|once) (?:in|per) (?:a |an |ten |hundred )?(?:\d+ ?k?|thousand|million|hundred|week|month)|(?:in|only in) (?:unit |our |the )?(?:tests|ci|pytest|test suite|dev mode|development)\b", 1.4),
    (r"(?:test|dummy|demo|throw-?away|archived|decommissioned|retired|unused|old unused) (?:account|data|user|server|host|vm|instance|database|environment|service|cluster)s?\b", 1.4),
    (r"(?:load|cpu|memory|ram|disk|usage|utili[sz]ation)[^.]{0,40}(?:of|out of|on) (?:\d+|the) ?(?:cores?|gb|gib|tb|cpus?)\b|(?:headroom|spare (?:capacity|cpu|memory|room)|\d+ ?(?:%|[gmt]i?b) (?:is |are |still )?(?:free|available|left))\b", 0.9),
    (r"(?:user|client|browser|visitor|customer|phone|mobile|app|tab|peer)s? (?:\w+ )?(?:disconnect\w*|leaves?|left|goes away|went away|closes?|closed|reload\w*|walks?|switch\w* (?:network|wi-?fi))", 1.8),
    (r"(?:health ?checks?|kube-probe|balancer probes?|uptime (?:robot|monitor|check)|monitoring (?:probe|system)) (?:of|asks?|requests?|hits?|knocks?|connects?|opens?|on|for)", 0.9),
    (r"как (?:обычно|всегда|и (?:раньше|прежде|задумано|ожидалось))|штатн\w*|в норме|в пределах|(?:так )?задуман\w*|для (?:теста|проверки)|в тестах|уже (?:исправ|реш|поправ|восстанов|почин)\w*|само (?:прошло|восстановилось)|спасибо", 1.9),
    (r"(?:хочу|хотим|хотелось бы|хотел|интересно) (?:узнать|понять|спросить|уточнить)|можно ли|как (?:лучше|правильно|настроить|сделать|часто|долго)|что (?:значит|означает|лучше)|планируем|собираемся|на следующей неделе|в следующем месяце|когда (?:можно|будет|лучше)", 2.0),
    (r"(?:клиент|пользовател|браузер|телефон|приложени)\w* (?:отключ|закры|уш[её]л|разорвал|перезагруз)\w*|предупреждени\w* (?:не|только|при)|работе не мешает", 1.8),
    (r"(?:that|this|it) is (?:how|what|the way) (?:it|we|they) (?:should|want|must|is meant)|(?:that|this|it) is (?:the |our |a )?(?:spec\w*|policy|rule|intention|purpose|feature|plan|design)|according to (?:the |our )?(?:spec\w*|policy|rules?|plan|schedule|documentation)|as (?:specified|required|requested|ordered|wanted|announced|told)", 2.6),
    (r"(?:nobody|no one|none) (?:works|is working|uses it|is online|was online|is there)|(?:outside|out of) (?:business|office|working) hours|off[- ]hours|at night when nobody", 2.0),
    (r"(?:the )?(?:others?|other (?:two|three|pods?|replicas?|nodes?|instances?|workers?)|standby|second (?:node|pod|replica)) (?:served|took over|kept|handled|carried on|answered)|(?:traffic|requests) (?:was|were) (?:drained|moved|shifted|served)", 2.2),
    (r"(?:announced|told|warned|informed|notified|agreed|scheduled) (?:us|that|by|with|in|for|it|beforehand|yesterday|last)\b|not (?:concerned|involved|relevant|in use|urgent)|no (?:action|reaction|fix|change) (?:is )?(?:needed|required|necessary)", 2.0),
    (r"(?:friendly|polite|clear|proper|helpful) (?:hint|message|error|page|notice|answer)|(?:our|the) own (?:rate )?limit\w*|our (?:rate )?limiter|(?:limited|throttled|blocked|banned|rejected|refused) (?:by|as) (?:our|the) (?:own |new )?(?:limiter|rules?|waf|firewall|policy|filter|captcha)", 2.2),
    (r"(?:removed|kicked|left|muted|deleted) (?:our bot |the bot |it )?(?:from|in) (?:a|the|his|her|their) (?:group|chat|channel)|(?:deleted|closed|deactivated) (?:his|her|their) (?:account|chat)", 2.2),
    (r"(?:response times?|latency|error rate|throughput|p9\d|rps|metrics|graphs?|numbers) (?:are|is|stay\w*|remain\w*|looks?|look) (?:the )?(?:same|stable|unchanged|flat|normal|low|good|fine|as)|grows? (?:by )?(?:slowly|\w+ percent|\d+ ?%) (?:a|per|every) (?:month|year|quarter)", 2.2),
    (r"до (?:понедельника|завтра|утра|конца (?:недели|месяца))|на выходные|предупре(?:ди|жда)\w* (?:заранее|всех|нас)?|отказал\w* (?:его |её |ее )?банк|(?:его|её|ее) банк отказал|остальн\w* (?:платеж|клиент|запрос|заказ|сообщен)\w* (?:идут|проходят|в порядке|работа)\w*|так (?:надо|нужно|и должно быть|и задумано|положено)|по (?:регламенту|графику|расписанию|договор\w*)|согласован\w*", 2.2),
    (r"swap (?:in/out|activity) is (?:zero|0|none)|plenty of (?:free )?(?:ram|memory|space|disk|headroom)|(?:enough|sufficient|lots of) (?:free |spare )?(?:ram|memory|space|headroom|capacity)|\d+ ?% (?:is )?free", 2.0),
    (r"(?:terminal|console|ide|editor|repl|notebook|debugger|ctrl[- ]?c|ctrl\+c)\b", 1.6),
    (r"учебн\w*|намеренно|специально|нарочно|осознанно|сознательно|по ошибке набрал|план\w*ы?[ея]? (?:работ|деплой|рестарт|обслуж|перезапуск|отключ|переключ|миграц)\w*|планов\w*|по плану|учени\w*|тестов\w* (?:прогон|восстан)\w*", 2.3),
    (r"вс[её] (?:работает|в порядке|хорошо|ок|нормально|штатно|зелён\w*|зелен\w*)|работает (?:нормально|штатно|как (?:надо|обычно|задумано))", 2.2),
    (r"ошибок нет|нет ошибок|без (?:ошибок|последствий|потерь|сбоев)|жалоб нет|никто не (?:жал|замет|пострад)\w*|пользовател\w* не (?:затрон|пострад|замет)\w*|0 ошибок|не (?:влияет|мешает)", 2.2),
    (r"(?:надо|нужно|стоит) ли|это (?:нормально|норма|ожидаем|так и (?:надо|задумано))\w*|ожидаем\w*|просто (?:вопрос|спрашива|отчит|сообща|информир|интерес)\w*|для (?:справки|информации)|вопрос:|подскажите|можно ли (?:игнор|не обращ)\w*", 2.4),
    (r"успешно|прош[её]л (?:успешно|нормально|штатно)|завершил\w* (?:успешно|без)|(?:завершились|завершилась|закончил\w*), вс[её]", 1.8),
    (r"сканер\w*|пентест\w*|(?:пользовател|клиент|сотрудник|коллег|аналитик|посетител)\w* (?:сам\w* )?(?:заблокировал|отменил|закрыл|нажал|ошиб|опечатал|вв[её]л\w* (?:неверн|не тот)|забыл\w* парол)\w*|банк отклонил|заблокировал бота", 2.4),
]  # fmt: skip

#: Machine texts that are loud and mean nothing by themselves.
NOISE = [
    (r"Running pip as the 'root' user|Retrieving notices|npm (?:WARN|notice)|has been deprecated in favou?r|exit(?:ed)?(?: with)?(?: code| status)?:? ?(?:0|143)\b|exited normally|Worker exited normally|TEST ALERT|this is a test", 1.8),
    (r"bot was blocked by the user|user is deactivated|bot can't initiate conversation", 3.0),
    (r"InsecureRequestWarning|DeprecationWarning|PendingDeprecationWarning|FutureWarning|UserWarning|SyntaxWarning|RemovedIn\w+Warning|MovedIn20Warning", 1.8),
    (r"canceling statement due to user request|KeyboardInterrupt", 2.5),
    (r"card was declined|card_declined|insufficient_funds|CardError", 1.5),
    (r"SIGWINCH|SIGHUP|Handling signal: (?:term|hup|winch|int|usr1)|Shutting down: Master|Worker exiting|Booting worker", 1.6),
    (r"Broken pipe|CancelledError|ClientDisconnect|WebSocketDisconnect|client disconnected|Connection reset by peer", 0.6),
    (r"automatic (?:vacuum|analyze) of table|checkpoint (?:starting|complete)|connection (?:received|authorized)", 2.5),
    (r"404 .{0,60}(?:favicon|wp-|\.php|robots\.txt|\.env|\.git)|(?:GET|POST) /(?:wp-|\.env|\.git|phpmyadmin|favicon)", 3.0),
    (r"Retrying \(Retry\(|Invalid HTTP request received|invalid length of startup packet", 1.4),
    (r"worker: Warm shutdown|celery@\S+ ready|running celery with superuser|Auto-restarting worker after max requests|Maximum request limit of \d+ exceeded", 2.5),
    (r"not a valid (?:login|password)|Invalid (?:login|username or password)|Login failed for user|\b401\b .{0,40}/login", 1.5),
    (r"TLS handshake error from|Not Found: /|Unauthorized: /|code 400, message Bad (?:request|HTTP)|Invalid (?:method|request)", 1.2),
    (r"(?:ExpiredSignatureError|Signature has expired|Token (?:is |has )?expired)", 0.8),
    (r"(?:WARN|WARNING|NOTICE|INFO|LOG|DEBUG|Warning)\b", 0.5),
    (r"there is (?:already a|no) transaction in progress|relation \"[^\"]{1,80}\" already exists, skipping|already exists, skipping", 2.5),
]  # fmt: skip

#: Said when the report itself lacks what is needed to decide.
VAGUE = [
    (r"(?:is |are |was )?(?:unknown|unclear|not visible|uncertain|undetermined)\b(?! (?:ca|command|column|module|host|model))|not (?:sure|clear)|hard to say|cannot (?:tell|say)|can't tell|no idea|who knows|nobody knows|(?:is|are|was|were) not known", 2.4),
    (r"(?:do|does|did|we|i) (?:not|n't) know\b|don't know|didn't (?:log|note|save|see)", 2.2),
    (r"(?:maybe|perhaps|probably|possibly)\b|(?:might|could|may) (?:have been|only be|also be|be (?:a|the|our|them|it|caused|related))", 1.2),
    (r"(?:oom|network|db|database|cache|redis|partner|deploy|memory|disk|swap|rss|cpu|us|them)\b[^.]{0,30}\bor\b[^.]{0,40}\?", 1.5),
    (r"(?:cannot|can't|could not|couldn't|unable to|not able to|did not|impossible to) (?:be )?reproduc\w*|not reproducible", 2.4),
    (r"no (?:further |more |other |additional |server |app |application )?(?:details?|info\w*|logs?|ids?|stack\w*|trac\w*|context|metrics|data|timestamps?|evidence|monitoring|error (?:text|message))\b", 1.9),
    (r"(?:logs?|stderr|trace\w*|message|events?|metrics|status code|output|details?)\b[^.]{0,20} (?:was|were|is|are|got|have been|has been|had|had been)? ?(?:lost|rotated|truncated|cut|missing|gone|expired|empty|overwritten|scrubbed|redacted|not (?:logged|saved|available|kept|recorded|correlated)|deleted|unavailable)", 2.2),
    (r"nothing (?:unusual |useful |suspicious )?(?:in|on) (?:the |our |any )?(?:logs?|dashboards?|metrics|monitoring|graphs?)|logs? (?:are|is|look) (?:clean|empty|silent|fine)|we see nothing|nothing (?:is )?wrong", 1.3),
    (r"scrubbed|truncated|cut off|message ends here|screenshot|photo of the screen|(?:only|just|nothing but) (?:the |this |a |one )?(?:word|class name|number|code|text|line|sentence|phrase|exception name)", 2.0),
    (r"(?:not|never) logged|do not log|don't log|not (?:been )?captured|without (?:a |any )?(?:traceback|details?|context|message|stack|logs?)|has no (?:message|text|details?)", 2.0),
    (r"(?:it|this|page|site|app|everything|something|system) (?:does not|doesn't|do not|don't|isn't|is not|just does not) (?:work|load|open|respond)\w*\b|(?:please|pls) (?:check|look|help|fix|advise)|help!+|urgent!+", 1.5),
    (r"(?:something|somebody|somewhere|somehow|some(?:times)? .{0,30}sometimes|strange|weird\w*|odd\w*|mysterious\w*|feels? (?:slow|wrong|off)|funny|acts? up)\b", 1.3),
    (r"(?:a|one|some|our|the) (?:client|customer|user|ceo|boss|manager|colleague|sales\w*|support) (?:says?|claims?|reports?|told|mentions?|complains?)", 0.9),
    (r"(?:which|what) (?:host|server|endpoint|command|service|page|job|one|of|part|version|user)\b[^.?]{0,30}(?:unknown|not|is|\?)|which of (?:the )?\w+|(?:time|page|host|version|endpoint) (?:and \w+ )?(?:is |are )?(?:unknown|not (?:given|known|stated|mentioned))", 1.9),
    (r"(?:many|several|a lot of|multiple) (?:things|changes|releases|services|components) (?:changed|at once|at the same time|since|were|together)|mixed endpoints|all at the same time we", 2.0),
    (r"(?:attach|attached|pasted?|found) (?:is )?(?:the )?(?:only|last|first|some)|the only (?:warning|line|thing|message|log)|(?:exists|there|present|been there) (?:since|for) (?:ever|years?|last year|always|months)|unrelated", 2.0),
    (r"since forever|for ages|somebody noticed|fired and resolved|resolved by itself|happened once|once (?:last|this) (?:week|month|night)|one-off", 1.3),
    (r"непонятн\w*|неизвестн\w*|не (?:ясно|знаю|знаем|понятно|указан\w*|удалось (?:воспроизв|понять|выясн)\w*)|воспроизвести не|не воспроизв\w*", 2.3),
    (r"скриншот\w*|без (?:трейс\w*|подробност\w*|деталей|логов|контекста|стека)|только (?:слов|строк|код|текст|фраз)\w*|лог\w* (?:потер|затёрт|затерт|ротир|не сохран|пуст|нет)\w*|обрыва\w* на полуслове", 2.0),
    (r"что-то|как-то|где-то|почему-то|какая-то|какой-то|иногда|вроде|кажется|возможно|наверное|может быть|странн\w*", 1.1),
    (r"в логах (?:ничего|пусто|чисто|тихо)|логи (?:чист|пуст)\w*|ничего подозрительного", 1.3),
    (r"(?:не работает|всё сломалось|все сломалось|тормозит|глючит|виснет)[.!]*(?:$|\n)|(?:помогите|посмотрите|проверьте|разберитесь)|срочно", 1.4),
    (r"(?:клиент|пользователь|директор|менеджер|коллега|кто-то|сотрудник|один из) (?:говорит|жалуется|сообщ|утвержда|пишет)\w*", 0.9),
]  # fmt: skip

#: Said about something that does harm; negated harm is cut out first.
HARM = [
    (r"fail(?:s|ed|ing|ures?)?\b|broke\w*|crash\w*|dies?\b|died|dead\b|hangs?\b|hung\b|stuck|freez\w*|unusable|unavailable|unreachable|refuse[sd]?\b|reject\w*|wrong\b", 1.0),
    (r"(?:cannot|can't|can not|could not|unable to|won't|will not|does not|doesn't|do not|don't|stopped|stops|no longer|never) \w+", 0.9),
    (r"slow\w*|time[sd]? ?-?outs?|timing out|takes? (?:\d+|several|many) ?(?:s|sec|seconds|minutes?)|latency|sluggish|crawl\w*|stutter\w*|lag\w*\b", 0.8),
    (r"(?:users?|customers?|clients?|people|everybody|everyone|nobody) .{0,30}(?:complain|cannot|can't|lose|lost|get|see|report)\w*|lost\b|missing|disappear\w*|50[0234]\b|outage|down\b|disaster", 0.9),
    (r"пад(?:ает|ают)|упал\w*|не (?:работа|открыва|запуска|старту|поднима|сохраня|созда|отправля|приход|загружа|отвеча|доход|обнов|проход|вид)\w*|сломал\w*|завис\w*|виснет|замира\w*|тормоз\w*|медленн\w*|ошибк\w*|сбой|обрыва\w*|потеря\w*|пропа\w*|жалу\w*|недоступ\w*", 1.0),
]  # fmt: skip

#: Harm that is denied, and so is none.
NO_HARM = (
    r"\bnone of (?:our|the|my|their) (?:\w+ ){1,3}(?:fail\w*|was|were|is|are|has|have|had|lost|broke\w*|slow\w*)\b(?: \w+)?|"
    r"\b(?:no|zero|0|without(?: any)?|not a single|none of the) (?:\w+ ){0,2}?(?:fail\w*|errors?|complaints?|impact|problems?|issues?|"
    r"incidents?|5xx|timeouts?|downtime|outage|lost|losses|crash\w*|broken|slow\w*)\b(?: \w+)?|ошибок нет|нет ошибок|"
    r"без (?:ошибок|потерь|сбоев)|\b(?:nobody|no one) complain\w*|\bnever fail\w*|\bnot (?:slow|broken|down|affected|failing)\b"
)

#: Health of a neighbour, told to show that something else is sick.
CONTRAST = (
    r"\bsince [^.;,]{0,50}\b(?:switched|turned|shut|scaled) (?:off|down)\b|"
    r"\b(?:the rest|rest of|everything else|all else|static pages|other|others|any other|small(?:er)?|short|reads?|reading|locally|psql|curl|staging|elsewhere|by id|by primary key|"
    r"127\.0\.0\.1|same code|web container|dba says|browser|ping|login|laptop|yesterday|before|first|until|when i look|old|previous)\b"
    r"[^.,;]{0,40}\b(?:ok|okay|fine|works?|worked|good|quick|fast|instant|healthy|opens?|normal|succeeds?|pass|up)\b|"
    r"\b(?:works?|worked|fine|ok|okay|good|healthy)\b[^.,;]{0,25}\b(?:elsewhere|locally|yesterday|before|until|on my|from my|in my|with 127|"
    r"after (?:a |the )?restart|again after|for a while|in staging|on staging|on other|for others)|"
    r"(?:у остальных|остальные|локально|чтение|просмотр|на стейдже|у других|раньше|вчера|с другим)[^.,;]{0,30}(?:работа\w*|нормальн\w*|без проблем|ок\b)"
)

#: How many are hit, and how badly; the weight moves the severity by that many steps.
IMPACT = {
    "all": [
        (r"(?:everything|everyone|everybody|nobody|no one|nothing) .{0,30}(?:fail|down|dead|broke|stop|cannot|can|hang|work|unavail|error|start|log)\w*", 1.0),
        (r"(?:entire|whole|complete) (?:\w+ )?(?:site|api|app|application|service|backend|shop|store|system|checkout|product|company|platform|production|table)", 1.0),
        (r"(?:all|every|each)(?: single| of the| our| the)? (?:users?|customers?|clients?|requests?|pages?|endpoints?|writes?|saves?|orders?|logins?|sign-?ups?|payments?|inserts?|services?|hosts?|connections?|instances?|pods?|workers?|calls)\b", 0.8),
        (r"(?:site|service|production|prod|backend|api|shop|app|database|checkout|login) (?:is |are |was |went )?(?:completely |totally |fully )?(?:down|dead|offline|unreachable|unavailable)", 1.0),
        (r"(?:does|do|did|will|would|can) ?(?:not|n't) (?:start|boot|come up|launch)|won't (?:start|boot|come up)|cannot (?:start|boot)|fails? to (?:start|boot)|nothing starts|broken by (?:the )?rebuild", 0.6),
        (r"no (?:new )?(?:orders?|payments?|sign-?ups?|logins?|users?|writes?) (?:can|is|are|get|go|come)\w*|(?:orders?|payments?) (?:cannot|can't|can not) be", 0.8),
        (r"(?:data|orders?|payments?|messages?|records?|rows?) (?:is|are|were|get|gets|got|being|will be)? ?(?:being )?(?:lost|overwritten|corrupt\w*|deleted)|data loss|losing (?:data|orders|payments)", 0.9),
        (r"(?:весь|вся|всё|все) (?:сайт|сервис|прод|бэкенд|бекенд|магазин|система|приложение|запрос|пользовател|клиент|страниц|запис)\w*|ничего не (?:работает|сохраняется|открывается)|(?:сайт|прод|сервис|бэкенд|бекенд|магазин) (?:лежит|упал|недоступен|не (?:отвечает|работает|стартует|поднимается|открывается))|не (?:стартует|запускается|поднимается)|у всех", 0.8),
        (r"100 ?%|полностью|целиком", 0.4),
    ],
    "core": [
        (r"(?:checkout|payments?|pay\b|paying|logins?|log(?:ging)? in|sign-?ups?|registrations?|orders?|purchases?|cart|basket|billing|invoic\w*|оплат\w*|плат[её]ж\w*|заказ\w*|заявк\w*|вход\w*|логин\w*|регистрац\w*|корзин\w*)", 0.5),
    ],
    "few": [
        (r"(?:one|single|a certain|one certain|a specific|one specific|one particular) (?:\w+ )?(?:user|customer|client|person|partner|invoice|counterparty|employee|supplier|file|row|record|page|order|endpoint|tenant|host|type|category)\b", 0.6),
        (r"(?:one|single|only one) user\b|only (?:one|a few|two|some|for one|i|me)\b", 0.7),
        (r"(?:у одного|один|одна|одному|одним) (?:клиент|пользовател|сотрудник|контрагент|партн|файл|заказ|запис)\w*|только у (?:одного|меня)", 1.1),
        (r"(?:a few|few|some|rare\w*|occasional\w*|sometimes|intermittent\w*|sporadic\w*|from time to time|now and then|once in a while)\b|редко|изредка|иногда|некотор\w*|несколько раз|время от времени|эпизодически", 0.5),
        (r"(?:per|an?|every) hour\b|per (?:day|week)|в (?:час|день|неделю)", 0.3),
        (r"(?:retry|reload\w*|refresh\w*|second (?:try|attempt)|repeating) .{0,20}(?:helps|works|succeeds|fixes)|workaround|work-around|обходн\w* путь|повтор\w* (?:помога|проход)\w*", 0.6),
        (r"(?:staging|stage|dev|test|qa|local|ci|pytest|laptop)\b|стейдж\w*|тестов\w* (?:стенд|сред|окруж)\w*|локальн\w*", 0.7),
        (r"(?:admin|internal|back ?office|dashboard|nightly|report\w*|crawler|import\w*|export\w*|cron|monitoring|cli|script)\b|админк\w*|внутренн\w*|отч[её]т\w*|ночн\w*|выгрузк\w*|импорт\w*|экспорт\w*", 0.4),
        (r"cosmetic|annoying|bothers|typo|low priority|not urgent|no rush|не срочно|косметич\w*|мелоч\w*", 1.2),
        (r"for (?:about )?(?:a|one|two|\d+) (?:minutes?|seconds?)\b|then (?:it is )?(?:normal|fine|ok|quick)|recovers? (?:by itself|on its own)|потом (?:нормально|сама|само|всё)", 0.4),
    ],
    "many": [
        (r"(?:users|customers|clients|people|tenants|managers|sellers|visitors) (?:are |have |report|complain|cannot|can't|get|see|lose|wait)\w*|клиенты (?:жалу|не могут|ждут)\w*|пользовател\w* (?:жалу|не могут|ждут)\w*", 0.4),
        (r"(?:production|prod)\b|(?:на|в) прод\w*|боев\w*", 0.3),
        (r"random (?:50\d|errors?)|in waves|at peak\w*|in peaks?|в пик\w*|half of|most|половин\w*|больш\w* часть|massive\w*|массово", 0.4),
        (r"(?:stopped|stops|died|dies|disappear\w*|nothing is delivered)\b|перестал\w*|остановил\w*", 0.2),
    ],
}  # fmt: skip

CONCEPTS = {
    "healthy": HEALTHY,
    "vague": VAGUE,
    "harm": HARM,
    "impact.all": IMPACT["all"],
    "impact.core": IMPACT["core"],
    "impact.few": IMPACT["few"],
    "impact.many": IMPACT["many"],
}


@lru_cache(maxsize=1)
def _people() -> Matcher:
    return Matcher([table(CONCEPTS)])


@lru_cache(maxsize=1)
def _machines() -> Matcher:
    return Matcher([table({"noise": NOISE})])


def how_people_say_it(text: str) -> list[Hit]:
    """Return the concepts of ``CONCEPTS`` found in ``text``, with the words that matched."""
    return _people().hits(text)


def loud_but_meaningless(text: str) -> list[Hit]:
    """Return machine texts in ``text`` that seldom mean trouble."""
    return _machines().hits(text)
