"""Which news go into a channel's next message: one row for each rule, over a clock of seconds after noon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain import IncidentId, MailId, NotifyReason, PostId
from bot.domain.grouping import (
    BUSY_CHANNEL,
    BUSY_EVERYWHERE,
    GATHER,
    GATHER_REPLIES,
    JOINABLE,
    LIVELY_EVERYWHERE,
    MOST_ITEMS,
    QUIET,
    Absorb,
    AppendToMessage,
    Load,
    NewMessage,
    PendingNotice,
    PostedMessage,
    PostPlainNotices,
    ReplyTo,
    Step,
    Wait,
    next_step,
)

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
CALM, BUSY = Load(), Load(recent_posts=BUSY_CHANNEL)
MANY = PostId("many")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def owed(number: int, *, incident: int | None = 0, seen: float = 0.0, **more: Any) -> PendingNotice:
    """Notice `number`, about incident `incident` of the mail of that number (0: the same number)."""
    about = number if incident == 0 else incident
    values: dict[str, Any] = {
        "notice_id": number,
        "reason": NotifyReason.FIRST_FAILURE,
        "created_at": at(seen),
        "incident_id": None if about is None else IncidentId(f"i{about}"),
        "mail_id": None if about is None else MailId(f"m{about}"),
        "is_firing": True,
    }
    return PendingNotice(**values | more)


def line(number: int, reason: NotifyReason) -> PendingNotice:
    return owed(number, incident=None, reason=reason, is_firing=False)


def root(
    post: str, *, items: int = 1, settled: bool = True, sent: float = 0.0, mails: str = ""
) -> PostedMessage:
    return PostedMessage(
        post_id=PostId(post),
        is_settled=settled,
        item_count=items,
        sent_at=at(sent),
        mail_ids=frozenset(map(MailId, mails.split())),
    )


def step(
    *news: PendingNotice,
    now: float = 0.0,
    roots: dict[int, PostedMessage] | None = None,
    load: Load = CALM,
    joinable: PostedMessage | None = None,
) -> Step:
    known = {IncidentId(f"i{number}"): each for number, each in (roots or {}).items()}
    return next_step(news, known, load=load, joinable=joinable, now=at(now))


@pytest.mark.parametrize(
    ("load", "is_calm"),
    [
        (Load(), True),
        (Load(recent_posts=BUSY_CHANNEL - 1), True),
        (Load(recent_posts=BUSY_CHANNEL), False),
        (Load(recent_everywhere=LIVELY_EVERYWHERE), False),
        (Load(owed_everywhere=BUSY_EVERYWHERE), True),
        (Load(owed_everywhere=BUSY_EVERYWHERE + 1), False),
    ],
)
def test_when_it_is_calm(load: Load, *, is_calm: bool) -> None:
    assert load.is_calm is is_calm


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(step(), Wait(at=None), id="nothing is owed"),
        pytest.param(step(owed(1)), NewMessage(notice_ids=(1,)), id="a lone failure goes out at once"),
        pytest.param(
            step(owed(1), owed(2, incident=1), owed(3)),
            NewMessage(notice_ids=(1, 2, 3)),
            id="whatever is owed by then goes with it",
        ),
        pytest.param(
            step(owed(1), load=BUSY),
            Wait(at=at(QUIET)),
            id="in a storm it waits until nothing more comes",
        ),
        pytest.param(
            step(owed(1), now=7.5, load=BUSY),
            Wait(at=at(GATHER.total_seconds())),
            id="but not for long",
        ),
        pytest.param(
            step(owed(1), now=8.0, load=BUSY), NewMessage(notice_ids=(1,)), id="gathered long enough"
        ),
        pytest.param(
            step(owed(1, seen=100), now=0.0, load=BUSY),
            NewMessage(notice_ids=(1,)),
            id="the clock was set back: nobody waits for the future",
        ),
        pytest.param(
            step(owed(1), now=2.0, load=Load(recent_posts=9, quiet_for=QUIET)),
            NewMessage(notice_ids=(1,)),
            id="the storm is over",
        ),
        pytest.param(
            step(*(owed(number) for number in range(1, MOST_ITEMS + 3)), load=BUSY),
            NewMessage(notice_ids=tuple(range(1, MOST_ITEMS + 1))),
            id="a message that is full goes at once, the rest waits for the next",
        ),
    ],
)
def test_a_new_failure(found: Step, expected: Step) -> None:
    assert found == expected


STORM_OVER = Load(recent_posts=BUSY_CHANNEL, quiet_for=QUIET)


@pytest.mark.parametrize(
    ("joinable", "load", "joins"),
    [
        pytest.param(root("many", items=5), STORM_OVER, True, id="the message about many takes it in"),
        pytest.param(None, STORM_OVER, False, id="there is none"),
        pytest.param(root("many", items=5), CALM, False, id="it is calm: a message of its own is seen"),
        pytest.param(
            root("many", items=5),
            Load(recent_posts=9, quiet_for=QUIET, may_edit=False),
            False,
            id="Slack's limits leave no room for an edit",
        ),
        pytest.param(root("many", items=MOST_ITEMS), STORM_OVER, False, id="it is full"),
        pytest.param(
            root("many", items=5, sent=-JOINABLE.total_seconds() - 1), STORM_OVER, False, id="it is old"
        ),
        pytest.param(root("many", items=5, sent=3_600), STORM_OVER, False, id="the clock was set back since"),
        pytest.param(
            root("many", items=5, mails="m1 m7"),
            STORM_OVER,
            False,
            id="it has that mail already, which recovered since",
        ),
    ],
)
def test_joining_the_message_that_is_there(
    joinable: PostedMessage | None, load: Load, *, joins: bool
) -> None:
    found = step(owed(1), load=load, joinable=joinable)
    assert found == (AppendToMessage(post_id=MANY, notice_ids=(1,)) if joins else NewMessage(notice_ids=(1,)))


AGAIN: dict[str, Any] = {"reason": NotifyReason.STILL_FAILING}
SOON = GATHER_REPLIES.total_seconds()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            step(owed(2, incident=1, **AGAIN), roots={1: root("p")}),
            ReplyTo(root_id=PostId("p"), notice_ids=(2,)),
            id="in the thread of its message, at once",
        ),
        pytest.param(
            step(owed(2, incident=1, **AGAIN), roots={1: root("p", settled=False)}),
            Wait(at=None),
            id="not before that message is known to be there",
        ),
        pytest.param(
            step(owed(2, incident=1, **AGAIN), now=1.0, roots={1: root("p", items=9)}),
            Wait(at=at(SOON)),
            id="under a message about many it waits for company",
        ),
        pytest.param(
            step(
                owed(2, incident=1, **AGAIN),
                owed(3, incident=2, seen=4, **AGAIN),
                now=SOON,
                roots={1: root("p", items=9), 2: root("p", items=9)},
            ),
            ReplyTo(root_id=PostId("p"), notice_ids=(2, 3)),
            id="and goes with it",
        ),
        pytest.param(
            step(owed(2, incident=1, **AGAIN), owed(3), roots={1: root("p")}),
            NewMessage(notice_ids=(3,)),
            id="a new failure goes first",
        ),
        pytest.param(
            step(
                owed(2, incident=1, is_firing=False, was_snoozed=True, reason=NotifyReason.RECOVERED),
                roots={1: root("p")},
            ),
            Absorb(notice_ids=(2,)),
            id="snoozed and over by now: the message shows it, nobody is called",
        ),
        pytest.param(
            step(owed(2, incident=1, is_firing=False, was_snoozed=True)),
            NewMessage(notice_ids=(2,)),
            id="snoozed and over, but nobody was ever told of it",
        ),
    ],
)
def test_news_about_what_is_told_already(found: Step, expected: Step) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            step(
                line(1, NotifyReason.MAIL_PAUSED),
                line(2, NotifyReason.OUTAGE_BEGAN),
                line(3, NotifyReason.MAIL_PAUSED),
            ),
            PostPlainNotices(reason=NotifyReason.MAIL_PAUSED, notice_ids=(1, 3)),
            id="all of one kind together",
        ),
        pytest.param(
            step(line(1, NotifyReason.MAIL_PAUSED), owed(2)),
            NewMessage(notice_ids=(2,)),
            id="behind a failure",
        ),
        pytest.param(
            step(owed(2), line(3, NotifyReason.OUTAGE_BEGAN), load=BUSY),
            PostPlainNotices(reason=NotifyReason.OUTAGE_BEGAN, notice_ids=(3,)),
            id="not behind one that waits",
        ),
    ],
)
def test_lines_about_no_incident(found: Step, expected: Step) -> None:
    assert found == expected
