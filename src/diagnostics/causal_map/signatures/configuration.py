"""Texts of environment, settings, deploys and second instances."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "port-already-in-use": [
            (r"address already in use", 5.5),
            (r"\[Errno 98\]|EADDRINUSE|\[Errno 48\]", 5.5),
            (r"Connection in use: \(", 6.0),
            (r"That port is already in use|port is already allocated", 6.0),
        ],
        "env-var-missing": [
            (r"validation errors? for (?:\w*Settings|\w*Config\w*)\b", 2.5),
            (r"validation errors? for \w*Settings\b[\s\S]{0,300}Field required", 4.0),
            (r"KeyError: '(?-i:[A-Z][A-Z0-9_]{2,})'", 5.0),
            (r"The SECRET_KEY setting must not be empty|ImproperlyConfigured", 4.0),
            (
                r"Set the \w+ environment variable|environment variable .{0,60}(?:not set|is missing|required|undefined)|\w+ is not set",
                5.0,
            ),
            (r"UndefinedValueError|EnvError|not found\. Declare it as envvar", 5.5),
        ],
        "env-value-malformed": [
            (
                r"validation errors? for \w*Settings\b[\s\S]{0,300}(?:unable to parse|Input should be|_parsing|_type)",
                5.0,
            ),
            (r"invalid literal for int\(\) with base 10", 2.5),
            (r"Could not parse (?:rfc1738|SQLAlchemy) URL", 5.0),
            (r"Can't load plugin: sqlalchemy\.dialects:postgres\b", 5.5),
            (r"python-dotenv could not parse statement", 5.5),
            (r"Invalid IPv6 URL|Port could not be cast to integer|nonnumeric port", 4.5),
            (r"SettingsError: error parsing value for field", 6.0),
            (r"could not translate host name \"[^\".]{1,20}\" to address", 2.0),
            (r"Fernet key must be 32 url-safe base64|Incorrect padding", 3.5),
        ],
        "config-file-invalid": [
            (
                r"yaml\.(?:scanner|parser)\.\w+Error|mapping values are not allowed here|TOMLDecodeError|tomllib|configparser\.\w+Error",
                4.5,
            ),
            (r"nginx: \[emerg\]|unknown directive", 5.0),
            (r"unrecognized configuration parameter|invalid value for parameter", 5.0),
        ],
        "db-url-wrong-host-or-port": [
            (r"database \"[^\"]{1,80}\" does not exist", 5.5),
            (r"InvalidCatalogName|3D000", 5.5),
            (r"could not translate host name \"[^\"]{1,120}\" to address", 3.5),
            (r"connection to server .{0,120}failed: Connection refused", 1.5),
            (r"invalid port number|invalid integer value .{0,40}\"port\"", 4.0),
            (r"received invalid response to (?:SSL|GSSAPI|startup)|unsupported frontend protocol", 4.0),
        ],
        "allowed-hosts-or-cors-misconfigured": [
            (r"DisallowedHost|ALLOWED_HOSTS", 6.0),
            (r"blocked by CORS policy|Access-Control-Allow-Origin|Disallowed CORS origin", 6.0),
            (
                r"CSRF verification failed|CSRF_TRUSTED_ORIGINS|Origin checking failed|CSRF (?:token|cookie)",
                5.0,
            ),
            (r"Invalid [Hh]ost header|TrustedHostMiddleware", 5.5),
            (r"Mixed Content:", 3.0),
        ],
        "log-level-debug-flood": [
            (r"sqlalchemy\.engine\.Engine (?:SELECT|BEGIN|\[cached)", 2.0),
            (r"DEBUG\s.{0,40}(?:urllib3|asyncio|botocore)", 1.0),
        ],
        "ca-bundle-path-missing": [
            (r"Could not find a suitable TLS CA certificate bundle", 6.0),
            (r"FileNotFoundError.{0,80}(?:ca-?bundle|cacert|\.pem|\.crt)", 4.0),
            (r"error setting certificate verify locations", 5.5),
            (
                r"(?:load_verify_locations|create_default_context|SSL_CERT_FILE|cafile)[\s\S]{0,500}FileNotFoundError: \[Errno 2\]",
                6.0,
            ),
        ],
        "wrong-async-driver-url": [
            (r"The asyncio extension requires an async driver", 6.0),
            (r"Can't load plugin: sqlalchemy\.dialects", 4.0),
            (r"NoSuchModuleError", 4.0),
            (r"invalid DSN: scheme is expected to be either", 6.0),
        ],
        "wrong-base-url-or-path": [
            (r"No scheme supplied|MissingSchema", 6.0),
            (r"Request URL is missing an 'http://' or 'https://' protocol|UnsupportedProtocol", 6.0),
            (r"No connection adapters were found|InvalidSchema|InvalidURL", 5.5),
            (r"404 Client Error", 1.5),
            (r"\bhttp://\S{1,80}/v\d/v\d/|\bhttps://\S{1,80}/v\d/v\d/", 5.0),
        ],
        "file-or-template-missing": [
            (r"FileNotFoundError: \[Errno 2\]|\[Errno 2\] No such file or directory", 3.5),
            (r"TemplateNotFound|TemplateDoesNotExist|Missing staticfiles manifest entry", 4.5),
        ],
        "bad-deploy-code-regression": [
            (r"UnboundLocalError|cannot access local variable", 2.5),
            (r"NameError: name '", 2.5),
            (r"(?:got an unexpected keyword argument|missing \d+ required positional argument)", 2.0),
            (r"IndentationError|SyntaxError: invalid syntax", 3.0),
        ],
        "container-image-or-manifest-wrong": [
            (r"exec format error|exec /\S{1,80}: no such file or directory|no matching manifest for", 6.0),
            (r"ImagePullBackOff|ErrImagePull|manifest unknown", 5.0),
            (r"CreateContainerConfigError|(?:secret|configmap) \"[^\"]{1,80}\" not found", 6.0),
            (r"executable file not found in \$PATH", 5.0),
        ],
        "health-probe-misconfigured": [
            (r"(?:Readiness|Liveness|Startup) probe failed", 1.5),
            (r"HTTP probe failed with statuscode: (?:404|301|302|401|403)", 5.0),
        ],
        "reverse-proxy-limits-too-low": [
            (r"client intended to send too large body|413 Request Entity Too Large", 5.0),
            (r"upstream sent too big header|Request Header Or Cookie Too Large|414 Request-URI", 5.5),
        ],
        "wsgi-asgi-entrypoint-wrong": [
            (
                r"Error loading ASGI app|Attribute \"\w+\" not found in module|Failed to find attribute '\w+' in",
                6.0,
            ),
            (
                r"Failed to find application object|AppImportError|__call__\(\) missing \d required positional argument: 'send'",
                5.5,
            ),
        ],
    }
)

STORIES = table(
    {
        "port-already-in-use": [
            (
                r"(?:old|previous|second) (?:process|instance|copy) .{0,20}(?:still|alive|running)|порт занят|уже занят\w*",
                3.0,
            )
        ],
        "env-var-missing": [
            (
                r"(?:env(?:ironment)?(?: variable| var)?s?|secret|variable) .{0,25}(?:not set|missing|only set|unset|forgot\w*|absent|empty)|(?:forgot|missing|without) .{0,20}(?:env|variable|secret)",
                3.5,
            ),
            (
                r"переменн\w* (?:окружения )?.{0,20}(?:не (?:зада|установл|указ|прокин|добав)|забыл|пуст|отсутств)\w*|не (?:задан|прокин|добав)\w* переменн\w*",
                3.5,
            ),
            (r"(?:new|another) (?:instance|server|host|container|pod)", 0.5),
        ],
        "env-value-malformed": [
            (
                r"(?:edit|chang|typo|comment|quot|space|newline|trailing)\w* .{0,25}(?:\.?env\b|variable|settings?)|(?:\.env|env) (?:line|file|edit|value)\w*",
                3.0,
            ),
            (r"password contains|special characters?|url[- ]encod\w*|percent[- ]encod\w*", 3.0),
            (r"правк\w* (?:в )?\.?env|в \.env|кавычк\w*|пробел\w* в", 3.0),
        ],
        "db-url-wrong-host-or-port": [
            (
                r"port \d{2,5} in (?:the )?config|wrong (?:host|port|database|db)|(?:dsn|database_url|connection string)|after (?:the )?config (?:change|refactor\w*)",
                2.5,
            ),
            (r"(?:psql|dba) .{0,40}(?:works?|up|all databases|there|fine)|dba says", 2.0),
            (r"неверн\w* (?:хост|порт|адрес)\w*|порт \d+ в конфиг\w*|строк\w* подключения", 2.5),
        ],
        "allowed-hosts-or-cors-misconfigured": [
            (r"(?:new|second|other) (?:sub)?domain .{0,30}(?:40\d|blocked|fail|reject|not work)\w*", 2.0),
            (r"new (?:sub)?domain|cors|csrf|allowed_hosts|нов\w* (?:под)?домен\w*", 2.5),
        ],
        "log-level-debug-flood": [
            (
                r"(?:turn(?:ed|ing)? on|switch(?:ed|ing)? on|enabl\w+|left|set) .{0,20}(?:debug\w*|echo|verbose|trace)|debug ?= ?true|echo ?= ?true|log[_ ]level|debug (?:logging|level|mode)",
                4.5,
            ),
            (
                r"logs? (?:take|grow|eat|fill)s? .{0,20}(?:gb|disk)|(?:включи|остави)\w* (?:debug|отладк|дебаг)\w*|отладочн\w*|дебаг\w*",
                3.5,
            ),
        ],
        "ca-bundle-path-missing": [(r"REQUESTS_CA_BUNDLE|SSL_CERT_FILE|CURL_CA_BUNDLE", 5.0)],
        "wrong-base-url-or-path": [
            (
                r"base[_ ]?url|sandbox (?:host|url)|trailing slash|/v1 twice|wrong (?:url|path|endpoint)|неверн\w* (?:url|адрес|путь)",
                3.0,
            ),
        ],
        "bad-deploy-code-regression": [
            (
                r"(?:since|with|after|began|started) .{0,20}(?:release|deploy\w*|version|rollout|v?\d+\.\d+)|rolling back (?:helps|fixes|fixed)|rollback (?:helps|helped|fixes|fixed)",
                3.3,
            ),
            (
                r"(?:после|с|начал\w* с) (?:релиза|деплоя|выкладки|версии|обновления|выката)|откат (?:помог|помогает|лечит)",
                3.3,
            ),
        ],
        "config-change-bad-value": [
            (
                r"(?:feature )?(?:flag|toggle) (?:was |is |got )?(?:flip|switch|turn|chang|enabl)\w*|flag flip|feature flag|(?:flip|toggl|enabl)\w* .{0,15}flag|фич\w*[- ]?флаг\w*|флаг\w*",
                4.5,
            ),
            (
                r"(?:config(?:uration)?|setting)s? (?:change|push|edit|cleanup|update|was changed|were changed)\w*|(?:since|after) (?:the |a )?config|changed (?:the |a )?(?:config|setting|parameter)\w*",
                3.0,
            ),
            (
                r"nobody deployed|no (?:release|deploy)\b|(?:после|сразу после) (?:изменени|правк|смены)\w* (?:конфиг|настро)\w*|(?:измени|поменя|прави)\w* (?:конфиг|настройк)\w*",
                1.0,
            ),
        ],
        "wrong-environment-mixed-up": [
            (
                r"(?:production|prod|live) .{0,30}(?:uses?|points? (?:to|at)|talks? to|with|connected to) .{0,15}(?:staging|test|sandbox|dev)\b|(?:staging|test|sandbox) (?:key|database|db|url|config) (?:in|on) prod\w*",
                4.5,
            ),
        ],
        "reverse-proxy-limits-too-low": [
            (r"client_max_body_size|proxy_read_timeout|nginx (?:limit|config|timeout)|лимит nginx", 4.5)
        ],
        "health-probe-misconfigured": [
            (
                r"(?:liveness|readiness|startup) probe .{0,40}(?:path|port|timeout|threshold|period|initialDelay)\w*|probe (?:path|timeout|port)|timeoutSeconds|initialDelaySeconds",
                4.0,
            )
        ],
        "container-image-or-manifest-wrong": [
            (r"(?:docker|image|helm|manifest|dockerfile) .{0,30}(?:wrong|arm64|amd64|tag|latest)", 2.5)
        ],
        "ssl-redirect-or-proxy-header-loop": [
            (
                r"redirect loops?|(?:loops?|redirect\w*) (?:between|from|endlessly|for ever|forever)|too many redirects|X-Forwarded-Proto|SECURE_SSL_REDIRECT|бесконечн\w* редирект\w*|цикл\w* редирект\w*",
                4.5,
            )
        ],
        "timezone-setting-wrong": [
            (r"(?:TZ|timezone|time zone) (?:setting|variable|changed|of the container)|часов\w* пояс\w*", 3.0)
        ],
    }
)
