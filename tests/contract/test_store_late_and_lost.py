"""The store over both databases: runs that did not begin, mails that are paused or out of sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import StatementError

from bot.domain import (
    DueTime,
    IncidentKind,
    Mail,
    NotifyReason,
    PostKind,
    RunStatus,
)
from bot.domain.incident_rules import MissedRun
from tests.support.sample_values import FINANCE, MAIL, REPORTS, answer, at, run, subscription
from tests.support.store_leader import subscribed

if TYPE_CHECKING:
    from tests.support.store_leader import StoreLeader

pytest_plugins = ["tests.support.store_fixtures"]
SENT, RUNNING = RunStatus.SENT, RunStatus.PROCESSING


async def test_late_is_told_to_who_declared_it_or_lets_it_be_learned(leader: StoreLeader) -> None:
    due = DueTime(at=time(9, 30))
    await subscribed(leader, REPORTS, due=due, late_learned=False)
    await subscribed(leader, FINANCE, late_learned=True)
    assert await leader.missed(20, expected=0) == (NotifyReason.LATE,)
    assert await leader.nothing_owed()
    assert (await leader.send(21, channel=FINANCE)).items[0].incident.kind is IncidentKind.LATE
    await leader.missed(25, expected=5, declared=due)
    assert (await leader.send(26)).items[0].incident.missed_runs == 1
    assert await leader.nothing_owed(channel=FINANCE)


async def test_late_that_nobody_wants_to_hear_of_is_no_incident(leader: StoreLeader) -> None:
    await subscribed(leader, late_learned=False)
    await leader.missed(20, expected=0)
    assert await leader.store.history.incidents_of([MAIL]) == ()


async def test_that_a_run_is_late_is_told_or_not_remembered(leader: StoreLeader) -> None:
    """What cannot be written takes the schedule's memory of it along: after a restart it is found missing again."""
    await subscribed(leader)
    naive = MissedRun(expected_at=at(0).replace(tzinfo=None))  # no database takes that
    record = leader.store.observations.record_answer
    with pytest.raises(StatementError):
        await record(
            MAIL, answer(run(-60, SENT)), now=at(20), term=leader.term, memory="told", missed=[naive]
        )
    (watch,) = await leader.store.watches.changed_since(0)
    assert (watch.memory, await leader.store.history.runs_of(MAIL)) == (None, ())
    missed = MissedRun(expected_at=at(0))
    await record(MAIL, answer(run(-60, SENT)), now=at(20), term=leader.term, memory="told", missed=[missed])
    (watch,) = await leader.store.watches.changed_since(0)
    assert watch.memory == "told"
    assert (await leader.send(21)).items[0].incident.last_exec_at == at(-60)


async def test_a_mail_that_is_paused_is_not_late(leader: StoreLeader) -> None:
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=True)
    await leader.store.mails.save_mails([mail], seen_at=at(0))
    await subscribed(leader)
    assert await leader.missed(20, expected=0) == (NotifyReason.AS_BEFORE,)
    assert await leader.nothing_owed()


async def test_who_subscribes_while_it_is_late_is_shown_that(leader: StoreLeader) -> None:
    """The confirmation tells it, so it is not told again."""
    await subscribed(leader, REPORTS, baseline=answer(run(-600, SENT)))
    await leader.missed(20, expected=0)
    _, state = await leader.store.subscriptions.subscribe(
        subscription(FINANCE, created_at=at(30)), baseline=answer(run(-600, SENT))
    )
    assert state.incident is not None
    assert state.incident.kind is IncidentKind.LATE
    assert await leader.nothing_owed(channel=FINANCE)


async def test_what_a_person_sees_going_is_handed_to_the_leader(leader: StoreLeader) -> None:
    """The person asked another replica: once is enough, and of a run that is over there is nothing to follow."""
    await subscribed(leader)
    (watch,) = await leader.store.watches.changed_since(0)
    for minutes, status in ((2, RUNNING), (3, RUNNING), (4, SENT)):
        await leader.store.observations.record_answer(
            MAIL, answer(run(1, status)), now=at(minutes), term=None
        )
        changes = await leader.store.watches.changed_since(watch.change_no)
        assert [each.open_runs for each in changes] == ([(run(1, RUNNING),)] if minutes == 2 else [])
        watch = changes[0] if changes else watch


async def test_a_refusal_that_was_a_riddle_for_long_is_told_at_once(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.store.observations.record_denied(
        MAIL, cause="Mail.Some.Code", since=at(0), now=at(16), term=leader.term
    )
    (told,) = (await leader.send(17)).items
    assert (told.incident.kind, told.incident.cause, told.incident.began_at) == (
        IncidentKind.ACCESS_LOST,
        "Mail.Some.Code",
        at(0),
    )


async def test_access_that_is_lost_and_comes_back(leader: StoreLeader) -> None:
    await subscribed(leader)
    for minutes in (1, 2):
        await leader.store.observations.record_denied(
            MAIL, cause="MailNotFound", now=at(minutes), term=leader.term
        )
    lost = await leader.send(3)
    assert lost.items[0].incident.kind is IncidentKind.ACCESS_LOST
    assert await leader.saw(9, run(8, SENT)) == (NotifyReason.ACCESS_BACK, NotifyReason.SENT)
    await leader.redraw_all()
    assert (await leader.send(10)).items[0].reasons == (NotifyReason.ACCESS_BACK,)


async def test_one_refusal_between_two_answers_is_forgotten(leader: StoreLeader) -> None:
    await subscribed(leader)
    await leader.store.observations.record_denied(MAIL, cause="", now=at(1), term=leader.term)
    await leader.saw(2, run(1, SENT))
    await leader.store.observations.record_denied(MAIL, cause="", now=at(30), term=leader.term)
    assert await leader.nothing_owed()


async def test_channels_are_told_when_a_mail_is_paused_and_resumed(leader: StoreLeader) -> None:
    mail = Mail(mail_id=MAIL, name="Daily Sales", owner_name="Ada", paused=False)
    await leader.store.mails.save_mails([mail], seen_at=at(0))
    await subscribed(leader)
    await leader.store.mails.save_mails([replace(mail, paused=True)], seen_at=at(10))
    await leader.store.mails.save_mails([replace(mail, paused=True)], seen_at=at(20))
    paused = await leader.send(21)
    assert (paused.kind, [line.reason for line in paused.lines]) == (
        PostKind.LINE,
        [NotifyReason.MAIL_PAUSED],
    )
    assert paused.lines[0].mail == replace(mail, paused=True)
    await leader.store.mails.save_mails([mail], seen_at=at(30))
    assert (await leader.send(31)).lines[0].reason is NotifyReason.MAIL_UNPAUSED
