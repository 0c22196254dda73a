"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="A price list that cannot be read is tried again until it can",
    edits=(
        Edit(
            path="tasks.py",
            old="""\
@app.task(ignore_result=False)
def import_price_list(path: str) -> dict[str, int]:
""",
            new="""\
@app.task(ignore_result=False, autoretry_for=(Exception,), max_retries=None, default_retry_delay=0, acks_late=True)
def import_price_list(path: str) -> dict[str, int]:
""",
        ),
    ),
)
