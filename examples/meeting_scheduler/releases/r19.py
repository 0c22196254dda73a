"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Send reminders without delay",
    edits=(
        Edit(
            path="worker.py",
            old="""\
        pause = self._interval
        while not self._stopping.wait(pause):
            pause = self._interval
            try:
""",
            new="""\
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = 0.0
            try:
""",
        ),
    ),
)
