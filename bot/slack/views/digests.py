"""Many mails in one message. Its blocks fit a phone; its text names every mail, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from slack_sdk.models.blocks import ActionsBlock, Block, InteractiveElement, StaticSelectElement

from bot.domain import Incident, IncidentKind, IncidentView, MailId, MailRef, NotifyReason, UserId
from bot.slack.kit.actions import ALL, Act, of_responder, snooze_menu
from bot.slack.kit.blocks import Message, actions, button, message, option, overflow, section, small, text_of
from bot.slack.kit.text import dotted, joined, label_of, name, natural, plural, when
from bot.slack.views.incident_text import bold_title, called, nobody_on
from bot.slack.views.states import FAILED, INCIDENTS, RECOVERED, incident_state

_SHOWN_LARGE = 8
_SMALL_LIMIT = 200  # characters of names in the small print: about four lines of a phone
_TEXT_LIMIT = 3950  # characters of the text; Slack cuts it at 4,000
_MOST_OPTIONS = 100  # Slack's limit for a menu; no more mails come into one message
_MOST_RESPONDERS = 3  # named
_MANY = 10  # mails that fail together have a cause in common
_LONGEST_NAME, _SHORTEST_NAME = 60, 8
_PLURALS = {
    IncidentKind.FAILED: "failed",
    IncidentKind.STUCK: "are probably stuck",
    IncidentKind.LATE: "are late",
    IncidentKind.ACCESS_LOST: "can no longer be seen",
}


def digest(items: Sequence[IncidentView], *, now: datetime, zone: tzinfo) -> Message:
    """Failures of many mails at the same moment, as things are now: those still failing first, by name."""
    firing, over = _sorted(items)
    began = when(min(each.incident.opened_at for each in items), zone)
    since = f"since {began}" if firing else f"The first one failed {began}"
    cause = (
        ". When this many fail together, the cause is usually a data source" if len(firing) >= _MANY else ""
    )
    calls = f"\n📟 Called: {called(firing)}" if called(firing) else ""
    head = section(f"{_headline(firing, over)}\n{since}{cause}{calls}")
    blocks: list[Block] = [head]
    if firing:
        blocks.append(section("\n".join(map(_line, firing[:_SHOWN_LARGE]))))
        blocks += _small_names("Also", firing[_SHOWN_LARGE:])
    blocks += _small_names(f"{RECOVERED.sign} {len(over)} fine again:" if firing else RECOVERED.sign, over)
    snoozed = [each for each in firing if each.is_snoozed(now)]
    asleep = [small(f"💤 {plural(len(snoozed), 'mail')} snoozed")] if snoozed else []
    blocks += asleep
    taken = Counter(each.incident.responder for each in firing if each.incident.responder)
    on_it = [small(_responders(taken, len(firing)))] if taken else []
    blocks += on_it
    if firing:
        mails = [(each.incident.mail_id, label_of(each.incident.mail_id, each.mail)) for each in firing]
        controls = under_digest(
            mails[:_MOST_OPTIONS],
            are_snoozed=len(snoozed) == len(firing),
            are_taken=taken.total() == len(firing),
            is_any_taken=bool(taken),
        )
        blocks.append(controls)
    return message(*blocks, text=_with_all_names(text_of([head, *asleep, *on_it]), firing, over))


def digest_reply(items: Sequence[IncidentView]) -> Message:
    """News of several of the mails of a digest: the reply in its thread."""
    forgotten = [each for each in items if each.reasons[-1:] == (NotifyReason.NOBODY_ON_IT,)]
    failing, over = _sorted([each for each in items if each not in forgotten])
    parts = []
    if forgotten:
        parts.append(("📟", nobody_on(plural(len(forgotten), "mail"), forgotten), forgotten))
    if over:
        parts.append((RECOVERED.sign, f"{plural(len(over), 'mail')} recovered", over))
    if failing:
        parts.append((FAILED.sign, _again(failing), failing))
    said = [f"{sign} {lead}: {joined(_names(mails), _SMALL_LIMIT)}" for sign, lead, mails in parts]
    leads = ". ".join(lead for _, lead, _ in parts) + "."
    return message(*said, text=_with_all_names(leads, [*forgotten, *failing], over))


def under_digest(
    mails: Sequence[tuple[MailId, str]],
    *,
    are_snoozed: bool,
    are_taken: bool = False,
    is_any_taken: bool = False,
) -> ActionsBlock:
    """Under a message about many mails: shows one with all that can be done about it, takes or snoozes all.

    `mails` are IDs and labels. The first menu also tells whoever takes or snoozes all which mails these are.
    """
    look = StaticSelectElement(
        action_id=Act.CHECK,
        placeholder="Look at one …",
        options=[option(label, mail_id) for mail_id, label in mails],
    )
    elements: list[InteractiveElement] = [look]
    if not are_taken:
        reads_as = "I'm on it: all that are failing and nobody looks after"
        elements.append(button("I'm on it", action_id=f"{Act.TAKE}:{ALL}", value=ALL, reads_as=reads_as))
    elements.append(snooze_menu(ALL, is_snoozed=are_snoozed, action_id=f"{Act.SNOOZE}:{ALL}", of_all=True))
    if is_any_taken:
        more = [(f"{label} all", value) for label, value in of_responder(MailRef(mail_id=MailId(ALL)))]
        elements.append(overflow(more, action_id=f"{Act.MORE}:{ALL}"))
    return actions(elements)


def _sorted(items: Sequence[IncidentView]) -> tuple[list[IncidentView], list[IncidentView]]:
    """Those that are firing, and those that are over, each by name."""
    ordered = sorted(items, key=lambda each: natural(label_of(each.incident.mail_id, each.mail)))
    return (
        [each for each in ordered if each.incident.is_firing],
        [each for each in ordered if not each.incident.is_firing],
    )


def _again(failing: Sequence[IncidentView]) -> str:
    only_again = all(NotifyReason.STILL_FAILING in each.reasons for each in failing)
    return f"{plural(len(failing), 'mail')} {'failed again' if only_again else 'failing'}"


def _headline(firing: Sequence[IncidentView], over: Sequence[IncidentView]) -> str:
    if not firing:
        return f"{RECOVERED.sign} *All {len(over)} report mails are fine again*"
    kinds = {each.incident.kind for each in firing}
    kind = kinds.pop() if len(kinds) == 1 else None
    sign, words = (INCIDENTS[kind].sign, _PLURALS[kind]) if kind else (FAILED.sign, "need attention")
    if len(firing) == 1:
        words = words.replace("are ", "is ").replace("need ", "needs ")
    recovered = f", {len(over)} fine again" if over else ""
    return f"{sign} *{plural(len(firing), 'report mail')} {words}{recovered}*"


def _line(told: IncidentView) -> str:
    state = incident_state(told.incident)
    owner = name(told.mail.owner_name, 30) if told.mail else ""
    return f"{state.sign} {dotted(bold_title(told), owner, '' if _is_plain_failure(told.incident) else state.words)}"


def _responders(taken: Counter[UserId], failing: int) -> str:
    """Who looks after how many of those that are failing."""
    shown = [
        f"<@{who}> is on {'all of them' if count == failing else f'{count} of {failing}'}"
        for who, count in taken.most_common(_MOST_RESPONDERS)
    ]
    rest = len(taken) - len(shown)
    return f"🙋 {', '.join(shown)}{f', and {rest} more on others' if rest else ''}"


def _is_plain_failure(incident: Incident) -> bool:
    return incident.kind is IncidentKind.FAILED and incident.failed_runs == 1


def _small_names(lead: str, items: Sequence[IncidentView]) -> list[Block]:
    return [small(f"{lead} {joined(_names(items), _SMALL_LIMIT)}")] if items else []


def _with_all_names(lead: str, firing: Sequence[IncidentView], over: Sequence[IncidentView]) -> str:
    """Names are shortened as far as it takes for all of them to be in the text."""
    text = lead
    for limit in range(_LONGEST_NAME, _SHORTEST_NAME - 1, -4):
        failing = f" {', '.join(_names(firing, limit))}." if firing else ""
        fine = f" {'Fine again: ' if firing else ''}{', '.join(_names(over, limit))}." if over else ""
        text = f"{lead}{failing}{fine}"
        if len(text) < _TEXT_LIMIT:
            break
    return text


def _names(items: Sequence[IncidentView], limit: int = _LONGEST_NAME) -> list[str]:
    return [name(label_of(each.incident.mail_id, each.mail), limit) for each in items]
