"""What every example needs around it: a private PostgreSQL, child processes, loopback services, users."""
