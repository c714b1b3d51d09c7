"""Pure: an incident in words. Each thing twice: marked up for the eye, plain for the top-level text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import IncidentKind, IncidentState, NotifyReason
from bot.slack.kit.blocks import absolute, code, duration, plural, when
from bot.slack.kit.mail_titles import bare_title_of, plain_title_of, title_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from bot.domain import Incident, IncidentView


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One thing said twice: in mrkdwn for the eye, in plain words for the top-level text."""

    marked: str
    plain: str


def bold_title(told: IncidentView) -> str:
    return title_of(told.incident.mail_id, told.mail)


def plain_title(told: IncidentView) -> str:
    return plain_title_of(told.incident.mail_id, told.mail, begins=True)


def state_words(incident: Incident) -> tuple[str, str]:
    """A sign, and words that can stand behind the mail's name."""
    match incident.state:
        case IncidentState.RECOVERED:
            return "🟢", "recovered"
        case IncidentState.CORRECTED:
            return "🟢", "did not fail after all"
        case IncidentState.UNWATCHED:
            return "⚪", "is no longer watched"
        case IncidentState.FIRING:
            return _firing_words(incident)


def _firing_words(incident: Incident) -> tuple[str, str]:
    match incident.kind:
        case IncidentKind.FAILED:
            return "🔴", "failed" if incident.failed_runs <= 1 else f"failed {_times(incident.failed_runs)}"
        case IncidentKind.STUCK:
            return "⚠️", "is probably stuck"
        case IncidentKind.LATE:
            return ("⏳", "started late") if incident.started_at else ("⏰", "is late")
        case IncidentKind.ACCESS_LOST:
            return "🔒", "can no longer be seen"


def headline(told: IncidentView) -> Words:
    sign, words = state_words(told.incident)
    if told.incident.state is IncidentState.RECOVERED:
        was = _was(told.incident)
        return Words(
            marked=f"{sign} *Recovered:* ~{bare_title_of(told.incident.mail_id, told.mail)} {was}~",
            plain=f"{plain_title(told)} recovered: it {was} before",
        )
    return Words(marked=f"{sign} {bold_title(told)} *{words}*", plain=f"{plain_title(told)} {words}")


def _was(incident: Incident) -> str:
    """What it was before it recovered, in the past tense."""
    if incident.failed_runs:
        return "failed"
    match incident.kind:
        case IncidentKind.STUCK:
            return "was stuck"
        case IncidentKind.LATE:
            return "was late"
        case IncidentKind.ACCESS_LOST:
            return "could not be seen"
        case IncidentKind.FAILED:
            return "failed"


def when_words(told: IncidentView, zone: tzinfo) -> Words:
    incident = told.incident
    match incident.state:
        case IncidentState.RECOVERED:
            again = incident.good_exec_at or incident.closed_at
            word = "Seen again" if incident.kind is IncidentKind.ACCESS_LOST else "Sent"
            return _timed(f"{word} {{}} · {_after_what(incident)}", again, zone)
        case IncidentState.CORRECTED:
            return _timed(
                "Quick BI first called the run of {} failed, and now says that it was sent",
                incident.began_at,
                zone,
            )
        case IncidentState.UNWATCHED:
            return _timed(
                "Nobody here is subscribed since {}, so this message stays as it is", incident.closed_at, zone
            )
        case IncidentState.FIRING:
            return _since_when(incident, zone)


def _since_when(incident: Incident, zone: tzinfo) -> Words:
    match incident.kind:
        case IncidentKind.FAILED if incident.failed_runs > 1:
            first = _timed(f"{_run_count(incident)} since {{}}", incident.began_at, zone)
            last = _timed("last {}", incident.last_exec_at, zone)
            return Words(marked=f"{first.marked} · {last.marked}", plain=f"{first.plain}, {last.plain}")
        case IncidentKind.FAILED:
            return _timed("The run of {}", incident.last_exec_at or incident.began_at, zone)
        case IncidentKind.STUCK:
            return _timed("Running since {}", incident.last_exec_at or incident.began_at, zone)
        case IncidentKind.LATE if incident.started_at:
            late = duration(incident.started_at - (incident.expected_at or incident.began_at))
            return _timed(f"Started {{}}, {late} late", incident.started_at, zone)
        case IncidentKind.LATE:
            missed = f" · {plural(incident.missed_runs, 'run')} missing" if incident.missed_runs > 1 else ""
            return _timed(
                f"It should have started by {{}}{missed}", incident.expected_at or incident.began_at, zone
            )
        case IncidentKind.ACCESS_LOST:
            return _timed("Since {}", incident.began_at, zone)


