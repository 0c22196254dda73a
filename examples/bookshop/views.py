"""The HTTP interface: plain views that answer JSON."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from celery.result import AsyncResult
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Sum
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import tasks
from .errors import DeclinedError, SoldOutError
from .models import Author, Book, Customer, Order, OrderLine, Review
from .services import orders, payments

MOST = 100


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Say that the process answers, and nothing more."""
    return JsonResponse({"status": "ok"})


@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """Say that database and cache answer too."""
    cache.get("ready")
    return JsonResponse({"status": "ready", "book": Book.objects.values_list("id", flat=True).first()})


# Books


@require_GET
def list_books(request: HttpRequest) -> JsonResponse:
    limit = _limit(request)
    after = _number(request.GET.get("after"), 0)
    books = Book.objects.filter(id__gt=after).select_related("author", "stock").order_by("id")[:limit]
    return _many([_book(book) for book in books])


@require_GET
def search_books(request: HttpRequest) -> JsonResponse:
    found = Book.objects.filter(title__startswith=request.GET.get("q", ""))
    return _many([_book(book) for book in found.select_related("author", "stock").order_by("title")[: _limit(request)]])


@require_GET
def bestsellers(request: HttpRequest) -> JsonResponse:
    best = cache.get(tasks.BESTSELLERS)
    if best is None:
        best = orders.sold_since(timedelta(hours=2))
        cache.set(tasks.BESTSELLERS, best, timeout=30)
    return _many(best)


@require_GET
def get_book(request: HttpRequest, book_id: int) -> JsonResponse:
    book = get_object_or_404(Book.objects.select_related("author", "stock"), id=book_id)
    return JsonResponse(_book(book))


@require_GET
async def get_price(request: HttpRequest, book_id: int) -> JsonResponse:
    """Return a price in another currency, at the rate of this moment."""
    currency = request.GET.get("currency", "USD")
    book = await Book.objects.filter(id=book_id).afirst()
    if book is None:
        return JsonResponse({"detail": "book not found"}, status=404)
    rate = await payments.rate(currency)
    return JsonResponse({"book_id": book.id, "currency": currency, "price": round(book.price * rate)})


@require_http_methods(["GET", "POST"])
def reviews(request: HttpRequest, book_id: int) -> JsonResponse:
    if request.method == "POST":
        body = _body(request)
        book = get_object_or_404(Book, id=book_id)
        review = Review.objects.create(
            book=book, customer_id=body["customer_id"], stars=body["stars"], text=body.get("text", "")
        )
        return JsonResponse({"id": review.id}, status=201)
    found = Review.objects.filter(book_id=book_id).select_related("customer").order_by("-created_at")[: _limit(request)]
    return _many(
        [{"stars": one.stars, "text": one.text, "by": one.customer.name, "at": one.created_at} for one in found]
    )


# Customers


@require_GET
def get_customer(request: HttpRequest, customer_id: int) -> JsonResponse:
    customer = get_object_or_404(Customer, id=customer_id)
    return JsonResponse({"id": customer.id, "name": customer.name, "email": customer.email, "city": customer.city})


@require_GET
def list_orders(request: HttpRequest, customer_id: int) -> JsonResponse:
    found = Order.objects.filter(customer_id=customer_id).order_by("-placed_at")
    found = found.prefetch_related("lines__book")[: _limit(request)]
    return _many([_order(order, list(order.lines.all())) for order in found])


@require_http_methods(["GET", "PUT"])
def cart(request: HttpRequest, customer_id: int) -> JsonResponse:
    """A cart lives in the cache for an hour."""
    key = f"cart:{customer_id}"
    if request.method == "PUT":
        items = _body(request)["items"]
        cache.set(key, items, timeout=3600)
    else:
        items = cache.get(key, [])
    return JsonResponse({"items": items})


# Orders


@require_POST
def create_order(request: HttpRequest) -> JsonResponse:
    body = _body(request)
    customer = get_object_or_404(Customer, id=body["customer_id"])
    wanted = {int(line["book_id"]): int(line["quantity"]) for line in body["lines"]}
    key = request.headers.get("Idempotency-Key") or uuid.uuid4().hex
    try:
        order = orders.place(customer.id, wanted, key)
    except SoldOutError as error:
        return JsonResponse({"detail": str(error)}, status=409)
    except DeclinedError:
        return JsonResponse({"detail": "declined"}, status=402)
    except Book.DoesNotExist as error:
        return JsonResponse({"detail": str(error)}, status=404)
    tasks.send_confirmation.delay(order.id)
    return JsonResponse({"id": order.id, "total": order.total, "status": order.status}, status=201)


@require_GET
def get_order(request: HttpRequest, order_id: int) -> JsonResponse:
    order = get_object_or_404(Order, id=order_id)
    lines = list(OrderLine.objects.filter(order_id=order_id).select_related("book").order_by("id"))
    return JsonResponse(_order(order, lines))


@require_POST
def cancel_order(request: HttpRequest, order_id: int) -> JsonResponse:
    get_object_or_404(Order, id=order_id)
    order = orders.cancel(order_id)
    return JsonResponse({"id": order.id, "status": order.status})


@require_POST
def move_stock(request: HttpRequest) -> JsonResponse:
    body = _body(request)
    try:
        orders.move_stock(body["from_id"], body["to_id"], body["copies"])
    except SoldOutError as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"status": "moved"})


@require_POST
def upload_price_list(request: HttpRequest) -> JsonResponse:
    target = settings.UPLOAD_DIR / f"{uuid.uuid4().hex}.csv"
    target.write_bytes(request.body)
    result = tasks.import_price_list.delay(str(target))
    return JsonResponse({"task": result.id}, status=202)


@require_GET
def get_price_list(request: HttpRequest, task_id: str) -> JsonResponse:
    result = AsyncResult(task_id, app=tasks.app)
    return JsonResponse(
        {"task": task_id, "state": result.state, "result": result.result if result.successful() else None}
    )


@require_GET
def statistics(request: HttpRequest) -> JsonResponse:
    lately = Order.objects.filter(placed_at__gte=timezone.now() - timedelta(hours=6))
    by_status = lately.values("status").annotate(orders=Count("id"), revenue=Sum("total")).order_by("status")
    return JsonResponse({"authors": Author.objects.count(), "orders": list(by_status)})


# Bodies


def _book(book: Book) -> dict[str, Any]:
    return {
        "id": book.id,
        "title": book.title,
        "subtitle": book.subtitle,
        "author": book.author.name,
        "isbn": book.isbn,
        "price": book.price,
        "copies": book.stock.copies,
    }


def _order(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": order.status,
        "total": order.total,
        "placed_at": order.placed_at,
        "lines": [{"title": line.book.title, "quantity": line.quantity, "price": line.price} for line in lines],
    }


def _many(items: list[Any]) -> JsonResponse:
    return JsonResponse({"items": items})


def _body(request: HttpRequest) -> dict[str, Any]:
    return dict(json.loads(request.body))


def _limit(request: HttpRequest) -> int:
    return min(MOST, _number(request.GET.get("limit"), 20))


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise
