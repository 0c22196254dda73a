"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Managers see their agenda with a token of their own",
    edits=(
        Edit(
            path="settings.py",
            old='    telegram_token: str = ""\n',
            new="""\
    telegram_token: str = ""
    session_key: str = "not-a-secret-but-long-enough-for-hs256"
""",
        ),
        Edit(
            path="routes.py",
            old="from fastapi import APIRouter, Query, Request\n",
            new="import jwt\nfrom fastapi import APIRouter, Header, HTTPException, Query, Request\n",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/managers")\n',
            new="""\
@router.get("/agenda")
def show_agenda(request: Request, authorization: str = Header()) -> list[dict[str, Any]]:
    token = authorization.removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, request.app.state.settings.session_key, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        logger.warning("token refused: %s: %s", type(error).__name__, error)
        raise HTTPException(401, "sign in again") from error
    return [_meeting_body(meeting) for meeting in _meetings(request).of_manager(int(claims["sub"]), 20)]


@router.get("/managers")
""",
        ),
        Edit(
            path="routes.py",
            old="router = APIRouter()\n",
            new='logger = logging.getLogger("meeting_scheduler.routes")\nrouter = APIRouter()\n',
        ),
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="import logging\nfrom datetime import UTC, date, datetime, timedelta\n",
        ),
    ),
)
