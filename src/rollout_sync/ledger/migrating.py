"""Schemas of the ledger: which are known, and bringing a file to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection


def known() -> frozenset[str]:
    """Names of all schemas that this version can read."""
    return frozenset(revision.revision for revision in _scripts().walk_revisions())


def newest() -> str | None:
    """Name of the schema after the last migration."""
    return _scripts().get_current_head()


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing; the caller commits."""
    settings = _settings()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_settings())


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.set_main_option("path_separator", "os")
    return settings
