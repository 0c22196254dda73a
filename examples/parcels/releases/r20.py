"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Ask for the carrier's latest news until there is some",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
        events = self.carrier.tracking(parcel["shipment_id"]) if parcel["shipment_id"] else []
""",
            new="""\
        events = self.carrier.tracking(parcel["shipment_id"]) if parcel["shipment_id"] else []
        for _ in range(40):  # the carrier needs half a minute after a scan
            if len(events) > 3:
                break
            time.sleep(0.5)
            events = self.carrier.tracking(parcel["shipment_id"])
""",
        ),
        Edit(
            path="parcels.py",
            old="""\
import secrets
""",
            new="""\
import secrets
import time
""",
        ),
    ),
)
