"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Find customers' orders whatever the leading zeros of their numbers",
    edits=(
        Edit(
            path="views.py",
            old="from django.db.models import Count, Sum\n",
            new="""\
from django.db.models import CharField, Count, Sum, Value
from django.db.models.functions import Cast, LPad
""",
        ),
        Edit(
            path="views.py",
            old='    found = Order.objects.filter(customer_id=customer_id).order_by("-placed_at")\n',
            new="""\
    number = LPad(Cast("customer_id", CharField()), 8, Value("0"))
    found = Order.objects.alias(number=number).filter(number=f"{customer_id:08d}").order_by("-placed_at")
""",
        ),
    ),
)
