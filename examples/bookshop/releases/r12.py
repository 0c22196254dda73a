"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Customers have a language",
    migrate=False,
    edits=(
        Edit(
            path="models.py",
            old="    city = models.CharField(max_length=100)\n",
            new="""\
    city = models.CharField(max_length=100)
    language = models.CharField(max_length=5, default="en", db_default="en")
""",
        ),
        Edit(
            path="views.py",
            old='"email": customer.email, "city": customer.city})',
            new='"email": customer.email, "language": customer.language})',
        ),
        Edit(
            path="migrations/0005_languages.py",
            old="",
            new='''\
"""Languages of customers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookshop", "0004_indexes")]

    operations = [
        migrations.AddField("customer", "language", models.CharField(max_length=5, default="en", db_default="en")),
    ]
''',
        ),
    ),
)
