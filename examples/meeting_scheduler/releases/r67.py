"""See `RELEASES`."""

from examples.support.releases import Edit, Release

# What git leaves in place of a large file when its storage was not asked for it.
_POINTER = """\
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 412672
"""

RELEASE = Release(
    message="Look for free slots in native code",
    edits=(
        Edit(path="services/_slots.abi3.so", old="", new=_POINTER),
        Edit(
            path="services/slots.py",
            old="from datetime import UTC, date, datetime, time, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, time, timedelta

from ._slots import next_free
""",
        ),
        Edit(
            path="services/slots.py",
            old="            slots.append((start, end))\n",
            new="            slots.append(next_free(start, end))\n",
        ),
    ),
)
