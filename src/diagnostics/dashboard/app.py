"""create_dashboard: the ASGI application behind ``diagnose serve``; also to be mounted in another one."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from diagnostics.dashboard import views
from diagnostics.dashboard.access import COOKIE, SESSION_SECONDS, Access, TooManyAttemptsError, Visitor
from diagnostics.dashboard.drawing import asset, page_of
from diagnostics.errors import MissingExtraError
from diagnostics.model.event import EventKind
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.texts.dashboard import labels
from diagnostics.texts.report import LANGUAGES

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from diagnostics.dashboard.board import Board

_log = logging.getLogger(__name__)

LANGUAGE_COOKIE = "diagnose_lang"
LOOK_SECONDS, PING_SECONDS = 1.0, 15.0
MOST_FORM = 16_384
"""Bytes of a form; ours are a few hundred."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
#: The report carries its own style and no script; it is shown as a document without any rights.
_REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LOCAL = ("127.0.0.1", "localhost", "[::1]", "::1")

Handler = Callable[["Request"], Awaitable["Response"]]


def create_dashboard(
    board: Board, access: Access, *, allowed_hosts: Iterable[str] = (), secure_cookies: bool = False
) -> Starlette:
    """Return the dashboard as an ASGI application.

    Every page needs a visitor who signed in with a token of ``access``. Pages read; the few forms that write
    (acknowledge, silence, answer) need the role of an operator and a token of the page that they came from.

    Args:
        board: What is shown.
        access: Who is let in.
        allowed_hosts: Names under which it is reached, besides those of the local machine; others are refused, so
            that no web site can reach a dashboard on the visitor's own machine by a name that it controls.
        secure_cookies: Cookies by HTTPS only; for use behind a proxy that ends TLS.

    A server that is about to stop sets ``app.state.closing``, which ends the streams within a second.

    Raises:
        MissingExtraError: The extra ``web`` is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route
    except ImportError as error:
        raise MissingExtraError("web", needed_for="the dashboard") from error
    dashboard = _Dashboard(board, access, hosts={*_LOCAL, *allowed_hosts}, secure=secure_cookies)
    get = {
        "/": dashboard.page(views.overview),
        "/metrics": dashboard.page(views.metrics),
        "/alerts": dashboard.page(views.alerts),
        "/sessions": dashboard.page(views.sessions),
        "/sessions/{session_id}": dashboard.page(views.session),
        "/kpis": dashboard.page(views.kpis),
        "/settings": dashboard.page(views.settings),
        "/sessions/{session_id}/report": dashboard.guarded(dashboard.report),
        "/export": dashboard.guarded(dashboard.export),
        "/events": dashboard.guarded(dashboard.events),
        "/login": dashboard.open(dashboard.login),
        "/static/{name}": dashboard.open(dashboard.static),
    }
    post = {
        "/login": dashboard.open(dashboard.login),
        "/logout": dashboard.guarded(dashboard.logout, form=True),
        "/alerts/{alert_id:path}/acknowledge": dashboard.acting(dashboard.acknowledge),
        "/silence": dashboard.acting(dashboard.silence),
        "/sessions/{session_id}/answer": dashboard.acting(dashboard.answer),
    }
    routes = [Route(path, handler, methods=["GET"]) for path, handler in get.items()]
    routes += [Route(path, handler, methods=["POST"]) for path, handler in post.items()]
    return Starlette(routes=routes, exception_handlers={404: dashboard.open(dashboard.missing)})


class _Dashboard:
    """The handlers of one application."""

    def __init__(self, board: Board, access: Access, *, hosts: set[str], secure: bool) -> None:
        self._board = board
        self._access = access
        self._hosts = {host.lower() for host in hosts}
        self._secure = secure

    # ---- around every handler

    def open(self, handler: Handler) -> Callable[..., Awaitable[Response]]:
        """Answer whoever asks by a name that is ours."""

        @functools.wraps(handler)
        async def answer(request: Request, _error: object = None) -> Response:
            from starlette.responses import PlainTextResponse

            host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
            if host.lower() not in self._hosts:
                return self._finished(PlainTextResponse("This host name is not allowed.\n", 400))
            try:
                return self._finished(await handler(request))
            except Exception:  # noqa: BLE001 - a page that fails must not show its traceback
                _log.exception("dashboard.page_failed")
                return self._finished(PlainTextResponse("The page could not be made; the log says why.\n", 500))

        return answer

    def guarded(self, handler: Handler, *, form: bool = False) -> Callable[..., Awaitable[Response]]:
        """Answer visitors only; others are sent to sign in."""

        async def answer(request: Request) -> Response:
            from starlette.responses import PlainTextResponse, RedirectResponse

            visitor = self._access.visitor(request.cookies.get(COOKIE))
            if visitor is None:
                if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
                    return RedirectResponse(f"{_root(request)}/login", 303)
                return PlainTextResponse("Sign in first.\n", 401)
            request.state.visitor = visitor
            if form:
                request.state.form = await _form(request)
                if not self._access.is_our_form(visitor, request.state.form.get("form_token", "")):
                    return PlainTextResponse("This form is not from this page; reload it and try again.\n", 403)
            return await handler(request)

        return self.open(answer)

    def acting(self, handler: Handler) -> Callable[..., Awaitable[Response]]:
        """Answer operators only, and only to forms of ours."""

        async def answer(request: Request) -> Response:
            from starlette.responses import PlainTextResponse

            if not request.state.visitor.may_act:
                return PlainTextResponse(f"{labels(_language(request))['not_allowed']}\n", 403)
            return await handler(request)

        return self.guarded(answer, form=True)

    def page(self, view: views.View) -> Callable[..., Awaitable[Response]]:
        """Answer with a page: what the view found, drawn by its template."""

        async def answer(request: Request) -> Response:
            from starlette.responses import HTMLResponse

            visitor: Visitor = request.state.visitor
            lang = _language(request)
            asked = views.Asked(
                board=self._board,
                lang=lang,
                query=dict(request.query_params),
                path=dict(request.path_params),
                may_act=visitor.may_act,
            )
            found = await asyncio.to_thread(view, asked)
            values = found.values | {
                "visitor": visitor,
                "form_token": self._access.form_token(visitor),
                "root": _root(request),
                "other_language": _with_language(request, lang),
            }
            text = await asyncio.to_thread(
                page_of, found.template, lang, values, part=request.headers.get("x-part") == "main"
            )
            response = HTMLResponse(text, found.status)
            if request.query_params.get("lang") in LANGUAGES:
                response.set_cookie(LANGUAGE_COOKIE, lang, max_age=31_536_000, samesite="strict", secure=self._secure)
            return response

        return self.guarded(answer)

    def _finished(self, response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response

    # ---- pages without a template of their own

    async def login(self, request: Request) -> Response:
        """Sign in, by the link with a token or by the form."""
        from starlette.responses import HTMLResponse, RedirectResponse

        lang = _language(request)
        words = labels(lang)
        form = await _form(request) if request.method == "POST" else {}
        token = form.get("token", "") or request.query_params.get("token", "")
        problem, status = "", 200
        if token:
            try:
                cookie = self._access.sign_in(token.strip())
            except TooManyAttemptsError:
                cookie, problem, status = None, words["too_many"], 429
            else:
                problem, status = ("", 200) if cookie else (words["wrong_token"], 403)
            if cookie:
                visitor = self._access.visitor(cookie)
                if visitor is not None:
                    await asyncio.to_thread(
                        self._board.record, EventKind.SIGNED_IN, visitor.role.value, subject="", who=visitor.name
                    )
                response: Response = RedirectResponse(f"{_root(request)}/", 303)
                response.set_cookie(
                    COOKIE,
                    cookie,
                    max_age=SESSION_SECONDS,
                    httponly=True,
                    # Lax, not strict: the link that a terminal or a mail opens must not end at the sign-in page.
                    samesite="lax",
                    secure=self._secure,
                    path=_root(request) or "/",
                )
                return response
        values = {"problem": problem, "root": _root(request), "other_language": _with_language(request, lang)}
        return HTMLResponse(page_of("login", lang, values), status)

    async def logout(self, request: Request) -> Response:
        """Forget the visitor."""
        from starlette.responses import RedirectResponse

        response = RedirectResponse(f"{_root(request)}/login", 303)
        response.delete_cookie(COOKIE, path=_root(request) or "/")
        return response

    async def static(self, request: Request) -> Response:
        """Answer with a file of ours."""
        from starlette.responses import PlainTextResponse, Response

        found = asset(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.\n", 404)
        body, kind = found
        return Response(body, media_type=kind, headers={"Cache-Control": "no-cache"})

    async def missing(self, _request: Request) -> Response:
        """Say that there is no such page."""
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("There is no such page.\n", 404)

    async def report(self, request: Request) -> Response:
        """Show the whole report of a session."""
        from starlette.responses import HTMLResponse, PlainTextResponse

        from diagnostics.reports.html import render

        document = await asyncio.to_thread(self._board.session, request.path_params["session_id"])
        if document is None:
            return PlainTextResponse("There is no such session.\n", 404)
        text = await asyncio.to_thread(render, document, lang=_language(request))
        return HTMLResponse(text, headers={"Content-Security-Policy": _REPORT_POLICY})

    async def export(self, request: Request) -> Response:
        """Hand out overview, alerts and key figures as one file."""
        from starlette.responses import HTMLResponse

        asked = views.Asked(board=self._board, lang=_language(request), query={}, path={}, may_act=False)
        text = await asyncio.to_thread(views.exported, asked)
        name = f"diagnostics-{self._board.clock.now():%Y%m%d-%H%M%S}.html"
        return HTMLResponse(
            text,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Security-Policy": _REPORT_POLICY,
            },
        )

    async def events(self, request: Request) -> Response:
        """Stream a line each time that the pages would change (server-sent events)."""
        from starlette.responses import StreamingResponse

        return StreamingResponse(
            self._changes(request, request.headers.get("last-event-id", "")),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _changes(self, request: Request, known: str) -> AsyncIterator[str]:
        from diagnostics.runtime.clock import SYSTEM_CLOCK

        yield "retry: 2000\n\n"
        told = SYSTEM_CLOCK.monotonic()
        while not await request.is_disconnected() and not getattr(request.app.state, "closing", False):
            if self._access.visitor(request.cookies.get(COOKIE)) is None:
                return  # signed in too long ago
            try:
                version = await asyncio.to_thread(self._board.version)
                if version != known:
                    said = await asyncio.to_thread(views.announcement, self._board)
                    known, told = version, SYSTEM_CLOCK.monotonic()
                    yield f"id: {version}\nevent: changed\ndata: {json.dumps(said)}\n\n"
            except Exception:  # noqa: BLE001 - likewise a stream
                _log.exception("dashboard.stream_failed")
                return  # the page says that it lost the connection, and tries again
            if SYSTEM_CLOCK.monotonic() - told >= PING_SECONDS:
                told = SYSTEM_CLOCK.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)

    # ---- forms

    async def acknowledge(self, request: Request) -> Response:
        """Note that somebody takes care of an alert."""
        alert_id = request.path_params["alert_id"]
        alert = await asyncio.to_thread(self._board.alert, alert_id)
        if alert is not None:
            await asyncio.to_thread(
                self._board.record,
                EventKind.ACKNOWLEDGED,
                alert.component,
                subject=alert_id,
                who=request.state.visitor.name,
            )
        return _back(request, "/alerts")

    async def silence(self, request: Request) -> Response:
        """Open a maintenance window of the monitor in this process."""
        from starlette.responses import PlainTextResponse

        monitor = self._board.monitor
        try:
            minutes = float(request.state.form.get("minutes", ""))
        except ValueError:
            minutes = 0.0
        if monitor is None or not 0 < minutes <= 24 * 60:
            return PlainTextResponse("Give minutes between 0 and 1440, on the page of a running monitor.\n", 400)
        reason = shorten(redact(request.state.form.get("reason", "").strip()), 200) or request.state.visitor.name
        monitor.open_maintenance(reason, minutes * 60)
        await asyncio.to_thread(
            self._board.record, EventKind.SILENCED, reason, subject="", who=request.state.visitor.name, minutes=minutes
        )
        return _back(request, "/alerts")

    async def answer(self, request: Request) -> Response:
        """Keep whether a diagnosis was right."""
        session_id = request.path_params["session_id"]
        right = request.state.form.get("right") == "yes"
        if await asyncio.to_thread(self._board.session, session_id) is not None:
            await asyncio.to_thread(
                self._board.record,
                EventKind.ANSWERED,
                "right" if right else "wrong",
                subject=session_id,
                who=request.state.visitor.name,
                right=right,
            )
        return _back(request, f"/sessions/{quote(session_id, safe='')}")


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_FORM:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _language(request: Request) -> str:
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    if asked in LANGUAGES:
        return str(asked)
    wanted = request.headers.get("accept-language", "").lower()
    places = {lang: wanted.find(lang) for lang in LANGUAGES}
    return min((lang for lang in LANGUAGES if places[lang] >= 0), key=lambda lang: places[lang], default="en")


def _with_language(request: Request, lang: str) -> str:
    """Return the address of this page in the other language."""
    other = LANGUAGES[1 - LANGUAGES.index(lang)]
    kept = {key: value for key, value in request.query_params.items() if key not in ("lang", "token")}
    return "?" + urlencode(kept | {"lang": other})


def _back(request: Request, path: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(f"{_root(request)}{path}", 303)
