"""Mails that rest, and calls without an answer: what no call would show takes no call from the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from bot.domain import (
    AccessForbidden,
    MailId,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunStatus,
)
from bot.monitoring.schedule import Ask, Sleep
from tests.support.schedule_stage import (
    MAIL,
    MONDAY,
    NOTHING,
    a_run,
    a_schedule,
    asked_within,
)


def test_a_paused_mail_is_hardly_ever_asked_about() -> None:
    """Paused: a look an hour, and as usual again when it is resumed."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY, paused=True)
    asks = asked_within(schedule, MONDAY, seconds=4 * 3600, answer=NOTHING)
    assert 1 <= len(asks) <= 6
    now = MONDAY + timedelta(hours=4)
    schedule.set_paused(MAIL, now, paused=False)
    assert len(asked_within(schedule, now, seconds=3600, answer=NOTHING)) > 10


def test_a_forgotten_mail_is_not_asked_about() -> None:
    """Forgetting is final, and an answer that still comes is passed over."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    schedule.forget(MAIL)
    assert schedule.answered(Ask(mail_id=MAIL), NOTHING, MONDAY) is False
    assert isinstance(schedule.next(MONDAY), Sleep)
    assert schedule.memory(MAIL) is None


def test_a_mail_out_of_reach_rests() -> None:
    """A mail that may not be seen is asked about as seldom as a paused one, until it answers again."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    ask = schedule.next(MONDAY)
    assert isinstance(ask, Ask)
    schedule.failed(ask, AccessForbidden(missing=MissingAccess.MAIL), MONDAY)
    asks = asked_within(schedule, MONDAY + timedelta(seconds=1), seconds=3500, answer=NOTHING)
    assert not asks


@pytest.mark.parametrize(
    ("error", "most"),
    [
        pytest.param(AccessForbidden(missing=MissingAccess.MAIL), 1, id="out of reach"),
        pytest.param(ProtocolError("garbage"), 14, id="garbage"),
    ],
)
@pytest.mark.parametrize("status", [RunStatus.PROCESSING, RunStatus.FAILED])
def test_a_mail_that_is_not_answered_for_leaves_the_calls_to_the_others(
    error: QuickBIError, most: int, status: RunStatus
) -> None:
    """However much is expected of it: its run was going, or may be taken back."""
    schedule = a_schedule()
    mails = [MAIL, MailId("one"), MailId("two")]
    for mail_id in mails:
        schedule.watch(mail_id, MONDAY)
    looks, refused, now = Counter[MailId](), 0, MONDAY
    while now < MONDAY + timedelta(minutes=15):
        now += timedelta(seconds=1)
        decision = schedule.next(now)
        if not isinstance(decision, Ask):
            continue
        if decision.mail_id == MAIL and looks[MAIL]:
            refused += 1
            schedule.failed(decision, error, now)
            continue
        looks[decision.mail_id] += 1
        schedule.answered(decision, a_run(MONDAY, status), now)
    assert refused <= most
    assert min(looks[mail_id] for mail_id in mails[1:]) >= 3


@pytest.mark.parametrize(
    "error",
    [QuickBIUnavailable(outcome_unknown=False), AccessForbidden(missing=MissingAccess.RAM_ACTION)],
    ids=["down", "a permission of the whole account"],
)
def test_a_call_that_failed_is_made_again(error: QuickBIError) -> None:
    """Trouble that is not one mail's costs a mail at most one interval."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    ask = schedule.next(MONDAY)
    assert isinstance(ask, Ask)
    schedule.failed(ask, error, MONDAY)
    assert asked_within(schedule, MONDAY + timedelta(seconds=1), seconds=400, answer=NOTHING)
