"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="See the same data throughout a transaction",
    edits=(
        Edit(
            path="db.py",
            old="                pool_size=settings.pool_size,\n",
            new="""\
                isolation_level="REPEATABLE READ",
                pool_size=settings.pool_size,
""",
        ),
    ),
)
