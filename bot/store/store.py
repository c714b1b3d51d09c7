"""All repositories over one database. The only thing that the composition root opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, select

from bot.store.audit import Audit
from bot.store.call_slots import CallSlotRow
from bot.store.change_counter import next_number
from bot.store.closed_channels import ClosedChannels
from bot.store.database import Database, opened
from bot.store.deliveries import Deliveries
from bot.store.history import History
from bot.store.lease import LeaseRow
from bot.store.mails import Mails
from bot.store.manual_runs import ManualRuns
from bot.store.observations import Observations
from bot.store.open_answers import OpenAnswers
from bot.store.outages import Outages
from bot.store.outbox import Outbox
from bot.store.responders import Responders
from bot.store.retention import Retention
from bot.store.roll_calls import RollCalls
from bot.store.subscription_rules import SubscriptionRules
from bot.store.subscriptions import Subscriptions
from bot.store.tables import lease, watches
from bot.store.watches import Watches

_PROBE = "probe"  # a counter that says nothing: writing it shows that the database can be written

_LAST_LOOK = select(func.max(watches.c.looked_at)).where(watches.c.is_watched)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`last_look_at` is when a leader last stored an answer about some mail."""

    has_leader: bool
    last_look_at: datetime | None


class Store:
    """One database. Use with `open_store`, which upgrades it and closes it again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.subscriptions = Subscriptions(database)
        self.responders = Responders(database)
        self.watches = Watches(database)
        self.mails = Mails(database)
        self.history = History(database)
        self.audit = Audit(database)
        self.retention = Retention(database)
        self.manual_runs = ManualRuns(database)
        self.open_answers = OpenAnswers(database)
        self.observations = Observations(database)
        self.outages = Outages(database)
        self.outbox = Outbox(database)
        self.deliveries = Deliveries(database)
        self.roll_calls = RollCalls(database)
        self.rules = SubscriptionRules(database)
        self.gates = ClosedChannels(database)
        self.calls = CallSlotRow(database)
        self.lease = LeaseRow(database)

    async def look_over(self) -> Condition:
        """Write, for a standby or a full disk can still be read. Raises StoreError where that fails."""
        held = cast(lease.c.expires_at, BigInteger) > self.database.clock()
        async with self.database.writing() as connection:
            await next_number(connection, _PROBE)
            leads = (await connection.execute(select(held))).scalar_one_or_none()
            looked_at = (await connection.execute(_LAST_LOOK)).scalar_one()
        return Condition(has_leader=bool(leads), last_look_at=looked_at)


@asynccontextmanager
async def open_store(database_url: str, *, beside_a_bot: bool = False) -> AsyncIterator[Store]:
    """Raises StoreError where the database cannot be used, SqliteInUse where a bot has its file.

    `beside_a_bot` is for a look at what that bot uses: it neither locks nor upgrades.
    """
    async with opened(database_url, beside_a_bot=beside_a_bot) as database:
        store = Store(database)
        await store.look_over()
        yield store
