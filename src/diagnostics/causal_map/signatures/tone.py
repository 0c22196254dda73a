"""The tone of a report, read broadly: does anything in it sound like trouble, like peace, like a gap in what is known?

``manner`` holds phrases that say so outright; these word families say it weakly and together, so only their number
counts. They are features of a combination that is fitted, never a verdict.
"""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from functools import lru_cache

from diagnostics.causal_map.signatures.matching import Matcher, table

#: Somebody or something suffers.
TROUBLE = [
    r"(?:is|are|was|were|gets?|got|be|been|being|still) not (?:\w+ly )?\w+(?:ed|en|nt|able|ible|ing|wn)\b",
    r"(?:break|kill|lose|drop|bounce|block|leak|loop|burn|quit|exit|choke|starve|flood|overload|exhaust|corrupt|stall|hammer)(?:s|ed|ing)?\b",
    r"(?:broken|lost|losing|stuck|killed|hung|frozen|full|empty|overloaded|exhausted|corrupt\w*|rejected|refused|denied|blocked|unusable|unavailable|unreachable|silent|dead|gone)\b",
    r"(?:gets?|got|with|an|the|end[s]? in|returns?|throws?|raises?|gives?|answers?|shows?) (?:an? |the |only )?(?:\w+ )?errors?\b|error page",
    r"50[0-4]s?\b|(?:get|gets|got|answers?|returns?|with) (?:an? )?4\d\d\b",
    r"(?:no|nothing|nobody|none|no one|never|neither)\b[^.,;]{0,30} (?:can|could|is|are|was|gets?|works?|starts?|arrives?|comes?|happens?|open|save)\b",
    r"(?:cannot|can't|couldn't|could not|won't|will not|unable|does not|doesn't|do not|don't|did not|didn't|no longer|fails?|failed|failing|failure|crash\w*|die[sd]?|hangs?|hanging|freez\w*|slow\w*|sluggish|timed? ?outs?|times out|timing out)\b",
    r"twice\b|again and again|duplicat\w*|missing\b|delayed\b|too late|behind\b|stale\b|wrong\w*\b|incorrect\w*|garbled|mixed up|old (?:value|price|data|state)",
    r"(?:takes?|needs?|lasts?|waits?|took|wait) (?:\w+ ){0,2}(?:s|sec|secs|seconds?|minutes?|min|hours?|forever|long)\b",
    r"(?:grow|climb|ris|increas|jump|doubl|tripl|pil|fill|swell|explod)(?:s|es|ed|ing|e)\b(?: up)?|worse\b|queue[sd]?\b|backlog",
    r"(?:complain\w*|angry|urgent\w*|emergency|asap|outage|incident|down\b|disaster|panic)",
    r"(?:since|after|right after|from) (?:the |our |this |that |we |i |it |yesterday|today|tonight|last |monday|tuesday|wednesday|thursday|friday|the weekend|noon|midnight|lunch|\d)",
    r"не (?:\w{2,}(?:ет|ут|ют|ит|ят|ат|тся|ется|ются|ится|ятся|ла|ло|ли|лся|лась|лось|лись|ть|ться|ен|ена|ено|ены|на|ны)|\w{2,}л)\b",
    r"(?:раст[её]т|вырос\w*|жд[уё]т|вис(?:ит|ят|нет|ло)|завис\w*|встал\w*|вста[её]т|перестал\w*|молчит|отвал\w*|вылета\w*|разлогин\w*|дважды|опозда\w*|отказ\w*|забит\w*|блокир\w*|кончи\w*|закончи\w*|упира\w*|леж[иа]т|упал\w*|пада\w*|убива\w*|тормоз\w*|медленн\w*|долго|теря\w*|потеря\w*|пропа\w*|исчез\w*|сломал\w*|ошибк\w*|недоступ\w*|сбо[йи]\w*|жалу\w*|таймаут\w*|обрыва\w*|крив\w*|неверн\w*|неправильн\w*)",
    r"\d+ (?:секунд\w*|минут\w*|час\w*)|после (?:обновлен|деплой|релиз|переезд|переход|смен|правк|мигр|перезапуск|рестарт)\w*|с (?:утра|ночи|вчера|понедельника|\d)",
]

