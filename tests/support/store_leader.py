"""A leader's view of a store: what tests of news and of messages see, claim and send with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import (
    DueTime,
    Lease,
    Mail,
    MailId,
    ManualRun,
    ManualRunState,
    Notice,
    NotifyReason,
    OpenAnswer,
    RunStatus,
)
from bot.domain.grouping import Load
from bot.domain.incident_rules import MissedRun
from bot.domain.notices import Nothing
from bot.domain.outage_rules import judge_failure, judge_success
from tests.support.sample_values import ADA, FINANCE, MAIL, NOON, REPORTS, answer, at, run, subscription

if TYPE_CHECKING:
    from bot.domain import ChannelId, StatusAnswer
    from bot.store.store import Store

CALM = Load()
RESPONSE_URL = "https://hooks.slack.test/commands/T1/PLANTED"
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


async def lead_a_full_life(leader: StoreLeader) -> None:
    """A mail fails, is run by hand, recovers, is left and is gone; a channel is closed; there is an outage."""
    store = leader.store
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    await store.mails.save_mails([mail], seen_at=at(0))
    await subscribed(leader)
    await leader.saw(2, run(1, RunStatus.FAILED))
    await leader.send(3)
    by_hand = ManualRun(
        manual_run_id="r",
        mail_id=MAIL,
        channel_id=REPORTS,
        message_ts="",
        user_id=ADA,
        previous_run_key="",
        claimed_at=at(4),
    )
    await store.manual_runs.claim(by_hand, click="click")
    await store.manual_runs.note("r", ManualRunState.ENDED, now=at(5))
    began = judge_failure(None, cause="x", now=at(0), new_id="o")
    told = judge_failure(began.outage, cause="x", now=at(5), new_id="o")
    for decision in (began, told, judge_success(told.outage, now=at(6))):
        await store.outages.keep(decision, now=at(6), operator_channel=None, term=leader.term)
    await leader.saw(8, run(7, RunStatus.SENT))
    waiting = OpenAnswer(answer_id="a", owner="p", response_url=RESPONSE_URL, replaces=False, alive_at=at(8))
    await store.open_answers.add(waiting)
    await store.gates.hold("chat.postMessage", now=at(8), until=at(9), term=leader.term)
    await store.gates.close_channel(REPORTS, reason="x", now=at(9), operator_channel=FINANCE, term=None)
    await store.subscriptions.unsubscribe(REPORTS, None, by=ADA, now=at(10))
    await store.mails.save_mails([], seen_at=at(11))
