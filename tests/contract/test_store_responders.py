"""The store over both databases: who looks after what fails, for every channel that is told of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.domain import RunStatus, UserId
from bot.domain.responders import Response, ResponseOutcome
from bot.store.tables import incidents
from tests.support.sample_values import ADA, BOB, FINANCE, MAIL, REPORTS, at, run
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from bot.domain import Incident
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, FAILED = RunStatus.SENT, RunStatus.FAILED


@pytest.fixture
async def failing(leader: StoreLeader) -> StoreLeader:
    """A mail that failed, and two channels that were told."""
    await subscribed(leader, REPORTS, FINANCE)
    await leader.saw(2, run(1, FAILED))
    await leader.send(3)
    await leader.send(3.1, channel=FINANCE)
    return leader


async def does(
    leader: StoreLeader, response: Response, *, by: UserId = ADA, minutes: float = 5
) -> ResponseOutcome:
    outcome, _ = await leader.store.responders.respond(REPORTS, MAIL, response, by=by, now=at(minutes))
    return outcome


async def incident(leader: StoreLeader) -> Incident:
    return (await leader.store.history.incidents_of([MAIL]))[0]


async def test_both_channels_show_who_is_on_it_and_later_failures_keep_it(failing: StoreLeader) -> None:
    """It is the incident that is taken, not a message; who did it is on record."""
    assert await does(failing, Response.TAKE) is ResponseOutcome.DONE
    assert [await failing.redraw_all(channel=each) for each in (REPORTS, FINANCE)] == [1, 1]
    await failing.saw(6, run(5, FAILED))
    now = await incident(failing)
    assert (now.failed_runs, now.responder, now.responding_since) == (2, ADA, at(5))
    ((_, user, action, channel, mail, detail), *_) = await failing.store.audit.actions()
    assert (user, action, channel, mail, detail) == (ADA, "take", REPORTS, MAIL, "")


async def test_of_two_who_take_it_at_once_one_has_it(failing: StoreLeader) -> None:
    """The other is told; taking over is on record with who had it before."""
    outcomes = await asyncio.gather(*(does(failing, Response.TAKE, by=each) for each in (ADA, BOB)))
    assert sorted(outcomes) == [ResponseOutcome.DONE, ResponseOutcome.TAKEN]
    had = (await incident(failing)).responder
    other = BOB if had == ADA else ADA
    assert await does(failing, Response.TAKE_OVER, by=other, minutes=6) is ResponseOutcome.DONE
    assert (await failing.store.audit.actions())[0][5] == f"from {had}"
    assert await does(failing, Response.GIVE_BACK, by=other, minutes=7) is ResponseOutcome.DONE
    now = await incident(failing)
    assert (now.responder, now.acknowledged_at) == (None, at(5))


async def test_a_recovery_ends_it_and_the_next_failure_is_nobodys(failing: StoreLeader) -> None:
    """A click that comes too late takes nothing."""
    await does(failing, Response.TAKE)
    await failing.saw(9, run(8, SENT))
    assert await does(failing, Response.TAKE, by=BOB, minutes=10) is ResponseOutcome.NOTHING_WRONG
    assert (await incident(failing)).responder == ADA
    await failing.saw(12, run(11, FAILED))
    assert (await incident(failing)).responder is None


async def test_who_is_not_subscribed_takes_nothing(failing: StoreLeader) -> None:
    """A click on an old message of a channel that left."""
    await failing.store.subscriptions.unsubscribe(REPORTS, [MAIL], by=ADA, now=at(4))
    assert await does(failing, Response.TAKE) is ResponseOutcome.NOT_SUBSCRIBED
    assert (await incident(failing)).responder is None


async def test_an_earlier_version_that_runs_beside_this_one_loses_nobody(failing: StoreLeader) -> None:
    """It writes the columns that it knows, and leaves the others as they are."""
    await does(failing, Response.TAKE)
    async with failing.store.database.writing() as connection:
        await connection.execute(update(incidents).values(failed_runs=7, version=9))
    assert (await incident(failing)).responder == ADA
