"""A channel names who is called when a mail fails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nullable: an earlier version, which does not write it, may run beside this one."""
    op.add_column("subscriptions", sa.Column("on_call", sa.Text()))
