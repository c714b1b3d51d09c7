"""What people look at, over both databases: how mails stand, their runs in pages, a person's subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.domain import IncidentKind, MailId, RunStatus
from bot.domain.incidents import Standing
from tests.support.sample_values import ADA, BOB, FINANCE, MAIL, REPORTS, answer, at, run, subscription

if TYPE_CHECKING:
    from bot.store.store import Store

OTHER, UNSEEN = MailId("2342526"), MailId("unseen")
pytest_plugins = ["tests.support.store_fixtures"]


async def record(store: Store, *runs: tuple[int, RunStatus], mail_id: MailId = MAIL) -> None:
    for task, status in runs:
        seen = answer(run(task, status, mail_id=mail_id))
        await store.observations.record_answer(mail_id, seen, now=at(task + 1), term=None)


async def test_standings_tell_the_newest_run_and_what_is_wrong(store: Store) -> None:
    """Of mails that nobody subscribed to only the run; mails of which nothing is known are left out."""
    await store.subscriptions.subscribe(subscription(), baseline=answer(run(0, RunStatus.SENT)))
    await record(store, (1, RunStatus.SENT), (2, RunStatus.FAILED))
    await record(store, (4, RunStatus.SENT), (3, RunStatus.FAILED), mail_id=OTHER)
    standings = await store.history.standings([MAIL, OTHER, UNSEEN])
    assert set(standings) == {MAIL, OTHER}
    assert standings[OTHER] == Standing(latest=run(4, RunStatus.SENT, mail_id=OTHER), incident=None)
    assert standings[MAIL].latest == run(2, RunStatus.FAILED)
    incident = standings[MAIL].incident
    assert incident is not None
    assert incident.kind is IncidentKind.FAILED
    assert await store.history.standings([]) == {}


async def test_runs_come_newest_first_in_pages(store: Store) -> None:
    """By when they began, not by when they were seen."""
    await record(store, *((task, RunStatus.SENT) for task in (3, 1, 5, 2, 4)))
    assert await store.history.count_runs(MAIL) == 5
    assert await store.history.count_runs(UNSEEN) == 0
    first = await store.history.runs_of(MAIL, limit=2)
    last = await store.history.runs_of(MAIL, limit=2, offset=4)
    assert [known.run.task_id for known in first] == [5, 4]
    assert [known.run.task_id for known in last] == [1]


async def test_a_persons_subscriptions_are_those_that_they_made(store: Store) -> None:
    """In whatever channel; and a mail's channels are told with who subscribed them."""
    await store.subscriptions.subscribe(subscription(REPORTS, MAIL, by=ADA), baseline=None)
    await store.subscriptions.subscribe(subscription(FINANCE, MAIL, by=BOB), baseline=None)
    await store.subscriptions.subscribe(subscription(FINANCE, OTHER, by=ADA), baseline=None)
    theirs = await store.subscriptions.of_person(ADA)
    assert {(each.subscription.channel_id, each.subscription.mail_id) for each in theirs} == {
        (REPORTS, MAIL),
        (FINANCE, OTHER),
    }
    channels = await store.subscriptions.channels_of(MAIL)
    assert {(each.channel_id, each.created_by) for each in channels} == {(REPORTS, ADA), (FINANCE, BOB)}


async def test_the_last_answer_is_that_of_any_watched_mail(store: Store) -> None:
    """Nothing is known before the first one."""
    assert await store.history.last_answer_at() is None
    for mail_id in (MAIL, OTHER):
        await store.subscriptions.subscribe(subscription(mail_id=mail_id), baseline=None)
    await record(store, (5, RunStatus.SENT), mail_id=OTHER)
    await record(store, (3, RunStatus.SENT))
    assert await store.history.last_answer_at() == at(6)


async def test_incidents_come_newest_first(store: Store) -> None:
    """Also those that are over; only of the mails that were asked for."""
    for mail_id in (MAIL, OTHER):
        await store.subscriptions.subscribe(subscription(mail_id=mail_id), baseline=answer())
        await record(
            store,
            (1, RunStatus.FAILED),
            (2, RunStatus.SENT),
            (3, RunStatus.FAILED),
            mail_id=mail_id,
        )
    found = await store.history.incidents_of([MAIL])
    assert [each.is_firing for each in found] == [True, False]
    assert {each.mail_id for each in found} == {MAIL}
    assert len(await store.history.incidents_of([MAIL, OTHER], limit=3)) == 3
    assert await store.history.incidents_of([]) == ()


async def test_what_one_answer_shows_is_read_at_once(store: Store) -> None:
    """However many subscriptions a channel has: they with their mails, incidents and channel, and the newest runs."""
    for number in range(5):
        wish = subscription(mail_id=MailId(f"mail{number}"))
        await store.subscriptions.subscribe(wish, baseline=None)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        states = await store.subscriptions.of_channels([REPORTS])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert (len(states), len(statements)) == (5, 2)
