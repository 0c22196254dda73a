"""Capture, restore and compare: files, variables, PostgreSQL, SQLite."""
