"""Texts of passwords, keys, tokens, roles, signatures and host-based access."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "db-password-wrong": [
            (r"password authentication failed for user", 5.0),
            (r"InvalidPassword|28P01", 5.0),
            (r"no password supplied|fe_sendauth", 5.0),
            (r"Access denied for user '", 5.0),
            (r"SASL authentication failed", 4.5),
        ],
        "db-role-expired": [
            (r"is not permitted to log in", 6.0),
            (r"password authentication failed for user", 1.5),
            (r"account .{0,30}(?:is locked|expired)", 2.0),
        ],
        "db-role-missing": [
            (r"role \"[^\"]{1,80}\" does not exist", 6.0),
            (r"Peer authentication failed for user|Ident authentication failed", 4.0),
        ],
        "pg-hba-rejects-host": [
            (r"no pg_hba\.conf entry for", 5.5),
            (r"pg_hba\.conf rejects connection", 6.0),
            (r"InvalidAuthorizationSpecification|28000", 3.0),
            (r"Peer authentication failed for user", 4.0),
        ],
        "oauth-refresh-token-revoked": [
            (r"Token has been expired or revoked", 6.0),
            (r"invalid_grant\b(?!: Invalid JWT)", 4.0),
            (r"RefreshError", 2.0),
            (r"InvalidGrantError|refresh token .{0,30}(?:expired|revoked|invalid)", 5.0),
            (r"interaction_required|AADSTS70008|AADSTS50173", 5.0),
        ],
        "oauth-client-secret-rotated": [
            (r"invalid_client|deleted_client|disabled_client|OAuth client was (?:deleted|disabled)", 5.5),
            (r"client secret .{0,30}(?:is invalid|expired)|AADSTS7000215|AADSTS7000222", 6.0),
            (r"unauthorized_client|InvalidClientError", 5.0),
            (r"redirect_uri_mismatch", 2.0),
        ],
        "oauth-scope-missing": [
            (
                r"insufficient(?:_| authentication )scopes?|ACCESS_TOKEN_SCOPE_INSUFFICIENT|invalid_scope|missing_scope",
                6.0,
            ),
        ],
        "oauth-redirect-uri-mismatch": [
            (r"redirect_uri_mismatch|redirect_uri .{0,40}(?:mismatch|not match|invalid)", 6.0)
        ],
        "service-account-key-invalid": [
            (r"Invalid JWT Signature", 6.0),
            (
                r"Could not deserialize key data|Unable to load PEM file|No key could be detected|MalformedError",
                5.5,
            ),
            (r"Service account info was not in the expected format", 6.0),
            (r"DefaultCredentialsError|Could not automatically determine credentials", 4.5),
            (r"account not found.{0,30}invalid_grant|invalid_grant: Account not found", 5.5),
        ],
        "api-key-invalid-or-revoked": [
            (
                r"Incorrect API key|Invalid API [Kk]ey|invalid_api_key|API key (?:not valid|expired|is invalid|has been revoked)|No API key provided",
                6.0,
            ),
            (r"401 (?:Client Error|Unauthorized)", 3.5),
            (
                r"openai\.AuthenticationError|stripe\._?error\.AuthenticationError|anthropic\.AuthenticationError",
                5.5,
            ),
            (
                r"InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidClientTokenId|ExpiredToken\w*",
                5.5,
            ),
            (r"Error code: 401", 4.5),
            (r"NoCredentialsError|Unable to locate credentials|PartialCredentialsError", 4.0),
            (r"SMTPAuthenticationError|535\b[ -]5\.7\.\d", 5.0),
            (r"Bad credentials|Invalid credentials", 3.5),
            (r"Unauthorized\b", 1.5),
            (r"Expired API [Kk]ey|API_KEY_INVALID", 6.0),
        ],
        "api-permission-missing": [
            (r"403 (?:Client Error|Forbidden)", 3.0),
            (r"AccessDenied(?:Exception)?\b|is not authorized to perform", 5.0),
            (r"PERMISSION_DENIED|PermissionDenied|The caller does not have permission", 4.5),
            (r"Error code: 403|Insufficient permissions", 4.0),
            (r"does not have required permissions", 4.5),
        ],
        "cloud-session-token-expired": [
            (r"ExpiredToken(?:Exception)?|The security token included in the request is expired", 6.0),
            (r"RequestExpired|Request has expired|TokenRefreshRequired", 4.5),
        ],
        "telegram-token-revoked": [
            (r"Unauthorized\b", 1.0),
            (r"telegram\.error\.InvalidToken", 6.0),
            (r"TelegramUnauthorizedError", 6.0),
            (r"telegram.{0,60}(?:\b401\b|unauthorized)|\b401\b.{0,60}telegram", 5.0),
            (r"Telegram server says - Unauthorized|The token `[^`]{0,80}` was rejected", 6.0),
            (r"TokenValidationError|Token is invalid!", 5.0),
        ],
        "telegram-bot-kicked-or-no-rights": [
            (
                r"bot was kicked from the (?:group|supergroup|channel)|not enough rights to|CHAT_WRITE_FORBIDDEN|need administrator rights",
                5.5,
            ),
        ],
        "jwt-signing-key-mismatch": [
            (r"Signature verification failed", 5.0),
            (r"InvalidSignatureError", 5.0),
            (r"JWSError|JWSInvalidSignature|Unable to find a signing key|kid .{0,40}not found", 4.5),
            (r"BadSignature|(?<!webhook )(?<!hmac )\bSignature \S{0,80} ?does not match", 4.5),
            (r"InvalidToken.{0,40}(?:fernet|cryptography)|cryptography\.fernet\.InvalidToken", 4.0),
            (r"Session data corrupted", 3.5),
        ],
        "jwt-claims-mismatch": [
            (
                r"InvalidAudienceError|InvalidIssuerError|Audience doesn't match|Invalid (?:audience|issuer)|MissingRequiredClaim",
                6.0,
            ),
        ],
        "jwt-expired": [(r"ExpiredSignatureError|Signature has expired|Token is expired|Token expired", 3.0)],
        "encryption-key-changed": [
            (r"cryptography\.fernet\.InvalidToken|InvalidTag\b|MAC check failed|Decryption failed", 5.0)
        ],
        "webhook-secret-mismatch": [
            (r"No signatures found matching the expected signature", 6.0),
            (r"SignatureVerificationError", 5.0),
            (
                r"(?:webhook|hmac)\b.{0,30} signature\b.{0,30}(?:mismatch|invalid|failed|verification|not match|not valid|wrong)|Invalid (?:webhook )?\bsignature",
                4.5,
            ),
            (r"Timestamp outside the tolerance zone", 3.0),
        ],
        "ssh-or-sftp-key-rejected": [
            (
                r"Permission denied \(publickey|AuthenticationException: Authentication failed|Host key verification failed|BadHostKeyException|not found in known_hosts",
                5.5,
            ),
        ],
        "private-registry-auth-failed": [
            (
                r"(?:pull access denied|ImagePullBackOff|ErrImagePull|unauthorized: authentication required)",
                5.0,
            )
        ],
        "mutual-tls-client-certificate-rejected": [
            (r"alert (?:certificate required|bad certificate|certificate unknown|certificate expired)", 5.0),
            (r"No required SSL certificate was sent", 6.0),
        ],
    }
)

STORIES = table(
    {
        "db-password-wrong": [
            (
                r"(?:password|secret|vault|credentials?) (?:was |were |is )?(?:changed?|rotat|mov|updat|wrong|reset)\w*|(?:chang|rotat|mov|updat|reset)\w* .{0,20}(?:password|secret|vault|credentials?)",
                2.5,
            ),
            (
                r"(?:смен|помен|измен|ротац)\w* (?:\w+ )?(?:парол|секрет|ключ)\w*|парол\w* (?:смен|помен|измен|неверн)\w*",
                2.5,
            ),
        ],
        "db-role-expired": [
            (
                r"valid until|password (?:is )?(?:right|correct|expired)|rolvaliduntil|nologin|парол\w* (?:верн|правильн|тот же|истёк|истек)\w*|срок (?:действия )?(?:роли|парол)\w*",
                4.0,
            ),
        ],
        "pg-hba-rejects-host": [(r"pg_hba", 4.0)],
        "oauth-refresh-token-revoked": [
            (
                r"(?:every )?(?:seven|7) days|testing mode|revok\w* (?:access|consent|the grant)|(?:log(?:ged)? in|re-?auth\w*|consent) again|отозва\w* (?:доступ|токен)\w*|refresh token",
                3.0,
            ),
        ],
        "oauth-client-secret-rotated": [(r"client[_ ]secret|oauth (?:app|client)|секрет клиента", 3.0)],
        "service-account-key-invalid": [
            (r"service[- ]account|escaped newlines?|\\n|private[_ ]key|сервисн\w* аккаунт\w*", 3.0)
        ],
        "api-key-invalid-or-revoked": [
            (
                r"(?:api )?keys? (?:was |were |is |has been |got )?(?:rotat|revok|expir|delet|disabl|chang|leak|old|wrong)\w*|(?:old|wrong|expired|test|new|live) (?:api )?key|401",
                3.0,
            ),
            (
                r"ключ\w* (?:api )?(?:отозва|истёк|истек|удал|смен|неверн|просроч|стар)\w*|(?:отозва|просроч)\w* ключ\w*",
                3.5,
            ),
        ],
        "api-permission-missing": [(r"iam|policy|permissions?|403|forbidden|прав\w* доступа", 1.5)],
        "telegram-token-revoked": [
            (r"botfather|bot token|revoked? .{0,20}token|токен\w* бота|токен\w* .{0,15}отозва\w*", 3.5)
        ],
        "jwt-signing-key-mismatch": [
            (
                r"(?:everybody|everyone|all users|all sessions|all) .{0,12}(?:logged out|have to log in)|всех (?:пользовател\w* )?(?:разлогин|выкинул|выбил)\w*|signing key|jwt[_ ]secret|SECRET_KEY",
                3.0,
            ),
        ],
        "webhook-secret-mismatch": [
            (r"webhooks? (?:all |are all |always )?(?:40\d|get 40\d|rejected)", 1.5),
            (
                r"webhook (?:secret|signature|endpoint)|whsec|webhooks? .{0,20}(?:400|403|rejected)|подпис\w* вебхук\w*",
                2.5,
            ),
        ],
        "mutual-tls-client-certificate-rejected": [(r"client cert\w*|mtls|mutual tls|клиентск\w* сертификат\w*", 4.0)],
    }
)
