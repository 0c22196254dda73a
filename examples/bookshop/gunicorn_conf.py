"""How gunicorn serves the shop; numbers from the environment."""

from __future__ import annotations

import os
from pathlib import Path

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
worker_class = "gthread" if threads > 1 else "sync"
timeout = int(os.environ.get("WORKER_TIMEOUT") or 30)
backlog = int(os.environ.get("WEB_BACKLOG") or 512)
max_requests = int(os.environ.get("WEB_MAX_REQUESTS") or 0)
accesslog = str(Path(os.environ.get("LOG_FILE", "bookshop.log")).with_name("access.log"))
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(L)s'
errorlog = "-"
control_socket_disable = True
