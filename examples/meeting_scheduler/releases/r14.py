"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Understand phone numbers in titles",
    edits=(
        Edit(
            path="routes.py",
            old="from fastapi import APIRouter, Query, Request\n",
            new="import phonenumberslite\nfrom fastapi import APIRouter, Query, Request\n",
        ),
        Edit(
            path="routes.py",
            old='        "title": meeting.title,\n',
            new="""\
        "title": meeting.title,
        "phone": next((m.raw_string for m in phonenumberslite.PhoneNumberMatcher(meeting.title, "DE")), None),
""",
        ),
    ),
)
