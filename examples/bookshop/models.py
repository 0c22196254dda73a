"""Tables."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, null=True)


class Book(models.Model):
    author = models.ForeignKey(Author, models.PROTECT, related_name="books")
    title = models.CharField(max_length=200, db_index=True)
    isbn = models.CharField(max_length=20, unique=True)
    price = models.IntegerField()  # cents
    subtitle = models.TextField(null=True)
    published_on = models.DateField()


class Stock(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, primary_key=True)
    copies = models.IntegerField()
    changed_at = models.DateTimeField(auto_now=True)


class Customer(models.Model):
    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True)
    city = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    status = models.CharField(max_length=20, default="pending")
    total = models.IntegerField()  # cents
    idempotency_key = models.CharField(max_length=64, unique=True)
    payment_id = models.CharField(max_length=64, null=True)
    placed_at = models.DateTimeField(auto_now_add=True, db_index=True)
    confirmed_at = models.DateTimeField(null=True)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, models.PROTECT)
    quantity = models.IntegerField()
    price = models.IntegerField()  # cents


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, models.CASCADE)
    stars = models.SmallIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)


class PriceChange(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    old_price = models.IntegerField()
    new_price = models.IntegerField()
    changed_at = models.DateTimeField(auto_now_add=True)