#: All is well, or it was meant so, or it is only asked.
PEACE = [
    r"went (?:through|well|fine|smoothly|as planned)|valid (?:for|until|till)|(?:load|usage|impact|effect|lag) is (?:small|low|tiny|negligible|minimal|moderate)|(?:small|low|tiny|negligible) (?:load|impact|effect)|did not (?:notice|care|mind|matter|hurt)|experiment\b",
    r"(?:this|that|it|which) is (?:exactly |just )?(?:what|how|as|right|correct|the rule|by rule|our rule|intended|wanted|the way|enough|allowed)\b|is the rule|rightly|as (?:it|they) should|right (?:message|answer|code|response)|(?:got|gets?|sees?|saw|received|receives|shown) (?:the|a|an) (?:right|proper|usual|correct|clear|normal|friendly|polite|expected) \w+",
    r"(?:error rate|latency|response times?|traffic|throughput|metrics?|graphs?|numbers?|everything) (?:is |are |stay\w* |remain\w* )?(?:flat|unchanged|stable|steady|zero|the same|as before|normal|good)\b|\bflat\b",
    r"(?:image|app|site|build|service|page|shop|system|feature|job|import|bot|server|everything|it|code|release) (?:still |all )?(?:works|worked|builds|starts|runs|is up|is fine|is ok)\b(?! (?:only|if|with|when|again|after|until|locally|on my|from my))",
    r"nobody (?:reads|uses|needs|works|looks|waits|buys|was|is)|no one (?:reads|uses|needs|works|waits)|not (?:yet )?(?:in (?:use|production)|used|live|needed|read|public|released)|unused\b|playground|sandbox|before (?:the )?(?:opening|launch|go-?live)|(?:shop|office|store|market) (?:is |was )?closed|out of hours|business hours",
    r"done by \d|finished by|to go\b|catching up|in progress|on schedule|according to (?:plan|schedule)|took (?:\w+ )?(?:all night|hours?|minutes?) .{0,30}(?:like|as|done|each|every|planned|window)",
    r"(?:was|were|is|are) (?:ours|our own|us|me)\b|we (?:tested|test|provoked|triggered|simulated|rehearsed|wanted|chose|configured|decided|set it|set this)\b|test (?:alarm|alert|alerts|message|mail|page)|TEST\b",
    r"(?:second|next|third|another|repeated) (?:attempt|try|retry|call|run) (?:delivered|worked|succeeded|passed|was|went|got|did)|retr(?:y|ied|ies)[^.,;]{0,40}(?:delivered|worked|succeeded|passed|fine|ok)",
    r"(?:opens?|connects?|knocks?) .{0,30}every (?:few|\w+) (?:seconds?|minutes?)|(?:prints?|writes?|logs?|shows?|says?) (?:this|a line|it|such a line|that) (?:about|on|at|when|each|every|for|whenever)|(?:is|gets) (?:written|printed|logged|shown) (?:when|whenever|each|every|on|at)|dead links|old (?:blog|bookmark|newsletter|link)|bookmarks?",
    r"agreed (?:minimum|maximum|limit|level|target)|minimum is|allowed (?:is|are)|(?:slo|sla|target|goal|budget) (?:is|of|allows)",
    r"как и (?:положено|должно|надо|нужно|ожидал\w*)|так и (?:должно|надо|задумано|положено)|никому не (?:нужен|нужна|нужно|мешает)|к утру (?:законч|заверш)\w*|(?:магазин|офис|склад) (?:в это время )?закрыт|прошу (?:добавить|сделать|объяснить|подсказать|включить)|добавьте|не пропустил\w*, как|закрываем|выводим из эксплуатации|на новый год|проверяли|мы сами|сами (?:останов|выключ|запуст)\w*",
    r"(?:then|later|afterwards|meanwhile|now|since|and)\b[^.,;]{0,25} (?:ready|fine|ok|okay|normal|succeeded|ran again|green|through|recovered|reconnected|served)\b",
    r"(?:returned|went|dropped|came|fell|settled|back) (?:back )?to (?:zero|normal|0\b|usual|baseline|green)",
    r"(?:no|not a|not one|nobody|no one|none|without)\b[^.,;]{0,25} (?:touched|affected|lost|noticed|noticing|complain\w*|hurt|impact\w*|online|concerned|harm\w*|effect|consequence\w*|interruption)\b",
    r"(?:goal|target|budget|slo|sla|threshold|norm|allowed) (?:is |are |of |at |for \w+ is )?\d",
    r"exercise\b|drill\b|rehears\w*|simulat\w*|test suite|tests? (?:are |is )?(?:pass\w*|green|ok)|all \d+ tests|penetration|pen-?test\w*|red team|audit\w*|game ?day",
    r"planned\b|scheduled\b|announced\b|intended\b|intentional\w*|deliberate\w*|on purpose|expected\b|known (?:noise|behaviou?r|thing|issue)|agreed\b|by design|as designed|specification|policy\b|as configured|configured (?:so|to|that way|like)",
    r"(?:whenever|each time|every time|when) (?:a|an|some|somebody|someone|the) (?:visitor|user|client|browser|phone|customer|person|app)\b[^.,;]{0,30}(?:clos|leav|cancel|disconnect|navigat|abort|reload|los|switch)\w*",
    r"(?:was|were|is|are) (?:told|informed|shown|warned|asked)\b|(?:used|took|tried|chose|entered|requested|typed) (?:another|a new|a different|the (?:right|correct|new)|again|it again)|usual (?:message|answer|page|hint|noise|reply)",
    r"as (?:on|in|for) (?:each|every|any|all)|as (?:always|usual|before|ever|every \w+|agreed|planned|announced|it should|they should|intended)\b|like (?:every|each) \w+|same as (?:last|always|before)",
    r"(?:finished|completed|succeeded|passed|done|renewed|restored|reconnected|recovered|handled|retried|caught|ignored|closed)\b",
    r"(?:would|could|can|may|do|does|should|is|are|shall) (?:you|we|i|it|this|that|somebody|anybody|there)\b[^.]{0,80}\?|(?:which|what|how|when|who|where)\b[^.]{0,120}\?",
    r"recommend\w*|advice|advise\b|best practice|feature|proposal|suggest\w*|question\b|curious|wonder\w*|discussion|documentation|planning\b|we (?:plan|want|would like|consider|think of|intend)|would (?:like|love)|please (?:add|enable|extend|explain|document)",
    r"noise\b|harmless\b(?![- ]looking)|cosmetic\b|benign\b|ignor\w*|nothing to (?:do|worry|fix)|no action|no problem|not a problem|no harm|just (?:a|an|for|so|to|saying|reporting)|only (?:a|an) (?:note|info|question|warning|notice)|fyi\b|for (?:information|the record)|informational",
    r"(?:logrotate|rotat\w*|recycl\w*|warm-?up|rollout|rolling|scal(?:ed|ing|es) (?:in|down|out|up|from|to)|autoscal\w*|cold standby|retired|decommission\w*|switched off|shut down for|turned off|maintenance)\b",
    r"(?:our own|we ourselves|we stopped|we hired|i stopped|i pressed|my own|myself|himself|by hand on purpose)\b|(?:own|my) (?:typo|mistake|test|script|limiter)",
    r"(?:bots?|scanner\w*|crawler\w*|spam\w*|script kiddies|attackers?|brute[- ]?force\w*|internet noise|port ?scan\w*|vulnerability)\b",
    r"(?:deprecat\w*|warning) .{0,60}(?:tests?|works?|fine|green|upgrade|start)|(?:works?|runs?|fine|green) .{0,40}(?:deprecat\w*|warning)",
    r"(?:one|single|two|three) (?:pod|worker|node|replica|instance|container)s? (?:was |were )?(?:replaced|moved|recycled|restarted)[^.]{0,40}(?:other|rest|remaining|fine|no )",
    r"from \d+ (?:to|->) \d+ ?(?:ms|%|mb|gb)[^.]{0,30}(?:goal|limit|slo|target|allowed|budget|enough|fine|ok|normal)|(?:at|is|uses?|used) \d+ ?%[^.]{0,40}(?:limit|free|normal|enough|fine|month|year)",
    r"(?:page cache|buff/cache|buffers?/cache|cached memory|reclaimable|allkeys-lru|evict\w* .{0,30}(?:lru|polic\w*|config\w*|old)|max[-_]requests|keep-?alive probes?)",
    r"(?:by itself|on its own|automatic\w*|self-heal\w*|without (?:us|our|any) (?:doing|help|intervention)|in time\b|in (?:a|two|three|five|ten|\d+) seconds?\b|second (?:try|attempt)|retr(?:y|ies) (?:worked|succeeded|passed|went)|retried)",
    r"(?:documented|monthly|once a (?:day|week|month|year)|every (?:night|morning|week|month|monday|sunday|hour)|each (?:night|week|month)|nightly|weekly) .{0,60}(?:fine|ok|normal|done|finish\w*|succe\w*|pass\w*|complet\w*|no\b|as)",
    r"(?:real|other|all|paying|regular) (?:traffic|users?|customers?|clients?|requests?|payments?|orders?|visitors) (?:is|are|was|were|works?|go|goes|run) (?:fine|ok|okay|not|un\w+|served|through|normal\w*|well)",
    r"(?:works?|worked|runs?|ran|behaves?|looks?|is|are|was|were|all) (?:fine|well|ok|okay|good|normal\w*|healthy|green|correct\w*|perfect\w*|smooth\w*)\b",
    r"(?:typo|mistyped|misspelled|pressed|clicked|typed|hit|cancel\w*|abort\w*|interrupted|stopped) (?:ctrl|control|stop|cancel|the (?:wrong|stop|red)|in (?:his|her|my|the)|by (?:the )?(?:user|me|him|her|hand|analyst|developer)|(?:his|her|my|the) (?:own )?(?:query|request|job|export|script|download))",
    r"(?:before|below|under|within|inside|far from|less than|well under|not (?:even )?(?:close|near)) (?:the |our |an? |any )?(?:\w+ )?(?:limit|slo|sla|budget|threshold|target|window|norm|quota|maximum|second|minute|deadline|expir\w*)",
    r"(?:in|on|from) (?:the |our |my )?(?:ci|unit tests?|test run|pytest|dev|local|staging|sandbox|playground|lab|laptop|notebook|training|demo) ?(?:environment|machine|system|server|database|cluster|run|pipeline)?\b",
    r"improv\w*|faster than|better than|less than (?:usual|last|before)|good news|thank\w*",
    r"(?:его|её|ее|их) банк|карт\w* (?:истек|просроч|отклон)\w*|бот[ыа]?\b.{0,30}(?:перебира|ищут|сканир)\w*",
    r"заявлен\w*|заплан\w*|планов\w*|учебн\w*|намеренн\w*|специально|как (?:и )?(?:должн|договар|задума|обычн|всегда|надо)\w*|по (?:плану|графику|регламенту|расписанию)|согласова\w*|предупре(?:д|жд)\w*|ожидаем\w*",
    r"(?:никто|клиент\w*|пользовател\w*|на клиентов|на работу)[^.,;]{0,15} не (?:замети|пострада|почувств|пожалова|жалова|влия|затро)\w*|без (?:последствий|потерь|ошибок|простоя|влияния)",
    r"(?:потом|затем|после этого|и|но) (?:\w+ )?(?:вош[её]л|заш[её]л|запросил|исправил\w*|получил\w*|прош[её]?л\w*|заработал\w*|восстановил\w*|вспомнил\w*|повторил\w*)",
    r"подскажите|посоветуйте|(?:какой|какую|какие|какое|сколько|зачем|почему|где|когда)\b[^.]{0,80}\?|(?:стоит|нужно|надо|можно|нормально) ли|как (?:лучше|правильно|настроить|сделать|увеличить|узнать|посмотреть)|хотим|хочу|планируем|думаем|интересно|вопрос",
    r"успешно|штатн\w*|заверш\w*|в норме|вс[её] (?:ок|хорошо|работает|зел[её]н\w*|в порядке|нормально|прошло)|в порядке|само (?:прошло|восстанов\w*)|жалоб нет|просто (?:сообщ|информ|вопрос)\w*|для (?:информации|справки)|спасибо",
    r"тестов\w* (?:стенд|сред|сервер|контур|запуск|пользоват)\w*|нагрузочн\w*|пентест\w*|сканер\w*|стенд\w*|учени\w*|тревог\w* учебн\w*",
]

