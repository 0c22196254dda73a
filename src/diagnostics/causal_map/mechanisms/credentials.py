"""Causes in the layer credentials."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="pg-hba-rejects-host",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="PostgreSQL's access rules refuse the client",
        title_ru="Правила доступа PostgreSQL отвергают клиента",
        summary="pg_hba.conf has no entry for this host, user, database and encryption.",
        recognised_by='The server answers "no pg_hba.conf entry" or "rejects connection".',
        causes=(
            Edge(effect="db-unreachable", probability=0.97),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["pg-hba-rejects-host"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pg-hba-rejects-host/1",
                title="Add the entry and reload, or connect as the existing entry asks (host, TLS).",
                plan=("Add the entry and reload, or connect as the existing entry asks (host, TLS).",),
            ),
        ),
        prevention=(
            "pg_hba.conf as code with networks instead of single hosts, and a test from a new host before traffic."
        ),
    ),
    Mechanism(
        id="db-role-missing-grant",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.SCHEMA_OR_DATA,
        title="The role lacks a privilege",
        title_ru="Роли не хватает прав",
        summary="New table/sequence owned by another role; app role lacks privileges.",
        recognised_by=(
            "42501; has_table_privilege(app,...) false; owner != app role; other tables fine. Sequence "
            'variant: "permission denied for sequence".'
        ),
        confusable_with=("db-password-wrong",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.85),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="db-role-missing-grant/1",
                title="GRANT / default privileges",
                plan=("GRANT / default privileges",),
                action="grant-privilege",
            ),
        ),
        verification="insert ok",
        prevention="ALTER DEFAULT PRIVILEGES for the application's role, and migrations tested as that role.",
    ),
    Mechanism(
        id="db-password-wrong",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The database password is wrong",
        title_ru="Неверный пароль базы данных",
        summary="Password in config differs from the role password.",
        recognised_by=(
            "28P01 text on EVERY new connection from all workers; same user/host works with the known good "
            'secret; server log "password authentication failed"; config changed recently. psycopg_pool '
            "hides it as PoolTimeout: look at the pool logger line."
        ),
        confusable_with=(
            "db-url-wrong-host-or-port",
            "db-role-expired",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.97),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["db-password-wrong"],
        prior=3.0,
        remedies=(
            Remedy(
                id="db-password-wrong/1",
                title="Fix the secret",
                plan=("Fix the secret",),
            ),
        ),
        verification="select 1 ok",
        prevention="Rotation with two valid roles or passwords in turn, and a connection test before the old one ends.",
    ),
    Mechanism(
        id="db-role-expired",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The database role has expired",
        title_ru="Срок роли базы истёк",
        summary="Role has VALID UNTIL in the past or NOLOGIN.",
        recognised_by=(
            'password verified correct but rolvaliduntil < now (same 28P01 text!) or text "is not permitted '
            'to log in" (28000); pg_roles shows it.'
        ),
        confusable_with=("db-password-wrong",),
        causes=(
            Edge(effect="db-unreachable", probability=0.9),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["db-role-expired"],
        prior=1.0,
        remedies=(
            Remedy(
                id="db-role-expired/1",
                title="Extend / LOGIN",
                plan=("Extend / LOGIN",),
            ),
        ),
        verification="select 1 ok",
        prevention="No VALID UNTIL for service roles, or an alert 30 days before it.",
    ),
    Mechanism(
        id="oauth-refresh-token-revoked",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth grant was revoked",
        title_ru="OAuth-доступ отозван",
        summary="User/admin revoked the grant or token expired (testing-mode 7 days).",
        recognised_by=(
            "invalid_grant with this description from the token endpoint for one account (others fine); "
            "clock offset < 5 s; client id/secret unchanged."
        ),
        confusable_with=(
            "host-clock-skew",
            "oauth-client-secret-rotated",
            "api-key-invalid-or-revoked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["oauth-refresh-token-revoked"],
        prior=3.0,
        remedies=(
            Remedy(
                id="oauth-refresh-token-revoked/1",
                title="Re-consent",
                plan=("Re-consent",),
            ),
        ),
        verification="refresh 200",
        prevention="A daily refresh with each stored grant, and a request to users to consent again before work fails.",
    ),
    Mechanism(
        id="oauth-client-secret-rotated",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth client secret changed",
        title_ru="Секрет OAuth-клиента изменён",
        summary="Client secret/app changed at the provider.",
        recognised_by=(
            "invalid_client / deleted_client / unauthorized_client for ALL accounts at once; refresh token itself fine."
        ),
        confusable_with=(
            "oauth-refresh-token-revoked",
            "env-var-missing",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["oauth-client-secret-rotated"],
        prior=2.0,
        remedies=(
            Remedy(
                id="oauth-client-secret-rotated/1",
                title="Set the new secret",
                plan=("Set the new secret",),
            ),
        ),
        verification="refresh 200",
        prevention="Two secrets valid at once during a rotation, and an owner and date for each secret.",
    ),
    Mechanism(
        id="service-account-key-invalid",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The service account's key is invalid",
        title_ru="Ключ сервисного аккаунта недействителен",
        summary="Service-account key deleted/rotated or JSON mangled in env (escaped newlines).",
        recognised_by=(
            'invalid_grant "Invalid JWT Signature"/"account not found", or ValueError Unable to load PEM '
            'locally; clock fine (skew gives "reasonable timeframe" text).'
        ),
        confusable_with=(
            "host-clock-skew",
            "oauth-refresh-token-revoked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="service-account-key-invalid/1",
                title="New key / fix newlines",
                plan=("New key / fix newlines",),
            ),
        ),
        verification="token issued",
        prevention="Workload identity instead of key files, or keys with an owner, expiry and alert.",
    ),
    Mechanism(
        id="api-key-invalid-or-revoked",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The API key is invalid",
        title_ru="API-ключ недействителен",
        summary="API key wrong, expired or revoked.",
        recognised_by=(
            "401 with key-related body for any endpoint incl. the cheapest; key fingerprint differs from the "
            "vault or provider dashboard shows revoked; network fine."
        ),
        confusable_with=("env-var-missing",),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="api-key-invalid-or-revoked/1",
                title="Replace the key",
                plan=("Replace the key",),
            ),
        ),
        verification="cheap call 200",
        prevention="An inventory of keys with owner and expiry, and a cheap authenticated call every few minutes.",
    ),
    Mechanism(
        id="telegram-token-revoked",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The Telegram token is invalid",
        title_ru="Токен Telegram недействителен",
        summary="Bot token revoked/mistyped.",
        recognised_by="401 (or 404 for malformed token) on getMe; no 409.",
        confusable_with=(
            "telegram-getupdates-conflict",
            "api-key-invalid-or-revoked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.5),
            Edge(effect="jobs-stall", probability=0.4),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="telegram-token-revoked/1",
                title="New token",
                plan=("New token",),
            ),
        ),
        verification="getMe 200",
        prevention="The token in the secret store only, and getMe every few minutes in monitoring.",
    ),
    Mechanism(
        id="jwt-signing-key-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="Signing keys of tokens differ",
        title_ru="Ключи подписи токенов различаются",
        summary="Signing secret/key changed on one side.",
        recognised_by=(
            "InvalidSignatureError for tokens issued before change; new tokens verify; clock ok; only some "
            "workers fail -> per-worker random secret."
        ),
        confusable_with=("host-clock-skew",),
        causes=(Edge(effect="requests-fail", probability=0.6),),
        prior=3.0,
        remedies=(
            Remedy(
                id="jwt-signing-key-mismatch/1",
                title="Restore key / rotate with overlap",
                plan=("Restore key / rotate with overlap",),
            ),
        ),
        verification="old and new tokens verify",
        prevention=(
            "Keys by JWKS with kid, the new key published before it signs, and the old one kept until its tokens end."
        ),
    ),
    Mechanism(
        id="webhook-secret-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The webhook secret differs",
        title_ru="Секрет вебхука не совпадает",
        summary="Webhook signature secret differs (test vs live endpoint) or body is re-serialised.",
        recognised_by=(
            "SignatureVerificationError for all events of one endpoint; timestamp tolerance fine; raw body "
            "hash differs or secret prefix of another mode."
        ),
        confusable_with=(
            "jwt-signing-key-mismatch",
            "payload-validation-mismatch",
        ),
        causes=(Edge(effect="requests-fail", probability=0.4),),
        prior=2.0,
        remedies=(
            Remedy(
                id="webhook-secret-mismatch/1",
                title="Right secret, raw body",
                plan=("Right secret, raw body",),
            ),
        ),
        verification="test event 200",
        prevention="Two accepted secrets during rotation, and an alert on refused signatures.",
    ),
    Mechanism(
        id="redis-auth-wrong",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.CACHE_QUEUE,
        title="The Redis password is wrong",
        title_ru="Неверный пароль Redis",
        summary="Password missing/wrong for Redis.",
        recognised_by="AuthenticationError at connect; with right password ok.",
        confusable_with=(
            "redis-down",
            "env-var-missing",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["redis-auth-wrong"],
        prior=2.0,
        remedies=(
            Remedy(
                id="redis-auth-wrong/1",
                title="Give the application the password that Redis wants",
                plan=(
                    "redis-cli -u URL ping with the application's own URL",
                    "compare with requirepass or ACL LIST",
                    "correct the variable and restart web, worker and scheduler alike",
                    "rotate with two ACL users, so that old and new hold for a while",
                ),
            ),
        ),
        verification="PING ok",
        prevention="Rotation by ACL users in turn, and a connection test before the old password ends.",
    ),
    Mechanism(
        id="db-role-missing",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The database role does not exist",
        title_ru="Роль базы данных не существует",
        summary="The URL names a role that this server does not have (new server, restore without globals, typo).",
        recognised_by=(
            'SQLSTATE 28000 role "x" does not exist (with password authentication: 28P01 password '
            "authentication failed, and the server's log says Role does not exist); \\du lacks it; others "
            "connect."
        ),
        confusable_with=(
            "db-password-wrong",
            "db-url-wrong-host-or-port",
            "db-role-expired",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.97),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["db-role-missing"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="db-role-missing/1",
                title="Create the role, or correct the URL",
                plan=(
                    "\\du on the server that the URL names",
                    "restore globals (pg_dumpall --globals-only) or CREATE ROLE … LOGIN with grants",
                    "correct the URL when it is the wrong server",
                ),
            ),
        ),
        verification="the application's URL opens a session",
        prevention="Roles made by code (migrations, Terraform) and globals in every backup.",
    ),
    Mechanism(
        id="oauth-scope-missing",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth token lacks a scope",
        title_ru="У OAuth-токена нет нужного scope",
        summary="The token is valid but was granted without the scope that the call needs.",
        recognised_by=(
            "403 insufficient_scope, ACCESS_TOKEN_SCOPE_INSUFFICIENT or insufficientPermissions; other calls "
            "with the same token work; tokeninfo lists scopes without this one; began with a new feature or "
            "a partial consent."
        ),
        confusable_with=(
            "api-permission-missing",
            "oauth-refresh-token-revoked",
            "api-key-invalid-or-revoked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="oauth-scope-missing/1",
                title="Ask for the scope and for consent again",
                plan=(
                    "Compare the token's scopes with what the call's documentation needs",
                    "add it to the authorisation request",
                    "send concerned users through consent",
                    "check granted scopes at each callback",
                ),
            ),
        ),
        verification="tokeninfo lists the scope, the call answers 200",
        prevention="Granted scopes stored with the token and checked before a feature is offered.",
    ),
    Mechanism(
        id="oauth-redirect-uri-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth redirect address is not registered",
        title_ru="Адрес возврата OAuth не зарегистрирован",
        summary="The redirect_uri that we send differs from the registered ones (scheme, host, slash, port).",
        recognised_by=(
            "redirect_uri_mismatch on the provider's page or invalid_grant at the code exchange; new logins "
            "only, refreshes work; http instead of https behind a proxy, or a new domain."
        ),
        confusable_with=(
            "oauth-client-secret-rotated",
            "ssl-redirect-or-proxy-header-loop",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.5),
            Edge(effect="external-call-fails", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="oauth-redirect-uri-mismatch/1",
                title="Register exactly what is sent",
                plan=(
                    "Take redirect_uri from the browser's address",
                    "register it character by character",
                    "forwarded headers so that the framework builds https",
                    "the same value at the code exchange",
                ),
            ),
        ),
        verification="a new login completes",
        prevention="redirect_uri as an explicit setting of each environment, registered by the same change.",
    ),
    Mechanism(
        id="api-permission-missing",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The credentials lack a permission",
        title_ru="Учётным данным не хватает прав",
        summary="The key or account is valid, but its role does not permit this action or resource.",
        recognised_by=(
            "403 PERMISSION_DENIED, AccessDenied, not authorized to perform: … with the action's name; other "
            "actions with the same key work; began after a change of policy or for a new resource; not 401."
        ),
        confusable_with=(
            "api-key-invalid-or-revoked",
            "oauth-scope-missing",
            "cloud-storage-bucket-missing",
            "external-ip-blocked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="api-permission-missing/1",
                title="Grant the one permission",
                plan=(
                    "Take action and resource from the message",
                    "grant just that to the service's role",
                    "look at denials by organisation policies, boundaries, expired conditions",
                    "give policies minutes to spread",
                ),
            ),
        ),
        verification="the denied call answers 200",
        prevention=(
            "Permissions kept as code next to the call that needs them, and a smoke test with the service's "
            "own identity."
        ),
    ),
    Mechanism(
        id="cloud-session-token-expired",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The cloud session token has expired",
        title_ru="Временный токен облака истёк",
        summary="Temporary credentials (STS, instance or workload identity, Vault lease) ran out and were not renewed.",
        recognised_by=(
            "ExpiredToken, RequestExpired, The security token included in the request is expired, Vault "
            "permission denied after the lease; began a round time (1, 6, 12 h) after start; a restart helps "
            "for as long; the clock is right."
        ),
        confusable_with=(
            "host-clock-skew",
            "api-key-invalid-or-revoked",
            "service-account-key-invalid",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cloud-session-token-expired/1",
                title="Let the SDK renew credentials",
                plan=(
                    "Restart as first aid",
                    "use the SDK's default chain instead of copied keys, and one long-lived client that refreshes",
                    "check access to the metadata service and the role's maximum session",
                    "renew leases in a background task with alarm",
                ),
            ),
        ),
        verification="calls succeed past the former expiry",
        prevention=(
            "No temporary credentials copied into variables, and an alert on failed refreshes before they expire."
        ),
    ),
    Mechanism(
        id="telegram-bot-kicked-or-no-rights",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The Telegram bot was blocked or lacks rights",
        title_ru="Бот Telegram заблокирован или лишён прав",
        summary="The user blocked the bot, or the chat removed it or restricts it; the token is valid.",
        recognised_by=(
            "403 Forbidden: bot was blocked by the user, was kicked from the … chat, user is deactivated; "
            "400 not enough rights / chat not found; getMe answers 200; only certain chats."
        ),
        confusable_with=(
            "telegram-token-revoked",
            "telegram-getupdates-conflict",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.5),
            Edge(effect="jobs-stall", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="telegram-bot-kicked-or-no-rights/1",
                title="Stop sending there, and ask for the rights",
                plan=(
                    "Mark the chat as unreachable on 403",
                    "handle my_chat_member updates",
                    "ask an administrator to add the bot with rights",
                    "do not retry",
                ),
            ),
        ),
        verification="no 403 for active chats; others are skipped",
        prevention="my_chat_member updates handled, and undeliverable chats retired automatically.",
    ),
    Mechanism(
        id="jwt-claims-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="Tokens have the wrong audience or issuer",
        title_ru="У токенов неверная аудитория или издатель",
        summary="Tokens are well signed but their aud, iss or nbf differ from what the service expects.",
        recognised_by=(
            "InvalidAudienceError, InvalidIssuerError, MissingRequiredClaimError, ImmatureSignatureError; "
            "the signature verifies; the decoded claims differ by environment, trailing slash or client id; "
            "began with a change of identity provider or settings."
        ),
        confusable_with=(
            "jwt-signing-key-mismatch",
            "jwt-expired",
            "host-clock-skew",
            "wrong-environment-mixed-up",
        ),
        causes=(Edge(effect="requests-fail", probability=0.7),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="jwt-claims-mismatch/1",
                title="Make issuer and service agree on claims",
                plan=(
                    "Decode a refused token (without verifying) and compare iss, aud and azp with the settings",
                    "correct the setting or the client's registration",
                    "accept old and new during a change",
                    "leeway of 30 s for nbf",
                ),
            ),
        ),
        verification="a new token is accepted, a foreign one refused",
        prevention=(
            "Issuer and audience read from the provider's discovery document, with a login test in each environment."
        ),
    ),
    Mechanism(
        id="jwt-expired",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="Tokens have expired",
        title_ru="Срок действия токенов истёк",
        summary=(
            "Clients send tokens after their exp: refresh does not work, lifetimes are too short, or a "
            "machine token was made once and kept."
        ),
        recognised_by=(
            "ExpiredSignatureError, Signature has expired, token is expired; signature and audience are "
            "right; exp lies in the past by the true clock (host clock checked); 401 grows with the age of "
            "sessions or hits one client from one moment on."
        ),
        confusable_with=(
            "jwt-claims-mismatch",
            "jwt-signing-key-mismatch",
            "host-clock-skew",
            "oauth-refresh-token-revoked",
        ),
        causes=(Edge(effect="requests-fail", probability=0.6),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="jwt-expired/1",
                title="Repair the refresh",
                plan=(
                    "Compare exp of a refused token with UTC",
                    "check the clocks of issuer and service",
                    "let the client refresh before exp and once on 401",
                    "lifetime and refresh in proportion (15 min and days); leeway 30 s",
                ),
            ),
        ),
        verification="a client works past its token's first expiry",
        prevention="A test that lives through a token's expiry, and the rate of 401 by client on the dashboard.",
    ),
    Mechanism(
        id="encryption-key-changed",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="Stored data cannot be decrypted with the present key",
        title_ru="Данные не расшифровать текущим ключом",
        summary=(
            "SECRET_KEY, a Fernet key or a KMS key was changed, so what was encrypted or signed before is not readable."
        ),
        recognised_by=(
            "cryptography.fernet.InvalidToken, BadSignature, InvalidTag, Decryption failed for old rows, "
            "cookies or sessions, while new ones work; the digest of the variable changed; the data are not "
            "damaged."
        ),
        confusable_with=(
            "jwt-signing-key-mismatch",
            "env-value-malformed",
            "webhook-secret-mismatch",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="encryption-key-changed/1",
                title="Bring the old key back as a second one",
                plan=(
                    "Find the former key in the secret store's history",
                    "MultiFernet([new, old]), SECRET_KEY_FALLBACKS",
                    "re-encrypt in the background, then drop the old key",
                    "sessions and cookies: let users log in again",
                ),
            ),
        ),
        verification="an old and a new value can both be read",
        prevention="Keys with ids, rotated by adding a new one first, and never generated at start.",
    ),
    Mechanism(
        id="ssh-or-sftp-key-rejected",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="An SSH or SFTP server refuses our key",
        title_ru="Сервер SSH или SFTP отвергает ключ",
        summary="The public key was removed, the algorithm is no longer accepted, or the host's key changed.",
        recognised_by=(
            "Permission denied (publickey), paramiko AuthenticationException or BadHostKeyException, no "
            "matching host key type (ssh-rsa); port 22 is open; ssh -v says which step fails."
        ),
        confusable_with=(
            "tcp-port-filtered",
            "api-key-invalid-or-revoked",
            "external-connection-refused",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="jobs-stall", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="ssh-or-sftp-key-rejected/1",
                title="Let both sides agree on key and algorithm",
                plan=(
                    "ssh -v with the service's user and key",
                    "have the public key installed; ed25519 instead of ssh-rsa",
                    "verify a changed host key with the partner before it is accepted",
                    "mode 600 for the key file",
                ),
            ),
        ),
        verification="the transfer runs as the service's user",
        prevention=(
            "A daily connection test with the service's own key, and notice from partners before host keys change."
        ),
    ),
    Mechanism(
        id="private-registry-auth-failed",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The package or image registry refuses us",
        title_ru="Реестр пакетов или образов отказывает в доступе",
        summary=(
            "A build or node cannot pull packages or images: the token expired or has no access, or the pull "
            "limit is reached."
        ),
        recognised_by=(
            "ImagePullBackOff with 401/403, pull access denied, unauthorized: authentication required, "
            "toomanyrequests; pip 401 from the private index; running containers are fine, new ones do not "
            "start."
        ),
        confusable_with=(
            "container-image-or-manifest-wrong",
            "module-missing",
            "dns-name-not-found",
        ),
        causes=(Edge(effect="service-down", probability=0.4),),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="private-registry-auth-failed/1",
                title="Renew the registry's credentials",
                plan=(
                    "kubectl describe pod or the build log: which registry, which status",
                    "renew token or imagePullSecret (in the same namespace)",
                    "use a mirror for pull limits",
                    "roll out again",
                ),
            ),
        ),
        verification="the image is pulled on a fresh node",
        prevention="A registry token owned by a machine account with a known expiry and an alert two weeks before.",
    ),
    Mechanism(
        id="mutual-tls-client-certificate-rejected",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The partner refuses our client certificate",
        title_ru="Партнёр отвергает клиентский сертификат",
        summary=(
            "mTLS: our client certificate is expired, missing, or from a CA that the partner does not trust (any more)."
        ),
        recognised_by=(
            "Alert certificate required, bad certificate, unknown ca or certificate expired from the SERVER "
            "during the handshake, or 400 No required SSL certificate was sent; the server's own certificate "
            "verifies; openssl x509 -enddate of our file."
        ),
        confusable_with=(
            "tls-unknown-ca",
            "tls-cert-expired",
            "tls-handshake-interrupted",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="mutual-tls-client-certificate-rejected/1",
                title="Renew and present the client certificate",
                plan=(
                    "Check date, chain and key of our file (openssl x509, and modulus of both)",
                    "renew with the partner's CA",
                    "load certificate and chain in the client (cert=)",
                    "restart long-lived clients",
                ),
            ),
        ),
        verification="a handshake with the certificate succeeds",
        prevention="An alert 30 days before the client certificate ends, and automatic renewal.",
    ),
)
