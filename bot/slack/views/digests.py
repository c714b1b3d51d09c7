"""Pure: many mails in one message. Each is named in it, also in the plain text, whatever their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import IncidentKind, NotifyReason
from bot.slack.kit.actions import under_digest
from bot.slack.kit.blocks import (
    MAX_MESSAGE_TEXT,
    Message,
    absolute,
    name,
    plural,
    section,
    small,
    when,
)
from bot.slack.kit.mail_titles import label_of
from bot.slack.views.incident_text import bold_title, state_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import Incident, IncidentView

_SHOWN_LARGE = 8  # the rest stands in the small print: it must fit a phone
_SMALL_LIMIT = 1900
_MOST_OPTIONS = 100  # Slack's limit for a menu; no more mails come into one message
_LONGEST_NAME, _SHORTEST_NAME = 60, 8
_LIKE = {
    IncidentKind.FAILED: ("🔴", "failed"),
    IncidentKind.STUCK: ("⚠️", "are probably stuck"),
    IncidentKind.LATE: ("⏰", "are late"),
    IncidentKind.ACCESS_LOST: ("🔒", "can no longer be seen"),
}


def digest(items: Sequence[IncidentView], *, now: datetime, zone: tzinfo) -> Message:
    """Failures of many mails at the same moment, as things are now: those still failing first."""
    firing = [each for each in items if each.incident.is_firing]
    over = [each for each in items if not each.incident.is_firing]
    began = min(each.incident.opened_at for each in items)
    sign, headline = _headline(firing, over)
    blocks: list[Block] = [section(f"{sign} *{headline}*\nSince {when(began, zone)}{_cause(firing)}")]
    if firing:
        blocks.append(section("\n".join(map(_line, firing[:_SHOWN_LARGE]))))
        blocks += _small_names("And", firing[_SHOWN_LARGE:])
    blocks += _small_names("🟢 Over", over)
    snoozed = [each for each in firing if each.is_snoozed(now)]
    asleep = f"{plural(len(snoozed), 'mail')} snoozed" if snoozed else ""
    if snoozed:
        blocks.append(small(f"💤 {asleep}"))
    if firing:
        mails = [(each.incident.mail_id, label_of(each.incident.mail_id, each.mail)) for each in firing]
        blocks.append(under_digest(mails[:_MOST_OPTIONS], are_snoozed=len(snoozed) == len(firing)))
    lead = f"{headline} since {absolute(began, zone)}. {f'{asleep}. ' if asleep else ''}"
    return Message(text=_with_all_names(lead, firing, over), blocks=tuple(blocks))


def digest_reply(items: Sequence[IncidentView], *, zone: tzinfo) -> Message:  # noqa: ARG001 (as its sibling)
    """News of several of the mails of a digest: the reply in its thread."""
    failing = [each for each in items if each.incident.is_firing]
    over = [each for each in items if not each.incident.is_firing]
    parts = []
    if over:
        parts.append(f"🟢 {plural(len(over), 'mail')} recovered: {_names(over, _LONGEST_NAME)}")
    if failing:
        parts.append(f"🔴 {_again(failing)}: {_names(failing, _LONGEST_NAME)}")
    lead = ". ".join(part.partition(":")[0][2:] for part in parts) + ": "
    blocks = [section(part) for part in parts]
    return Message(text=_with_all_names(lead, failing, over), blocks=tuple(blocks))


def _again(failing: Sequence[IncidentView]) -> str:
    only_again = all(NotifyReason.STILL_FAILING in each.reasons for each in failing)
    return f"{plural(len(failing), 'mail')} {'failed again' if only_again else 'failing'}"


def _headline(firing: Sequence[IncidentView], over: Sequence[IncidentView]) -> tuple[str, str]:
    if not firing:
        return "🟢", f"All {len(over)} report mails are fine again"
    kinds = {each.incident.kind for each in firing}
    sign, words = _LIKE[next(iter(kinds))] if len(kinds) == 1 else ("🔴", "need attention")
    recovered = f", {len(over)} fine again" if over else ""
    one = len(firing) == 1
    singular = words.replace("are ", "is ").replace("need ", "needs ")
    return sign, f"{plural(len(firing), 'report mail')} {singular if one else words}{recovered}"


def _cause(firing: Sequence[IncidentView]) -> str:
    many = 10
    if len(firing) < many:
        return ""
    return ". So many at once usually means a data source, not the reports."


def _line(told: IncidentView) -> str:
    sign, words = state_words(told.incident)
    owner = f" · {name(told.mail.owner_name, 30)}" if told.mail and told.mail.owner_name else ""
    state = "" if _is_plain_failure(told.incident) else f" · {words}"
    return f"{sign} {bold_title(told)}{owner}{state}"


def _is_plain_failure(incident: Incident) -> bool:
    return incident.kind is IncidentKind.FAILED and incident.failed_runs == 1


def _small_names(lead: str, items: Sequence[IncidentView]) -> list[Block]:
    """Names in the small print, in as many blocks as they need."""
    blocks: list[Block] = []
    line = f"{lead} {len(items)}: "
    for index, each in enumerate(items):
        word = _name(each, _LONGEST_NAME) + (", " if index < len(items) - 1 else "")
        if len(line) + len(word) > _SMALL_LIMIT:
            blocks.append(small(line))
            line = ""
        line += word
    return [*blocks, small(line)] if items else []


def _with_all_names(lead: str, firing: Sequence[IncidentView], over: Sequence[IncidentView]) -> str:
    """Names are shortened as far as it takes for all of them to be in the text."""
    text = ""
    for limit in range(_LONGEST_NAME, _SHORTEST_NAME - 1, -4):
        text = lead + _names(firing, limit)
        if over:
            text += f". Fine again: {_names(over, limit)}" if firing else _names(over, limit)
        if len(text) < MAX_MESSAGE_TEXT - 1:
            break
    return text


def _names(items: Sequence[IncidentView], limit: int) -> str:
    return ", ".join(_name(each, limit) for each in items)


def _name(told: IncidentView, limit: int) -> str:
    return name(label_of(told.incident.mail_id, told.mail), limit)
