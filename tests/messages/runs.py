"""Every message about a run by hand, by name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    AccessForbidden,
    ChannelId,
    ManualRun,
    ManualRunState,
    MissingAccess,
    Observation,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    StatusAnswer,
    UserId,
)
from bot.domain.manual_run_rules import Over, Refused, RunEnd, Started, Unclear
from bot.slack.views import manual_run as views
from bot.slack.views.manual_run import Subject
from tests.messages.cast import MAIL, NASTY, NOW, REF, SALES, ZONE, run

if TYPE_CHECKING:
    from bot.domain import QuickBIError, TaskRun
    from bot.slack.kit.blocks import Message

ADA = UserId("U0ADA00001")
DAILY = Subject(mail_id=MAIL, mail=SALES, thread_ts="1772588100.000100")
ODD = Subject(mail_id=NASTY.mail_id, mail=NASTY)
NAMELESS = Subject(mail_id=MAIL, mail=None)
HAND = ManualRun(
    manual_run_id="1",
    mail_id=MAIL,
    channel_id=ChannelId("C0REPORTS2"),
    message_ts="",
    user_id=ADA,
    previous_run_key="1",
    claimed_at=NOW - timedelta(seconds=40),
)
_TOOK = timedelta(seconds=40)


def run_messages() -> dict[str, Message]:
    return _before() | _after()


def _before() -> dict[str, Message]:
    failed = _observed(run("FAILED", ago=timedelta(minutes=30)))
    minutes = timedelta(minutes=3)
    unclear = ManualRunState.UNCLEAR
    no_action = AccessForbidden(missing=MissingAccess.RAM_ACTION, action="ManualRunMailTask")
    return {
        "run-ask-first": views.ask_to_run(DAILY, failed, now=NOW, zone=ZONE),
        "run-ask-first-knowing-nothing": views.ask_to_run(NAMELESS, None, now=NOW, zone=ZONE),
        "run-ask-first-never-ran": views.ask_to_run(DAILY, _observed(), now=NOW, zone=ZONE),
        "run-ask-first-nasty": views.ask_to_run(ODD, None, now=NOW, zone=ZONE),
        "run-cancelled": views.cancelled(DAILY),
        "run-cannot-claim": views.cannot_claim(DAILY),
        "run-not-allowed": views.not_allowed(DAILY),
        "run-already-running": _running(run("PROCESSING", ago=minutes)),
        "run-ask-first-stuck": views.ask_to_run(
            DAILY, _observed(run("PROCESSING", ago=timedelta(minutes=40))), now=NOW, zone=ZONE
        ),
        "run-asked-already": views.asked_already(DAILY, _hand(ManualRunState.STARTED), now=NOW),
        "run-asked-already-unclear": views.asked_already(DAILY, _hand(unclear), now=NOW),
        "run-asked-already-over": views.asked_already(DAILY, _hand(ManualRunState.ENDED), now=NOW),
        "run-looking-first": views.looking_first(DAILY, ready_in=7),
        "run-looking-first-slowly": views.looking_first(ODD, ready_in=0),
        "run-refused-running": _refused(RunRefused(why=RunRefusal.ALREADY_RUNNING)),
        "run-refused-too-often": _refused(RunRefused(why=RunRefusal.TOO_OFTEN, retry_after=300.0)),
        "run-refused-too-often-somehow": _refused(RunRefused(why=RunRefusal.TOO_OFTEN)),
        "run-refused-no-action": _refused(no_action),
        "run-refused-down": _refused(QuickBIUnavailable(outcome_unknown=False), ODD),
    }


def _after() -> dict[str, Message]:
    sent, failed = run("SENT"), run("FAILED")
    ends = {
        "sent": Over(end=RunEnd.SENT, task=sent, took=_TOOK),
        "failed": Over(end=RunEnd.FAILED, task=failed, took=_TOOK),
        "failed-again": Over(end=RunEnd.FAILED, task=failed, took=_TOOK, again=True),
        "stuck": Over(end=RunEnd.STUCK, task=run("PROCESSING", ago=timedelta(minutes=15))),
        "never-began": Over(end=RunEnd.NEVER_BEGAN),
        "out-of-sight": Over(end=RunEnd.OUT_OF_SIGHT),
    }
    news: dict[str, Started | Unclear | Over] = {"started": Started(), "unclear": Unclear(), **ends}
    later = ends | {"sent": Over(end=RunEnd.SENT, task=sent)}
    refused = Refused(error=RunRefused(why=RunRefusal.SCHEDULER_FAILED))
    return (
        {f"run-{key}": views.for_one(DAILY, HAND, one, now=NOW, zone=ZONE) for key, one in news.items()}
        | {f"run-in-thread-{key}": views.for_thread(DAILY, HAND, one) for key, one in news.items()}
        | {f"run-later-{key}": views.for_later(DAILY, HAND, one, zone=ZONE) for key, one in later.items()}
        | {
            "run-in-thread": views.in_thread(DAILY),
            "run-refused": views.for_one(DAILY, HAND, refused, now=NOW, zone=ZONE),
            "run-sent-nasty": views.for_one(ODD, HAND, ends["sent"], now=NOW, zone=ZONE),
            "run-in-thread-failed-nasty": views.for_thread(ODD, HAND, ends["failed"]),
            "run-later-failed-nasty": views.for_later(ODD, HAND, ends["failed"], zone=ZONE),
        }
    )


def _observed(*runs: TaskRun) -> Observation:
    return Observation(answer=StatusAnswer(runs=runs, request_id=""), seen_at=NOW)


def _hand(state: ManualRunState) -> ManualRun:
    return ManualRun(
        manual_run_id="2",
        mail_id=REF.mail_id,
        channel_id=HAND.channel_id,
        message_ts="",
        user_id=ADA,
        previous_run_key="1",
        claimed_at=NOW - timedelta(seconds=25),
        state=state,
    )


def _running(task: TaskRun) -> Message:
    return views.already_running(DAILY, task, now=NOW, zone=ZONE)


def _refused(error: QuickBIError, subject: Subject = DAILY) -> Message:
    return views.not_started(error, subject, now=NOW, zone=ZONE)
