"""Alembic's migrations of the ledger; each runs in one transaction with the row that records it."""
