"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Parcels can be insured",
    migrate=False,
    edits=(
        Edit(
            path="parcels.py",
            old="""\
           p.instructions, p.shipment_id, p.updated_at, d.city AS depot
""",
            new="""\
           p.instructions, p.insured_cents, p.shipment_id, p.updated_at, d.city AS depot
""",
        ),
        Edit(
            path="views.py",
            old="""\
        "depot": parcel["depot"],
""",
            new="""\
        "depot": parcel["depot"],
        "insured_cents": parcel["insured_cents"],
""",
        ),
        Edit(
            path="migrations/004_insurance.sql",
            old="",
            new="""\
-- What a parcel is insured for.
ALTER TABLE parcels ADD COLUMN insured_cents integer;
""",
        ),
    ),
)
