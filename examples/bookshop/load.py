"""Customers of the bookshop.

`python -m examples.bookshop.load --url http://127.0.0.1:8000 --rate 20 --seconds 30` prints a JSON line for each
second.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any

import httpx2

from examples.support import load
from examples.support.load import get, post

from .seed import BOOKS, CUSTOMERS, ORDERS

# Share of each kind of request.
MIX: dict[str, int] = {
    "list_books": 22,
    "get_book": 15,
    "list_orders": 14,
    "get_price": 9,
    "create_order": 8,
    "get_customer": 6,
    "get_order": 5,
    "search_books": 5,
    "bestsellers": 5,
    "reviews": 5,
    "fill_cart": 4,
    "show_cart": 4,
    "move_stock": 3,
    "statistics": 3,
    "write_review": 2,
    "upload_price_list": 2,
    "get_price_list": 1,
    "cancel_order": 1,
}
_HOT_BOOKS = 3  # copies of these are moved all the time


class Load(load.Load):
    """People who look at books, order, review; and the shop's own staff."""

    mix = MIX

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._orders: deque[int] = deque(maxlen=50)
        self._tasks: deque[str] = deque(maxlen=50)

    def learn(self, operation: str, answer: httpx2.Response) -> None:
        if operation == "create_order":
            self._orders.append(answer.json()["id"])
        elif operation == "upload_price_list":
            self._tasks.append(answer.json()["task"])

    def _book_id(self) -> int:
        return self.random.randint(1, BOOKS)

    def _customer_id(self) -> int:
        return self.random.randint(1, CUSTOMERS)

    def _list_books(self) -> dict[str, Any]:
        return get("/books/", after=self.random.randint(0, BOOKS - 50), limit=20)

    def _get_book(self) -> dict[str, Any]:
        return get(f"/books/{self._book_id()}/")

    def _search_books(self) -> dict[str, Any]:
        word = self.random.choice(("Rivers", "Winter", "Letters", "Gardens", "Night"))
        return get("/books/search/", q=f"{word} {self.random.randint(1, 99)}", limit=10)

    def _bestsellers(self) -> dict[str, Any]:
        return get("/books/bestsellers/")

    def _get_price(self) -> dict[str, Any]:
        return get(f"/books/{self._book_id()}/price/", currency=self.random.choice(("USD", "GBP", "CHF", "JPY")))

    def _reviews(self) -> dict[str, Any]:
        return get(f"/books/{self._book_id()}/reviews/", limit=10)

    def _write_review(self) -> dict[str, Any]:
        body = {"customer_id": self._customer_id(), "stars": self.random.randint(1, 5), "text": "Read it twice."}
        return post(f"/books/{self._book_id()}/reviews/", json=body)

    def _get_customer(self) -> dict[str, Any]:
        return get(f"/customers/{self._customer_id()}/")

    def _list_orders(self) -> dict[str, Any]:
        return get(f"/customers/{self._customer_id()}/orders/", limit=10)

    def _get_order(self) -> dict[str, Any]:
        return get(f"/orders/{self.random.randint(1, ORDERS)}/")

    def _fill_cart(self) -> dict[str, Any]:
        items = [{"book_id": self._book_id(), "quantity": 1} for _ in range(self.random.randint(1, 5))]
        return {"method": "PUT", "url": f"/customers/{self.random.randint(1, 500)}/cart/", "json": {"items": items}}

    def _show_cart(self) -> dict[str, Any]:
        return get(f"/customers/{self.random.randint(1, 500)}/cart/")

    def _create_order(self) -> dict[str, Any]:
        books = self.random.sample(range(1, BOOKS + 1), self.random.randint(1, 4))
        lines = [{"book_id": book_id, "quantity": self.random.randint(1, 2)} for book_id in books]
        body = {"customer_id": self._customer_id(), "lines": lines}
        return post("/orders/", json=body, headers={"idempotency-key": f"{self.random.getrandbits(96):024x}"})

    def _cancel_order(self) -> dict[str, Any]:
        if self._orders:
            return post(f"/orders/{self._orders.popleft()}/cancel/")
        return self._get_order()

    def _move_stock(self) -> dict[str, Any]:
        first, second = self.random.sample(range(1, _HOT_BOOKS + 1), 2)
        return post("/stock/move/", json={"from_id": first, "to_id": second, "copies": 1})

    def _upload_price_list(self) -> dict[str, Any]:
        numbers = self.random.sample(range(1, BOOKS + 1), self.random.randint(20, 200))
        lines = "".join(f"978-{number:09d},{self.random.randint(900, 3400)}\n" for number in numbers)
        return post("/price-lists/", content=lines.encode(), headers={"content-type": "text/csv"})

    def _get_price_list(self) -> dict[str, Any]:
        if self._tasks:
            return get(f"/price-lists/{self._tasks.popleft()}/")
        return self._bestsellers()

    def _statistics(self) -> dict[str, Any]:
        return get("/statistics/")


if __name__ == "__main__":
    sys.exit(load.main(Load, "Send the traffic of a bookshop's customers."))
