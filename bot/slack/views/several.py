"""Pure: how several mails are doing, a line for each, with a button that shows more of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.slack.kit.actions import Act, ref_value
from bot.slack.kit.blocks import Message, button, clip, duration, plural, section, unmarked
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.conditions import condition
from bot.slack.views.errors import in_short
from bot.slack.views.mail_list import LIST
from bot.slack.views.status import state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from slack_sdk.models.blocks import Block

    from bot.domain import Mail, MailRef, QuickBIError, TaskRun


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """One mail's newest run, or why Quick BI did not tell it."""

    ref: MailRef
    mail: Mail | None
    latest: TaskRun | None = None
    error: QuickBIError | None = None


def several(glances: Sequence[Glance], *, now: datetime, zone: tzinfo) -> Message:
    """In the order in which they were chosen. A line for each: its button shows the rest."""
    said = [_said(each, now, zone) for each in glances]
    blocks: list[Block] = [section(f"*{plural(len(glances), 'mail')}*")]
    for index, (each, (marked, _)) in enumerate(zip(glances, said, strict=True)):
        row = section(marked)
        row.accessory = button(
            "Look",
            action_id=f"{Act.PICK}:{LIST}:{index}",
            value=ref_value(each.ref),
            reads_as=f"Look at {clip(label_of(each.ref.mail_id, each.mail), 55)}",
        )
        blocks.append(row)
    text = " ".join(plain for _, plain in said)
    return Message(text=f"{plural(len(glances), 'mail')}. {text}", blocks=tuple(blocks))


def checking(count: int, ready_in: float) -> Message:
    wait = f"about {duration(timedelta(seconds=max(ready_in, 1)))}"
    return Message(
        text=f"Checking {plural(count, 'mail')}; the answer replaces this message in {wait}.",
        blocks=(
            section(f"⏳ Checking {plural(count, 'mail')} … {wait}\n_Quick BI takes one question a second._"),
        ),
    )


def _said(each: Glance, now: datetime, zone: tzinfo) -> tuple[str, str]:
    title = title_of(each.ref.mail_id, each.mail)
    plain = plain_title_of(each.ref.mail_id, each.mail, begins=True)
    if each.error is not None:
        sign, why = in_short(each.error, each.ref, each.mail)
        return f"{sign} {title}: {why}", f"{plain}: {unmarked(why)}."
    known = condition(each.latest, None, now=now, zone=zone)
    state = state_of(each.latest, now)
    marked, words = (known.marked, known.plain) if known else (state.words, state.words)
    paused, plain_paused = "", ""
    if each.mail and each.mail.paused:
        paused, plain_paused = " · *paused* in Quick BI", ", paused in Quick BI"
    return f"{state.sign} {title} {marked}{paused}", f"{plain} {words}{plain_paused}."
