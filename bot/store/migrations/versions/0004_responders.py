"""Somebody looks after what is failing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nullable: an earlier version, which writes none of them, may run beside this one."""
    op.add_column("incidents", sa.Column("responder", sa.String(64)))
    op.add_column("incidents", sa.Column("responding_since", sa.BigInteger()))
    op.add_column("incidents", sa.Column("acknowledged_at", sa.BigInteger()))
