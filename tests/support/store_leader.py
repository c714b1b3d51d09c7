"""A leader's view of a store: what tests of news and of messages see, claim and send with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import (
    DueTime,
    Lease,
    MailId,
    Notice,
    NotifyReason,
)
from bot.domain.grouping import Load
from bot.domain.incident_rules import MissedRun
from bot.domain.notices import Nothing
from tests.support.sample_values import MAIL, NOON, REPORTS, answer, at, subscription

if TYPE_CHECKING:
    from bot.domain import ChannelId, StatusAnswer
    from bot.store.store import Store

CALM = Load()
TTL = timedelta(minutes=5)


class StoreLeader:
    """One leader's view of a store, with a clock in minutes after noon."""

    def __init__(self, store: Store, term: int) -> None:
        self.store = store
        self.term = term

    async def saw(self, minutes: float, *runs: Any, mail_id: MailId = MAIL) -> tuple[NotifyReason, ...]:
        return await self.store.observations.record_answer(
            mail_id, answer(*runs), now=at(minutes), term=self.term
        )

    async def saw_task(self, minutes: float, one: Any) -> tuple[NotifyReason, ...]:
        """An answer to a call with a task ID: it need not be the mail's latest run."""
        told = replace(answer(one), is_latest=False)
        return await self.store.observations.record_answer(MAIL, told, now=at(minutes), term=self.term)

    async def missed(
        self, minutes: float, *, expected: float, declared: DueTime | None = None
    ) -> tuple[NotifyReason, ...]:
        """A look that finds no run, and one missing."""
        missed = MissedRun(expected_at=at(expected), declared=declared)
        return await self.store.observations.record_answer(
            MAIL, answer(), now=at(minutes), term=self.term, missed=[missed]
        )

    async def claim(self, minutes: float, *, channel: ChannelId = REPORTS, load: Load = CALM) -> Notice:
        claimed = await self.try_claim(minutes, channel=channel, load=load)
        assert isinstance(claimed, Notice), f"nothing to claim: {claimed}"
        return claimed

    async def try_claim(
        self, minutes: float, *, channel: ChannelId = REPORTS, load: Load = CALM
    ) -> Notice | Nothing:
        return await self.store.outbox.claim(channel, load=load, now=at(minutes), term=self.term)

    async def send(self, minutes: float, *, channel: ChannelId = REPORTS, load: Load = CALM) -> Notice:
        notice = await self.claim(minutes, channel=channel, load=load)
        await self.store.deliveries.mark_sent(notice.post_id, ts=f"{minutes:.6f}", now=at(minutes))
        return notice

    async def nothing_owed(self, minutes: float = 1e6, *, channel: ChannelId = REPORTS) -> bool:
        return isinstance(await self.try_claim(minutes, channel=channel), Nothing)

    async def redraw_all(self, *, channel: ChannelId = REPORTS) -> int:
        count = 0
        for post_id in await self.store.deliveries.stale(channel):
            redraw = await self.store.deliveries.redraw(post_id)
            assert redraw is not None
            await self.store.deliveries.mark_shown(post_id, wanted=redraw.wanted)
            count += 1
        return count


async def subscribed(
    leader: StoreLeader,
    *channels: ChannelId,
    mail_id: MailId = MAIL,
    baseline: StatusAnswer | None = None,
    **more: Any,
) -> None:
    for channel in channels or (REPORTS,):
        await leader.store.subscriptions.subscribe(
            subscription(channel, mail_id, **more), baseline=baseline or answer()
        )


async def expire(leader: StoreLeader) -> None:
    """Time passes, and this leader did not renew."""
    held = Lease(holder="leader", term=leader.term, expires_at=NOON)
    await leader.store.lease.release(held)
