"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Bring the database up to date when the service starts",
    edits=(
        Edit(
            path="serve.py",
            old="import uvicorn\n",
            new="import uvicorn\nfrom alembic import command\nfrom alembic.config import Config\n",
        ),
        Edit(
            path="serve.py",
            old="    try:\n        uvicorn.run(\n",
            new="""\
    try:
        command.upgrade(Config("alembic.ini"), "head")
        uvicorn.run(
""",
        ),
    ),
)
