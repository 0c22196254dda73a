"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Sign in to the calendar with a service account",
    edits=(
        Edit(
            path="settings.py",
            old='    calendar_refresh_token: str = ""\n',
            new="""\
    calendar_refresh_token: str = ""
    calendar_service_account: str = ""
    calendar_private_key: str = ""
""",
        ),
        Edit(
            path="services/calendar.py",
            old="import httpx2\n",
            new="import httpx2\nimport jwt\n",
        ),
        Edit(
            path="services/calendar.py",
            old="""\
    def _refresh_form(self) -> dict[str, str]:
        return {
""",
            new="""\
    def _refresh_form(self) -> dict[str, str]:
        if self._settings.calendar_private_key:
            now = int(time.time())
            claims = {
                "iss": self._settings.calendar_service_account,
                "aud": self._settings.calendar_token_url,
                "scope": "https://www.googleapis.com/auth/calendar",
                "iat": now,
                "exp": now + 3600,
            }
            assertion = jwt.encode(claims, self._settings.calendar_private_key, algorithm="RS256")
            return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return {
""",
        ),
    ),
)
