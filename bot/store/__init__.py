"""Remembers: everything that must survive a restart, over SQLite or PostgreSQL."""
