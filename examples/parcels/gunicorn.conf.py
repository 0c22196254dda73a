"""How gunicorn runs the service: `gunicorn -c parcels/gunicorn.conf.py "parcels.app:create_app()"`."""

import os

from parcels.instruments import close_instruments
from parcels.logs import logging_configuration

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "sync"
timeout = int(os.environ.get("WORKER_TIMEOUT", "30"))
graceful_timeout = 3
backlog = 256
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s "%(a)s" %(D)sus'
control_socket_disable = True
logconfig_dict = logging_configuration(
    os.environ.get("LOG_FILE", "parcels.log"), os.environ.get("LOG_LEVEL", "INFO").upper()
)


def worker_exit(server, worker):
    """Give the connections back; a worker that is told to go must not leave sessions behind."""
    application = getattr(worker.app, "callable", None)
    if application is not None and "database" in application.extensions:
        application.extensions["database"].close()
    close_instruments()
