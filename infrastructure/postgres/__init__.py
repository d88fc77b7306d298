"""PostgreSQL is the truth: tables, transactions, queries and search."""
