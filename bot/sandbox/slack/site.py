"""The state that the endpoints of the simulated Slack share."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine

from bot.sandbox.slack.changes import CallLog, Changes
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.grants import Replies, Reply, Triggers
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.open_views import OpenViews
from bot.sandbox.slack.rate_limits import RateLimiter, Rates
from bot.sandbox.slack.workspace import Workspace


class Site:
    """One workspace with one installed app."""

    def __init__(self, *, manifest: Manifest, rates: Rates, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.manifest = manifest
        self.scopes = set(manifest.scopes)
        self.bot_token = f"xoxb-sandbox-{secrets.token_hex(12)}"
        self.app_token = f"xapp-sandbox-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self.base_url = ""
        self.changes = Changes()
        self.faults = Faults(clock)
        self.ledger = CallLog(self.changes, clock)
        self.limiter = RateLimiter(rates, clock)
        self.workspace = Workspace(clock=clock, changes=self.changes, bot_name=manifest.bot_name)
        self.screens = OpenViews(self.changes)
        self.triggers = Triggers(clock)
        self.replies = Replies(clock)
        self.tickets: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def reply_url(self, reply: Reply) -> str:
        """The `response_url` of a right to answer."""
        return f"{self.base_url}commands/{reply.token}"

    def socket_url(self) -> str:
        """A WebSocket address that works once."""
        ticket = secrets.token_hex(16)
        self.tickets.add(ticket)
        return f"{self.base_url.replace('http', 'ws', 1)}link/?ticket={ticket}"

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run in the background until done, or until `close`."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what is still running."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
