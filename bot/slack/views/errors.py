"""Why there is no answer: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.models.blocks import Block

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    Mail,
    MailMisconfigured,
    MailNotFound,
    MailRef,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    Throttled,
    UnknownRefusal,
    UsageError,
)
from bot.mails.text_normalisation import displayed
from bot.slack.kit.blocks import Message, message, small
from bot.slack.kit.text import bare_title_of, code, duration, escape, joined, name, plural
from bot.slack.views.remedies import ACCESS, CREDENTIALS

_OPERATOR = "tell whoever runs this bot"
_MOST_ALIKE = 10  # mails that are refused alike, each with a line
_ROOM = 300  # characters of names
_NOT_YOU = "Nothing is wrong with what you typed."
_MAY_PASS = (Throttled, QuickBIUnavailable, ProtocolError, UnknownRefusal)


@dataclass(frozen=True, slots=True)
class _Words:
    sign: str
    headline: str
    advice: str


def failure(error: QuickBIError, ref: MailRef | None = None, mail: Mail | None = None) -> Message:
    """Tell a person why Quick BI gave no answer, and what to do. The IDs stand small, for support."""
    words = _words(error, _title(ref, mail))
    about_quickbi = may_pass(error)  # not about the mail: that is named beside
    named = bool(mail and displayed(mail.name))
    small_print = [
        bare_title_of(ref.mail_id, mail) if ref and about_quickbi and named else "",
        f"Mail {code(ref.mail_id)}" if ref else "",
        f"Request {code(error.request_id)}" if error.request_id else "",
        f"<{escape(error.recommend)}|What Quick BI says about it>" if _is_link(error.recommend) else "",
    ]
    blocks: list[Block] = [small(*small_print)] if any(small_print) else []
    said = f"{words.sign} *{words.headline}*\n{words.advice}"
    subject = f"{bare_title_of(ref.mail_id, mail).replace('`', '')}: " if ref and about_quickbi else ""
    return message(said, *blocks, text=f"{subject}{message(said).text}")


def failures(refused: Sequence[tuple[QuickBIError, MailRef, Mail | None]]) -> list[Message]:
    """Like `failure` about each, but those with the same advice are one message."""
    groups: dict[str, list[tuple[QuickBIError, MailRef, Mail | None]]] = {}
    for error, ref, mail in refused:
        groups.setdefault(_words(error, _title(ref, mail)).advice, []).append((error, ref, mail))
    return [
        failure(*alike[0]) if len(alike) == 1 else _alike(alike, advice) for advice, alike in groups.items()
    ]


def _alike(refused: Sequence[tuple[QuickBIError, MailRef, Mail | None]], advice: str) -> Message:
    """A headline for each mail; where it is the same for all, the mails below it."""
    lines = list(dict.fromkeys("{} *{}*".format(*in_short(*each)) for each in refused))
    shown = lines[:_MOST_ALIKE]
    if len(lines) > len(shown):
        shown.append(f"and {plural(len(lines) - len(shown), 'more mail')}")
    if len(lines) == 1:
        shown.append(joined([bare_title_of(ref.mail_id, mail) for _, ref, mail in refused], _ROOM))
    return message("\n".join([*shown, advice]))


def in_short(error: QuickBIError, ref: MailRef, mail: Mail | None) -> tuple[str, str]:
    """A sign, and what went wrong without what to do: one line among many."""
    words = _words(error, _title(ref, mail))
    return words.sign, words.headline


def may_pass(error: QuickBIError) -> bool:
    """Asking again may help, without anybody mending something first."""
    return isinstance(error, _MAY_PASS)


def usage(error: UsageError) -> Message:
    """Tell a person what was wrong with what was typed, with an example that works."""
    return message(f"✏️ {escape(error.problem)}\nFor example: {code(error.example)}")


def surprise(reference: str) -> Message:
    """Our own mistake. `reference` finds the traceback in the log."""
    return _trouble(
        "🛠️", "Something went wrong on my side. It is in the log; please try again in a minute.", reference
    )


def cannot_keep(reference: str) -> Message:
    """The database takes nothing now: a full disk, a lock, a server that is away. `reference` is for the log."""
    words = (
        "I cannot save anything right now, so what you asked for may not last. Please try again in a few "
        "minutes, and tell whoever runs this bot if it keeps happening. "
        "What fails in the meantime will be reported afterwards."
    )
    return _trouble("🗄️", words, reference)


def database_away(reference: str) -> Message:
    """Nothing can be looked up: the replicas share Quick BI's limit through the database."""
    words = (
        "My database is not answering right now, so I can neither look that up nor save anything. Please try again "
        "in a few minutes, and tell whoever runs this bot if it keeps happening."
    )
    return _trouble("🗄️", words, reference)


def _trouble(sign: str, words: str, reference: str) -> Message:
    return message(
        f"{sign} {words}", small(f"Reference {code(reference)}"), text=f"{words} Reference {reference}."
    )


def restarting() -> Message:
    return message("🔄 I am being restarted and could not finish this. Please ask again in a minute.")


def interrupted() -> Message:
    return message("🔄 I was restarted before I could finish this. Please ask again.")


def old_button() -> Message:
    """A button, menu or form of another version: old messages keep theirs."""
    return message(
        "🕰️ This button or form is from another version of me, and I no longer know what it did. "
        "Nothing was changed. Ask again to get one that works."
    )


def outsider() -> Message:
    """A person of another organisation, in a shared channel."""
    return message(
        "🔒 Report mails are internal: people from other organisations cannot ask about them. "
        "Someone in the organisation that runs this bot can ask for you."
    )


