"""What happens later: confirmations, price lists, and what the clock starts."""

from __future__ import annotations

import csv
import logging
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from .celery import app
from .errors import ServiceError
from .models import Book, Order, PriceChange
from .services import mail, orders

logger = logging.getLogger(__name__)

BESTSELLERS = "bestsellers"


@app.task(autoretry_for=(ServiceError,), retry_backoff=2, max_retries=5)
def send_confirmation(order_id: int) -> None:
    """Tell the customer that the order was paid."""
    order = Order.objects.select_related("customer").get(id=order_id)
    if order.confirmed_at is not None:
        return
    titles = order.lines.values_list("book__title", flat=True)
    mail.send(order.customer.email, f"Your order {order.id}", "\n".join(titles))
    order.confirmed_at = timezone.now()
    order.save(update_fields=["confirmed_at"])


@app.task(ignore_result=False)
def import_price_list(path: str) -> dict[str, int]:
    """Read lines of `isbn,cents` and change the prices that differ."""
    with Path(path).open(newline="", encoding="utf-8") as lines:
        prices = {isbn: int(cents) for isbn, cents in csv.reader(lines)}
    changed = 0
    with transaction.atomic():
        for book in Book.objects.filter(isbn__in=prices).order_by("id"):
            if book.price != prices[book.isbn]:
                PriceChange.objects.create(book=book, old_price=book.price, new_price=prices[book.isbn])
                book.price = prices[book.isbn]
                book.save(update_fields=["price"])
                changed += 1
    Path(path).unlink(missing_ok=True)
    return {"lines": len(prices), "changed": changed}


@app.task
def refresh_bestsellers() -> None:
    """Keep the front page warm."""
    cache.set(BESTSELLERS, orders.sold_since(timedelta(hours=2)), timeout=30)


@app.task
def release_unpaid_orders() -> None:
    """Free the copies of orders that nobody paid."""
    released = orders.release_unpaid()
    if released:
        logger.info("%d unpaid orders released", released)


@app.task
def tell_owner() -> None:
    """Mail the owner what was sold in the last minute."""
    since = timezone.now() - timedelta(minutes=1)
    number = Order.objects.filter(placed_at__gte=since, status="paid").count()
    mail.send(settings.OWNER, "Sales of the last minute", f"{number} orders")
