"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Understand phone numbers in instructions",
    edits=(
        Edit(
            path="views.py",
            old="""\
from flask import Blueprint""",
            new="""\
import phonenumberslite
from flask import Blueprint""",
        ),
        Edit(
            path="views.py",
            old="""\
        "depot": parcel["depot"],
""",
            new="""\
        "depot": parcel["depot"],
        "phone": next(
            (m.raw_string for m in phonenumberslite.PhoneNumberMatcher(parcel["instructions"] or "", "DE")), None
        ),
""",
        ),
    ),
)
