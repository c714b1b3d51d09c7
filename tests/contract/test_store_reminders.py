"""The store over both databases: people are called once more where nobody has taken what fails, and only then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import MailId, NotifyReason, OnCall, PostKind, RunStatus, SubscribeOutcome
from bot.domain.grouping import Load
from bot.domain.notices import Nothing
from bot.domain.responders import Response
from tests.support.sample_values import ADA, BOB, FINANCE, MAIL, REPORTS, answer, at, run, subscription
from tests.support.store_leader import expire, subscribed

if TYPE_CHECKING:
    from bot.domain import Notice
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED
ON_CALL = OnCall(mentions=("U0BOB00002", "S0BIONCALL"), again_after=timedelta(minutes=30))


@pytest.fixture
async def failing(leader: StoreLeader) -> StoreLeader:
    """A mail that failed two minutes after noon, a channel that calls people, and one that does not."""
    await subscribed(leader, REPORTS, on_call=ON_CALL)
    await subscribed(leader, FINANCE)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.send(3.1, channel=FINANCE)
    return leader


def reasons(notice: Notice) -> list[tuple[NotifyReason, ...]]:
    return [each.reasons for each in notice.items]


async def does(leader: StoreLeader, response: Response, minutes: float) -> None:
    await leader.store.responders.respond(REPORTS, MAIL, response, by=ADA, now=at(minutes))
    await leader.redraw_all()


async def test_people_are_called_once_more_in_the_thread_and_no_third_time(failing: StoreLeader) -> None:
    """When the half hour is over, in the channel that calls somebody; later failures change nothing about it."""
    await failing.saw(6, run(5, FAILED))
    await failing.redraw_all()
    assert reasons(await failing.send(7)) == [(NotifyReason.STILL_FAILING,)]
    assert await failing.nothing_owed(31.9)
    assert [each.channel_id for each in await failing.store.outbox.backlog(now=at(31.9))] == [FINANCE]
    reminder = await failing.send(32)
    assert (reminder.kind, reasons(reminder)) == (PostKind.REPLY, [(NotifyReason.NOBODY_ON_IT,)])
    assert reminder.items[0].on_call == ON_CALL
    assert await failing.nothing_owed()
    await failing.redraw_all(channel=FINANCE)
    assert reasons(await failing.send(40, channel=FINANCE)) == [(NotifyReason.STILL_FAILING,)]
    assert await failing.nothing_owed(channel=FINANCE)


async def test_nobody_is_called_for_what_somebody_has_taken_until_it_is_given_back(
    failing: StoreLeader,
) -> None:
    """Then the half hour begins anew."""
    await does(failing, Response.TAKE, 5)
    assert await failing.nothing_owed()
    await does(failing, Response.GIVE_BACK, 60)
    assert await failing.nothing_owed(89.9)
    assert reasons(await failing.send(90)) == [(NotifyReason.NOBODY_ON_IT,)]


async def test_what_recovered_calls_nobody(failing: StoreLeader) -> None:
    """But its next failure does."""
    await failing.saw(9, run(8, SENT))
    await failing.redraw_all()
    assert reasons(await failing.send(10)) == [(NotifyReason.RECOVERED,)]
    assert await failing.nothing_owed()
    await failing.saw(101, run(100, FAILED))
    await failing.send(102)
    assert reasons(await failing.send(131)) == [(NotifyReason.NOBODY_ON_IT,)]


async def test_a_snoozed_channel_calls_nobody_before_it_is_awake(failing: StoreLeader) -> None:
    """Snoozed until a time, or until somebody ends it: the half hour begins then."""
    snooze = failing.store.subscriptions.snooze
    await snooze(REPORTS, MAIL, until=at(60), by=ADA, now=at(5))
    await failing.redraw_all()
    assert await failing.nothing_owed(59)
    assert await failing.store.deliveries.end_snoozes(now=at(60), term=failing.term) == 1
    await failing.redraw_all()
    assert await failing.nothing_owed(89)
    assert reasons(await failing.send(90)) == [(NotifyReason.NOBODY_ON_IT,)]
    await snooze(REPORTS, MAIL, until=None, until_recovered=True, by=ADA, now=at(91))
    await snooze(REPORTS, MAIL, until=None, by=ADA, now=at(92))
    await failing.redraw_all()
    assert await failing.nothing_owed(121)
    assert reasons(await failing.send(122)) == [(NotifyReason.NOBODY_ON_IT,)]


async def test_a_channel_that_left_calls_nobody(failing: StoreLeader) -> None:
    """Nor one that no longer calls anybody; one that begins to calls them from then on."""
    again = failing.store.subscriptions.subscribe
    said = subscription(on_call=OnCall(mentions=()), created_at=at(5))
    outcome, state = await again(said, baseline=answer())
    assert (outcome, state.subscription.on_call) == (SubscribeOutcome.UPDATED, None)
    assert (await failing.store.audit.actions())[0][2:] == ("change", REPORTS, MAIL, "calls  0")
    await failing.redraw_all()
    assert await failing.nothing_owed()
    outcome, _ = await again(subscription(on_call=ON_CALL, created_at=at(50)), baseline=answer())
    assert outcome is SubscribeOutcome.UPDATED
    outcome, _ = await again(subscription(created_at=at(51)), baseline=answer())
    assert outcome is SubscribeOutcome.ALREADY
    await failing.redraw_all()
    assert await failing.nothing_owed(79)
    await failing.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(79))
    await failing.redraw_all()
    assert await failing.nothing_owed()


async def test_a_reminder_outlives_every_crash(failing: StoreLeader) -> None:
    """It is due in the database, claimed by whoever leads then, and pending again where Slack did not take it."""
    notice = await failing.claim(32)
    await expire(failing)
    lease = await failing.store.lease.acquire("the next", timedelta(minutes=5))
    assert lease is not None
    failing.term = lease.term
    assert await failing.store.deliveries.give_up_sending(term=lease.term, in_flight=(), now=at(33)) == 1
    await failing.store.deliveries.release(notice.post_id)
    assert reasons(await failing.send(34)) == [(NotifyReason.NOBODY_ON_IT,)]
    assert await failing.nothing_owed()


async def test_a_reminder_that_slack_did_not_take_is_dropped_once_somebody_is_on_it(
    failing: StoreLeader,
) -> None:
    """It was claimed, so taking the mail found nothing to delete."""
    notice = await failing.claim(32)
    await does(failing, Response.TAKE, 32.1)
    await failing.store.deliveries.release(notice.post_id)
    assert await failing.nothing_owed()


async def test_what_fails_together_is_one_reminder(leader: StoreLeader) -> None:
    """Due on the full minute, in the thread of the message about all of them."""
    mails = [MailId(f"m{number}") for number in range(3)]
    for mail_id in mails:
        await subscribed(leader, REPORTS, on_call=ON_CALL, mail_id=mail_id)
    for number, mail_id in enumerate(mails):
        await leader.saw(2.1 + number / 10, run(1, FAILED, mail_id=mail_id), mail_id=mail_id)
    assert len((await leader.send(3)).items) == 3
    assert await leader.nothing_owed(32.9)
    assert reasons(await leader.send(33)) == [(NotifyReason.NOBODY_ON_IT,)] * 3


async def test_who_was_not_called_by_a_message_is_not_called_by_an_edit(leader: StoreLeader) -> None:
    """In a storm notices are appended to the message just posted: only where that calls the same people."""
    storm: dict[str, Any] = {"load": Load(recent_posts=9, quiet_for=9)}
    on_call = {
        0: ON_CALL,
        1: ON_CALL,
        2: OnCall(mentions=("S0BIONCALL",)),
        3: OnCall(mentions=("U0MEI00003",)),
    }
    for number, people in on_call.items():
        mail_id = MailId(f"m{number}")
        await subscribed(leader, REPORTS, on_call=people, mail_id=mail_id, by=BOB)
    for number in (0, 1):
        await leader.saw(2, run(1, FAILED, mail_id=MailId(f"m{number}")), mail_id=MailId(f"m{number}"))
    assert len((await leader.send(3, **storm)).items) == 2
    await leader.saw(3.1, run(1, FAILED, mail_id=MailId("m2")), mail_id=MailId("m2"))
    assert isinstance(await leader.try_claim(3.3, **storm), Nothing)
    await leader.redraw_all()
    await leader.saw(3.4, run(1, FAILED, mail_id=MailId("m3")), mail_id=MailId("m3"))
    assert [each.incident.mail_id for each in (await leader.send(3.5, **storm)).items] == ["m3"]
