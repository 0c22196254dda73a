"""Texts of payloads and values that a statement or a parser rejects."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "payload-validation-mismatch": [
            (r"422 (?:\{|Unprocessable)", 4.0),
            (r"\"loc\": ?\[\"(?:body|query|path|header)\"", 5.0),
            (r"RequestValidationError|validation errors? for Request", 4.5),
            (r"415 Unsupported Media Type|UnsupportedMediaType", 4.0),
            (r"invalid input syntax for type uuid", 4.5),
            (r"InvalidTextRepresentation|22P02", 3.0),
            (r"400 Bad Request: (?:Failed to decode JSON|The browser)|JSON parse error|ParseError", 4.0),
            (r"badly formed hexadecimal UUID string", 4.0),
            (r"Field required|Missing required field|is a required property", 1.0),
        ],
        "string-too-long": [
            (r"value too long for type character", 6.0),
            (r"StringDataRightTruncation|22001", 6.0),
            (r"Data too long for column|index row size \d+ exceeds", 5.0),
        ],
        "numeric-overflow-input": [
            (r"numeric field overflow", 6.0),
            (r"NumericValueOutOfRange|22003", 5.0),
            (r"(?:integer|bigint|smallint|value) out of (?:int32 |int64 )?range", 4.0),
        ],
        "bad-upstream-null": [(r"violates not-null constraint", 2.5), (r"NotNullViolation|23502", 2.0)],
        "text-encoding-mismatch": [
            (r"Unicode(?:Decode|Encode)Error", 5.5),
            (r"codec can't (?:decode|encode)", 5.5),
            (r"invalid byte sequence for encoding|CharacterNotInRepertoire|22021", 5.5),
            (r"has no equivalent in encoding|UntranslatableCharacter", 5.5),
        ],
        "nul-character-in-text": [
            (
                r"cannot contain NUL \(0x00\) characters|invalid byte sequence for encoding \"UTF8\": 0x00|\\u0000 cannot be converted to text",
                6.0,
            ),
        ],
        "unparsable-date-or-number": [
            (r"time data .{0,80}does not match format", 6.0),
            (r"(?:date/time field value out of range|DatetimeFieldOverflow|22008)", 5.5),
            (r"Invalid isoformat string|ParserError|InvalidDatetimeFormat|22007", 5.5),
            (r"could not convert string to float", 5.0),
            (r"decimal\.(?:InvalidOperation|ConversionSyntax)", 5.0),
            (r"invalid literal for int\(\) with base 10", 2.0),
            (r"invalid input syntax for (?:type )?(?:date|timestamp|numeric|integer|double)", 3.0),
            (r"day is out of range for month|unconverted data remains", 5.0),
        ],
        "duplicate-client-submission": [
            (r"duplicate key value violates unique constraint", 2.5),
            (r"UniqueViolation|23505", 1.5),
            (r"Key \((?!id\))[^)]{1,80}\)=\([^)]{0,200}\) already exists", 3.5),
            (r"UNIQUE constraint failed|Duplicate entry '", 3.0),
        ],
        "foreign-key-violation-deleted-parent": [
            (r"violates foreign key constraint", 5.5),
            (r"ForeignKeyViolation|23503", 5.0),
            (r"FOREIGN KEY constraint failed|is still referenced from table|is not present in table", 5.0),
        ],
        "check-constraint-violation": [
            (r"violates check constraint", 5.5),
            (r"CheckViolation|23514", 5.5),
            (r"violates exclusion constraint|ExclusionViolation|23P01", 5.5),
        ],
        "json-malformed-input": [
            (r"invalid input syntax for type json", 5.0),
            (r"json\.decoder\.JSONDecodeError", 1.5),
            (r"Expecting (?:',' delimiter|property name enclosed|':' delimiter)", 2.5),
            (r"Extra data: line|Invalid control character at|Unterminated string starting at", 2.5),
        ],
        "upload-file-invalid": [
            (
                r"UnidentifiedImageError|cannot identify image file|DecompressionBombError|image file is truncated",
                5.5,
            ),
            (r"BadZipFile|PdfReadError|XLRDError|InvalidFileException|EOF marker not found", 5.5),
            (r"csv\.Error|field larger than field limit|Error tokenizing data", 5.0),
            (r"XMLSyntaxError|not well-formed \(invalid token\)", 4.5),
        ],
        "row-too-big-or-too-many-columns": [
            (r"row is too big|tables can have at most \d+ columns|too many columns", 5.5)
        ],
        "division-or-domain-error-in-sql": [(r"DivisionByZero|22012|division by zero", 3.5)],
        "stale-client-bundle": [(r"ChunkLoadError|Loading chunk \d+ failed", 5.0)],
    }
)

STORIES = table(
    {
        "payload-validation-mismatch": [
            (
                r"(?:mobile|app|client|frontend|ios|android) (?:app )?(?:version )?\d[\d.]* ?(?:users)?|old (?:frontend|client|app|bundle|version)|(?:partner|they|client)s? .{0,30}changed their (?:client|payload|request|integration)",
                2.5,
            ),
            (
                r"422|стар\w* (?:верси|клиент|фронт)\w*|(?:клиент|фронт|приложени)\w* (?:шл[её]т|отправля|присыла)\w*",
                2.0,
            ),
            (r"(?:literal|the text) (?:text )?\"?(?:undefined|null|nan)|they send no|content-type", 2.0),
        ],
        "string-too-long": [
            (
                r"long (?:name|title|address|text|comment|company)s?|длинн\w* (?:назван|имен|имя|адрес|текст|коммент)\w*|\d+ (?:символ|знак|character)\w*",
                2.0,
            )
        ],
        "numeric-overflow-input": [
            (
                r"(?:very )?(?:large|big|huge) (?:invoice|amount|order|sum|number|price)s?|numeric\(\d|больш\w* (?:сумм|счёт|счет|числ|заказ)\w*",
                2.0,
            )
        ],
        "bad-upstream-null": [
            (
                r"(?:nightly |import|feed|upstream|partner|csv|file)\w* .{0,30}(?:null|empty|missing|without|blank)\w*|stops? at row|строк\w* \d+|(?:пуст|null)\w* .{0,20}(?:в|из) (?:файл|выгрузк|фид)\w*",
                2.5,
            ),
        ],
        "text-encoding-mismatch": [
            (
                r"cp1251|latin-?1|windows-125\d|utf-?8|encoding|excel|кодировк\w*|кириллиц\w*|кракозябр\w*|umlaut\w*|emoji|эмодзи|accent\w*",
                2.5,
            )
        ],
        "unparsable-date-or-number": [
            (
                r"(?:date|number|decimal) (?:format|separator)|comma|locale|german|dd[./]mm|запят\w*|формат\w* (?:дат|чис)\w*",
                2.0,
            )
        ],
        "duplicate-client-submission": [
            (
                r"already (?:registered|exists|taken|used)|(?:same|existing) (?:e-?mail|phone|login|username)|уже (?:зарегистр|существ|занят)\w*|повторн\w* (?:регистрац|отправк)\w*|double[- ]submit\w*",
                3.0,
            ),
        ],
        "foreign-key-violation-deleted-parent": [
            (r"(?:orders?|invoices?|children|comments?|rows?) .{0,30}(?:for|of) (?:a |the )?deleted", 1.5),
            (
                r"delet(?:ed|ing|e) (?:a |an |the )?(?:customer|user|parent|product|category|account)s?|удал[её]нн\w* (?:клиент|пользоват|товар|категор)\w*|удал\w* .{0,20}(?:клиент|пользоват|товар|категор)\w*",
                2.5,
            ),
        ],
        "check-constraint-violation": [
            (
                r"negative (?:quantity|price|amount|stock|balance)|отрицательн\w* (?:колич|цен|сумм|остат|баланс)\w*",
                2.5,
            )
        ],
        "upload-file-invalid": [
            (
                r"(?:broken|corrupt\w*|invalid|damaged|wrong) (?:pdf|image|file|zip|xlsx?|csv|photo|picture)|бит\w* (?:файл|pdf|картинк|фото)\w*",
                3.0,
            )
        ],
    }
)
