"""Addresses."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("health", views.health),
    path("ready", views.ready),
    path("books/", views.list_books),
    path("books/search/", views.search_books),
    path("books/bestsellers/", views.bestsellers),
    path("books/<int:book_id>/", views.get_book),
    path("books/<int:book_id>/price/", views.get_price),
    path("books/<int:book_id>/reviews/", views.reviews),
    path("customers/<int:customer_id>/", views.get_customer),
    path("customers/<int:customer_id>/orders/", views.list_orders),
    path("customers/<int:customer_id>/cart/", views.cart),
    path("orders/", views.create_order),
    path("orders/<int:order_id>/", views.get_order),
    path("orders/<int:order_id>/cancel/", views.cancel_order),
    path("stock/move/", views.move_stock),
    path("price-lists/", views.upload_price_list),
    path("price-lists/<str:task_id>/", views.get_price_list),
    path("statistics/", views.statistics),
]
