"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "audit_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "call_slots",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_call_slots")),
    )
    op.create_table(
        "channels",
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("paused_reason", sa.String(length=64), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channels")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "holds",
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("method", name=op.f("pk_holds")),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("failed_runs", sa.Integer(), nullable=False),
        sa.Column("missed_runs", sa.Integer(), nullable=False),
        sa.Column("last_run_key", sa.String(length=64), nullable=False),
        sa.Column("last_task_id", sa.BigInteger(), nullable=True),
        sa.Column("last_exec_at", sa.BigInteger(), nullable=True),
        sa.Column("last_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("expected_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("good_exec_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_mail_id_opened_at", "incidents", ["mail_id", "opened_at"], unique=False)
    op.create_index(
        "uq_incidents_firing",
        "incidents",
        ["mail_id"],
        unique=True,
        sqlite_where=sa.text("state = 'firing'"),
        postgresql_where=sa.text("state = 'firing'"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "mails",
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mails")),
    )
    op.create_table(
        "manual_runs",
        sa.Column("manual_run_id", sa.String(length=32), nullable=False),
        sa.Column("claim_key", sa.String(length=255), nullable=False),
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("message_ts", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("previous_run_key", sa.String(length=64), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run_key", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("manual_run_id", name=op.f("pk_manual_runs")),
        sa.UniqueConstraint("claim_key", name=op.f("uq_manual_runs_claim_key")),
    )
    op.create_index(
        "ix_manual_runs_mail_id_claimed_at", "manual_runs", ["mail_id", "claimed_at"], unique=False
    )
    op.create_index(
        "uq_manual_runs_open",
        "manual_runs",
        ["mail_id"],
        unique=True,
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "notices",
        sa.Column(
            "notice_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("post_id", sa.String(length=32), nullable=True),
        sa.Column("is_folded", sa.Boolean(), nullable=False),
        sa.Column("may_repeat", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notices_dedupe_key")),
    )
    op.create_index("ix_notices_incident_id", "notices", ["incident_id"], unique=False)
    op.create_index(
        "ix_notices_owed",
        "notices",
        ["channel_id"],
        unique=False,
        sqlite_where=sa.text("post_id is null and is_folded = 0"),
        postgresql_where=sa.text("post_id is null and not is_folded"),
    )
    op.create_index("ix_notices_post_id", "notices", ["post_id"], unique=False)
    op.create_table(
        "outages",
        sa.Column("outage_id", sa.String(length=32), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("outage_id", name=op.f("pk_outages")),
    )
    op.create_table(
        "posts",
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("root_id", sa.String(length=32), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("settle_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("may_repeat", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_posts")),
    )
    op.create_index("ix_posts_channel_id_sent_at", "posts", ["channel_id", "sent_at"], unique=False)
    op.create_index("ix_posts_claimed_at", "posts", ["claimed_at"], unique=False)
    op.create_index(
        "ix_posts_sending",
        "posts",
        ["term"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_posts_stale",
        "posts",
        ["channel_id"],
        unique=False,
        sqlite_where=sa.text("wanted > shown and state = 'sent'"),
        postgresql_where=sa.text("wanted > shown and state = 'sent'"),
    )
    op.create_index(
        "ix_posts_unsure",
        "posts",
        ["channel_id"],
        unique=False,
        sqlite_where=sa.text("state = 'unsure'"),
        postgresql_where=sa.text("state = 'unsure'"),
    )
    op.create_table(
        "runs",
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("run_key", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("exec_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_word", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("is_baseline", sa.Boolean(), nullable=False),
        sa.Column("counted_in", sa.String(length=32), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", "run_key", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_first_seen_at", "runs", ["first_seen_at"], unique=False)
    op.create_index("ix_runs_mail_id_exec_at", "runs", ["mail_id", "exec_at"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("team_id", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Text(), nullable=True),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("late_learned", sa.Boolean(), nullable=False),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until_recovered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "mail_id", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_mail_id", "subscriptions", ["mail_id"], unique=False)
    op.create_table(
        "watches",
        sa.Column("mail_id", sa.String(length=128), nullable=False),
        sa.Column("is_watched", sa.Boolean(), nullable=False),
        sa.Column("has_baseline", sa.Boolean(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("denied_at", sa.BigInteger(), nullable=True),
        sa.Column("expects_run_at", sa.BigInteger(), nullable=True),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_watches")),
    )
    op.create_index("ix_watches_change_no", "watches", ["change_no"], unique=False)
    op.create_table(
        "post_items",
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.post_id"], name=op.f("fk_post_items_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "incident_id", name=op.f("pk_post_items")),
    )
    op.create_index("ix_post_items_incident_id", "post_items", ["incident_id"], unique=False)
