"""A channel can be subscribed to all mails that match a rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("rule", sa.Text()))
    op.create_table(
        "subscription_rules",
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("text", sa.String(255), nullable=False),
        sa.Column("team_id", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "text", name=op.f("pk_subscription_rules")),
    )
    op.create_table(
        "rule_exceptions",
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("mail_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "mail_id", name=op.f("pk_rule_exceptions")),
    )
