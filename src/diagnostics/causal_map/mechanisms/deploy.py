"""Causes in the layer deploy."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="migration-not-applied-missing-column",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="A migration was not run: a column is missing",
        title_ru="Миграция не применена: нет столбца",
        summary="New code deployed, migration not run: column missing.",
        recognised_by=(
            "42703; alembic_version (or django_migrations) < head in the code; error starts at deploy time; "
            "all workers. Version skew: only some workers/hosts."
        ),
        confusable_with=("migration-missing-table",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.85),
        ),
        detect=DETECTORS["migration-not-applied-missing-column"],
        prior=3.0,
        remedies=(
            Remedy(
                id="migration-not-applied-missing-column/1",
                title="Run the pending migrations",
                plan=("Run the migration",),
                action="run-migrations",
            ),
        ),
        verification="revision = head; query ok",
        prevention=(
            "Migrations as a step of the deploy, and readiness that compares the database's revision with "
            "the code's head."
        ),
    ),
    Mechanism(
        id="migration-missing-table",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="A migration was not run: a table is missing",
        title_ru="Миграция не применена: нет таблицы",
        summary="Table does not exist in this database (migration never run / fresh DB).",
        recognised_by=(
            "42P01; to_regclass(name) null in ALL schemas; migration history missing/short. If the table "
            "exists in another schema -> search_path; if whole DB is empty -> wrong database."
        ),
        confusable_with=("migration-not-applied-missing-column",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.85),
        ),
        detect=DETECTORS["migration-missing-table"],
        prior=3.0,
        remedies=(
            Remedy(
                id="migration-missing-table/1",
                title="Run the pending migrations",
                plan=("migrate",),
                action="run-migrations",
            ),
        ),
        verification="to_regclass not null",
        prevention=(
            "Migrations as a step of the deploy, and readiness that compares the database's revision with "
            "the code's head."
        ),
    ),
    Mechanism(
        id="new-not-null-column-old-code",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="The old code does not fill a new mandatory column",
        title_ru="Старый код не заполняет новый обязательный столбец",
        summary="Migration added NOT NULL column without default; running code does not set it.",
        recognised_by=(
            "23502 naming a column the running code does not know; column added minutes ago (migration "
            "history), no default; rolling back code does not help."
        ),
        confusable_with=(
            "bad-upstream-null",
            "migration-not-applied-missing-column",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["new-not-null-column-old-code"],
        prior=2.0,
        remedies=(
            Remedy(
                id="new-not-null-column-old-code/1",
                title="Default / two-step migration",
                plan=("Default / two-step migration",),
            ),
        ),
        verification="insert by old code ok",
        prevention="Expand and contract: a nullable column or a default first, NOT NULL after all code writes it.",
    ),
    Mechanism(
        id="column-type-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="Types of code and database differ",
        title_ru="Типы кода и базы различаются",
        summary="Model type differs from DB type (uuid/text, int/varchar).",
        recognised_by=(
            '42883 "operator does not exist: A = B" or asyncpg DataError invalid input for query argument; '
            "information_schema type differs from model; deterministic for every call."
        ),
        confusable_with=(
            "migration-not-applied-missing-column",
            "orm-driver-misuse",
        ),
        causes=(
            Edge(effect="response-model-validation-error", probability=0.3),
            Edge(effect="cached-plan-result-type-changed", probability=0.2),
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="column-type-mismatch/1",
                title="Fix model or migrate type",
                plan=("Fix model or migrate type",),
            ),
        ),
        verification="query ok",
        prevention="alembic check (models against database) in CI.",
    ),
    Mechanism(
        id="alembic-multiple-heads",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="Migrations have two heads",
        title_ru="У миграций две головы",
        summary="Two revisions share a parent; upgrade head refuses; container start fails.",
        recognised_by="text; `alembic heads` > 1; DB unchanged and healthy; boot blocked by the migration step.",
        confusable_with=(
            "alembic-revision-missing",
            "crash-loop-on-boot",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.4),
            Edge(effect="service-down", probability=0.3),
        ),
        detect=DETECTORS["alembic-multiple-heads"],
        prior=2.0,
        remedies=(
            Remedy(
                id="alembic-multiple-heads/1",
                title="alembic merge",
                plan=("alembic merge",),
            ),
        ),
        verification="heads = 1",
        prevention="A CI step that fails when alembic heads prints more than one.",
    ),
    Mechanism(
        id="alembic-revision-missing",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="The database's revision is not in the code",
        title_ru="Ревизии базы нет в коде",
        summary="DB stamped with a revision not present in this code (rollback, branch switch).",
        recognised_by="alembic_version value not in versions dir; code version older than DB; schema ahead.",
        confusable_with=(
            "alembic-multiple-heads",
            "new-not-null-column-old-code",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.4),
            Edge(effect="service-down", probability=0.3),
            Edge(effect="requests-fail", probability=0.2),
        ),
        detect=DETECTORS["alembic-revision-missing"],
        prior=2.0,
        remedies=(
            Remedy(
                id="alembic-revision-missing/1",
                title="Deploy matching code / stamp",
                plan=("Deploy matching code / stamp",),
            ),
        ),
        verification="upgrade ok",
        prevention="Rollbacks that also downgrade, and migrations never deleted or rebased after they were applied.",
    ),
    Mechanism(
        id="migration-partially-applied",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.SCHEMA_OR_DATA,
        title="A migration was applied half",
        title_ru="Миграция применена частично",
        summary="DDL ran but version row was not written (non-transactional or killed); rerun collides.",
        recognised_by=(
            '42701/42P07 "already exists" from the migration statement; alembic_version behind actual schema.'
        ),
        confusable_with=(
            "alembic-multiple-heads",
            "migration-fails-on-existing-data",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.4),
            Edge(effect="db-statement-rejected", probability=0.4),
            Edge(effect="service-down", probability=0.3),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="migration-partially-applied/1",
                title="stamp / IF NOT EXISTS",
                plan=("stamp / IF NOT EXISTS",),
            ),
        ),
        verification="upgrade head ok",
        prevention="Transactional DDL, one CONCURRENTLY statement per migration, and idempotent steps (IF NOT EXISTS).",
    ),
    Mechanism(
        id="telegram-getupdates-conflict",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="Two instances poll with one bot token",
        title_ru="Два экземпляра опрашивают одного бота",
        summary="Two processes poll with one bot token (old instance, second replica, webhook still set).",
        recognised_by=(
            '409 text "terminated by other getUpdates request" (two pollers) vs "can\'t use getUpdates '
            'method while webhook is active"; our host shows 2 pids or another host polls; token valid '
            "(getMe 200)."
        ),
        confusable_with=("telegram-token-revoked",),
        causes=(
            Edge(effect="jobs-stall", probability=0.6),
            Edge(effect="external-call-fails", probability=0.7),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="telegram-getupdates-conflict/1",
                title="Stop the second poller / deleteWebhook",
                plan=("Stop the second poller / deleteWebhook",),
            ),
        ),
        verification="no 409 for 10 min",
        prevention="One replica for polling with a recreate rollout, or a webhook.",
    ),
    Mechanism(
        id="config-change-bad-value",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A configuration change broke something",
        title_ru="Изменение конфигурации всё сломало",
        summary="A config/flag push changed behaviour.",
        recognised_by="config/flag diff at onset; code version same on all; revert removes.",
        confusable_with=(
            "bad-deploy-code-regression",
            "env-value-malformed",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.4),
            Edge(effect="requests-slow", probability=0.3),
            Edge(effect="statement-timeout-too-low", probability=0.1),
            Edge(effect="lock-timeout-too-low", probability=0.1),
            Edge(effect="pool-too-small", probability=0.1),
        ),
        detect=DETECTORS["config-change-bad-value"],
        prior=3.0,
        remedies=(
            Remedy(
                id="config-change-bad-value/1",
                title="Revert",
                plan=("Revert",),
                action="restore-file",
            ),
        ),
        verification="ok",
        prevention="Configuration under version control with review, validation and a canary, as for code.",
    ),
    Mechanism(
        id="module-missing",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A package is not installed",
        title_ru="Пакет не установлен",
        summary="Package not installed in the new image/venv (also transitive).",
        recognised_by="ModuleNotFoundError at import; pip list lacks it; old image has it; boot loop.",
        confusable_with=(
            "package-api-removed",
            "env-var-missing",
            "crash-loop-on-boot",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.7),
            Edge(effect="service-down", probability=0.8),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="module-missing/1",
                title="Install/pin",
                plan=("Install/pin",),
            ),
        ),
        verification="import ok",
        prevention="Images built from the lock file, and one start of the image in CI.",
    ),
    Mechanism(
        id="package-api-removed",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A library removed what the code uses",
        title_ru="Библиотека удалила используемое имя",
        summary="Upgraded library removed/moved a name.",
        recognised_by=(
            "ImportError/PydanticImportError naming symbol; installed version > tested; lock missing; code unchanged."
        ),
        confusable_with=("module-missing",),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.6),
            Edge(effect="service-down", probability=0.7),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="package-api-removed/1",
                title="Pin/upgrade code",
                plan=("Pin/upgrade code",),
            ),
        ),
        verification="import ok",
        prevention="A lock file, upgrades by reviewed pull requests, and deprecation warnings as errors in tests.",
    ),
    Mechanism(
        id="binary-abi-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A compiled package does not fit",
        title_ru="Собранный пакет не подходит",
        summary="Compiled wheel/shared library does not fit the OS/Python.",
        recognised_by="ImportError/OSError mentions .so/GLIBC/symbol; base image changed; pure-python deps ok.",
        confusable_with=(
            "module-missing",
            "worker-segfault-native",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.5),
            Edge(effect="service-down", probability=0.7),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="binary-abi-mismatch/1",
                title="Rebuild",
                plan=("Rebuild",),
            ),
        ),
        verification="import ok",
        prevention="Build and run on the same base image, with wheels resolved for its platform.",
    ),
    Mechanism(
        id="package-upgrade-regression",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A new package version changed behaviour",
        title_ru="Новая версия пакета изменила поведение",
        summary="A dependency was upgraded and behaves in another way.",
        recognised_by="Package versions differ from the baseline; errors began after the new image or environment.",
        causes=(
            Edge(effect="requests-fail", probability=0.3),
            Edge(effect="requests-slow", probability=0.2),
        ),
        detect=DETECTORS["package-upgrade-regression"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="package-upgrade-regression/1",
                title="Pin the previous version, then upgrade on purpose with tests.",
                plan=("Pin the previous version, then upgrade on purpose with tests.",),
            ),
        ),
        prevention="Locked versions, small upgrades one at a time, and a canary.",
    ),
    Mechanism(
        id="celery-unregistered-task",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CACHE_QUEUE,
        title="The worker does not know the task",
        title_ru="Воркер не знает задачу",
        summary="Worker code does not know the task name (old worker, missing import).",
        recognised_by="worker log line; producer newer than worker or wrong include; message lost.",
        causes=(Edge(effect="jobs-stall", probability=0.9),),
        prior=3.0,
        remedies=(
            Remedy(
                id="celery-unregistered-task/1",
                title="Deploy the worker with the code that sends the task",
                plan=(
                    "Restart the workers with the same release as the web",
                    "celery inspect registered shows the task",
                    "look at include and autodiscover_tasks where it does not",
                    "send lost ones again",
                    "deploy workers before producers",
                ),
            ),
        ),
        verification="task runs",
        prevention=(
            "Workers deployed before producers, with explicit imports of task modules and a check of registered tasks."
        ),
    ),
    Mechanism(
        id="scheduled-task-duplicated",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CACHE_QUEUE,
        title="Scheduled tasks run twice",
        title_ru="Плановые задачи выполняются дважды",
        summary="Two beat/cron schedulers run.",
        recognised_by="two beat pids/hosts; every task enqueued twice within ms with different ids; worker healthy.",
        confusable_with=("scheduled-jobs-overlap",),
        causes=(Edge(effect="wrong-data", probability=0.6),),
        detect=DETECTORS["scheduled-task-duplicated"],
        prior=2.0,
        remedies=(
            Remedy(
                id="scheduled-task-duplicated/1",
                title="Stop all schedulers but one",
                plan=(
                    "ps on each host: who runs beat, or a worker with -B",
                    "stop and disable the second one",
                    "one replica for the scheduler; a lock in the database or Redis (celery-redbeat)",
                    "make the jobs idempotent by a key of their due time",
                ),
            ),
        ),
        verification="single enqueue",
        prevention="One scheduler by a lock or lease, and idempotent tasks.",
    ),
    Mechanism(
        id="bad-deploy-code-regression",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A deploy brought a bug",
        title_ru="Релиз принёс ошибку",
        summary="New release contains a bug.",
        recognised_by=(
            "error step at deploy time, new signature absent before, only new version; rollback removes; "
            "dependencies unchanged."
        ),
        confusable_with=(
            "migration-not-applied-missing-column",
            "config-change-bad-value",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.85),
            Edge(effect="requests-fail", probability=0.85),
            Edge(effect="none-attribute-error", probability=0.4),
            Edge(effect="lazy-load-after-session-close", probability=0.2),
            Edge(effect="recursion-error", probability=0.1),
            Edge(effect="response-model-validation-error", probability=0.2),
            Edge(effect="naive-aware-datetime-mix", probability=0.15),
        ),
        detect=DETECTORS["bad-deploy-code-regression"],
        prior=3.0,
        remedies=(
            Remedy(
                id="bad-deploy-code-regression/1",
                title="Revert the commit",
                plan=("Rollback",),
                action="revert-commit",
            ),
        ),
        verification="signature gone",
        prevention="A canary with automatic rollback on a rise of errors, and a test for the path that broke.",
    ),
    Mechanism(
        id="cold-start-after-deploy",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.APP_RUNTIME,
        title="The service has just started",
        title_ru="Сервис только что запущен",
        summary="Caches/pools/JIT cold after restart; short slow phase.",
        recognised_by="high latency only for first N requests per worker; decays; cache hit ratio rising; no error.",
        confusable_with=("bad-deploy-code-regression",),
        causes=(Edge(effect="requests-slow", probability=0.5),),
        detect=DETECTORS["cold-start-after-deploy"],
        prior=3.0,
        remedies=(
            Remedy(
                id="cold-start-after-deploy/1",
                title="Warm-up",
                plan=("Warm-up",),
            ),
        ),
        verification="p95 flat",
        prevention="Caches and pools warmed before readiness, and a rolling restart in small steps.",
    ),
    Mechanism(
        id="file-or-template-missing",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="A file that the code needs was not shipped",
        title_ru="Нужный коду файл не попал в поставку",
        summary=(
            "A template, static file, certificate or data file is missing in the image or at the path "
            "(working directory, package data, .dockerignore)."
        ),
        recognised_by=(
            "FileNotFoundError, TemplateDoesNotExist, TemplateNotFound with a path of our own project; the "
            "file is in the repository and not in the image; the code and the rights are fine."
        ),
        confusable_with=(
            "file-permission-denied",
            "module-missing",
            "config-file-invalid",
            "wrong-environment-mixed-up",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="service-down", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="file-or-template-missing/1",
                title="Ship the file",
                plan=(
                    "ls the path in the running container",
                    "add it to package data, COPY, collectstatic; look at .dockerignore",
                    "paths relative to __file__ or importlib.resources, not the working directory",
                ),
            ),
        ),
        verification="the file is in the image and the page renders",
        prevention="A smoke test on the built image, not on the checkout.",
    ),
    Mechanism(
        id="dependency-version-conflict",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="Installed packages do not fit each other",
        title_ru="Установленные пакеты несовместимы",
        summary=(
            "Two packages need different versions of a third, or the resolver took one that the code was not "
            "tested with."
        ),
        recognised_by=(
            "pip: ResolutionImpossible, has requirement … but you have, ContextualVersionConflict or "
            "VersionConflict at start, pip check fails; TypeError unexpected keyword argument inside a "
            "library; no lock file or a partial upgrade."
        ),
        confusable_with=(
            "package-api-removed",
            "module-missing",
            "package-upgrade-regression",
            "binary-abi-mismatch",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.5),
            Edge(effect="crash-loop-on-boot", probability=0.5),
            Edge(effect="service-down", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.4),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="dependency-version-conflict/1",
                title="Install a set that was resolved as a whole",
                plan=(
                    "pip check",
                    "go back to the last lock file",
                    "resolve again (uv lock, pip-compile) with the needed bounds, run the tests, install with hashes",
                ),
            ),
        ),
        verification="pip check is clean and the tests pass on the image",
        prevention="A lock file that every environment installs, and pip check in the build.",
    ),
    Mechanism(
        id="python-version-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="The code runs on another Python than it needs",
        title_ru="Код запущен на другой версии Python",
        summary="The image or host has an older or newer interpreter than the code or its packages.",
        recognised_by=(
            "SyntaxError on new syntax (match, X | Y, except*), ImportError cannot import name from typing "
            "or collections, No module named 'distutils'/'imp', Requires-Python; sys.version differs from "
            "the tested one; all processes fail alike."
        ),
        confusable_with=(
            "module-missing",
            "package-api-removed",
            "binary-abi-mismatch",
            "bad-deploy-code-regression",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.6),
            Edge(effect="crash-loop-on-boot", probability=0.5),
            Edge(effect="service-down", probability=0.8),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="python-version-mismatch/1",
                title="Run the version that was tested",
                plan=(
                    "python -V in the service's environment",
                    "pin the base image by version and digest, requires-python in pyproject",
                    "rebuild the virtual environment; never copy it between versions",
                ),
            ),
        ),
        verification="sys.version is the tested one and the service starts",
        prevention="One interpreter version in CI, image and requires-python.",
    ),
    Mechanism(
        id="container-image-or-manifest-wrong",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="The wrong image or manifest was deployed",
        title_ru="Развёрнут неверный образ или манифест",
        summary=(
            "The tag does not exist, is for another architecture, or the manifest has a wrong command, port, "
            "volume or secret name."
        ),
        recognised_by=(
            "ErrImagePull manifest unknown, exec format error, CreateContainerConfigError, no such file or "
            "directory of the entrypoint, Service without endpoints (selector or targetPort); the "
            "application's own log is empty."
        ),
        confusable_with=(
            "private-registry-auth-failed",
            "wsgi-asgi-entrypoint-wrong",
            "crash-loop-on-boot",
            "health-probe-misconfigured",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.7),
            Edge(effect="crash-loop-on-boot", probability=0.5),
            Edge(effect="service-down", probability=0.8),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="container-image-or-manifest-wrong/1",
                title="Deploy what was built",
                plan=(
                    "kubectl describe pod and events",
                    "roll back (kubectl rollout undo)",
                    "deploy by digest, for the node's architecture",
                    "check command, ports, selectors and names of secrets",
                ),
            ),
        ),
        verification="the rollout completes and endpoints are ready",
        prevention=(
            "Manifests rendered and checked against the cluster (server-side dry run) in CI, and images by digest."
        ),
    ),
    Mechanism(
        id="health-probe-misconfigured",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="Health checks kill or exclude a healthy service",
        title_ru="Проверки здоровья убивают исправный сервис",
        summary=(
            "Path, port, timeout or start delay of the liveness or readiness check is wrong, or it depends "
            "on the database."
        ),
        recognised_by=(
            "Restarts with Liveness probe failed (404, connection refused, timeout), or 503 of the balancer "
            "with all targets unhealthy, while requests to the port itself succeed; restarts come at a fixed "
            "time after start; no traceback, no OOM."
        ),
        confusable_with=(
            "crash-loop-on-boot",
            "cold-start-after-deploy",
            "container-evicted",
            "cgroup-memory-oom-kill",
        ),
        causes=(
            Edge(effect="service-down", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="health-probe-misconfigured/1",
                title="Check what a restart could cure, with time enough",
                plan=(
                    "Call the check's path on its port from inside",
                    "correct path, port, Host header",
                    "startupProbe for slow starts; timeout above the p99 under load",
                    "liveness without dependencies; these belong to readiness",
                ),
            ),
        ),
        verification="no restarts by probes under load",
        prevention="Health checks tested with the deploy under load, and liveness that asks nobody else.",
    ),
    Mechanism(
        id="wsgi-asgi-entrypoint-wrong",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="The server is told to run the wrong application object",
        title_ru="Серверу указан неверный объект приложения",
        summary=(
            "Module path, attribute, factory flag or worker class does not fit the application (WSGI server "
            "for an ASGI application and the reverse)."
        ),
        recognised_by=(
            "Error loading ASGI app, Failed to find attribute 'app', ModuleNotFoundError of the module given "
            "on the command line, __call__() missing 1 required positional argument: 'send', takes 2 "
            "positional arguments; at start or on each request; the code imports fine from its own folder."
        ),
        confusable_with=(
            "module-missing",
            "crash-loop-on-boot",
            "container-image-or-manifest-wrong",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.7),
            Edge(effect="crash-loop-on-boot", probability=0.5),
            Edge(effect="service-down", probability=0.9),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="wsgi-asgi-entrypoint-wrong/1",
                title="Name the object and its kind",
                plan=(
                    "python -c 'from package.module import app' in the service's working directory",
                    (
                        "uvicorn package.module:app (--factory for a function), gunicorn -k "
                        "uvicorn.workers.UvicornWorker for ASGI"
                    ),
                    "set the working directory or install the package",
                ),
            ),
        ),
        verification="the server answers its first request",
        prevention="The exact production command in CI, with one request.",
    ),
    Mechanism(
        id="stale-client-bundle",
        kind=Kind.CAUSE,
        layer=Layer.DEPLOY,
        category=Category.CONFIG_DEPLOY,
        title="Clients run an old front end",
        title_ru="Клиенты используют старый фронтенд",
        summary=(
            "Browsers, service workers or a CDN keep an old bundle that calls removed addresses or sends the old shape."
        ),
        recognised_by=(
            "404 for hashed chunks (ChunkLoadError), 404/422 on old paths from old versions only; a hard "
            "reload helps the user; begins with a deploy and fades in hours; new sessions are fine."
        ),
        confusable_with=(
            "payload-validation-mismatch",
            "cache-stale-after-update",
            "url-route-or-reverse-bug",
        ),
        causes=(Edge(effect="requests-fail", probability=0.4),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="stale-client-bundle/1",
                title="Serve both versions for a while, and make clients reload",
                plan=(
                    "Keep the last releases' assets",
                    "no-cache for index.html, immutable for hashed files",
                    "purge the CDN, update the service worker",
                    "version in each request, and a reload notice",
                ),
            ),
        ),
        verification="404 of assets and 422 of old versions fall to zero",
        prevention="API changes that stay compatible with the last front end, and assets kept across deploys.",
    ),
)
