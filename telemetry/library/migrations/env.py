"""alembic's entry: runs the steps on the connection that `library/migrate.py` has begun a transaction on."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
