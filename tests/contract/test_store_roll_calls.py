"""Roll-calls over both databases: once a day, edited as the day goes, and no more after it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import ChannelId, LeaseLost, Notice, PostKind, RunStatus, TeamId
from bot.domain.responders import Response
from bot.domain.roll_call import LATEST_START, MailDayState, RollCallPlan, mail_days
from tests.support.sample_values import ADA, FINANCE, MAIL, NOON, REPORTS, at, run
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED, PROCESSING = RunStatus.SENT, RunStatus.FAILED, RunStatus.PROCESSING
A_DAY = 24 * 60.0


def plan(channel: ChannelId = REPORTS, *, begins: time = time(12, 10)) -> RollCallPlan:
    """In UTC, every day, ten minutes after noon."""
    return RollCallPlan(
        team_id=TeamId("T0"),
        channel_id=channel,
        created_by=ADA,
        created_at=NOON,
        at=begins,
        weekdays=frozenset(range(7)),
        zone="Etc/UTC",
    )


@pytest.fixture
async def planned(leader: StoreLeader) -> StoreLeader:
    """A channel with a mail and a roll-call."""
    await subscribed(leader)
    await leader.store.roll_calls.set(plan())
    return leader


async def begin(leader: StoreLeader, minutes: float) -> int:
    return await leader.store.roll_calls.begin_due(now=at(minutes), term=leader.term)


async def posted(leader: StoreLeader, minutes: float) -> Notice:
    """The roll-call of that time, sent."""
    assert await begin(leader, minutes) == 1
    return await leader.send(minutes)


async def drawn(leader: StoreLeader) -> list[MailDayState]:
    """What the message shows after its next edit; nothing where it needs none."""
    shown = []
    for post_id in await leader.store.deliveries.stale(REPORTS):
        redraw = await leader.store.deliveries.redraw(post_id)
        assert redraw is not None
        assert redraw.roll_call is not None
        await leader.store.deliveries.mark_shown(post_id, wanted=redraw.wanted)
        shown += [each.state for each in mail_days(redraw.roll_call, NOON.tzinfo)]  # type: ignore[arg-type]
    return shown


async def test_it_begins_once_a_day(planned: StoreLeader) -> None:
    assert await begin(planned, 9) == 0
    sent = await posted(planned, 10)
    assert (sent.kind, sent.items, sent.lines) == (PostKind.ROLL_CALL, (), ())
    assert await begin(planned, 11) == 0
    assert await planned.nothing_owed(11)
    assert await begin(planned, 10 + A_DAY) == 1


async def test_the_message_follows_the_day(planned: StoreLeader) -> None:
    """A run that begins, one that ends, and nothing for an answer that says the same."""
    await posted(planned, 10)
    await planned.saw(20, run(1, PROCESSING, minutes=15))
    assert await drawn(planned) == [MailDayState.RUNNING]
    await planned.saw(21, run(1, PROCESSING, minutes=15))
    assert await drawn(planned) == []
    await planned.saw(25, run(1, SENT, minutes=15))
    assert await drawn(planned) == [MailDayState.SENT]
    await planned.missed(60, expected=50)
    assert await drawn(planned) == [MailDayState.TROUBLE]


async def test_it_is_drawn_once_more_when_the_day_is_over(planned: StoreLeader) -> None:
    """And then stays: what runs tomorrow is not of today."""
    await posted(planned, 10)
    midnight = 12 * 60.0
    assert await begin(planned, midnight - 1) == 0
    assert await drawn(planned) == []
    assert await begin(planned, midnight) == 0
    assert await drawn(planned) == [MailDayState.NOT_TODAY]
    await planned.saw(midnight + 60, run(2, SENT, minutes=midnight + 59))
    assert await drawn(planned) == []


async def test_yesterdays_message_never_shows_today(planned: StoreLeader) -> None:
    """Also where its last edit is still to be made."""
    await posted(planned, 10)
    await planned.saw(20, run(1, SENT, minutes=15))
    assert await begin(planned, 10 + A_DAY) == 1
    assert await planned.store.deliveries.stale(REPORTS) == ()


async def test_it_says_who_is_on_it(planned: StoreLeader) -> None:
    """As soon as somebody is."""
    await posted(planned, 10)
    await planned.saw(20, run(1, FAILED, minutes=15))
    assert await drawn(planned) == [MailDayState.TROUBLE]
    await planned.store.responders.respond(REPORTS, MAIL, Response.TAKE, by=ADA, now=at(21))
    assert await drawn(planned) == [MailDayState.TROUBLE]


async def test_what_is_turned_off_is_not_posted(planned: StoreLeader) -> None:
    """Not even where it was pending already."""
    assert await begin(planned, 10) == 1
    assert await planned.store.roll_calls.remove(REPORTS, by=ADA, now=at(10))
    assert await planned.nothing_owed(11)
    assert not await planned.store.roll_calls.remove(REPORTS, by=ADA, now=at(11))
    assert await begin(planned, 10 + A_DAY) == 0


async def test_one_that_is_turned_off_is_not_edited(planned: StoreLeader) -> None:
    await posted(planned, 10)
    await planned.saw(20, run(1, SENT, minutes=15))
    await planned.store.roll_calls.remove(REPORTS, by=ADA, now=at(21))
    assert await planned.store.deliveries.stale(REPORTS) == ()


async def test_one_that_is_long_past_is_left_out(planned: StoreLeader) -> None:
    """Nobody led the whole day: in the evening it is of no use."""
    late = 10 + LATEST_START / timedelta(minutes=1) + 1
    assert await begin(planned, late) == 0
    assert await begin(planned, 10 + A_DAY) == 1


async def test_a_channel_without_mails_has_none(leader: StoreLeader) -> None:
    await subscribed(leader, FINANCE)
    await leader.store.roll_calls.set(plan())
    assert await begin(leader, 10) == 0


async def test_it_moves_with_its_channel(planned: StoreLeader) -> None:
    """Slack gives a private channel that is shared another ID."""
    await posted(planned, 10)
    new = ChannelId("C0NEWNEWNEW")
    await planned.store.gates.move_channel(REPORTS, new)
    assert await planned.store.roll_calls.get(REPORTS) is None
    moved = await planned.store.roll_calls.get(new)
    assert moved is not None
    assert moved.at == plan().at
    await planned.saw(20, run(1, SENT, minutes=15))
    (post_id,) = await planned.store.deliveries.stale(new)
    redraw = await planned.store.deliveries.redraw(post_id)
    assert redraw is not None
    assert redraw.roll_call is not None


async def test_only_the_leader_begins_it(planned: StoreLeader) -> None:
    with pytest.raises(LeaseLost):
        await planned.store.roll_calls.begin_due(now=at(10), term=planned.term + 1)


async def test_starts_of_the_same_weekday_are_read(planned: StoreLeader) -> None:
    """Those of other days say nothing of this one."""
    for days_back in (14, 7, 3):
        minutes = -days_back * A_DAY
        await planned.saw(minutes + 1, run(100 - days_back, SENT, minutes=minutes))
    await begin(planned, 10)
    sent = await planned.claim(10)
    assert sent.roll_call is not None
    assert sorted(sent.roll_call.starts[MAIL]) == [at(-14 * A_DAY), at(-7 * A_DAY)]
    (mail,) = mail_days(sent.roll_call, NOON.tzinfo)  # type: ignore[arg-type]
    assert (mail.state, mail.expected_at) == (MailDayState.EXPECTED, NOON)
