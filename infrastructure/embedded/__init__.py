"""The launcher of the embedded PostgreSQL and Redis."""
