"""Pure: why there is no answer -> words that say what happened and what to do. Every error has its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    MailMisconfigured,
    MailNotFound,
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
from bot.slack.kit.blocks import Message, code, duration, escape, name, section, small, unmarked
from bot.slack.kit.mail_titles import bare_title_of, has_name, plain_title_of
from bot.slack.views.remedies import CREDENTIALS, REMEDIES

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block

    from bot.domain import Mail, MailRef

_OPERATOR = "Tell whoever runs this bot"
_NOT_YOU = "Nothing is wrong with what you typed."
_MAY_PASS = (Throttled, QuickBIUnavailable, ProtocolError, UnknownRefusal)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    sign: str
    headline: str
    advice: str


def failure(error: QuickBIError, ref: MailRef | None = None, mail: Mail | None = None) -> Message:
    """Tell a person why Quick BI gave no answer, and what to do. The request ID stands small, for support."""
    title = _title(ref, mail)
    words = _words(error, title)
    blocks: list[Block] = [section(f"{words.sign} *{words.headline}*\n{words.advice}")]
    about_quickbi = may_pass(error)  # not about the mail: that is named beside
    small_print = [
        title if about_quickbi and has_name(mail) else "",
        f"Mail {code(ref.mail_id)}" if ref else "",
        f"Request {code(error.request_id)}" if error.request_id else "",
        f"<{escape(error.recommend)}|What Quick BI says about it>" if _is_link(error.recommend) else "",
    ]
    if any(small_print):
        blocks.append(small(*small_print))
    subject = f"{plain_title_of(ref.mail_id, mail, begins=True)}: " if ref and about_quickbi else ""
    plain = unmarked(f"{words.headline}. {words.advice}")
    return Message(text=f"{subject}{plain}", blocks=tuple(blocks))


def in_short(error: QuickBIError, ref: MailRef, mail: Mail | None) -> tuple[str, str]:
    """A sign, and what went wrong without what to do: one line among many."""
    words = _words(error, _title(ref, mail))
    return words.sign, words.headline


def may_pass(error: QuickBIError) -> bool:
    """Asking again may help, without anybody mending something first."""
    return isinstance(error, _MAY_PASS)


def usage(error: UsageError) -> Message:
    """Tell a person what was wrong with what was typed, with an example that works."""
    problem = escape(error.problem)
    return Message(
        text=f"{problem} For example: {error.example}",
        blocks=(section(f"✏️ {problem}\nFor example: {code(error.example)}"),),
    )


def surprise(reference: str) -> Message:
    """Our own mistake. `reference` finds the traceback in the log."""
    words = "Something went wrong on my side. It is in the log; please try again in a minute."
    return Message(
        text=f"{words} Reference {reference}.",
        blocks=(section(f"🛠️ {words}"), small(f"Reference {code(reference)}")),
    )


def cannot_keep(reference: str) -> Message:
    """The database takes nothing now: a full disk, a lock, a server that is away. `reference` is for the log."""
    words = (
        "I cannot write anything down just now, so what you asked for may not last. Please try again in a few "
        "minutes, and tell whoever runs me if it stays so. What fails meanwhile is told afterwards."
    )
    return Message(
        text=f"{words} Reference {reference}.",
        blocks=(section(f"🗄️ {words}"), small(f"Reference {code(reference)}")),
    )


def restarting() -> Message:
    words = "I am being restarted and could not finish this. Please ask again in a minute."
    return Message(text=words, blocks=(section(f"🔄 {words}"),))


def old_button() -> Message:
    """A button, menu or form of another version: old messages keep theirs."""
    words = (
        "This button or form is from another version of me, and I no longer know what it did. Nothing was "
        "changed. Ask again to get one that works."
    )
    return Message(text=words, blocks=(section(f"🕰️ {words}"),))


def outsider() -> Message:
    """A person of another organisation, in a shared channel."""
    words = (
        "Report mails are internal: people of other organisations cannot ask about them. "
        "Someone of the organisation that runs this bot can ask for you."
    )
    return Message(text=words, blocks=(section(f"🔒 {words}"),))


def person_unknown() -> Message:
    """Slack keeps from us who asks, or which channels are theirs: then nobody is let in."""
    words = (
        "Slack did not tell me which organisation and channels are yours, so I cannot show you anything yet. "
        "Please try again in a minute."
    )
    return Message(text=words, blocks=(section(f"🔒 {words}"),))


def wrong_channel() -> Message:
    words = (
        "This bot answers in some channels only, and this is none of them. Whoever runs it can add this one."
    )
    return Message(text=words, blocks=(section(f"🔒 {words}"),))


def _title(ref: MailRef | None, mail: Mail | None) -> str:
    if ref is None:
        return "this mail"
    return bare_title_of(ref.mail_id, mail) if has_name(mail) else f"the mail {code(ref.mail_id)}"


def _words(error: QuickBIError, mail: str) -> _Words:
    match error:
        case MailNotFound():
            return _Words(
                sign="🔍",
                headline=f"Quick BI knows no mail for {mail.removeprefix('the mail ')}",
                advice=(
                    "Check the name, or copy the ID from the mail's page under *Subscriptions* in Quick BI: "
                    "mostly 32 letters and digits. It may also have been deleted."
                ),
            )
        case AccessForbidden():
            return _forbidden(error, mail)
        case MailMisconfigured():
            return _Words(
                sign="📝",
                headline=f"Quick BI does not accept the subject of {mail}",
                advice="Its owner must mend the subject line in Quick BI; then it can be sent again.",
            )
        case CredentialsRejected():
            return _credentials(error)
        case RunRefused():
            return _run_refused(error, mail)
        case Throttled():
            wait = duration(timedelta(seconds=max(1.0, error.retry_after or 30)))
            return _Words(
                sign="🚦",
                headline="Quick BI is being asked too often",
                advice=f"{_NOT_YOU} Something else asks it too. Please try again in {wait}.",
            )
        case QuickBIUnavailable():
            return _Words(
                sign="🌩️",
                headline="Quick BI does not answer at the moment",
                advice=f"{_NOT_YOU} Please try again in a few minutes. This says nothing about the mail itself.",
            )
        case ProtocolError():
            return _Words(
                sign="🧩",
                headline="Quick BI answered in a way that I do not understand",
                advice=f"{_NOT_YOU} Try again; if it stays so, {_OPERATOR.lower()} and name the time.",
            )
        case UnknownRefusal():
            said = f": “{name(error.said, 200)}”" if error.said else "."
            return _Words(
                sign="❔",
                headline=f"Quick BI refused with {code(error.code or 'no code')}",
                advice=f"I do not know this one{said} {_OPERATOR} if it stays so.",
            )
        case _:
            return _Words(
                sign="❔",
                headline="Quick BI gave no answer",
                advice=f"Try again; if it stays so, {_OPERATOR.lower()}.",
            )


def _forbidden(error: AccessForbidden, mail: str) -> _Words:
    match error.missing:
        case MissingAccess.MAIL:
            return _Words(
                sign="🔒",
                headline=f"This bot may not see {mail}",
                advice=(
                    "Its owner, or a Quick BI organisation admin, can give the bot's account access to it. "
                    + _NOT_YOU
                ),
            )
        case MissingAccess.RAM_ACTION:
            action = code(f"quickbi-public:{error.action}" if error.action else "quickbi-public:*")
            reads = not error.action.startswith("Manual")
            policy = "AliyunQuickBIAPIReadOnlyAccess" if reads else "AliyunQuickBIAPIFullAccess"
            return _Words(
                sign="🔒",
                headline="This bot's account lacks a permission",
                advice=(
                    f"{_NOT_YOU} An Alibaba Cloud administrator can allow it the RAM action {action}, for example "
                    f"with the policy {code(policy)}."
                ),
            )
        case MissingAccess.API_USER:
            return _Words(
                sign="🔒",
                headline="Quick BI does not let this bot's account use its API",
                advice=(
                    f"{_NOT_YOU} A Quick BI organisation admin can make it an *API call auth user*; "
                    "that takes about 5 minutes to count, and needs the Professional edition."
                ),
            )
        case MissingAccess.ORGANISATION:
            return _Words(
                sign="🔒",
                headline="This bot's account is not in your Quick BI organisation",
                advice=(
                    f"{_NOT_YOU} A Quick BI organisation admin can add it; then it must log in to Quick BI once."
                ),
            )
        case MissingAccess.INSTANCE:
            remedy = REMEDIES[error.missing]
            return _Words(sign="🔒", headline=remedy.what, advice=f"{_NOT_YOU} {_OPERATOR}: {remedy.todo}")


def _credentials(error: CredentialsRejected) -> _Words:
    remedy = CREDENTIALS[error.problem]
    return _Words(sign="🔑", headline=remedy.what, advice=f"{_NOT_YOU} {_OPERATOR}: {remedy.todo}")


def _run_refused(error: RunRefused, mail: str) -> _Words:
    match error.why:
        case RunRefusal.ALREADY_RUNNING:
            return _Words(
                sign="⏳",
                headline=f"Already running: {mail}",
                advice="It was not started a second time. Check it again in a minute.",
            )
        case RunRefusal.TOO_OFTEN:
            wait = (
                f"in {duration(timedelta(seconds=error.retry_after))}"
                if error.retry_after
                else "in some minutes"
            )
            return _Words(
                sign="🚦",
                headline=f"Run by hand too often: {mail}",
                advice=f"Quick BI limits that, so it was not started. Please try again {wait}.",
            )
        case RunRefusal.SCHEDULER_FAILED:
            return _Words(
                sign="🌩️",
                headline=f"Quick BI's scheduler could not start {mail}",
                advice="It was not started. Please try again in a few minutes.",
            )


def _is_link(text: str) -> bool:
    return text.startswith("https://") and not set(text) & set(" <>|\"'`")