def person_unknown() -> Message:
    """Slack keeps from us who asks, or which channels are theirs: then nobody is let in."""
    return message(
        "🔒 Slack did not tell me which organisation and channels you belong to, so I cannot show you anything "
        "yet. Please try again in a minute."
    )


def wrong_channel() -> Message:
    return message(
        "🔒 This bot answers only in certain channels, and this is not one of them. Whoever runs it can add this one."
    )


def _title(ref: MailRef | None, mail: Mail | None) -> str:
    if ref is None:
        return "this mail"
    return bare_title_of(ref.mail_id, mail).replace("Mail `", "the mail `", 1)


def _words(error: QuickBIError, mail: str) -> _Words:
    match error:
        case MailNotFound():
            is_id = mail.startswith("the mail `")
            which = (
                f"has no mail with the ID {mail.removeprefix('the mail ')}"
                if is_id
                else f"cannot find {mail}"
            )
            return _Words(
                "🔍",
                f"Quick BI {which}",
                "Check the name, or copy the ID from the mail's page under *Subscriptions* in Quick BI: "
                "usually 32 letters and digits. It may also have been deleted.",
            )
        case AccessForbidden():
            return _forbidden(error, mail)
        case MailMisconfigured():
            return _Words(
                "📝",
                f"Quick BI does not accept the subject of {mail}",
                "Its owner has to correct the subject line in Quick BI; then it can be sent again.",
            )
        case CredentialsRejected():
            remedy = CREDENTIALS[error.problem]
            return _Words("🔑", remedy.what, f"{_NOT_YOU} {_OPERATOR.capitalize()}: {remedy.todo}")
        case RunRefused():
            return _run_refused(error, mail)
        case Throttled():
            wait = duration(timedelta(seconds=max(1.0, error.retry_after or 30)))
            return _Words(
                "🚦",
                "Quick BI is getting too many requests",
                f"{_NOT_YOU} Something else is using Quick BI's API, too. Please try again in {wait}.",
            )
        case QuickBIUnavailable():
            return _Words(
                "🌩️",
                "Quick BI is not answering at the moment",
                f"{_NOT_YOU} Please try again in a few minutes. This says nothing about the mail itself.",
            )
        case ProtocolError():
            return _Words(
                "🧩",
                "Quick BI answered in a way that I do not understand",
                f"{_NOT_YOU} Try again; if it keeps happening, {_OPERATOR} and say when it happened.",
            )
        case UnknownRefusal():
            said = f": “{name(error.said, 200)}”" if error.said else ""
            return _Words(
                "❔",
                f"Quick BI refused with {code(error.code or 'no code')}",
                f"I do not know this code{said}. If it keeps happening, {_OPERATOR}.",
            )
        case _:
            return _Words("❔", "Quick BI gave no answer", f"Try again; if it keeps happening, {_OPERATOR}.")


def _forbidden(error: AccessForbidden, mail: str) -> _Words:
    match error.missing:
        case MissingAccess.MAIL:
            headline = f"This bot may not see {mail}"
            advice = f"Its owner, or a Quick BI organisation admin, can give the bot's account access to it. {_NOT_YOU}"
        case MissingAccess.RAM_ACTION:
            headline = ACCESS[error.missing].what
            action = code(f"quickbi-public:{error.action}" if error.action else "quickbi-public:*")
            reads = not error.action.startswith("Manual")
            policy = "AliyunQuickBIAPIReadOnlyAccess" if reads else "AliyunQuickBIAPIFullAccess"
            advice = (
                f"{_NOT_YOU} An Alibaba Cloud administrator can allow it the RAM action {action}, for example "
                f"with the policy {code(policy)}."
            )
        case MissingAccess.API_USER:
            headline = ACCESS[error.missing].what
            advice = (
                f"{_NOT_YOU} A Quick BI organisation admin can make it an *API call auth user*; that takes about "
                "5 minutes to take effect, and needs the Professional edition."
            )
        case MissingAccess.INSTANCE:
            headline = ACCESS[error.missing].what
            advice = f"{_NOT_YOU} {_OPERATOR.capitalize()}: {ACCESS[error.missing].todo}"
        case MissingAccess.ORGANISATION:
            headline = ACCESS[error.missing].what
            advice = (
                f"{_NOT_YOU} A Quick BI organisation admin can add it; then it must log in to Quick BI once."
            )
    return _Words("🔒", headline, advice)


def _run_refused(error: RunRefused, mail: str) -> _Words:
    match error.why:
        case RunRefusal.ALREADY_RUNNING:
            return _Words(
                "⏳",
                f"{mail[0].upper()}{mail[1:]} is already running",
                "It was not started a second time. Check it again in a minute.",
            )
        case RunRefusal.TOO_OFTEN:
            wait = (
                f"in {duration(timedelta(seconds=error.retry_after))}"
                if error.retry_after
                else "in a few minutes"
            )
            return _Words(
                "🚦",
                f"{mail[0].upper()}{mail[1:]} was run by hand too often",
                f"Quick BI limits that, so it was not started. Please try again {wait}.",
            )
        case RunRefusal.SCHEDULER_FAILED:
            return _Words(
                "🌩️",
                f"Quick BI's scheduler could not start {mail}",
                "It was not started. Please try again in a few minutes.",
            )


def _is_link(text: str) -> bool:
    return text.startswith("https://") and not set(text) & set(" <>|\"'`")
