"""The tables of a history, from each version to the next: a file a version in `versions`.

A new history is made by the same steps that bring an old one up, so the two never differ.
"""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from simkyc.history.schema import TABLES, VERSION_TABLE

__all__ = ["migrate"]

FOLDER = Path(__file__).parent


def migrate(connection: Connection, version: int) -> None:
    """Bring the tables up to a version, inside the transaction that is open.

    Args:
        connection: Has a transaction open, in which nobody else changes the tables.
        version: The version to reach; the tables have an earlier one, or there are none.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)

    def steps(revision: str | tuple[str, ...], _: MigrationContext) -> list[RevisionStep]:
        # Alembic's own upgrade command asks for them so.
        return script._upgrade_revs(f"{version:04d}", revision)  # type: ignore[arg-type]  # typed as a text, given a tuple

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(
            connection=connection,
            target_metadata=TABLES,
            version_table=VERSION_TABLE,
            # SQLite changes a column by copying its table.
            render_as_batch=True,
        )
        environment.run_migrations()