#: What is needed to decide is not there.
GAP = [
    r"(?:does|do|can|has|have|could) (?:any|some)(?:body|one)\b[^.]{0,60}\?|any (?:ideas?|solutions?|clues?|hints?)\b|(?:what|how|where) (?:could|can|might|may) (?:be|cause|it|this|i (?:look|find))|how (?:to|do i|can i|do we) (?:fix|solve|debug|find)|why (?:is|does|do|did|are|this)\b|what is (?:wrong|going on|happening)|в ч[её]м (?:дело|причина|проблема)|что (?:делать|случилось|происходит)|почему\b|кто-нибудь сталкив",
    r"(?:unknown|unclear|not (?:clear|known|sure|visible|given|stored|kept|recorded|logged|saved)|no idea|nobody knows|who knows|hard to say|cannot tell|can't tell|mystery|mysterious\w*|uncertain)\b",
    r"no (?:other |more |further |additional |exact )?(?:details?|info\w*|logs?|trac\w*|stack\w*|ids?|examples?|example row|context|metrics|data|times?|timestamps?|screenshots?|evidence|repro\w*|steps)\b",
    r"(?:without|lacks?|lacking|missing) (?:a |any |the )?(?:details?|message|stack\w*|trac\w*|context|text|code|time|logs?)\b|message is empty|text is not readable|not readable|unreadable|illegible",
    r"(?:cut|truncated|scrubbed|masked|redacted|filtered|removed by|hidden|anonymi[sz]ed|rotated|overwritten|deleted|expired|lost)\b",
    r"(?:may|might|could) (?:be|have|also)\b|maybe|perhaps|possibly|either\b.{0,60}\bor\b|(?:one|some) of (?:our|the|three|several)|or (?:the )?(?:network|database|partner|deploy|cache|memory|gc|disk)",
    r"(?:sometimes|somehow|something|somebody|somewhere|some|strange\w*|weird\w*|odd|oddly|random\w*|flaky|unstable|now and then|once|occasionally|feels?)\b",
    r"(?:goes|went) away|recovered\b|before anybody (?:looked|could)|happened (?:once|\d+ times)|not reproducib\w*|(?:cannot|can't|could not) (?:be )?reproduc\w*|one-?off|when i look",
    r"(?:user|customer|client|colleague|partner|boss|support|manager|somebody|someone)s? (?:says?|said|writes?|wrote|claims?|reports?|reported|forwarded|told|mentions?|complains?)",
    r"(?:production|prod|site|app|everything|it|system) is (?:broken|down|dead)!|help!|urgent|please (?:help|check|look|fix)|asap|does somebody know|any ideas|!{2,}",
    r"(?:two|three|four|several|many|multiple|various) (?:\w+ )?(?:changes|deploys|theories|causes|reasons|candidates|things)|at the same time",
    r"(?:непонятн|неизвестн|неясн)\w*|не (?:помн|зна|указ|сохран|удалось|понят|видно|ясно)\w*|больше (?:ничего|никакой)|логов? (?:нет|не)\w*|без (?:логов|деталей|подробн|кода|времени)\w*|обрыв\w*|скриншот\w*",
    r"что-то|как-то|где-то|какие-то|какая-то|какой-то|иногда|вроде|кажется|возможно|наверное|может быть|странн\w*|то ли|помогите|срочно|посмотрите",
    r"(?:клиент|пользовател|сотрудник|коллег|директор|менеджер|партн[её]р|кто-то|в чате)\w* (?:говор|пиш|написа|жалу|сообщ|утвержда|присла)\w*",
]

_TONES = {"trouble": TROUBLE, "peace": PEACE, "gap": GAP}


@lru_cache(maxsize=1)
def _matcher() -> Matcher:
    return Matcher([table({name: [(pattern, 1.0) for pattern in patterns] for name, patterns in _TONES.items()})])


def tones(text: str, *, without_denials: str, without_neighbours: str) -> dict[str, int]:
    """Return how many word families of each tone are in ``text``.

    Denied harm is no harm, and the health of a neighbour is no health: trouble and peace are counted in texts without.
    """
    counts = dict.fromkeys(_TONES, 0)
    for tone, read in (("trouble", without_denials), ("peace", without_neighbours), ("gap", text)):
        for hit in _matcher().hits(read):
            counts[tone] += sum(name == tone for name, _ in hit.says)
    return counts
