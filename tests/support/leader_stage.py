"""A leader in this process, between the two simulations: for tests of faults and for the benchmark of a storm."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import aiohttp
import yaml
from pydantic import SecretStr

from bot.app.clients import slack_client
from bot.app.core import build_core
from bot.app.handlers import HandlerDependencies, build_channel_handler
from bot.app.instruments import Instruments
from bot.app.leadership import Leadership
from bot.app.settings import Settings
from bot.domain import ChannelId, Mail, MailId, StatusAnswer, Subscription, TeamId, UserId
from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.quickbi.limits import Limits
from bot.sandbox.slack import SimulatedSlack
from bot.sandbox.world import Status, World
from bot.slack.payloads import Home
from bot.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.delivery.worker import DeliveryWorker
    from bot.mails.directory import MailDirectory
    from bot.monitoring.poller import Poller
    from bot.sandbox.slack.model import Message
    from bot.slack.handlers.channels import ChannelEventHandler
    from bot.store.store import Store

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "manifest.yaml").read_text(encoding="utf-8"))
ZONE = ZoneInfo("Asia/Shanghai")
OPERATORS = ChannelId("C0FINANCE4")
REPORTS = ChannelId("C0REPORTS2")


@dataclass(kw_only=True)
class LeaderStage:
    """Both simulations, a store, and (between `start` and `stop`) a leader at work."""

    slack: SimulatedSlack
    quickbi: SimulatedQuickBI
    world: World
    store: Store
    calls_per_second: float
    check_interval: float
    clock_error: timedelta = timedelta(0)
    poller: Poller = field(init=False)
    worker: DeliveryWorker = field(init=False)
    directory: MailDirectory = field(init=False)
    channels: ChannelEventHandler = field(init=False)
    _task: asyncio.Task[None] | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def now(self) -> datetime:
        """By the clock of the bot's machine, which may be wrong."""
        return datetime.now(UTC) + self.clock_error

    async def start(self, *, polling: bool = True) -> None:
        """Build everything anew, as a restart does: only what the store holds is remembered."""
        settings = self._settings()
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        slack = slack_client(settings, session)
        core = await build_core(
            settings, self._stack, slack=slack, store=self.store, may_send=lambda: True, now=self.now
        )
        home = Home(
            team_id=TeamId(self.slack.team_id), enterprise_id="", bot_user_id=UserId("UBOT"), app_name=""
        )
        self.channels = build_channel_handler(
            HandlerDependencies(
                settings=settings,
                home=home,
                slack=slack,
                session=session,
                store=self.store,
                instruments=Instruments(),
                core=core,
                now=self.now,
            )
        )
        self.poller, self.worker, self.directory = core.poller, core.worker, core.directory
        duties = [self.worker.lead, self.channels.lead, *([self.poller.lead] if polling else [])]
        alone = self.store.database.is_exclusive
        leadership = Leadership(self.store.lease, holder="test", duties=duties, is_alone=alone)
        self._task = asyncio.create_task(leadership.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            await self.poller.drain(1.0)
        await self._stack.aclose()

    def _settings(self) -> Settings:
        settings = Settings(
            slack_bot_token=SecretStr(self.slack.bot_token),
            slack_app_token=SecretStr(self.slack.app_token),
            slack_api_url=self.slack.api_url,
            alibaba_cloud_access_key_id=self.quickbi.access_key_id,
            alibaba_cloud_access_key_secret=SecretStr(self.quickbi.access_key_secret),
            quickbi_endpoint=self.quickbi.endpoint,
            quickbi_timezone=ZONE.key,
            quickbi_calls_per_second=self.calls_per_second,
            operator_channel=OPERATORS,
        )
        # Shorter than anyone may set it.
        return settings.model_copy(update={"quickbi_check_interval": self.check_interval})

    async def subscribe(
        self, mail_id: str, *, channel: ChannelId = REPORTS, by: str = "U0ADA00001", **more: Any
    ) -> None:
        """As the command does: with the present state as the baseline."""
        wish = Subscription(
            team_id=TeamId(self.slack.team_id),
            channel_id=channel,
            mail_id=MailId(mail_id),
            created_by=UserId(by),
            created_at=self.now(),
            **more,
        )
        await self.store.subscriptions.subscribe(wish, baseline=StatusAnswer(runs=(), request_id=""))

    async def watch(self, name: str, *, channel: ChannelId = REPORTS, **more: Any) -> str:
        """A new mail that a channel is subscribed to. Returns its ID."""
        mail = self.world.add_mail(name)
        await self.subscribe(mail.mail_id, channel=channel, **more)
        await self.list_mails()
        return mail.mail_id

    def run(self, mail_id: str, outcome: Status) -> int:
        """A run that is over as it begins. Returns its task ID."""
        return self.world.run_now(mail_id, takes=timedelta(0), outcome=outcome).task_id

    async def until_looked(self, *, times: int = 1, seconds: float = 30.0) -> None:
        """Wait until the poller has had so many more answers."""
        before = self.poller.stats.calls
        async with asyncio.timeout(seconds):
            while self.poller.stats.calls < before + times:  # noqa: ASYNC110 (a counter tells nobody)
                await asyncio.sleep(0.02)

    async def list_mails(self) -> None:
        """Read the directory, as the bot does now and then."""
        listed = [
            Mail(mail_id=MailId(each.mail_id), name=each.name, owner_name=each.owner_name, paused=each.paused)
            for each in self.world.mails()
        ]
        await self.store.mails.save_mails(listed, seen_at=self.now())

    def posts(self, channel: str = "reports") -> list[Message]:
        """The bot's own messages in a channel, replies too."""
        return [one for one in self.slack.workspace.messages(channel) if one.from_app]

    async def until_posted(self, count: int, *, channel: str = "reports", seconds: float = 30.0) -> None:
        """Wait until a channel has so many messages of the bot, replies among them."""
        await self.slack.changes.until(lambda: len(self.posts(channel)) >= count, seconds=seconds)

    async def until_said(
        self, words: str, *, channel: str = "reports", seconds: float = 30.0, edited: bool = False
    ) -> Message:
        """Wait until a message of the bot says these words."""

        def said() -> Message | None:
            return next(
                (one for one in self.posts(channel) if words in one.text and (one.edited_ts or not edited)),
                None,
            )

        try:
            found: Message = await self.slack.changes.until(said, seconds=seconds)
        except TimeoutError:
            texts = "\n".join(one.text for one in self.posts(channel)[-6:])
            raise TimeoutError(f"nobody said {words!r} in {channel}; the last messages:\n{texts}") from None
        return found


@asynccontextmanager
async def leader_stage(
    database_url: str,
    *,
    world: World | None = None,
    calls_per_second: float = 50.0,
    check_interval: float = 0.3,
    **slack_options: Any,
) -> AsyncIterator[LeaderStage]:
    """Everything on free ports, nothing subscribed, nobody leading yet."""
    world = world or World()
    limits = Limits(status=10_000.0, run=10_000.0, others=10_000.0)
    async with (
        SimulatedSlack(manifest=MANIFEST, **slack_options) as slack,
        SimulatedQuickBI(world, limits=limits) as quickbi,
        open_store(database_url) as store,
    ):
        stage = LeaderStage(
            slack=slack,
            quickbi=quickbi,
            world=world,
            store=store,
            calls_per_second=calls_per_second,
            check_interval=check_interval,
        )
        try:
            yield stage
        finally:
            await stage.stop()
