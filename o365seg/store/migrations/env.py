"""How Alembic runs the steps: on the connection that `versions` gives, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
