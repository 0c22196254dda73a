"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Meetings get identifiers that nobody can guess",
    edits=(
        Edit(
            path="models.py",
            old="""\
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    manager_id: Mapped[int]""",
            new="""\
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    manager_id: Mapped[int]""",
        ),
        Edit(
            path="models.py",
            old="from datetime import datetime, time\n",
            new="from datetime import datetime, time\nfrom uuid import uuid4\n",
        ),
    ),
)
