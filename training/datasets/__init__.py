"""Readers that turn public datasets into one table in one schema, and the table itself."""
