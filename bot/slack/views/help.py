"""Help: what can be typed, and which mail was meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ActionsBlock

from bot.domain import Choice, Mail, MailRef
from bot.mails.references import EXAMPLE_TASK, MAX_MAILS_AT_ONCE
from bot.mails.text_normalisation import displayed
from bot.slack.commands import EXAMPLE_DIGEST, EXAMPLE_NAME, Verb
from bot.slack.kit.actions import Act, ref_value
from bot.slack.kit.blocks import MAX_BLOCKS, Message, actions, button, message, small
from bot.slack.kit.text import clip, code, joined, name
from bot.slack.views.mail_list import list_button

_LABEL = 75  # characters, by Slack's limit for a button
_ROOM = 600  # characters of names
_ID_END = 6  # characters, enough to tell two IDs apart


@dataclass(frozen=True, kw_only=True, slots=True)
class _Help:
    arguments: str
    what: str
    example: str = ""
    more: str = ""


_MAIL = "MAIL is a mail's ID or its name, or a whole error line copied from Quick BI."
_HELP = {
    Verb.STATUS: _Help(
        arguments="MAIL [TASK_ID]",
        what="How is this report mail doing?",
        example=f"{EXAMPLE_NAME} {EXAMPLE_TASK}",
        more=f"{_MAIL} An error in it is explained. Without a task ID you see the mail's latest run. "
        "Only you see the answer.",
    ),
    Verb.SUBSCRIBE: _Help(
        arguments="MAIL [MAIL …] [due 09:30 weekdays grace 15m]",
        what="Tell this channel when a mail fails, and when it recovers",
        example=f"{EXAMPLE_NAME} due 09:30 weekdays",
        more=f"{_MAIL} Several mails, up to {MAX_MAILS_AT_ONCE}: one on each line, in quotes, or with commas between "
        "them. By rule, also mails to come: *all*, *owner:Ada*, *name:sales -name:test*. "
        "With *due*, I also say when it has not started by then; the time is in Quick BI's time zone. "
        "With *notify @ada @group*, it mentions them, and with *remind 30m* once more if nobody is on it by then. "
        "*notify nobody* ends that.",
    ),
    Verb.UNSUBSCRIBE: _Help(
        arguments="MAIL | all",
        what="Stop telling this channel about a mail",
        example=EXAMPLE_NAME,
        more=_MAIL,
    ),
    Verb.SUBSCRIPTIONS: _Help(
        arguments="", what="Which mails is this channel told about?", more="Only you see the list."
    ),
    Verb.LIST: _Help(
        arguments="[words]",
        what="Find a report mail by its name",
        example="sales",
        more="The words can be part of its name or its owner's; without any, you see all mails. "
        "It also works while Quick BI is down. Only you see the list.",
    ),
    Verb.HISTORY: _Help(
        arguments="MAIL",
        what="How has this report mail been doing?",
        example=EXAMPLE_NAME,
        more="MAIL is a mail's ID or its name. You see the runs that I have seen: Quick BI's API shows only the "
        "newest one, so I keep a record of each mail that a channel is subscribed to.",
    ),
    Verb.DIGEST: _Help(
        arguments="09:15 weekdays [Europe/Berlin] | off",
        what="One message a day: how are this channel's mails doing?",
        example=EXAMPLE_DIGEST,
        more="I post it at that time and keep it up to date until midnight. Without a time zone, yours counts. "
        "Without words, you get a form.",
    ),
    Verb.RUN: _Help(
        arguments="MAIL",
        what="Send a report mail again, now",
        example=EXAMPLE_NAME,
        more=f"{_MAIL} I ask before it goes to all its recipients, start it once, follow it and tell you how it "
        "ends. Whoever runs this bot decides who may do this.",
    ),
}


def help_for(verb: Verb, command: str) -> Message:
    """Help for one command, by the name that it has in this workspace; for `/mail-help`, for all of them."""
    prefix = command.removesuffix(verb)
    if verb not in _HELP:
        return _overview(prefix)
    about = _HELP[verb]
    usage, example = _typed(prefix, verb, about.arguments), _typed(prefix, verb, about.example)
    small_print = small(f"For example {code(example)}", f"All commands: {code(f'{prefix}{Verb.HELP}')}")
    said = f"*{about.what}*\nType {code(usage)}\n{about.more}"
    return message(said, small_print, text=f"{message(said).text} For example: {example}")


def _typed(prefix: str, verb: Verb, words: str) -> str:
    return f"{prefix}{verb} {words}".strip()


def _overview(prefix: str) -> Message:
    typed = {verb: _typed(prefix, verb, about.arguments.partition("[")[0]) for verb, about in _HELP.items()}
    lines = [f"{code(typed[verb])} {about.what}" for verb, about in _HELP.items()]
    return message(
        "*I tell you when a Quick BI report mail fails, gets stuck or never goes out.*",
        "\n".join(lines),
        small(f"{_MAIL} Each command also takes the word *help*, which tells more."),
    )


def no_mail_in_message() -> Message:
    """The answer to the shortcut on a message that names no mail."""
    return message(
        "🔍 *I found no report mail in this message*\nI look for a mail's name or ID, or an error line of Quick BI.",
        actions([list_button("Show all mails")]),
    )


def guessed(words: str, mail: Mail) -> str:
    """A note: no mail has the name that was typed, and which one was taken."""
    return f"No mail is named “{name(words, 60)}”; {name(mail.name)} comes closest"


def no_task(verb: Verb) -> str:
    """A note: a task ID was typed after a command that is not about one run."""
    return f"The task ID makes no difference: /{verb} is about the mail, not about one of its runs"


def noted(answer: Message, notes: Sequence[str]) -> Message:
    """A message with notes for the person who asked."""
    blocks = (*answer.blocks, *map(small, notes))[:MAX_BLOCKS]
    return Message(text=" ".join((answer.text, *(f"{note}." for note in notes))), blocks=blocks)


def choose_each(choices: Sequence[Choice], *, verb: Verb) -> list[Message]:
    """Like `choose`; the names that no mail has are told together."""
    asked = [choose(each, verb=verb) for each in choices if each.mails]
    names = [each.words for each in choices if not each.mails]
    return [*asked, *([unknown(names)] if names else [])]


def choose(choice: Choice, *, verb: Verb) -> Message:
    """Ask which mail was meant, or say that none has such a name."""
    if not choice.mails:
        return unknown([choice.words])
    question = f"🔍 *Which mail do you mean by “{name(choice.words, 60)}”?*"
    names = ", ".join(map(name, _labels(choice.mails)))
    return message(
        question,
        _picks(choice, verb=verb),
        small("Not among them? Type more of the name, or the ID"),
        text=f"{message(question).text} {names}. Choose one with its button.",
    )


def unknown(names: Sequence[str]) -> Message:
    """No mail has such a name."""
    quoted = [f"“{name(each, 60)}”" for each in names]
    which = f"no mail named {quoted[0]}*"
    if len(names) > 1:
        which = f"no mails with these {len(names)} names*\n{joined(quoted, _ROOM)}"
    return message(
        f"🔍 *I know {which}\nCheck the spelling, or use the mail's ID: "
        "you'll find it on its page under *Subscriptions* in Quick BI.",
        actions([list_button("Show all mails")]),
        small("A mail is listed only if this bot's account may see it"),
    )


def _picks(choice: Choice, *, verb: str) -> ActionsBlock:
    """One button a mail; the action ID carries a number, for it must be unique in a message."""
    mails = choice.mails[: ActionsBlock.elements_max_length]
    return actions(
        button(
            label,
            action_id=f"{Act.PICK}:{verb}:{index}",
            value=ref_value(MailRef(mail_id=mail.mail_id, task_id=choice.task_id)),
        )
        for index, (mail, label) in enumerate(zip(mails, _labels(mails), strict=True))
    )


def _labels(mails: Sequence[Mail]) -> list[str]:
    """A name and an owner for each; where that is no difference, the end of the ID, too."""
    plain = [clip(_name_and_owner(mail), _LABEL) for mail in mails]
    return [
        label
        if plain.count(label) == 1
        else f"{clip(label, _LABEL - _ID_END - 4)} · …{mail.mail_id[-_ID_END:]}"
        for label, mail in zip(plain, mails, strict=True)
    ]


def _name_and_owner(mail: Mail) -> str:
    title, owner = displayed(mail.name) or mail.mail_id, displayed(mail.owner_name)
    return f"{title} · {owner}" if owner else title
