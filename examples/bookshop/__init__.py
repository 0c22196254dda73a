"""A bookshop: Django under gunicorn, PostgreSQL, Celery with Redis; the third backend of the laboratory."""
