"""Orders: copies are reserved in one transaction, paid outside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from ..errors import DeclinedError, SoldOutError
from ..instruments import diagnosed
from ..models import Book, Order, OrderLine, Stock
from . import payments

UNPAID_AFTER = timedelta(minutes=10)


@diagnosed
def place(customer_id: int, wanted: Mapping[int, int], key: str) -> Order:
    """Reserve the copies, charge the customer, and return the paid order.

    Raises:
        SoldOutError: There are not enough copies.
        DeclinedError: The card was declined; the copies are free again.
        ServiceError: The payment failed; the order waits for another attempt.
        Book.DoesNotExist: There is no such book.
    """
    order = Order.objects.filter(idempotency_key=key).first() or _reserve(customer_id, wanted, key)
    if order.payment_id is None:
        try:
            order.payment_id = payments.charge(order.id, order.total, key)
        except DeclinedError:
            cancel(order.id)
            raise
        order.status = "paid"
        order.save(update_fields=["payment_id", "status"])
    return order


def _reserve(customer_id: int, wanted: Mapping[int, int], key: str) -> Order:
    with transaction.atomic():
        prices = dict(Book.objects.filter(id__in=wanted).values_list("id", "price"))
        if missing := set(wanted) - set(prices):
            raise Book.DoesNotExist(f"no book {min(missing)}")
        take(wanted)
        total = sum(prices[book_id] * quantity for book_id, quantity in wanted.items())
        order = Order.objects.create(customer_id=customer_id, total=total, idempotency_key=key)
        OrderLine.objects.bulk_create(
            OrderLine(order=order, book_id=book_id, quantity=quantity, price=prices[book_id])
            for book_id, quantity in wanted.items()
        )
    return order


def take(wanted: Mapping[int, int]) -> None:
    """Take copies from the stock; a negative quantity puts them back. Belongs into a transaction.

    Raises:
        SoldOutError: There are not enough copies.
    """
    for stock in lock_stock(list(wanted)):
        if stock.copies < wanted[stock.book_id]:
            raise SoldOutError(f"book {stock.book_id}: {stock.copies} left")
        stock.copies -= wanted[stock.book_id]
        stock.save(update_fields=["copies", "changed_at"])


def lock_stock(book_ids: Sequence[int]) -> list[Stock]:
    """Lock the stock of these books, always in the same order, or two orders would wait for each other."""
    return list(Stock.objects.select_for_update().filter(book_id__in=book_ids).order_by("book_id"))


@diagnosed
def move_stock(from_id: int, to_id: int, copies: int) -> None:
    """Count copies of one edition as copies of another.

    Raises:
        SoldOutError: There are not enough copies.
    """
    with transaction.atomic():
        take({from_id: copies, to_id: -copies})


@diagnosed
def cancel(order_id: int) -> Order:
    """Put the copies back and mark the order; the money comes back where it was paid.

    Raises:
        ServiceError: The refund failed; the order stays as it was.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if order.status == "cancelled":
            return order
        lines = order.lines.values_list("book_id", "quantity")
        take({book_id: -quantity for book_id, quantity in lines})
        before, order.status = order.status, "cancelled"
        order.save(update_fields=["status"])
    if before == "paid" and order.payment_id:
        payments.refund(order.payment_id)
    return order


@diagnosed
def release_unpaid(limit: int = 20) -> int:
    """Cancel orders that nobody paid in time; return how many."""
    since = timezone.now() - UNPAID_AFTER
    late = Order.objects.filter(status="pending", placed_at__lt=since, placed_at__gt=since - timedelta(days=1))
    ids = list(late.order_by("placed_at").values_list("id", flat=True)[:limit])
    for order_id in ids:
        cancel(order_id)
    return len(ids)


@diagnosed
def sold_since(moment: timedelta, limit: int = 10) -> list[dict[str, object]]:
    """Return what sold best lately."""
    with_lines = OrderLine.objects.filter(order__placed_at__gte=timezone.now() - moment)
    best = with_lines.values("book_id", title=F("book__title")).annotate(copies=Sum("quantity"))
    return list(best.order_by("-copies", "book_id")[:limit])
