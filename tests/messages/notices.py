"""Every notice by name: single and in storms, firing and over, the replies in threads, and lines about no incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    AccessForbidden,
    ByHand,
    ChannelId,
    CredentialsProblem,
    CredentialsRejected,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    IncidentView,
    Mail,
    MailId,
    MissingAccess,
    Notice,
    NotifyReason,
    OnCall,
    PlainNotice,
    PostId,
    PostKind,
    ProtocolError,
    QuickBIUnavailable,
    TaskId,
    Throttled,
    UnknownRefusal,
    UserId,
)
from bot.domain.notices import Redraw
from bot.domain.outage_rules import cause_of
from bot.slack.views.notices import notice_message, redrawn_message
from tests.messages.cast import CONSOLE, MAIL, NASTY, NOW, SALES, ZONE

if TYPE_CHECKING:
    from bot.slack.kit.blocks import Message

REASON = NotifyReason
ON_CALL = OnCall(mentions=("U0BOB00002", "S0BIONCALL"), again_after=timedelta(minutes=30))
HOUR = timedelta(hours=1)


def incident(kind: IncidentKind = IncidentKind.FAILED, *, failed_runs: int = 1) -> Incident:
    return Incident(
        incident_id=IncidentId("1" * 32),
        mail_id=MAIL,
        kind=kind,
        state=IncidentState.FIRING,
        opened_at=NOW - HOUR,
        began_at=NOW - 2 * HOUR,
        failed_runs=failed_runs,
        last_task_id=TaskId(7218865303929605212),
        last_exec_at=NOW - HOUR,
        last_sent_at=NOW - 26 * HOUR,
        expected_at=NOW - 2 * HOUR,
    )


def over(state: IncidentState, kind: IncidentKind = IncidentKind.FAILED, *, failed_runs: int = 2) -> Incident:
    return replace(
        incident(kind, failed_runs=failed_runs), state=state, closed_at=NOW, good_exec_at=NOW - HOUR / 2
    )


def taken(what: Incident, by: str = "U0ADA00001") -> Incident:
    """Somebody looks after it."""
    since = NOW - timedelta(minutes=5)
    return replace(what, responder=UserId(by), responding_since=since, acknowledged_at=since)


def _taken(view: IncidentView) -> IncidentView:
    return replace(view, incident=taken(view.incident))


def unseen(cause: str) -> IncidentView:
    return told(replace(incident(IncidentKind.ACCESS_LOST, failed_runs=0), cause=cause), REASON.ACCESS_LOST)


def told(what: Incident, *reasons: NotifyReason, mail: Mail | None = SALES, **more: object) -> IncidentView:
    return IncidentView(incident=what, mail=mail, reasons=reasons, **more)  # type: ignore[arg-type]


def notice(
    kind: PostKind, *items: IncidentView, lines: tuple[PlainNotice, ...] = (), may_repeat: bool = False
) -> Message:
    claimed = Notice(
        post_id=PostId("2" * 32),
        channel_id=ChannelId("C0REPORTS2"),
        kind=kind,
        claimed_at=NOW,
        items=items,
        lines=lines,
        thread_ts="1.2" if kind is PostKind.REPLY else None,
        may_repeat=may_repeat,
    )
    return notice_message(claimed, now=NOW, zone=ZONE, console=CONSOLE)


def redrawn(*items: IncidentView, may_repeat: bool) -> Message:
    post = Redraw(
        post_id=PostId("2" * 32),
        channel_id=ChannelId("C0REPORTS2"),
        ts="1.2",
        wanted=2,
        items=items,
        may_repeat=may_repeat,
    )
    return redrawn_message(post, now=NOW, zone=ZONE, console=CONSOLE)


def many(count: int, *, recovered: int = 0) -> tuple[IncidentView, ...]:
    """A storm: the first `recovered` of them are over."""
    return tuple(
        told(
            replace(
                over(IncidentState.RECOVERED) if number < recovered else incident(),
                incident_id=IncidentId(f"{number:032x}"),
                mail_id=MailId(f"{number:032x}"),
            ),
            REASON.FIRST_FAILURE,
            mail=Mail(
                mail_id=MailId(f"{number:032x}"), name=f"Store {number:03d}", owner_name="Ada", paused=False
            )
            if number % 7
            else replace(NASTY, mail_id=MailId(f"{number:032x}")),
        )
        for number in range(count)
    )


def notices() -> dict[str, Message]:
    """Every notice by its name."""
    overtaken = replace(over(IncidentState.RECOVERED, failed_runs=1), opened_at=NOW)
    roots = {
        "failed": told(incident(), REASON.FIRST_FAILURE),
        "failed-twice": told(incident(failed_runs=2), REASON.STILL_FAILING),
        "failed-nasty": told(incident(failed_runs=3), REASON.STILL_FAILING, mail=NASTY),
        "failed-without-a-name": told(incident(), REASON.FIRST_FAILURE, mail=None),
        "failed-snoozed": told(incident(), REASON.FIRST_FAILURE, snoozed_until=NOW + HOUR),
        "failed-snoozed-until-recovered": told(
            incident(), REASON.FIRST_FAILURE, snoozed_until_recovered=True
        ),
        "failed-unsubscribed": told(incident(), REASON.FIRST_FAILURE, is_subscribed=False),
        "failed-and-being-run": told(
            incident(),
            REASON.FIRST_FAILURE,
            by_hand=ByHand(user_id=UserId("U0ADA00001"), asked_at=NOW - timedelta(minutes=1)),
        ),
        "failed-taken": told(taken(incident()), REASON.FIRST_FAILURE),
        "failed-called": told(incident(), REASON.FIRST_FAILURE, on_call=ON_CALL),
        "failed-called-taken": told(taken(incident()), REASON.FIRST_FAILURE, on_call=ON_CALL),
        "access-lost-taken": told(
            taken(incident(IncidentKind.ACCESS_LOST, failed_runs=0)), REASON.ACCESS_LOST
        ),
        "recovered-taken": told(taken(over(IncidentState.RECOVERED)), REASON.RECOVERED),
        "stuck": told(incident(IncidentKind.STUCK, failed_runs=0), REASON.STUCK),
        "late": told(incident(IncidentKind.LATE, failed_runs=0), REASON.LATE),
        "late-started": told(
            replace(incident(IncidentKind.LATE, failed_runs=0), started_at=NOW - HOUR), REASON.STARTED
        ),
        "access-lost": unseen("MailNotFound"),
        "access-lost-misconfigured": unseen("MailMisconfigured"),
        "access-lost-refused": unseen("Mail.Attachment.Quota <!channel>"),
        "access-lost-garbled": unseen("ProtocolError"),
        "recovered": told(over(IncidentState.RECOVERED), REASON.RECOVERED),
        "recovered-late": told(
            over(IncidentState.RECOVERED, IncidentKind.LATE, failed_runs=0), REASON.RECOVERED
        ),
        "recovered-stuck": told(
            over(IncidentState.RECOVERED, IncidentKind.STUCK, failed_runs=0), REASON.RECOVERED
        ),
        "access-back": told(
            over(IncidentState.RECOVERED, IncidentKind.ACCESS_LOST, failed_runs=0), REASON.ACCESS_BACK
        ),
        "corrected": told(over(IncidentState.CORRECTED), REASON.CORRECTED),
        "unwatched": told(over(IncidentState.UNWATCHED)),
        "overtaken": told(overtaken, REASON.OVERTAKEN_FAILURE),
        "failed-joined-emoji": told(
            incident(), REASON.FIRST_FAILURE, mail=replace(SALES, name="👩\u200d💻 گزارش\u200cها")
        ),
        "failed-invisible-name": told(incident(), REASON.FIRST_FAILURE, mail=replace(SALES, name="\ufe0f")),
    }
    shown = {f"notice-{name}": notice(PostKind.ROOT, what) for name, what in roots.items()}
    for reason in (
        REASON.FIRST_FAILURE,
        REASON.STILL_FAILING,
        REASON.RECOVERED,
        REASON.CORRECTED,
        REASON.STUCK,
        REASON.LATE,
        REASON.ACCESS_LOST,
        REASON.ACCESS_BACK,
        REASON.OVERTAKEN_FAILURE,
    ):
        shown[f"reply-{reason}"] = notice(PostKind.REPLY, told(over(IncidentState.RECOVERED), reason))
    waiting = told(incident(), REASON.NOBODY_ON_IT, on_call=ON_CALL)
    shown["reply-nobody-on-it"] = notice(PostKind.REPLY, waiting)
    shown["reply-nobody-on-it-and-nobody-to-call"] = notice(PostKind.REPLY, replace(waiting, on_call=None))
    return shown | _storms() | _lines()


def _storms() -> dict[str, Message]:
    return {
        "notice-may-repeat": notice(PostKind.ROOT, told(incident(), REASON.FIRST_FAILURE), may_repeat=True),
        "notice-may-repeat-redrawn": redrawn(told(over(IncidentState.RECOVERED)), may_repeat=True),
        "storm-of-two": notice(PostKind.ROOT, *many(2)),
        "storm": notice(PostKind.ROOT, *many(42)),
        "storm-of-hundred": notice(PostKind.ROOT, *many(100)),
        "storm-half-over": notice(PostKind.ROOT, *many(42, recovered=21)),
        "storm-partly-snoozed": notice(
            PostKind.ROOT, *many(5), replace(many(6)[5], snoozed_until_recovered=True)
        ),
        "storm-snoozed": notice(
            PostKind.ROOT, *(replace(each, snoozed_until=NOW + HOUR) for each in many(12))
        ),
        "storm-taken": notice(PostKind.ROOT, *(_taken(each) for each in many(12))),
        "storm-partly-taken": notice(
            PostKind.ROOT, *(_taken(each) for each in many(5)[:3]), *many(5)[3:], *many(6, recovered=6)[5:]
        ),
        "storm-called": notice(PostKind.ROOT, *(replace(each, on_call=ON_CALL) for each in many(12))),
        "storm-nobody-on-it": notice(
            PostKind.REPLY,
            *(replace(each, on_call=ON_CALL, reasons=(REASON.NOBODY_ON_IT,)) for each in many(12)),
            replace(many(13)[12], reasons=(REASON.STILL_FAILING,)),
        ),
        "storm-over": notice(PostKind.ROOT, *many(42, recovered=42)),
        "storm-reply": notice(PostKind.REPLY, *many(42, recovered=21)),
    }


def _lines() -> dict[str, Message]:
    about = {
        "mail-paused": PlainNotice(reason=REASON.MAIL_PAUSED, at=NOW, subject_id=MAIL, mail=SALES),
        "mail-unpaused": PlainNotice(reason=REASON.MAIL_UNPAUSED, at=NOW, subject_id=MAIL, mail=NASTY),
        "channel-lost": PlainNotice(
            reason=REASON.CHANNEL_LOST,
            at=NOW,
            subject_id="C0OLDREP07",
            detail="is_archived 3\nDaily *Sales*\nStock <!here>\nWeekly Ops",
        ),
        "message-refused": PlainNotice(
            reason=REASON.MESSAGE_REFUSED,
            at=NOW,
            subject_id="C0OLDREP07",
            detail="brand_new_word Daily Sales, Stock & <Orders>",
        ),
        "outage-began": PlainNotice(
            reason=REASON.OUTAGE_BEGAN,
            at=NOW,
            detail=cause_of(
                CredentialsRejected(problem=CredentialsProblem.SECRET_WRONG, code="SignatureDoesNotMatch")
            ),
            since=NOW - timedelta(minutes=3),
        ),
        "outage-over": PlainNotice(reason=REASON.OUTAGE_OVER, at=NOW, detail="Throttling", since=NOW - HOUR),
    }
    causes = {
        "throttled": cause_of(Throttled(code="Throttling.User")),
        "down": cause_of(QuickBIUnavailable(outcome_unknown=True)),
        "odd": cause_of(ProtocolError()),
        "no-api-user": cause_of(AccessForbidden(missing=MissingAccess.API_USER, code="Access.Forbidden")),
        "unknown": cause_of(UnknownRefusal(code="Brand.New<!here>")),
        "of-an-older-version": "SignatureDoesNotMatch",
    }
    about |= {f"outage-{name}": replace(about["outage-began"], detail=why) for name, why in causes.items()}
    shown = {f"line-{name}": notice(PostKind.LINE, lines=(line,)) for name, line in about.items()}
    paused = [
        replace(about["mail-paused"], mail=replace(SALES, name=f"Store {number:03d}")) for number in range(90)
    ]
    return shown | {
        "line-several": notice(PostKind.LINE, lines=tuple(about.values())),
        "line-many": notice(PostKind.LINE, lines=tuple(paused)),
    }
