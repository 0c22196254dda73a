"""What the service does, and the services that it needs."""
