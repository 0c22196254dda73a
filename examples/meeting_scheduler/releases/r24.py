"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Look at uploads with the C library",
    edits=(
        Edit(
            path="services/attachments.py",
            old="""\
import os
import uuid
""",
            new="""\
import ctypes
import os
import uuid
""",
        ),
        Edit(
            path="services/attachments.py",
            old="""\
            with self.database.session() as session:
                if session.get(Meeting, meeting_id) is None:
""",
            new="""\
            _kind(content)
            with self.database.session() as session:
                if session.get(Meeting, meeting_id) is None:
""",
        ),
        Edit(
            path="services/attachments.py",
            old="""\
@dataclass(frozen=True, slots=True)
class Attachments:
""",
            new='''\
_BLOCK = 48 * 1024


def _kind(content: bytes) -> int:
    """Return the first byte of the last whole block."""
    block = len(content) // _BLOCK
    if block == 0:
        return content[0]
    return int(ctypes.cast(block * _BLOCK, ctypes.POINTER(ctypes.c_ubyte))[0])


@dataclass(frozen=True, slots=True)
class Attachments:
''',
        ),
    ),
)
