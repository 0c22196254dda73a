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
    ),
    Mechanism(
        id="db-role-missing-grant",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.SCHEMA_OR_DATA,
        title="The role lacks a privilege",
        title_ru="Роли не хватает прав",
        summary="New table/sequence owned by another role; app role lacks privileges.",
        recognised_by='42501; has_table_privilege(app,...) false; owner != app role; other tables fine. Sequence variant: "permission denied for sequence".',
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
            ),
        ),
        verification="insert ok",
    ),
    Mechanism(
        id="db-password-wrong",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The database password is wrong",
        title_ru="Неверный пароль базы данных",
        summary="Password in config differs from the role password.",
        recognised_by='28P01 text on EVERY new connection from all workers; same user/host works with the known good secret; server log "password authentication failed"; config changed recently. psycopg_pool hides it as PoolTimeout: look at the pool logger line.',
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
    ),
    Mechanism(
        id="db-role-expired",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The database role has expired",
        title_ru="Срок роли базы истёк",
        summary="Role has VALID UNTIL in the past or NOLOGIN.",
        recognised_by='password verified correct but rolvaliduntil < now (same 28P01 text!) or text "is not permitted to log in" (28000); pg_roles shows it.',
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
    ),
    Mechanism(
        id="oauth-refresh-token-revoked",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth grant was revoked",
        title_ru="OAuth-доступ отозван",
        summary="User/admin revoked the grant or token expired (testing-mode 7 days).",
        recognised_by="invalid_grant with this description from the token endpoint for one account (others fine); clock offset < 5 s; client id/secret unchanged.",
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
    ),
    Mechanism(
        id="oauth-client-secret-rotated",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The OAuth client secret changed",
        title_ru="Секрет OAuth-клиента изменён",
        summary="Client secret/app changed at the provider.",
        recognised_by="invalid_client / deleted_client / unauthorized_client for ALL accounts at once; refresh token itself fine.",
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
    ),
    Mechanism(
        id="service-account-key-invalid",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The service account's key is invalid",
        title_ru="Ключ сервисного аккаунта недействителен",
        summary="Service-account key deleted/rotated or JSON mangled in env (escaped newlines).",
        recognised_by='invalid_grant "Invalid JWT Signature"/"account not found", or ValueError Unable to load PEM locally; clock fine (skew gives "reasonable timeframe" text).',
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
    ),
    Mechanism(
        id="api-key-invalid-or-revoked",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The API key is invalid",
        title_ru="API-ключ недействителен",
        summary="API key wrong, expired or revoked.",
        recognised_by="401 with key-related body for any endpoint incl. the cheapest; key fingerprint differs from the vault or provider dashboard shows revoked; network fine.",
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
    ),
    Mechanism(
        id="jwt-signing-key-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="Signing keys of tokens differ",
        title_ru="Ключи подписи токенов различаются",
        summary="Signing secret/key changed on one side.",
        recognised_by="InvalidSignatureError for tokens issued before change; new tokens verify; clock ok; only some workers fail -> per-worker random secret.",
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
    ),
    Mechanism(
        id="webhook-secret-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CREDENTIALS,
        category=Category.AUTH_CREDENTIALS,
        title="The webhook secret differs",
        title_ru="Секрет вебхука не совпадает",
        summary="Webhook signature secret differs (test vs live endpoint) or body is re-serialised.",
        recognised_by="SignatureVerificationError for all events of one endpoint; timestamp tolerance fine; raw body hash differs or secret prefix of another mode.",
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
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="redis-auth-wrong/1",
                title="Set password",
                plan=("Set password",),
            ),
        ),
        verification="PING ok",
    ),
)
