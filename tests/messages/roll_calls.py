"""Roll-calls by name: a morning that goes well, one that does not, a day that is over, and how they are set."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    EVERY_DAY,
    WORKDAYS,
    ChannelId,
    DueTime,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    Mail,
    MailId,
    Notice,
    PostId,
    PostKind,
    RunStatus,
    SubscriptionState,
    TaskId,
    TaskRun,
    TeamId,
    UserId,
)
from bot.domain.roll_call import Day, RollCall, RollCallPlan
from bot.slack.command_names import CommandNames
from bot.slack.views import roll_call as views
from bot.slack.views.notices import notice_message
from tests.messages.cast import NASTY, NOW, ZONE
from tests.support.sample_values import subscription

if TYPE_CHECKING:
    from datetime import datetime

    from bot.slack.kit.blocks import Message

TODAY = Day.of(NOW, ZONE)
NINE = TODAY.began_at + timedelta(hours=9)


def state(
    name: str, status: str = "", *, began: datetime = NINE, kind: IncidentKind | None = None, due: str = ""
) -> SubscriptionState:
    """A mail of the channel: its run of today, or what is wrong with it."""
    mail = NASTY if not name else Mail(mail_id=MailId(f"mail-{name}"), name=name, owner_name="", paused=False)
    run = TaskRun(
        mail_id=mail.mail_id,
        task_id=TaskId(7),
        exec_at=began,
        status=RunStatus(status or "SENT"),
        status_word=status,
    )
    incident = Incident(
        incident_id=IncidentId("1" * 32),
        mail_id=mail.mail_id,
        kind=kind or IncidentKind.FAILED,
        state=IncidentState.FIRING,
        opened_at=began,
        began_at=began,
        failed_runs=1,
        last_exec_at=began,
    )
    declared = DueTime(at=time.fromisoformat(due), weekdays=EVERY_DAY) if due else None
    return SubscriptionState(
        subscription=subscription(mail_id=mail.mail_id, due=declared),
        mail=mail,
        latest=run if status else None,
        incident=incident if kind else None,
    )


def on_it(failing: SubscriptionState) -> SubscriptionState:
    """Somebody looks after it."""
    assert failing.incident is not None
    taken = replace(failing.incident, responder=UserId("U012AB3CD"), responding_since=NOW)
    return replace(failing, incident=taken)


GOOD = [state(name, "SENT") for name in ("Daily Sales", "Store 9", "Store 10", "日报")]
BAD = [
    *GOOD,
    state("Board Pack", "FAILED", kind=IncidentKind.FAILED, began=NINE - timedelta(minutes=20)),
    on_it(state("Cash Flow", "FAILED", kind=IncidentKind.FAILED)),
    state("Weekly Ops", kind=IncidentKind.LATE, began=NINE - timedelta(hours=1)),
    state("Stock", "PROCESSING", began=NOW - timedelta(minutes=4)),
    state("Returns", due="10:30"),
    state("Cash", due="09:45"),
    state("Quarterly"),
]


def roll_call(*states: SubscriptionState, now: datetime = NOW, may_repeat: bool = False) -> Message:
    shown = RollCall(day=TODAY, zone=ZONE.key, states=states, starts={}, sent_by=NINE + timedelta(minutes=5))
    claimed = Notice(
        post_id=PostId("2" * 32),
        channel_id=ChannelId("C0REPORTS2"),
        kind=PostKind.ROLL_CALL,
        claimed_at=now,
        roll_call=shown,
        may_repeat=may_repeat,
    )
    return notice_message(claimed, now=now, zone=ZONE)


def roll_call_messages() -> dict[str, Message]:
    plan = RollCallPlan(
        team_id=TeamId("T0"),
        channel_id=ChannelId("C0REPORTS2"),
        created_by=UserId("U012AB3CD"),
        created_at=NOW,
        at=time(9, 15),
        weekdays=WORKDAYS,
        zone="Europe/Berlin",
    )
    many = [state(f"Store {number}", "SENT") for number in range(1, 300)]
    failing = [state(f"Ops {number}", "FAILED", kind=IncidentKind.FAILED) for number in range(1, 40)]
    return {
        "roll-call-all-sent": roll_call(*GOOD),
        "roll-call-one-mail": roll_call(GOOD[0]),
        "roll-call-in-the-morning": roll_call(*BAD),
        "roll-call-of-the-evening": roll_call(*BAD, now=TODAY.ends_at),
        "roll-call-failed-but-no-incident": roll_call(state("Daily Sales", "FAILED"), GOOD[1]),
        "roll-call-nothing-today": roll_call(state("Quarterly"), state("Yearly")),
        "roll-call-of-many": roll_call(*many, *failing),
        "roll-call-nasty": roll_call(state("", "FAILED"), may_repeat=True),
        "roll-call-set": views.plan_set(plan, UserId("U012AB3CD")),
        "roll-call-set-daily": views.plan_set(replace(plan, weekdays=frozenset({0, 2})), UserId("U012AB3CD")),
        "roll-call-ended": views.plan_ended(UserId("U012AB3CD")),
        "roll-call-none": views.no_plan(CommandNames(prefix="/staging-")),
    }
