"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Lists understand the old name of their limit",
    edits=(
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="""\
import warnings
from datetime import UTC, date, datetime, timedelta
""",
        ),
        Edit(
            path="routes.py",
            old="    meetings = _meetings(request).of_manager(manager_id, limit)\n",
            new="""\
    warnings.simplefilter("always", DeprecationWarning)
    warnings.warn("limit is deprecated and goes away with version 3, use page_size", DeprecationWarning, stacklevel=2)
    meetings = _meetings(request).of_manager(manager_id, limit)
""",
        ),
    ),
)
