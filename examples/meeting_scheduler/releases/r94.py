"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Keep where a booking came from when there is no description",
    edits=(
        Edit(
            path="routes.py",
            old="body.attendee_email, body.description\n",
            new='body.attendee_email, body.description or {"source": "web", "agent": request.headers.get("user-agent")}\n',
        ),
    ),
)
