"""Alembic's revisions of the tables, run by storage.upgrade."""
