"""The steps from one schema to the next, as Alembic takes them; see `o365seg.store.versions`."""
