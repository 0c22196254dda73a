"""What the shop asks of others, and its own orders."""
