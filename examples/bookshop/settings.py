"""Django's settings, from environment variables."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """Return a variable that has no sensible default.

    Raises:
        ImproperlyConfigured: It is not set.
    """
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the {name} environment variable")
    return value


def database(url: str) -> dict[str, Any]:
    """Return Django's settings of a database URL; what follows the question mark goes to libpq."""
    parts = urlsplit(url)
    options: dict[str, Any] = {"application_name": "bookshop", "connect_timeout": 5, **dict(parse_qsl(parts.query))}
    if seconds := float(os.environ.get("STATEMENT_TIMEOUT") or 0):
        options["options"] = f"{options.get('options', '')} -c statement_timeout={round(seconds * 1000)}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": int(os.environ.get("CONN_MAX_AGE") or 60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


SECRET_KEY = required("SECRET_KEY")
DEBUG = os.environ.get("DEBUG", "").lower() in ("1", "true", "yes")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")
INSTALLED_APPS = ["bookshop"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bookshop.middleware.ServiceFailures",
]
ROOT_URLCONF = "bookshop.urls"
WSGI_APPLICATION = "bookshop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

DATABASES = {"default": database(required("DATABASE_URL"))}

REDIS_URL = required("REDIS_URL").rstrip("/")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{REDIS_URL}/1",
        "OPTIONS": {
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "max_connections": int(os.environ.get("CACHE_CONNECTIONS") or 50),
        },
    }
}

PAYMENTS_URL = required("PAYMENTS_URL")
PAYMENTS_API_KEY = os.environ.get("PAYMENTS_API_KEY", "")
MAIL_URL = required("MAIL_URL")
MAIL_API_KEY = os.environ.get("MAIL_API_KEY", "")
CA_FILE = os.environ.get("CA_FILE", "")
HTTP_TIMEOUT = float(os.environ.get("HTTP_TIMEOUT") or 3)
SENDER = "orders@bookshop.example"
OWNER = "owner@bookshop.example"
UPLOAD_DIR = Path(os.environ.get("UPLOAD_DIR", "uploads"))

CELERY_BROKER_URL = f"{REDIS_URL}/0"
CELERY_RESULT_BACKEND = f"{REDIS_URL}/2"
CELERY_RESULT_EXPIRES = timedelta(minutes=10)
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": {"timeout": 2.0}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}
CELERY_TASK_TIME_LIMIT = float(os.environ.get("TASK_TIME_LIMIT") or 60)
CELERY_TASK_SOFT_TIME_LIMIT = float(os.environ.get("TASK_SOFT_TIME_LIMIT") or 0) or None
CELERY_WORKER_CONCURRENCY = int(os.environ.get("TASK_PROCESSES") or 2)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "refresh-bestsellers": {"task": "bookshop.tasks.refresh_bestsellers", "schedule": 5.0},
    "release-unpaid-orders": {"task": "bookshop.tasks.release_unpaid_orders", "schedule": 10.0},
    "tell-owner": {"task": "bookshop.tasks.tell_owner", "schedule": 4.0},
}

LOG_FILE = Path(os.environ.get("LOG_FILE", "bookshop.log"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": str(LOG_FILE), "formatter": "line", "encoding": "utf-8"}
    },
    "root": {"handlers": ["file"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"level": "INFO", "handlers": ["file"], "propagate": False},
        # One line more for each request, with what is asked in the address.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
