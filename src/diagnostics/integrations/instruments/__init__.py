"""Instrumentation at home in the ecosystem: each module joins one library, imported when its module is.

``stdlib_logging``, ``structlog``, ``opentelemetry``, ``prometheus``, ``sentry``, ``asgi``, ``wsgi``, ``sqlalchemy``,
``http_clients``, ``event_loop``, ``thread_pools``, ``gunicorn``, ``celery``.
"""
