"""A project folder: create, open, back up and restore it."""
