"""Sentences that people read, English and Russian, by key."""
