"""The monitor on the web."""
