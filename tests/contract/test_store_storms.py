"""The store over both databases: much at one moment is little to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import (
    MailId,
    PostKind,
    RunStatus,
)
from bot.domain.grouping import Load
from bot.domain.notices import Nothing
from tests.support.sample_values import ADA, REPORTS, at, run
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from bot.domain import Notice
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED
BUSY = Load(recent_posts=5)


async def storm(leader: StoreLeader, count: int, *, first: int = 0, minutes: float = 2) -> list[MailId]:
    mails = [MailId(f"mail{number:03}") for number in range(first, first + count)]
    for mail in mails:
        await subscribed(leader, mail_id=mail)
        await leader.saw(minutes, run(1, FAILED, mail_id=mail), mail_id=mail)
    return mails


async def joined_unshown(leader: StoreLeader) -> tuple[Notice, list[MailId]]:
    """A message about ten, and five more that joined it and were never shown."""
    await storm(leader, 10)
    root = await leader.send(2.5, load=BUSY)
    joined = await storm(leader, 5, first=10, minutes=2.6)
    await leader.try_claim(2.9, load=BUSY)
    return root, joined


async def test_many_failures_at_once_are_one_message(leader: StoreLeader) -> None:
    mails = await storm(leader, 30)
    assert isinstance(await leader.try_claim(2.02, load=BUSY), Nothing), "they are gathered first"
    notice = await leader.send(2.5, load=BUSY)
    assert [told.incident.mail_id for told in notice.items] == mails
    assert await leader.nothing_owed()


async def test_a_message_holds_a_hundred_and_the_next_the_rest(leader: StoreLeader) -> None:
    await storm(leader, 103)
    assert len((await leader.send(2.01, load=BUSY)).items) == 100
    assert len((await leader.send(2.5, load=BUSY)).items) == 3


async def test_a_storm_that_goes_on_joins_the_message_that_is_there(leader: StoreLeader) -> None:
    await storm(leader, 10)
    root = await leader.send(2.5, load=BUSY)
    await storm(leader, 5, first=10, minutes=2.6)
    assert isinstance(await leader.try_claim(2.9, load=BUSY), Nothing)
    (stale,) = await leader.store.deliveries.stale(REPORTS)
    assert stale == root.post_id
    redraw = await leader.store.deliveries.redraw(stale)
    assert redraw is not None
    assert len(redraw.items) == 15
    await leader.redraw_all()
    assert await leader.nothing_owed()


async def test_what_joined_a_message_that_was_deleted_is_owed_again(leader: StoreLeader) -> None:
    """Joined, but never shown: deleting the message must not lose them."""
    _, joined = await joined_unshown(leader)
    await leader.store.deliveries.mark_gone(REPORTS, "2.500000")
    again = await leader.send(3.2, load=BUSY)
    assert [told.incident.mail_id for told in again.items] == joined


async def test_a_possible_repeat_that_joins_a_message_marks_it(leader: StoreLeader) -> None:
    """Nobody could look whether it arrived: the message that it joins says so from then on."""
    await storm(leader, 10)
    root = await leader.send(2.5, load=BUSY)
    await storm(leader, 1, first=10, minutes=2.6)
    lost = await leader.claim(2.7)
    await leader.store.deliveries.release(lost.post_id, may_repeat=True)
    assert isinstance(await leader.try_claim(2.9, load=BUSY), Nothing)
    redraw = await leader.store.deliveries.redraw(root.post_id)
    assert redraw is not None
    assert (len(redraw.items), redraw.may_repeat) == (11, True)


async def test_what_joined_a_message_that_cannot_be_drawn_is_owed_again(leader: StoreLeader) -> None:
    """Slack refuses the edit for good: a new message tells it, and nothing joins the old one any more."""
    root, joined = await joined_unshown(leader)
    await leader.store.deliveries.mark_undrawable(root.post_id)
    again = await leader.send(3.2, load=BUSY)
    assert [told.incident.mail_id for told in again.items] == joined
    assert await leader.store.deliveries.stale(REPORTS) == ()
    assert await leader.nothing_owed()


async def test_what_joined_a_message_is_not_owed_to_a_channel_that_left(leader: StoreLeader) -> None:
    """Left, and then somebody deleted the message."""
    _, joined = await joined_unshown(leader)
    await leader.store.subscriptions.unsubscribe(REPORTS, joined[1:], by=ADA, now=at(3))
    await leader.store.deliveries.mark_gone(REPORTS, "2.500000")
    again = await leader.send(3.2)
    assert [told.incident.mail_id for told in again.items] == joined[:1]


async def test_recoveries_of_a_storm_are_one_reply(leader: StoreLeader) -> None:
    mails = await storm(leader, 10)
    await leader.send(2.5, load=BUSY)
    for mail in mails[:4]:
        await leader.saw(10, run(9, SENT, mail_id=mail), mail_id=mail)
    assert await leader.redraw_all() == 1
    reply = await leader.send(11)
    assert (reply.kind, len(reply.items)) == (PostKind.REPLY, 4)
    assert await leader.nothing_owed()
