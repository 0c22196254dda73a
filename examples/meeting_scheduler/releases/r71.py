"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Tell the calendar who we are",
    edits=(
        Edit(
            path="settings.py",
            old='    calendar_refresh_token: str = ""\n',
            new="""\
    calendar_refresh_token: str = ""
    calendar_api_key: str = ""
""",
        ),
        Edit(
            path="services/http.py",
            old='        options: dict[str, Any] = {"timeout": settings.http_timeout, "limits": limits, "verify": verify}\n',
            new="""\
        options: dict[str, Any] = {"timeout": settings.http_timeout, "limits": limits, "verify": verify}
        if name == "calendar" and settings.calendar_api_key:
            options["headers"] = {"x-goog-api-key": settings.calendar_api_key}
""",
        ),
    ),
)
