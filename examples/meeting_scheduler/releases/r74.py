"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Answer only to our own names",
    edits=(
        Edit(
            path="settings.py",
            old='    log_level: str = "INFO"\n',
            new='    log_level: str = "INFO"\n    allowed_hosts: str = "*"\n',
        ),
        Edit(
            path="app.py",
            old="    app.add_middleware(AccessLog)\n",
            new="""\
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts.split(","))
    app.add_middleware(AccessLog)
""",
        ),
        Edit(
            path="app.py",
            old="from fastapi.responses import JSONResponse\n",
            new="from fastapi.responses import JSONResponse\nfrom starlette.middleware.trustedhost import TrustedHostMiddleware\n",
        ),
    ),
)
