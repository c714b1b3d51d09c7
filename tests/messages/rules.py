"""Subscriptions by rule, by name: the question, what is said afterwards, and the line of the day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import Mail, MailId, NotifyReason, PlainNotice, PostKind, SubscriptionRule, TeamId, UserId
from bot.mails.mail_rules import MailRule, read_rule
from bot.slack.command_names import CommandNames
from bot.slack.views import subscription_rules as views
from tests.messages.cast import NASTY, NOW, SALES
from tests.messages.notices import notice
from tests.support.sample_values import REPORTS

if TYPE_CHECKING:
    from bot.slack.kit.blocks import Message

BY = UserId("U012AB3CD")


def line(*mails: str, rule: str = "owner:Ada") -> Message:
    told = PlainNotice(reason=NotifyReason.RULE_CHANGED, at=NOW, subject_id=rule, detail="\n".join(mails))
    return notice(PostKind.LINE, lines=(told,))


def rule_messages() -> dict[str, Message]:
    rule = read_rule('owner:Ada -name:"to do"') or MailRule()
    stores = [
        Mail(mail_id=MailId(f"s{number}"), name=f"Store {number}", owner_name="", paused=False)
        for number in range(1, 3_001)
    ]
    known = SubscriptionRule(
        team_id=TeamId("T0"), channel_id=REPORTS, text="name:日报", created_by=BY, created_at=NOW
    )
    minute = timedelta(minutes=1)
    names = CommandNames(prefix="/staging-")
    return {
        "rule-preview": views.preview(rule, [SALES, *stores[:2]], is_shared=False, a_round=minute),
        "rule-preview-nothing": views.preview(rule, [], is_shared=False, a_round=minute),
        "rule-preview-shared": views.preview(rule, [SALES], is_shared=True, a_round=minute),
        "rule-preview-many": views.preview(MailRule(), stores, is_shared=False, a_round=50 * minute),
        "rule-preview-nasty": views.preview(
            read_rule('name:"<!channel> `x`"') or rule, [NASTY], is_shared=False, a_round=minute
        ),
        "rule-is-known": views.is_known(),
        "rule-dismissed": views.dismissed(),
        "rule-subscribed": views.subscribed(rule, [SALES, *stores[:2]], BY),
        "rule-subscribed-nothing-new": views.subscribed(rule, [], BY),
        "rule-ended": views.unsubscribed(rule, 14, BY),
        "rule-unknown": views.no_such_rule(rule, [known], names),
        "rule-unknown-none": views.no_such_rule(rule, [], names),
        "line-rule-joined": line("+Store 9", "+Store 10"),
        "line-rule-joined-and-left": line("+Store 9", "-Daily Sales", "+Daily Sales", "-日报"),
        "line-rule-nasty": line(f"+{NASTY.name.splitlines()[0]}", rule="name:<!here>"),
    }
