"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Sign webhooks",
    edits=(
        Edit(
            path="settings.py",
            old="""\
        if "database_url" not in values:
            raise SettingsError("DATABASE_URL is not set")
""",
            new="""\
        for name in ("database_url", "webhook_secret"):
            if name not in values:
                raise SettingsError(f"{name.upper()} is not set")
""",
        ),
        Edit(
            path="settings.py",
            old="    database_url: str\n",
            new="    database_url: str\n    webhook_secret: str\n",
        ),
    ),
)
