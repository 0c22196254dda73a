"""Texts of slow plans, storage, vacuum, WAL, sequences and corruption in PostgreSQL."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "missing-index-seq-scan": [
            (r"canceling statement due to statement timeout", 2.0),
            (r"QueryCanceled|57014", 1.5),
            (r"Seq Scan on", 4.0),
            (r"Rows Removed by Filter: \d{4,}", 4.0),
            (r"duration: \d{4,}(?:\.\d+)? ms", 2.0),
        ],
        "n-plus-one-queries": [(r"N\+1 (?:query|queries)\b|nplusone", 5.0)],
        "deep-offset-pagination": [(r"OFFSET \d{4,}", 4.5)],
        "work-mem-spill-to-disk": [
            (r"temporary file: path", 5.5),
            (r"Sort Method: external merge|external merge +Disk", 6.0),
            (r"Batches: [2-9]\d*", 2.0),
            (r"temporary file size exceeds temp_file_limit|53400", 5.0),
        ],
        "generic-plan-regression": [(r"plan_cache_mode|generic_plans?", 4.0)],
        "statement-timeout-too-low": [
            (r"canceling statement due to statement timeout", 1.2),
            (r"statement_timeout ?=", 2.5),
        ],
        "jit-compilation-overhead": [(r"JIT:|Timing: Generation", 4.5)],
        "working-set-exceeds-buffer-cache": [
            (r"Buffers: shared hit=\d+ read=\d{5,}|IO:DataFileRead|DataFileRead", 2.5)
        ],
        "redundant-indexes-slow-writes": [(r"unused indexes|idx_scan ?= ?0", 3.5)],
        "stale-statistics-bad-plan": [(r"rows=1\b.{0,80}actual .{0,40}rows=\d{5,}", 4.5)],
        "pg-data-volume-full": [
            (
                r"could not (?:extend|write(?: to)?) file \"(?:base|pg_wal|pg_tblspc|pg_xact|global)[^\"]{0,200}\": No space left",
                6.0,
            ),
            (r"DiskFull|53100", 5.5),
            (r"PANIC: +could not write to (?:log )?file .{0,80}No space", 6.0),
            (r"Check free disk space", 4.0),
            (r"No space left on device", 1.0),
        ],
        "pg-wal-archive-failing": [
            (r"archive command failed|archiving write-ahead log file .{0,60}failed", 6.0),
            (r"archiver .{0,40}failed", 4.0),
        ],
        "table-bloat-autovacuum-off": [
            (r"n_dead_tup|dead (?:row versions|tuples)", 3.5),
            (r"canceling autovacuum task", 3.0),
            (r"autovacuum_enabled ?= ?(?:off|false)", 5.0),
        ],
        "vacuum-blocked-by-old-xmin": [
            (
                r"oldest xmin is far in the past|dead (?:row versions|tuples) (?:cannot|are not yet)|cannot be removed yet",
                5.5,
            ),
        ],
        "sequence-exhausted-int4": [
            (r"nextval: reached maximum value of sequence", 6.0),
            (r"SequenceGeneratorLimitExceeded|2200H", 6.0),
            (r"integer out of range", 2.0),
            (r"2147483647", 2.5),
        ],
        "txid-wraparound-protection": [
            (
                r"not accepting commands (?:that assign new (?:XIDs|transaction IDs|MultiXactIds) )?to avoid wraparound",
                6.0,
            ),
            (r"must be vacuumed within \d+ transactions", 5.5),
            (r"wraparound", 3.0),
        ],
        "data-page-corruption": [
            (r"invalid page in block", 6.0),
            (r"DataCorrupted|IndexCorrupted|XX001|XX002", 6.0),
            (r"page verification failed, calculated checksum", 6.0),
            (r"could not read block \d+|unexpected zero page|missing chunk number \d+ for toast value", 5.0),
            (r"could not access status of transaction", 5.0),
            (r"right sibling's left-link|posting list tuple|item order invariant violated", 5.0),
        ],
        "index-collation-changed": [
            (
                r"collation version mismatch|has a collation version mismatch|collation .{0,40}(?:version|mismatch)",
                6.0,
            ),
        ],
        "checkpoint-storm-small-max-wal": [
            (r"checkpoints are occurring too frequently", 6.0),
            (r"max_wal_size", 2.0),
        ],
        "pg-out-of-memory": [
            (r"53200|Failed on request of size \d+", 5.0),
            (r"out of memory\s+DETAIL: +Failed on request", 6.0),
        ],
        "track-commit-slow-fsync": [(r"sync (?:duration|time)? ?of .{0,30}s\b|WALSync|WALWrite", 2.5)],
        "subtransaction-overflow": [(r"SubtransSLRU|SubtransBuffer|subtransaction overflow", 6.0)],
    }
)

STORIES = table(
    {
        "missing-index-seq-scan": [
            (
                r"since (?:the )?(?:table|data|history) (?:grew|got big)|new (?:filter|widget|search|report) .{0,30}(?:slow|cpu|live)",
                1.8,
            ),
            (r"seq(?:uential)?[ _-]?scans?|full (?:table )?scan|последовательн\w* (?:чтен|скан)\w*", 4.5),
            (
                r"(?:no|missing|without|lacks?|drop(?:ped)?) (?:an? |the )?index|only (?:the )?(?:pkey|primary key) index|нет индекса|без индекса|не хватает индекса",
                4.5,
            ),
            (
                r"(?:search|filter|lookup|query|page)\w* .{0,40}(?:by|on) \w+ .{0,40}(?:slow|times? out|seconds|crawl)\w*",
                2.0,
            ),
            (r"by (?:id|primary key) (?:it )?is (?:instant|fast|quick)|по id (?:мгновенно|быстро)", 3.0),
            (
                r"(?:table|history|events) .{0,20}(?:grew|grows?|growing|has \d+ ?m(?:illion)?)|\d+ ?(?:m|mln|million|млн)\.? (?:rows|строк|записей)",
                1.5,
            ),
            (r"(?:postgres|db|database) cpu .{0,20}(?:100|9\d) ?%|поиск по", 1.0),
            (
                r"(?:медленн|долг|тормоз)\w* (?:поиск|запрос|выборк)\w*|поиск .{0,40}(?:секунд|медленн|долго)\w*",
                1.5,
            ),
        ],
        "n-plus-one-queries": [
            (
                r"(?:hundreds|thousands|\d{2,}) (?:of )?(?:\w+ )?(?:queries|sql|selects?|statements) (?:per|for|on|in) (?:a |one |each |every |the )?(?:page|request|call|list)",
                5.0,
            ),
            (
                r"(?:one|a) (?:query|select) (?:per|for (?:each|every)) (?:row|item|customer|order)|n ?\+ ?1|each (?:sql|query|statement) is (?:fast|quick)",
                5.0,
            ),
            (r"lazy (?:load\w*|relations?)|selectinload|joinedload|select_related|prefetch_related", 2.5),
            (
                r"(?:сотн\w*|тысяч\w*|\d{2,6}) (?:sql[- ]?)?запрос\w* (?:к (?:базе|бд)|(?:на|за) (?:одн\w* )?(?:страниц|запрос)\w*)|каждый запрос быстр\w*",
                4.5,
            ),
            (r"(?:list|page) .{0,30}(?:slower|longer) with (?:the )?number of", 3.5),
        ],
        "deep-offset-pagination": [
            (r"page \d+ .{0,15}(?:fast|quick|instant)\w*.{0,40}page [\d ]{3,}", 4.5),
            (r"offset", 3.0),
            (
                r"first pages? .{0,40}(?:fast|quick|instant).{0,60}page|page \d[\d ]{3,}|deep page|перв\w* страниц\w* .{0,60}(?:дальн|глубок|последн)\w*|paginat\w*|пагинац\w*",
                2.5,
            ),
        ],
        "work-mem-spill-to-disk": [
            (r"work_mem|temp(?:orary)? files?|pgsql_tmp|external merge|spill\w*|временн\w* файл\w*", 4.0),
        ],
        "generic-plan-regression": [
            (
                r"(?:first|after) (?:the )?(?:five|5|six|6|sixth|few) (?:calls?|executions?|times)|generic plan|prepared statements? .{0,40}slow|plan_cache_mode",
                4.5,
            ),
            (
                r"(?:through|from|via) the app .{0,30}(?:psql|console)|psql (?:is|runs?) .{0,15}(?:fast|instant|quick)|в psql .{0,20}(?:быстро|мгновенно)",
                2.5,
            ),
            (r"перв\w* (?:пять|5|несколько) (?:вызов|запрос|раз)\w*", 4.0),
        ],
        "statement-timeout-too-low": [
            (r"statement_timeout ?(?:=|to|of|:|is|at|set)? ?(?:to )?'?\d+ ?(?:ms|s\b|sec|мс|с\b)?", 5.0),
            (r"statement_timeout", 2.5),
            (r"(?:after )?exactly (?:\d+|thirty|ten|five) (?:s|sec|seconds)|ровно (?:через )?\d+ сек", 2.0),
            (r"(?:always|normally|usually) (?:took|takes|ran|needs?) \d+", 2.0),
        ],
        "jit-compilation-overhead": [
            (r"(?:small|short|simple|tiny) (?:queries|statements)|from \d+ ms to \d+ ms", 1.2),
            (r"jit\b", 5.0),
            (r"(?:after|since) (?:the |our )?(?:pg|postgres\w*) .{0,12}upgrade|upgrade to (?:pg|postgres)\w*", 2.2),
        ],
        "working-set-exceeds-buffer-cache": [
            (
                r"shared_buffers|buffer cache|(?:cache )?hit (?:ratio|rate)|кэш\w* буфер\w*|попадани\w* в кэш",
                4.0,
            ),
            (
                r"(?:smaller|cheaper|small) (?:instance|machine|server|vm|plan|tier)|(?:меньш|дешёв|дешев)\w* (?:инстанс|сервер|тариф|машин)\w*",
                2.0,
            ),
            (r"plans? (?:are|is) the same|планы? те же|same plans?|ram \d+ ?gb", 2.0),
        ],
        "redundant-indexes-slow-writes": [
            (
                r"(?:redundant|duplicate|unused|too many|\d{2,}) (?:\w+ )?index\w*|индекс\w* (?:дубл|лишн)\w*|(?:лишн|дублир|\d{2,}) индекс\w*",
                4.5,
            ),
            (
                r"(?:writes|inserts?|imports?|updates?) .{0,40}slow\w*.{0,60}reads? (?:are |is )?(?:fine|ok|fast)",
                3.0,
            ),
        ],
        "stale-statistics-bad-plan": [
            (
                r"(?:run(?:ning)?|after|until|no) (?:vacuum )?analyze|pg_statistic|stale stat\w*|устарел\w* статистик\w*|plans? (?:changed|flipped|regress\w*)|(?:wrong|bad|off) (?:row )?estimates?|estimate\w* .{0,30}actual",
                4.0,
            ),
        ],
        "pg-data-volume-full": [
            (
                r"(?:db|database|postgres|pg|data) (?:disk|volume|partition)|диск (?:бд|базы|postgres)\w*|pg_wal|pgdata",
                2.5,
            ),
            (r"(?:disk|диск) .{0,20}100 ?%", 2.0),
        ],
        "pg-wal-archive-failing": [(r"archive_command|wal[- ]?(?:g|e)\b|pgbackrest|barman|архивац\w* wal", 4.0)],
        "table-bloat-autovacuum-off": [
            (
                r"(?:only )?\d+k? (?:live )?rows .{0,40}(?:count|takes|gb|mb|slow)|(?:slower|longer|bigger) every day",
                3.0,
            ),
            (
                r"auto ?vacuum\w*|bloat\w*|dead tuples?|n_dead_tup|блоат\w*|вакуум\w*|мёртв\w* строк\w*|мертв\w* строк\w*|раздут\w*",
                4.0,
            ),
            (r"\d+ ?k? (?:live )?rows .{0,30}\d+ ?[mg]b|\d+ ?[mg]b .{0,30}\d+ ?k? (?:live )?rows", 4.0),
        ],
        "vacuum-blocked-by-old-xmin": [
            (r"xmin|backend_xmin|long[- ]running (?:transaction|select|report) .{0,40}vacuum", 4.0)
        ],
        "sequence-exhausted-int4": [
            (r"all inserts into (?:one|the \w+|a single) table|ids? .{0,20}(?:limit|maximum|exhaust|предел)\w*", 3.0),
            (
                r"2147483647|2\.1 (?:billion|млрд)|int4|serial|bigint|max(?:imum)? (?:value|id)|integer primary key",
                2.5,
            ),
        ],
        "txid-wraparound-protection": [
            (r"wraparound|transaction ids?|single-user mode|vacuum freeze|freeze_max_age", 3.5)
        ],
        "data-page-corruption": [
            (r"invalid page|checksum\w* (?:fail|mismatch|error)\w*", 4.5),
            (r"corrupt\w*|damaged|bad (?:sector|block)s?|поврежд\w*|битая страница|битый", 2.5),
        ],
        "index-collation-changed": [
            (r"collation|glibc .{0,40}(?:index|sort|order)|(?:index|sort|order)\w* .{0,40}(?:glibc|locale)", 3.5),
            (r"(?:after|since) (?:the )?(?:os|base image|debian|ubuntu|distribution) upgrade", 1.0),
        ],
        "checkpoint-storm-small-max-wal": [
            (r"max_wal_size|checkpoints?|чекпо[ий]нт\w*|контрольн\w* точк\w*", 3.5),
            (r"(?:stutter|jerk)\w*|(?:once per|every) second\b|раз в секунду", 2.2),
        ],
        "data-growth-crossed-threshold": [
            (
                r"(?:every|each) week .{0,20}slower|slower (?:every|each|and slower) (?:day|week|month)|bit slower every|(?:with|over) the (?:years?|months?)",
                2.5,
            ),
            (
                r"кажд\w* (?:неделю|месяц|день) (?:всё |все )?(?:медленн|дольше)\w*|постепенно (?:замедл|стал)\w*",
                2.5,
            ),
            (
                r"no (?:releases?|deploy\w*|change\w*|plan change)|grew (?:past|beyond|over)|data (?:growth|grew|volume)",
                1.0,
            ),
        ],
    }
)
