"""Quick BI's mails as the page lists them, and what can be made to happen to each."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.page.stage import Stage
from bot.sandbox.world import Compressed, Daily, Every, Mail, Plan, Status, World
from bot.sandbox.world.plans import EVERY_DAY, WORKDAYS

_SHORT = timedelta(seconds=2)
_LONG_AGO = timedelta(minutes=16)
"""A run that began then and is not over is stuck by anybody's measure: nobody has to wait for it."""


def mails_json(world: World) -> list[dict[str, Any]]:
    """Every mail in the order of the cast. Task IDs are texts: they are beyond what JavaScript counts."""
    now = world.now
    return [_mail_json(mail, now) for mail in world.mails()]


def _mail_json(mail: Mail, now: datetime) -> dict[str, Any]:
    last, coming = mail.latest(now), mail.next_start(now)
    failing = mail.failing_until is not None and now < mail.failing_until
    return {
        "mail_id": mail.mail_id,
        "name": mail.name,
        "owner": mail.owner_name,
        "group": mail.group,
        "shows": mail.shows,
        "plan": plan_words(mail.plan),
        "has_plan": mail.plan is not None,
        "paused": mail.paused,
        "permitted": mail.permitted,
        "fail_next": mail.fail_next,
        "hang_next": mail.hang_next,
        "skip_next": mail.skip_next,
        "failing": failing,
        "next_at": coming.timestamp() if coming else None,
        "last": None
        if last is None
        else {
            "task_id": str(last.task_id),
            "status": last.status_at(now),
            "began_at": last.exec_at.timestamp(),
        },
    }


def plan_words(plan: Plan | None) -> str:
    """A plan as a person would say it."""
    match plan:
        case None:
            return "no schedule"
        case Compressed():
            return f"{plan_words(plan.plan)}, {plan.speed:g} times as fast"
        case Every():
            return f"every {_span(plan.interval)}"
        case Daily():
            at = " and ".join(f"{each:%H:%M}" for each in sorted(plan.times))
            return f"{_days(plan.weekdays)} at {at} ({plan.zone.key})"
        case _:
            return "a schedule of its own"


def _span(interval: timedelta) -> str:
    minutes = interval / timedelta(minutes=1)
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"  # noqa: PLR2004  minutes of an hour


def _days(weekdays: frozenset[int]) -> str:
    if weekdays == EVERY_DAY:
        return "daily"
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return "workdays" if weekdays == WORKDAYS else ", ".join(names[day] for day in sorted(weekdays))


def mail_controls(stage: Stage) -> Mapping[str, Callable[[str], object]]:
    """What the page may do to a mail, by name; each takes the mail's ID and raises `NoSuchMail`."""
    world = stage.quickbi.world
    hour = stage.planned(timedelta(hours=1))
    return {
        "run_now": world.run_now,
        "run_well": lambda mail_id: world.run_now(mail_id, takes=_SHORT, outcome=Status.SENT),
        "run_badly": lambda mail_id: world.run_now(mail_id, takes=_SHORT, outcome=Status.FAILED),
        "release": world.release,
        "fail_next": world.fail_next,
        "fail_hour": lambda mail_id: world.fail_for(mail_id, hour),
        "hang": lambda mail_id: world.run_now(mail_id, started_ago=_LONG_AGO, hangs=True),
        "skip_next": world.skip_next,
        "pause": world.pause,
        "resume": world.resume,
        "revoke": world.revoke,
        "grant": world.grant,
        "mend": world.mend,
    }
