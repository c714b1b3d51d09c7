"""All that the bot remembers, by what each part knows. The only thing that the composition root opens."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.store.audit import Audit
from bot.store.call_slots import CallSlotRow
from bot.store.closed_channels import ClosedChannels
from bot.store.database import opened
from bot.store.deliveries import Deliveries
from bot.store.history import History
from bot.store.lease import LeaseRow
from bot.store.mails import Mails
from bot.store.manual_runs import ManualRuns
from bot.store.observations import Observations
from bot.store.outages import Outages
from bot.store.outbox import Outbox
from bot.store.subscriptions import Subscriptions
from bot.store.watches import Watches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.store.database import Database


class Store:
    """One database. Use with `open_store`, which upgrades it and closes it again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.subscriptions = Subscriptions(database)
        self.watches = Watches(database)
        self.mails = Mails(database)
        self.history = History(database)
        self.audit = Audit(database)
        self.manual_runs = ManualRuns(database)
        self.observations = Observations(database)
        self.outages = Outages(database)
        self.outbox = Outbox(database)
        self.deliveries = Deliveries(database)
        self.gates = ClosedChannels(database)
        self.calls = CallSlotRow(database)
        self.lease = LeaseRow(database)

    async def ping(self) -> None:
        """Raises where the database cannot be asked."""
        async with self.database.reading() as connection:
            await connection.exec_driver_sql("SELECT 1")


@asynccontextmanager
async def open_store(database_url: str) -> AsyncIterator[Store]:
    """Raises StoreError where the database cannot be used."""
    async with opened(database_url) as database:
        yield Store(database)
