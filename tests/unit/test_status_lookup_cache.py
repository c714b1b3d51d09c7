"""What was seen lately: newest first to be known, and one run's news is its mail's news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import MailId, MailRef, Observation, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.mails.status_lookup import StatusCache

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MAIL = MailRef(mail_id=MailId("m1"))
RUN = MailRef(mail_id=MailId("m1"), task_id=TaskId(7))


def seen(status: RunStatus, *, after: float = 0, task_id: int = 7) -> Observation:
    run = TaskRun(
        mail_id=MAIL.mail_id, task_id=TaskId(task_id), exec_at=NOON, status=status, status_word=status
    )
    return Observation(
        answer=StatusAnswer(runs=(run,), request_id=""), seen_at=NOON + timedelta(seconds=after)
    )


def status_of(sightings: StatusCache, ref: MailRef) -> RunStatus:
    known = sightings.last(ref)
    assert known is not None
    assert known.answer.latest is not None
    return known.answer.latest.status


def test_a_run_that_was_followed_to_its_end_is_not_running_any_more() -> None:
    """Who asks for the mail hears what is known of its run; how old the look at the mail is stays true."""
    sightings = StatusCache()
    sightings.remember(MAIL, seen(RunStatus.PROCESSING))
    sightings.remember(RUN, seen(RunStatus.SENT, after=30))
    assert status_of(sightings, MAIL) is RunStatus.SENT
    known = sightings.last(MAIL)
    assert known is not None
    assert known.seen_at == NOON


def test_another_run_says_nothing_about_the_newest_one() -> None:
    """An overtaken run's end is its own."""
    sightings = StatusCache()
    sightings.remember(MAIL, seen(RunStatus.PROCESSING, task_id=8))
    sightings.remember(RUN, seen(RunStatus.FAILED, after=30))
    assert status_of(sightings, MAIL) is RunStatus.PROCESSING


def test_an_older_look_changes_nothing() -> None:
    """Answers may arrive in another order than they were given."""
    sightings = StatusCache()
    sightings.remember(MAIL, seen(RunStatus.SENT, after=30))
    sightings.remember(RUN, seen(RunStatus.PROCESSING))
    assert status_of(sightings, MAIL) is RunStatus.SENT


def test_the_oldest_are_forgotten() -> None:
    """It does not grow without end."""
    sightings = StatusCache(most=2)
    for number in range(3):
        sightings.remember(MailRef(mail_id=MailId(f"m{number}")), seen(RunStatus.SENT))
    assert sightings.last(MailRef(mail_id=MailId("m0"))) is None
    assert sightings.last(MailRef(mail_id=MailId("m2"))) is not None
