"""Answers for services that fail."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from .errors import ServiceError
from .instruments import request_context

logger = logging.getLogger("bookshop.services")


class ServiceFailures:
    """Binds what is noted to its request, and turns a failed call outside into 502 or 503, with the traceback in the log."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with request_context(request.headers):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer where a service failed; everything else is Django's to handle."""
        if not isinstance(error, ServiceError):
            return None
        logger.error("%s %s: %s", request.method, request.path, error, exc_info=error)
        return JsonResponse({"detail": f"{error.service} failed"}, status=error.status)