def advice(incident: Incident) -> str:
    if not incident.is_firing:
        return ""
    match incident.kind:
        case IncidentKind.FAILED:
            task = f" for task {code(str(incident.last_task_id))}" if incident.last_task_id else ""
            return f"Quick BI's API does not say why; its *Subscriptions* page shows the reason{task}."
        case IncidentKind.STUCK:
            return "Reports time out after 11 minutes at most. Ask its owner to look at it in Quick BI."
        case IncidentKind.LATE if incident.started_at:
            return "It is running now."
        case IncidentKind.LATE:
            return "No run has begun. Look at its schedule in Quick BI: it may have been changed or switched off."
        case IncidentKind.ACCESS_LOST:
            return _why_unseen(incident.cause)


def _why_unseen(cause: str) -> str:
    """`cause` comes from `outage_rules.denial_of`: our name for what can be mended, else Quick BI's own code."""
    blind = "I cannot tell you if it fails."
    match cause:
        case "MailNotFound" | "AccessForbidden" | "":
            return (
                f"The mail was deleted, or the bot's account may no longer see it: {blind} "
                "Its owner or a Quick BI organisation admin can mend that; or unsubscribe."
            )
        case "MailMisconfigured":
            return (
                f"Quick BI says that its subject is invalid, and tells nothing else about it: {blind} "
                "Its owner must mend the subject in Quick BI."
            )
        case "ProtocolError" | "UnknownRefusal":
            return (
                f"Quick BI tells about other mails, but about this one nothing that I understand: {blind} "
                "Ask its owner to look at it in Quick BI."
            )
        case code_of_quick_bi:
            return (
                f"Quick BI refuses to tell about it, with the code {code(code_of_quick_bi)}: {blind} "
                "About other mails it does. Ask the owner of this one to look at it in Quick BI."
            )


def _after_what(incident: Incident) -> str:
    lasted = duration((incident.closed_at or incident.opened_at) - incident.began_at)
    runs = f" and {plural(incident.failed_runs, 'failed run')}" if incident.failed_runs else ""
    return f"after {lasted}{runs}"


def _run_count(incident: Incident) -> str:
    return f"{plural(incident.failed_runs, 'run')} failed"


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"  # noqa: PLR2004 (a word)


def reply_words(told: IncidentView, zone: tzinfo) -> Words:
    incident, title = told.incident, (bold_title(told), plain_title(told))
    match told.reasons[-1]:
        case NotifyReason.RECOVERED | NotifyReason.OVERTAKEN_FAILURE:
            return _said("🟢 {} recovered", title, f" {_after_what(incident)}")
        case NotifyReason.CORRECTED:
            return _said("🟢 {} did not fail after all", title, ": Quick BI now says that it was sent")
        case NotifyReason.ACCESS_BACK:
            return _said("🔓 Quick BI answers about {} again", title, "")
        case NotifyReason.ACCESS_LOST:
            return _said("🔒 Quick BI no longer tells about {}", title, "")
        case NotifyReason.STUCK:
            return _said(
                "⚠️ {} is probably stuck", title, f": running since {_at(incident.last_exec_at, zone)}"
            )
        case NotifyReason.LATE:
            return _said("⏰ {} is late", title, f": expected at {_at(incident.expected_at, zone)}")
        case NotifyReason.FIRST_FAILURE:
            return _said("🔴 {} failed", title, f": the run of {_at(incident.last_exec_at, zone)}")
        case _:
            return _said("🔴 {} failed again", title, f": {_run_count(incident)} so far")


def _said(pattern: str, title: tuple[str, str], more: str) -> Words:
    sign, _, plain = pattern.partition(" ")
    return Words(marked=f"{sign} {plain.format(title[0])}{more}", plain=f"{plain.format(title[1])}{more}.")


def _timed(pattern: str, at: datetime | None, zone: tzinfo) -> Words:
    if at is None:
        return Words(marked=pattern.format("an unknown time"), plain=pattern.format("an unknown time"))
    return Words(marked=pattern.format(when(at, zone)), plain=pattern.format(absolute(at, zone)))


def _at(at: datetime | None, zone: tzinfo) -> str:
    return absolute(at, zone) if at else "an unknown time"
