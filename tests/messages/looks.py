"""Every list, history and Home tab that a person can be shown, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    ChannelId,
    Choice,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    KnownRun,
    Mail,
    MailId,
    MailNotFound,
    MailRef,
    Outage,
    QuickBIUnavailable,
    RunStatus,
    SubscriptionState,
    TaskId,
    TaskRun,
)
from bot.domain.incidents import Standing
from bot.domain.responders import Acknowledgements
from bot.domain.run_statistics import track_record
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import InChannel, under_status
from bot.slack.kit.blocks import together
from bot.slack.transport.responders import as_modal, as_tab
from bot.slack.views import errors as failures
from bot.slack.views import help as guide
from bot.slack.views import status as messages
from bot.slack.views.history import PER_PAGE, STRIP, Past, history, no_records
from bot.slack.views.home import Overview, Sight, home
from bot.slack.views.home_actions import places
from bot.slack.views.mail_list import Listed, Wanted, mail_list
from bot.slack.views.status import Glance, several
from tests.messages.cast import MAIL, NASTY, NOW, REF, SALES, ZONE, run, seen
from tests.messages.notices import taken
from tests.messages.subscriptions import ADA, firing, state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.views import View

    from bot.slack.kit.blocks import Message

OPS = Mail(mail_id=MailId("0977a7ea657492b9b75b00f96e666682"), name="Weekly Ops", owner_name="", paused=False)
DAY = timedelta(days=1)


def look_messages() -> dict[str, Message]:
    """Lists, histories and shared statuses."""
    return (
        _lists()
        | _histories()
        | {
            "failure-person-unknown": failures.person_unknown(),
            "several": _several(),
            "several-checking": messages.checking_several(7, 5.5),
            "places-none": places(MAIL, [], now=NOW, zone=ZONE),
            "together": together([failures.old_button(), _status(run("FAILED")), _status()]),
            "together-too-many": together([_several()] * 20),
            "shared": messages.shared(_status(run("FAILED")), ADA),
            "shared-checked-earlier": messages.shared(
                _status(run("PROCESSING"), age=35, stays=True),
                ADA,
            ),
            "shared-never-ran": messages.shared(_status(), ADA),
            "failure-old-button": failures.old_button(),
        }
    )


def look_views() -> dict[str, View]:
    """The Home tab in every mood, and what a click on it opens."""
    sheets = {
        "help": guide.help_for(Verb.HELP, f"/{Verb.HELP}"),
        "choose": guide.choose(Choice(words="sales", mails=(SALES, OPS)), verb=Verb.HISTORY),
        "checking": messages.checking(
            REF, SALES, ready_in=12, last=seen(run("FAILED"), age=180), now=NOW, zone=ZONE
        ),
        "failure": failures.failure(MailNotFound(request_id="38C0FEC8"), REF, SALES),
        "outsider": failures.outsider(),
        "status-sent": _status(run("SENT")),
    }
    tabs = {"outsider": failures.outsider(), "wrong-channel": failures.wrong_channel()}
    shown = {f"sheet-{name}": as_modal(message) for name, message in sheets.items()}
    shown |= {f"tab-{name}": as_tab(message) for name, message in tabs.items()}
    return (
        shown
        | _homes()
        | {
            "sheet-status": as_modal(_status(run("FAILED"))),
            "sheet-places": as_modal(_places(snoozed=False)),
            "sheet-places-quiet": as_modal(_places(snoozed=True)),
            "sheet-list": as_modal(_lists()["list-page"]),
            "sheet-history": as_modal(_histories()["history-not-subscribed"]),
        }
    )


def _places(*, snoozed: bool) -> Message:
    """A failing mail in two channels, or a nasty one that is quiet in more of them than fit."""
    if not snoozed:
        here = state(latest=run("FAILED"), incident=firing(IncidentKind.FAILED))
        there = state(
            incident=firing(IncidentKind.FAILED), channel_id=ChannelId("C2"), snoozed_until_recovered=True
        )
        return places(MAIL, [here, there], now=NOW, zone=ZONE)
    many = [state(NASTY, run("SENT"), channel_id=ChannelId(f"C{n}")) for n in range(30)]
    return places(NASTY.mail_id, many, now=NOW, zone=ZONE)


def _several() -> Message:
    """As chosen in the form: fine, failed, unknown to Quick BI, never run."""
    return several(
        [
            Glance(ref=REF, mail=SALES, latest=run("SENT")),
            Glance(ref=MailRef(mail_id=NASTY.mail_id), mail=NASTY, latest=run("FAILED")),
            Glance(ref=MailRef(mail_id=MailId("90001")), mail=None, error=MailNotFound(request_id="R")),
            Glance(ref=MailRef(mail_id=OPS.mail_id), mail=OPS),
            Glance(ref=REF, mail=SALES, error=QuickBIUnavailable(outcome_unknown=True)),
            Glance(ref=REF, mail=replace(SALES, paused=True), latest=run("PROCESSING")),
        ],
        now=NOW,
        zone=ZONE,
    )


def _status(*runs: TaskRun, age: float = 0, stays: bool = False) -> Message:
    has_failed = any(one.status is RunStatus.FAILED for one in runs)
    controls = under_status(REF, "Daily Sales", has_failed=has_failed, here=InChannel(is_subscribed=False))
    return messages.status(seen(*runs, age=age), now=NOW, zone=ZONE, extra=(controls,), stays=stays)


def _listed(
    *mails: Mail, words: str = "", page: int = 0, total: int | None = None, **more: object
) -> Message:
    fields: dict[str, object] = {
        "only_close": False,
        "is_old": False,
        "standings": {},
        "names": CommandNames(),
    }
    listed = Listed(
        wanted=Wanted(words=words, page=page),
        mails=mails,
        total=len(mails) if total is None else total,
        **(fields | more),  # type: ignore[arg-type]
    )
    return mail_list(listed, now=NOW, zone=ZONE)


def _lists() -> dict[str, Message]:
    standings = {
        MAIL: Standing(latest=run("SENT")),
        OPS.mail_id: Standing(latest=run("FAILED"), incident=firing(IncidentKind.FAILED)),
        NASTY.mail_id: Standing(latest=run("PROCESSING")),
    }
    stores = [replace(SALES, mail_id=MailId(f"a{n}"), name=f"Store {n}") for n in range(8)]
    return {
        "list-page": _listed(SALES, OPS, NASTY, total=20, page=1, standings=standings),
        "list-of-unknown": _listed(*stores, total=5000),
        "list-with-words": _listed(SALES, words="sales", standings=standings),
        "list-close": _listed(SALES, OPS, words="saels <!here> *x*", only_close=True),
        "list-close-one": _listed(SALES, words="saels", only_close=True),
        "list-old": _listed(SALES, is_old=True),
        "list-nothing-found": _listed(words="zzz <!channel>"),
        "list-nothing-found-old": _listed(words="zzz", is_old=True),
        "list-nothing-there": _listed(),
        "list-nothing-read": _listed(is_old=True),
        "list-nasty": _listed(replace(NASTY, owner_name="*<!here>*"), OPS, words="w" * 1000),
    }


def known(
    status: str, *, at: datetime, seconds: float | None = 40, followed: bool = True, task: int = 7
) -> KnownRun:
    """A run as the records have it; `seconds` is when after its start it was seen to be over."""
    ended_at = None if seconds is None else at + timedelta(seconds=seconds)
    known_run = TaskRun(
        mail_id=MAIL,
        task_id=TaskId(task),
        exec_at=at,
        status=RunStatus(status) if status in RunStatus.__members__ else RunStatus.UNKNOWN,
        status_word=status,
    )
    first = at + timedelta(seconds=5) if followed or ended_at is None else ended_at
    return KnownRun(run=known_run, first_seen_at=first, is_baseline=False, ended_at=ended_at)


def past(runs: Sequence[KnownRun], *, page: int = 0, **more: object) -> Past:
    fields: dict[str, object] = {
        "mail_id": MAIL,
        "mail": SALES,
        "watched_since": NOW - 60 * DAY,
        "is_subscribed": True,
    }
    return Past(
        page=page,
        rows=tuple(runs[page * PER_PAGE : (page + 1) * PER_PAGE]),
        strip=tuple(runs[:STRIP]),
        total=len(runs),
        record=track_record(runs, ZONE),
        **(fields | more),  # type: ignore[arg-type]
    )


def daily(count: int, *failed: int, every: timedelta = DAY) -> list[KnownRun]:
    """Runs at about 09:30, newest first; those at the places `failed` failed."""
    return [
        known(
            "FAILED" if n in failed else "SENT",
            at=NOW - timedelta(minutes=5) - n * every + timedelta(seconds=40 * (n % 3)),
            task=9000 - n,
        )
        for n in range(count)
    ]


def _histories() -> dict[str, Message]:
    odd = [
        known("PROCESSING", at=NOW - timedelta(minutes=2), seconds=None),
        known("QUEUED <!here>", at=NOW - DAY, seconds=None),
        known("FAILED", at=NOW - 2 * DAY, seconds=200, followed=False),
        known("SENT", at=NOW - 3 * DAY, seconds=90_000, followed=False),
    ]
    timeless = replace(odd[0], run=replace(odd[0].run, exec_at=None, task_id=None))
    pasts = {
        "of-a-good-mail": past(daily(43, 4, 17, 18)),
        "taken-now-and-then": past(
            daily(43, 4, 17, 18),
            acknowledged=Acknowledgements(incidents=7, acknowledged=5, after=timedelta(minutes=4)),
        ),
        "second-page": past(daily(43, 4, 9, 17), page=1),
        "last-page": past(daily(43), page=5),
        "every-hour": past(daily(40, 3, every=timedelta(hours=1))),
        "of-odd-runs": past([*odd, timeless], is_subscribed=None),
        "not-subscribed": past(daily(2), watched_since=None, is_subscribed=False),
        "without-failure": past(daily(30)),
        "all-failed": past(daily(3, 0, 1, 2)),
        "no-run": past([]),
        "no-run-unwatched": past([], watched_since=None, is_subscribed=False, mail=None),
        "nasty": past(daily(1, 0), mail=NASTY, is_subscribed=False),
    }
    shown = {f"history-{name}": history(what, now=NOW, zone=ZONE) for name, what in pasts.items()}
    return shown | {"history-no-records": no_records(NASTY.mail_id, NASTY)}


def _homes() -> dict[str, View]:
    names = CommandNames(prefix="/staging-")
    sales, ops = ChannelId("C0SALES003"), state(OPS, run("SENT"))
    trouble = state(incident=firing(IncidentKind.FAILED), latest=run("FAILED"))
    late = state(OPS, incident=taken(firing(IncidentKind.LATE)))
    hanging = replace(SALES, mail_id=MailId("a1"), name="Hanging before anybody subscribed")
    snoozed = state(NASTY, incident=firing(IncidentKind.STUCK), snoozed_until=NOW + timedelta(hours=4))
    short = Outage(outage_id="1", began_at=NOW - timedelta(seconds=40), cause="QuickBIUnavailable")
    overviews = {
        "silent": Overview(
            states=(ops,),
            incidents=(),
            outage=short,
            last_answer_at=NOW - timedelta(seconds=55),
            sight=Sight.KNOWN,
            names=names,
        ),
        "first-time": Overview(
            states=(), incidents=(), outage=None, last_answer_at=None, sight=Sight.KNOWN, names=names
        ),
        "quiet": Overview(
            states=(ops, state(latest=run("SENT"))),
            incidents=(),
            outage=None,
            last_answer_at=NOW - timedelta(seconds=20),
            sight=Sight.KNOWN,
            names=names,
        ),
        "trouble": Overview(
            states=(
                ops,
                trouble,
                state(incident=firing(IncidentKind.FAILED), latest=run("FAILED"), channel_id=sales),
                late,
                state(hanging, run("PROCESSING", ago=timedelta(minutes=40))),
                snoozed,
                state(OPS, run("SENT"), channel_id=ChannelId("C0OLDREP07"), paused_reason="is_archived"),
            ),
            incidents=tuple(_over()),
            outage=None,
            last_answer_at=NOW - timedelta(seconds=20),
            sight=Sight.KNOWN,
            names=names,
        ),
        "outage": Overview(
            states=(trouble, ops),
            incidents=(),
            outage=replace(short, began_at=NOW - timedelta(minutes=8), told_at=NOW - timedelta(minutes=5)),
            last_answer_at=NOW - timedelta(minutes=9),
            sight=Sight.UNKNOWN,
            names=names,
        ),
        "looking": Overview(
            states=(),
            incidents=(),
            outage=None,
            last_answer_at=NOW - timedelta(seconds=20),
            sight=Sight.LOOKING,
            names=names,
        ),
        "crowded": Overview(
            states=tuple(_crowd()),
            incidents=tuple(_over() * 4),
            outage=None,
            last_answer_at=NOW - timedelta(seconds=20),
            sight=Sight.KNOWN,
            names=names,
        ),
    }
    return {f"home-{name}": home(what, now=NOW, zone=ZONE) for name, what in overviews.items()}


def _over() -> list[Incident]:
    ended = replace(
        firing(IncidentKind.FAILED),
        state=IncidentState.RECOVERED,
        closed_at=NOW - DAY,
        began_at=NOW - DAY - timedelta(hours=3),
        good_exec_at=NOW - DAY,
    )
    corrected = replace(
        ended, incident_id=IncidentId("2" * 32), mail_id=OPS.mail_id, state=IncidentState.CORRECTED
    )
    return [ended, corrected]


def _crowd() -> list[SubscriptionState]:
    """More of everything than fits."""
    crowd = []
    for n in range(200):
        mail = replace(SALES, mail_id=MailId(f"a{n:03d}"), name=f"Store {n:03d}")
        failing = firing(IncidentKind.FAILED) if n < 50 else None
        asleep = n % 3 == 0
        closed = "is_archived" if n % 11 == 0 else ""
        one = state(mail, run("SENT"), incident=failing, snoozed_until_recovered=asleep)
        other = state(mail, run("SENT"), incident=failing, channel_id=ChannelId(f"C{n}"))
        crowd += [replace(one, paused_reason=closed), other]
    return crowd
