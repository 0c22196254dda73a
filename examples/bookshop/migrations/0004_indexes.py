"""Indexes for what is asked most: orders by time, titles by their beginning."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookshop", "0003_reviews_and_prices")]

    operations = [
        migrations.AlterField("order", "placed_at", models.DateTimeField(auto_now_add=True, db_index=True)),
        migrations.AlterField("book", "title", models.CharField(max_length=200, db_index=True)),
    ]
