"""A channel can have a message of the day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "roll_calls",
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(5), nullable=False),
        sa.Column("weekdays", sa.String(13), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger()),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("post_id", sa.String(32)),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_roll_calls")),
    )
