"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Save attachments with one statement less",
    edits=(
        Edit(
            path="services/attachments.py",
            old="""\
                if session.get(Meeting, meeting_id) is None:
                    raise NotFoundError(f"meeting {meeting_id}")
""",
            new="",
        ),
        Edit(
            path="services/attachments.py",
            old="from ..errors import NotFoundError\n",
            new="",
        ),
        Edit(
            path="services/attachments.py",
            old="from ..models import Attachment, Meeting\n",
            new="from ..models import Attachment\n",
        ),
    ),
)
