"""An incident in words, as marked-up lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.domain import Incident, IncidentKind, IncidentState, IncidentView, MailRef, NotifyReason
from bot.slack.kit.text import bare_title_of, code, dotted, duration, mention, plural, title_of, when
from bot.slack.views.reasons import Console, who_sees_why
from bot.slack.views.states import RECOVERED, incident_state

_BLIND = "I cannot tell you if it fails."
_GONE = (
    f"The mail was deleted, or the bot's account may no longer see it: {_BLIND} "
    "Its owner or a Quick BI organisation admin can restore access; otherwise unsubscribe."
)
_ODD = (
    f"Quick BI answers about other mails as usual, but not about this one in a way that I understand: {_BLIND} "
    "Ask its owner to look at it in Quick BI."
)
_UNSEEN = {  # by `outage_rules.denial_of`: our name for what can be mended, else Quick BI's own code
    "": _GONE,
    "MailNotFound": _GONE,
    "AccessForbidden": _GONE,
    "MailMisconfigured": (
        f"Quick BI says that its subject is invalid, and nothing else about it: {_BLIND} "
        "Its owner has to correct the subject in Quick BI."
    ),
    "ProtocolError": _ODD,
    "UnknownRefusal": _ODD,
}
_REFUSED = (
    f"Quick BI refuses to say anything about it, with the code {{}}, and answers about other mails: {_BLIND} "
    "Ask its owner to look at it in Quick BI."
)
_WAS = {
    IncidentKind.FAILED: "failed",
    IncidentKind.STUCK: "was stuck",
    IncidentKind.LATE: "was late",
    IncidentKind.ACCESS_LOST: "could not be seen",
}


def bold_title(told: IncidentView) -> str:
    return title_of(told.incident.mail_id, told.mail)


def was(incident: Incident) -> str:
    """What it was before it recovered, in the past tense."""
    return "failed" if incident.failed_runs else _WAS[incident.kind]


def was_overtaken(incident: Incident) -> bool:
    """One run failed after a newer one had been sent: over as soon as it was known."""
    is_over = incident.state is IncidentState.RECOVERED and incident.closed_at == incident.opened_at
    return is_over and incident.failed_runs == 1


def headline(told: IncidentView) -> str:
    incident, state = told.incident, incident_state(told.incident)
    if was_overtaken(incident):
        return f"{state.sign} {bold_title(told)} *failed once, but a newer run was sent*"
    if incident.state is IncidentState.RECOVERED:
        return f"{RECOVERED.sign} *Recovered:* ~{bare_title_of(incident.mail_id, told.mail)} {was(incident)}~"
    return f"{state.sign} {bold_title(told)} *{state.words}*"


def when_words(told: IncidentView, zone: tzinfo) -> str:
    incident = told.incident
    match incident.state:
        case IncidentState.RECOVERED if was_overtaken(incident):
            failed, sent = _at(incident.began_at, zone), _at(incident.good_exec_at, zone)
            return f"The run of {failed} failed; the run of {sent} was sent"
        case IncidentState.RECOVERED:
            word = "Seen again" if incident.kind is IncidentKind.ACCESS_LOST else "Sent"
            at = _at(incident.good_exec_at or incident.closed_at, zone)
            return dotted(f"{word} {at}", _after_what(incident))
        case IncidentState.CORRECTED:
            began = _at(incident.began_at, zone)
            return f"Quick BI first reported the run of {began} as failed, and now says that it was sent"
        case IncidentState.UNWATCHED:
            closed = _at(incident.closed_at, zone)
            return f"Nobody here has been subscribed since {closed}, so this message is no longer updated"
        case IncidentState.FIRING:
            return _since_when(incident, zone)


def _since_when(incident: Incident, zone: tzinfo) -> str:
    last = _at(incident.last_exec_at or incident.began_at, zone)
    expected = incident.expected_at or incident.began_at
    match incident.kind:
        case IncidentKind.FAILED if incident.failed_runs > 1:
            began = _at(incident.began_at, zone)
            return dotted(f"{_run_count(incident)} since {began}", f"last {_at(incident.last_exec_at, zone)}")
        case IncidentKind.FAILED:
            return f"The run of {last}"
        case IncidentKind.STUCK:
            return f"Running since {last}"
        case IncidentKind.LATE if incident.started_at:
            late = duration(incident.started_at - expected)
            return f"Started {_at(incident.started_at, zone)}, {late} late"
        case IncidentKind.LATE:
            missed = f"{plural(incident.missed_runs, 'run')} missing" if incident.missed_runs > 1 else ""
            return dotted(f"It should have started by {_at(expected, zone)}", missed)
        case IncidentKind.ACCESS_LOST:
            return f"Hidden since {_at(incident.began_at, zone)}"


def responder_words(incident: Incident | None, zone: tzinfo) -> str:
    """Who looks after it; empty where nobody does, or where it is over."""
    if incident is None or not (incident.is_firing and incident.responder):
        return ""
    return f"🙋 <@{incident.responder}> has been on it since {_at(incident.responding_since, zone)}"


def attention(told: IncidentView, zone: tzinfo) -> str:
    """Who looks after it, or else who was called."""
    if on_it := responder_words(told.incident, zone):
        return on_it
    return f"📟 Called: {called([told])}" if called([told]) else ""


def called(items: Sequence[IncidentView]) -> str:
    """Who is on call for what is failing and was not taken: each once."""
    waiting = [each for each in items if each.incident.is_firing and not each.incident.responder]
    people = dict.fromkeys(who for each in waiting if each.on_call for who in each.on_call.mentions)
    return " ".join(map(mention, people))


def nobody_on(what: str, items: Sequence[IncidentView]) -> str:
    """They are called once more. `what` names the mails."""
    waits = [each.on_call.again_after for each in items if each.on_call and each.on_call.again_after]
    how_long = f" for {duration(min(waits))}" if waits else ""
    whom = called(items)
    return f"{f'{whom}, nobody' if whom else 'Nobody'} has been on {what}{how_long}"


def advice(told: IncidentView, console: Console) -> str:
    incident = told.incident
    if not incident.is_firing:
        return ""
    match incident.kind:
        case IncidentKind.FAILED:
            ref = MailRef(mail_id=incident.mail_id, task_id=incident.last_task_id)
            return who_sees_why(ref, told.mail, console)
        case IncidentKind.ACCESS_LOST:
            return _UNSEEN.get(incident.cause) or _REFUSED.format(code(incident.cause))
        case _:
            return incident_state(incident).advice


def _after_what(incident: Incident) -> str:
    lasted = duration((incident.closed_at or incident.opened_at) - incident.began_at)
    runs = f" and {plural(incident.failed_runs, 'failed run')}" if incident.failed_runs else ""
    return f"after {lasted}{runs}"


def _run_count(incident: Incident) -> str:
    return f"{plural(incident.failed_runs, 'run')} failed"


def reply_words(told: IncidentView, zone: tzinfo) -> str:
    """The newest news of an incident in one line, for its thread."""
    incident, title = told.incident, bold_title(told)
    last = _at(incident.last_exec_at, zone)
    match told.reasons[-1]:
        case NotifyReason.RECOVERED:
            return f"✅ {title} recovered {_after_what(incident)}"
        case NotifyReason.OVERTAKEN_FAILURE:
            return f"✅ {title} failed once, the run of {last}, but a newer run was sent"
        case NotifyReason.CORRECTED:
            return f"✅ {title} did not fail after all: Quick BI now says that it was sent"
        case NotifyReason.ACCESS_BACK:
            return f"🔓 {title} can be seen again"
        case NotifyReason.ACCESS_LOST:
            return f"🔒 {title} can no longer be seen"
        case NotifyReason.STUCK:
            return f"⚠️ {title} is probably stuck: running since {last}"
        case NotifyReason.LATE:
            return f"⏰ {title} is late: expected at {_at(incident.expected_at, zone)}"
        case NotifyReason.NOBODY_ON_IT:
            return f"📟 {nobody_on(title, [told])}"
        case NotifyReason.FIRST_FAILURE:
            return f"❌ {title} failed: the run of {last}"
        case _:
            return f"❌ {title} failed again: {_run_count(incident)} so far"


def _at(at: datetime | None, zone: tzinfo) -> str:
    return when(at, zone) if at else "an unknown time"
