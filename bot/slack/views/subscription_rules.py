"""Subscriptions by rule: the question with what it matches, and what is said when one begins, changes or ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain import Mail, PlainNotice, SubscriptionRule, UserId
from bot.mails.mail_rules import MailRule
from bot.slack.command_names import CommandNames
from bot.slack.commands import Verb
from bot.slack.kit.actions import Act, ask_first
from bot.slack.kit.blocks import Message, button, message, small
from bot.slack.kit.text import bold, code, duration, joined, label_of, name, natural, plural

RULE_CONFIRMED, RULE_DISMISSED = f"{Act.SUBSCRIBE}:rule", f"{Act.DISMISS}:rule"
_ROOM = 200  # characters of names
_LONG_ROUND = timedelta(minutes=10)


def preview(rule: MailRule, mails: Sequence[Mail], *, is_shared: bool, a_round: timedelta) -> Message:
    """What the rule would subscribe the channel to. `a_round`: the time that one call for each of them takes."""
    matching = f"matches *{plural(len(mails), 'mail')}* now{f': {_names(mails)}' if mails else ''}"
    shared = (
        "\n🌐 People from other organisations read this channel: they will see these names, and what fails."
        if is_shared
        else ""
    )
    rounds = (
        f"\nQuick BI allows few calls: with so many, each mail is looked at about every {duration(a_round)}, "
        "sooner when it is expected."
        if a_round > _LONG_ROUND
        else ""
    )
    question = (
        f"📐 {code(rule.text)} {matching}\nThe channel is told when one of them fails, and when it recovers. "
        f"Mails that match later join by themselves.{rounds}{shared}"
    )
    yes = button("Subscribe this channel", action_id=RULE_CONFIRMED, value=rule.text, style="primary")
    no = button("Cancel", action_id=RULE_DISMISSED, value="no", reads_as="Cancel, change nothing")
    return ask_first(question, yes, no)


def is_known() -> Message:
    """What becomes of the question; the channel is told beside it."""
    return message("📐 You subscribed this channel by a rule")


def dismissed() -> Message:
    return message("✋ Nothing was changed")


def subscribed(rule: MailRule, mails: Sequence[Mail], by: UserId) -> Message:
    """The public confirmation."""
    now = f"{plural(len(mails), 'mail')} now: {_names(mails)}" if mails else "no further mail now"
    return message(
        f"📐 <@{by}> subscribed this channel to all mails that match {code(rule.text)}: {now}",
        small("Mails that match later join by themselves; I say so once a day"),
    )


def unsubscribed(rule: MailRule, count: int, by: UserId) -> Message:
    return message(
        f"📐 <@{by}> ended the rule {code(rule.text)}: this channel is no longer told about {plural(count, 'mail')}."
    )


def no_such_rule(rule: MailRule, rules: Sequence[SubscriptionRule], names: CommandNames) -> Message:
    has = (
        f"It has {', '.join(code(each.text) for each in rules)}."
        if rules
        else f"See {code(names.of(Verb.SUBSCRIPTIONS))} for what it is told about."
    )
    return message(f"📐 *This channel has no rule* {code(rule.text)}\n{has}")


def rule_line(rule: SubscriptionRule, count: int) -> str:
    """In the list of what a channel is told about."""
    return f"📐 {code(rule.text)} by <@{rule.created_by}> brings {plural(count, 'mail')}"


def changed_words(line: PlainNotice) -> str:
    """Once a day. `detail` has a line for each mail, with a sign before its name; it may have joined and left."""
    last = {each[1:]: each[0] for each in line.detail.splitlines() if each}
    joined_names = sorted((title for title, sign in last.items() if sign == "+"), key=natural)
    left_names = sorted((title for title, sign in last.items() if sign == "-"), key=natural)
    parts = [
        f"{plural(len(names), 'mail')} {word}: {joined([bold(each) for each in names], _ROOM)}"
        for word, names in (("joined", joined_names), ("left", left_names))
        if names
    ]
    return f"📐 By the rule {code(line.subject_id)}, {'; '.join(parts)}"


def _names(mails: Sequence[Mail]) -> str:
    labels = sorted((label_of(mail.mail_id, mail) for mail in mails), key=natural)
    return joined([name(label, 60) for label in labels], _ROOM)
