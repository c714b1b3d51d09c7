"""Every message about subscribing, leaving and snoozing, by name; and the forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    ChannelId,
    DueTime,
    Event,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentState,
    MailId,
    OnCall,
    SubscribeOutcome,
    Subscription,
    SubscriptionState,
    TeamId,
    UserId,
    Wish,
)
from bot.domain.responders import Response, ResponseOutcome
from bot.domain.subscriptions import Posting
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.text import title_of
from bot.slack.views import forms as form_views
from bot.slack.views import responders as responding
from bot.slack.views import shared_channels as shared
from bot.slack.views import status as sharing_messages
from bot.slack.views import subscriptions as views
from bot.slack.views import unsubscribe as leaving
from bot.slack.views.forms import Origin
from bot.slack.views.subscriptions import Subscribed
from tests.messages.cast import MAIL, NASTY, NOW, REF, SALES, ZONE, run
from tests.messages.notices import ON_CALL, taken

if TYPE_CHECKING:
    from slack_sdk.models.views import View

    from bot.domain import Mail, TaskRun
    from bot.slack.kit.blocks import Message

ADA = UserId("U0ADA00001")
CHANNEL = ChannelId("C0REPORTS2")
DUE = DueTime(at=time(9, 30), weekdays=frozenset(range(5)), grace=timedelta(minutes=20))


def subscription(mail_id: MailId = MAIL, **more: object) -> Subscription:
    fields: dict[str, object] = {
        "team_id": TeamId("T0SANDBOX"),
        "channel_id": CHANNEL,
        "mail_id": mail_id,
        "created_by": ADA,
        "created_at": NOW,
    }
    return Subscription(**(fields | more))  # type: ignore[arg-type]


def state(
    mail: Mail | None = SALES,
    latest: TaskRun | None = None,
    *,
    incident: Incident | None = None,
    paused_reason: str = "",
    mail_id: MailId | None = None,
    **more: object,
) -> SubscriptionState:
    mail_id = mail_id or (mail.mail_id if mail else MAIL)
    return SubscriptionState(
        subscription=subscription(mail_id, **more),
        mail=mail,
        latest=latest,
        incident=incident,
        paused_reason=paused_reason,
    )


def firing(kind: IncidentKind) -> Incident:
    return Incident(
        incident_id=IncidentId("1" * 32),
        mail_id=MAIL,
        kind=kind,
        state=IncidentState.FIRING,
        opened_at=NOW,
        began_at=NOW - timedelta(hours=2),
        failed_runs=2,
    )


def done(what: SubscriptionState, *, is_checked: bool = True) -> Subscribed:
    return Subscribed(state=what, outcome=SubscribeOutcome.CREATED, is_checked=is_checked)


def subscription_messages() -> dict[str, Message]:
    """Every message about subscriptions by its name."""
    sent, failed = state(latest=run("SENT")), state(NASTY, run("FAILED"))
    many = [state(latest=run("SENT"), mail_id=MailId(f"a{number}")) for number in range(23)]
    long = [
        done(state(replace(NASTY, mail_id=MailId(f"a{n}"), name=f"{n} {NASTY.name}"), run("FAILED")))
        for n in range(100)
    ]
    told = {
        "one": [done(sent)],
        "with-due": [done(state(latest=run("SENT"), due=DUE))],
        "with-people-on-call": [done(state(latest=run("SENT"), on_call=ON_CALL))],
        "failing": [done(state(latest=run("FAILED")))],
        "unchecked": [done(state(mail=None), is_checked=False)],
        "late": [done(state(latest=run("SENT"), incident=firing(IncidentKind.LATE)))],
        "unchecked-in-trouble": [
            done(state(latest=run("SENT"), incident=firing(IncidentKind.ACCESS_LOST)), is_checked=False)
        ],
        "several": [done(sent), done(failed)],
        "several-with-due": [done(state(latest=run("PROCESSING"), due=DUE)), done(state(NASTY, due=DUE))],
        "hundred": long,
        "failures-only": [done(state(latest=run("SENT"), events=frozenset({Event.FAILED})))],
    }
    shown = {
        f"subscribed-{name}": views.subscribed(what, ADA, now=NOW, zone=ZONE) for name, what in told.items()
    }
    in_trouble = [
        sent,
        state(replace(SALES, name="Failed before anybody subscribed"), run("FAILED")),
        state(NASTY, run("FAILED"), incident=taken(firing(IncidentKind.FAILED)), due=DUE, on_call=ON_CALL),
        state(mail=None, incident=firing(IncidentKind.LATE)),
        state(latest=run("PROCESSING"), snoozed_until=NOW + timedelta(hours=4)),
        state(latest=run("FAILED"), incident=firing(IncidentKind.STUCK), snoozed_until_recovered=True),
        state(incident=firing(IncidentKind.ACCESS_LOST), paused_reason="is_archived"),
    ]
    snoozed = state(snoozed_until=NOW + timedelta(hours=1))
    nameless = replace(SALES, name=" \u202e ")
    return shown | {
        "subscribed-changed": views.changed(
            [
                state(events=frozenset({Event.FAILED}), due=DUE),
                state(NASTY, on_call=OnCall(mentions=("U0BOB00002",))),
            ],
            ADA,
        ),
        "subscribing-checking": views.checking(10, 8.2),
        "subscribing-checking-one": views.checking(1, 0),
        "subscribing-checked": views.checked(),
        "subscribed-already": views.already([sent, failed]),
        "subscribe-shared": shared.ask_shared(Wish(mail_ids=(MAIL,))),
        "subscribe-shared-several": shared.ask_shared(Wish(mail_ids=(MAIL, MailId("m2")))),
        "subscribed-shared": shared.shared_is_known(),
        "subscribe-shared-cancelled": shared.not_subscribed_shared(),
        "cannot-post-archived": views.cannot_post(Posting.ARCHIVED, "report-bot"),
        "cannot-post-read-only": views.cannot_post(Posting.READ_ONLY, "report-bot"),
        "cannot-post-direct": views.cannot_post(Posting.DIRECT, "report-bot"),
        "cannot-post-private": views.cannot_post(Posting.INVITE, "report-bot"),
        "unsubscribed-one": leaving.unsubscribed([(MAIL, SALES)], ADA),
        "unsubscribed-unknown": leaving.unsubscribed([(MAIL, None)], ADA),
        "unsubscribed-many": leaving.unsubscribed([(MailId(f"a{n}"), NASTY) for n in range(12)], ADA),
        "not-subscribed": leaving.not_subscribed("Sales <!here>", names=CommandNames()),
        "not-subscribed-several": leaving.not_subscribed("Sales", "Ops & Co", names=CommandNames()),
        "unsubscribed-nameless": leaving.unsubscribed([(MAIL, nameless)], ADA),
        "unsubscribe-ask-first": leaving.ask_to_leave(MAIL, SALES),
        "unsubscribe-ask-first-nasty": leaving.ask_to_leave(NASTY.mail_id, NASTY),
        "unsubscribe-left": leaving.left(MAIL, SALES),
        "unsubscribe-stays": leaving.stays(MAIL, SALES),
        "unsubscribe-all": leaving.confirm_all(12),
        "unsubscribe-all-of-one": leaving.confirm_all(1),
        "unsubscribe-left-all": leaving.left_all(12),
        "subscriptions-none": views.none_yet(CommandNames()),
        "subscriptions-trouble": views.listed(in_trouble, page=0, now=NOW, zone=ZONE),
        "subscriptions-paged": views.listed(many, page=1, now=NOW, zone=ZONE),
        "snoozed": leaving.snoozed(snoozed, ADA, now=NOW, zone=ZONE),
        "snoozed-until-recovered": leaving.snoozed(
            state(snoozed_until_recovered=True), ADA, now=NOW, zone=ZONE
        ),
        "snooze-nothing-wrong": leaving.nothing_wrong(MAIL, SALES),
        **_responding(),
        "share-ask-first": sharing_messages.ask_to_share(REF, SALES, CHANNEL),
        "share-ask-first-nasty": sharing_messages.ask_to_share(REF, NASTY, CHANNEL),
        "share-done": sharing_messages.shared_now(REF, SALES),
        "share-not": sharing_messages.not_shared(REF, SALES),
        "woken": leaving.snoozed(state(), ADA, now=NOW, zone=ZONE),
        "snooze-none": leaving.none_failing(),
        "snoozed-many": leaving.snoozed(snoozed, ADA, count=42, now=NOW, zone=ZONE),
        "woken-many": leaving.snoozed(state(), ADA, count=42, now=NOW, zone=ZONE),
    }


def _responding() -> dict[str, Message]:
    """“I'm on it”, and what becomes of it."""
    bob, title = UserId("U0BOB00002"), title_of(MAIL, SALES)
    theirs = taken(firing(IncidentKind.FAILED), by=bob)
    return {
        "responder-took": responding.responded(Response.TAKE, ADA, title, before=()),
        "responder-took-many": responding.responded(Response.TAKE, ADA, "*12 mails*", before=()),
        "responder-took-over": responding.responded(Response.TAKE_OVER, ADA, title, before=[bob]),
        "responder-gave-back": responding.responded(Response.GIVE_BACK, ADA, title, before=[ADA]),
        **{
            f"responder-{response}-{outcome}".replace("_", "-"): responding.unchanged(
                response, outcome, theirs, title, zone=ZONE
            )
            for response, outcome in (
                (Response.TAKE, ResponseOutcome.TAKEN),
                (Response.GIVE_BACK, ResponseOutcome.TAKEN),
                (Response.TAKE, ResponseOutcome.ALREADY),
                (Response.GIVE_BACK, ResponseOutcome.ALREADY),
                (Response.TAKE, ResponseOutcome.NOTHING_WRONG),
            )
        },
        "responder-others": responding.unchanged(
            Response.TAKE, ResponseOutcome.TAKEN, None, "these mails", zone=ZONE
        ),
    }


def forms() -> dict[str, View]:
    """The modals by name."""
    origin = Origin(channel_id=CHANNEL, response_url="https://hooks.slack.com/commands/T0/1/x")
    return {
        "form-status": form_views.status_form(origin),
        "form-history": form_views.choose_form(Verb.HISTORY, origin),
        "form-run": form_views.choose_form(Verb.RUN, origin),
        "form-unsubscribe": form_views.unsubscribe_form(origin, [(MAIL, SALES), (MailId("gone"), None)]),
        "form-unsubscribe-many": form_views.unsubscribe_form(
            origin, [(MailId(f"m{number}"), None) for number in range(103)]
        ),
        "form-digest": form_views.digest_form(origin, plan=None, zone_name="Europe/Berlin"),
        "form-subscribe": form_views.subscribe_form(origin, zone_name="Asia/Shanghai"),
        "form-subscribe-filled": form_views.subscribe_form(
            origin, zone_name="Asia/Shanghai", filled=frozenset({"due", "calls"})
        ),
    }
