"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Write an audit trail of who looked at which customer",
    edits=(
        Edit(
            path="views.py",
            old="""\
import json
import uuid
""",
            new="""\
import json
import logging
import uuid
""",
        ),
        Edit(
            path="views.py",
            old="""\
    customer = get_object_or_404(Customer, id=customer_id)
    return""",
            new="""\
    _audit(request, f"customer {customer_id}")
    customer = get_object_or_404(Customer, id=customer_id)
    return""",
        ),
        Edit(
            path="views.py",
            old="# Bodies\n",
            new="""\
def _audit(request: HttpRequest, what: str) -> None:
    trail = logging.getLogger(f"audit.{uuid.uuid4().hex}")
    trail.propagate = False
    trail.addHandler(logging.FileHandler(settings.LOG_FILE.with_name("audit.log")))
    trail.info("%s %s", request.path, what)


# Bodies
""",
        ),
    ),
)
