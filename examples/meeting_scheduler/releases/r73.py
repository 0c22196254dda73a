"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Hear from the calendar when a guest answers",
    edits=(
        Edit(
            path="settings.py",
            old='    telegram_token: str = ""\n',
            new="""\
    telegram_token: str = ""
    webhook_secret: str = ""
""",
        ),
        Edit(
            path="routes.py",
            old="from fastapi import APIRouter, Query, Request\n",
            new="from fastapi import APIRouter, Header, HTTPException, Query, Request\n",
        ),
        Edit(
            path="routes.py",
            old="router = APIRouter()\n",
            new='logger = logging.getLogger("meeting_scheduler.webhooks")\nrouter = APIRouter()\n',
        ),
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="import hashlib\nimport hmac\nimport logging\nfrom datetime import UTC, date, datetime, timedelta\n",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/managers")\n',
            new="""\
@router.post("/webhooks/calendar")
async def hear(request: Request, x_signature: str = Header()) -> dict[str, str]:
    body = await request.body()
    secret = request.app.state.settings.webhook_secret.encode()
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, x_signature):
        logger.warning("calendar webhook refused: invalid signature")
        raise HTTPException(400, "invalid signature")
    return {"status": "heard"}


@router.get("/managers")
""",
        ),
    ),
)
