"""What a process keeps in memory of a database: what was read once and can never change."""

from typing import Any

import sqlalchemy as sa


def recall(db: sa.Connection, name: str, otherwise: Any = None) -> Any:
    """What is kept under a name; `otherwise` if there is nothing."""
    return db.get_execution_options()["o365seg_memory"].get(name, otherwise)


def remember(db: sa.Connection, name: str, value: Any) -> None:
    """Keep a value, unless `db` writes: what a writer sees may be rolled back."""
    options = db.get_execution_options()
    if not options.get("o365seg_write", False):
        options["o365seg_memory"][name] = value
