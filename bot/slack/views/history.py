"""Pure: the runs of one mail that the bot has seen, as a strip, as figures and one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from bot.domain import RunStatus
from bot.domain.run_statistics import took
from bot.slack.kit.actions import Act, page_value, subscribe_button
from bot.slack.kit.blocks import (
    Message,
    absolute,
    actions,
    button,
    clip,
    code,
    duration,
    fields,
    name,
    offset,
    plural,
    section,
    small,
    when,
)
from bot.slack.kit.mail_titles import label_of, plain_title_of, title_of
from bot.slack.views.incident_text import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time, tzinfo

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain import KnownRun, Mail, MailId
    from bot.domain.run_statistics import RunStatistics, Took

PER_PAGE = 8  # rows; with the figures above them they fit a phone
STRIP = 30
_FEW = 4  # fewer runs than this have no habit that could be missing
HISTORY = "history"  # stands behind a colon in the action IDs of the pager
_SQUARES = {RunStatus.SENT: "🟩", RunStatus.FAILED: "🟥", RunStatus.PROCESSING: "🟨", RunStatus.UNKNOWN: "⬜"}
_STATES = {
    RunStatus.SENT: "sent",
    RunStatus.FAILED: "failed",
    RunStatus.PROCESSING: "running",
    RunStatus.UNKNOWN: "in a state unknown to me",
}
_SIGNS = {RunStatus.SENT: "✅", RunStatus.FAILED: "❌", RunStatus.PROCESSING: "⏳", RunStatus.UNKNOWN: "❔"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What is known of a mail's past.

    `rows` are the runs of this page and `strip` the newest of all, both newest first; `total` counts all runs.
    `watched_since`: when the first of the channels subscribed that are now; None where none is.
    `is_subscribed`: the channel that asks is; None where nobody asks from a channel.
    """

    mail_id: MailId
    mail: Mail | None
    page: int
    rows: tuple[KnownRun, ...]
    strip: tuple[KnownRun, ...]
    total: int
    record: RunStatistics
    watched_since: datetime | None
    is_subscribed: bool | None

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def history(past: Past, *, now: datetime, zone: tzinfo) -> Message:
    """The strip and the figures on the first page; on each one its runs, newest first."""
    if not past.total:
        return _no_runs(past)
    head, said = _overview(past, now, zone) if past.page == 0 else _place(past)
    rows = [_row(known, zone) for known in past.rows]
    caveat = _caveat(past, zone)
    blocks = [
        *head,
        section("\n".join(row.marked for row in rows)),
        small(caveat.marked),
        actions(_buttons(past)),
    ]
    said += ["; ".join(row.plain for row in rows), caveat.plain]
    return Message(text=". ".join(said) + ".", blocks=tuple(blocks))


def _overview(past: Past, now: datetime, zone: tzinfo) -> tuple[list[Block], list[str]]:
    """Squares are for the eye alone; the same stands in words in the text."""
    shown = f"last {plural(len(past.strip), 'run')}"
    squares = "".join(_SQUARES[known.run.status] for known in reversed(past.strip))
    figures = _figures(past, now, zone)
    title, plain = title_of(past.mail_id, past.mail), plain_title_of(past.mail_id, past.mail)
    return (
        [
            section(f"{title} · {shown}, newest right\n{squares}\n_{_tally(past.strip)}_"),
            fields([(label, words.marked) for label, words in figures]),
        ],
        [
            f"{plain}, {shown}, newest first: {_in_words(past.strip)}",
            *(f"{label}: {words.plain}" for label, words in figures),
        ],
    )


def _place(past: Past) -> tuple[list[Block], list[str]]:
    place = f"runs, page {past.page + 1} of {past.pages}"
    title, plain = title_of(past.mail_id, past.mail), plain_title_of(past.mail_id, past.mail)
    return [section(f"{title} · {place}")], [f"{plain}, {place}"]


def _in_words(strip: Sequence[KnownRun]) -> str:
    """`2 sent, 1 failed, 27 sent`: how a strip reads aloud."""
    runs = groupby(strip, key=lambda known: known.run.status)
    return ", ".join(f"{len(list(row))} {_STATES[status]}" for status, row in runs)


def _tally(strip: Sequence[KnownRun]) -> str:
    """What the colours mean, with how many there are of each: nobody needs to tell green from red."""
    counts = Counter(known.run.status for known in strip)
    return " · ".join(
        f"{_SQUARES[status]} {counts[status]} {_STATES[status]}" for status in _STATES if counts[status]
    )


def _figures(past: Past, now: datetime, zone: tzinfo) -> list[tuple[str, Words]]:
    record = past.record
    ended = record.sent + record.failed
    rate = f" ({record.success_rate:.0%})" if record.success_rate is not None else ""
    last = record.last_failed
    streak = plural(record.best_streak, "run") if record.best_streak else "none was sent"
    if 0 < record.best_streak == record.streak:
        streak += ", and counting"
    return [
        ("Sent", _same(f"{record.sent:,} of {ended:,}{rate}" if ended else "none has ended yet")),
        ("Usually starts", _usual_start(past, now, zone)),
        ("Last failed", _timed(last.exec_at, zone) if last else _same("never, as far as I have seen")),
        ("Longest without failure", _same(streak)),
    ]


def _usual_start(past: Past, now: datetime, zone: tzinfo) -> Words:
    record = past.record
    takes = f", takes {_length(record.usually_took)}" if record.usually_took else ""
    if record.usual_starts:
        marked = " and ".join(_clock(at, now, zone) for at in record.usual_starts)
        plain = " and ".join(f"{at:%H:%M}" for at in record.usual_starts)
        return Words(marked=marked + takes, plain=f"{plain} {offset(now.astimezone(zone))}{takes}")
    if record.usual_gap:
        return _same(f"every {duration(record.usual_gap)}{takes}")
    if past.total < _FEW:
        return _same(f"too few runs to say{takes}")
    return _same(f"at no fixed time{takes}")


def _clock(at: time, now: datetime, zone: tzinfo) -> str:
    """A time of day in the reader's zone: Slack can only shift a full instant, so take today's."""
    local = datetime.combine(now.astimezone(zone).date(), at, zone)
    return f"<!date^{int(local.timestamp())}^{{time}}|{local:%H:%M} {offset(local)}>"


def _row(known: KnownRun, zone: tzinfo) -> Words:
    run, length = known.run, took(known)
    state = _STATES.get(run.status, "")
    if run.status is RunStatus.UNKNOWN:
        state = f"“{name(run.status_word, 40)}”"
    if length:
        state += f" {'within' if length.at_most else 'in'} {_length(length, bare=True)}"
    task = f" · {code(str(run.task_id))}" if run.task_id and run.status is not RunStatus.SENT else ""
    at = _timed(run.exec_at, zone)
    return Words(marked=f"{_SIGNS[run.status]} {at.marked} · {state}{task}", plain=f"{at.plain} {state}")


def _caveat(past: Past, zone: tzinfo) -> Words:
    """What this cannot show. Quick BI tells the newest run only, and has no history to ask for."""
    seen = f"I have seen {plural(past.total, 'run')}"
    if past.watched_since is None:
        words = "Nobody is subscribed to it, so I see it only when somebody asks. Subscribe, and I keep watch"
        return Words(marked=f"{seen}. {words}", plain=f"{seen}. {words}")
    blind = "What began and ended between two looks is missing"
    return Words(
        marked=f"{seen}, watching since {when(past.watched_since, zone)}. {blind}",
        plain=f"{seen}, watching since {absolute(past.watched_since, zone)}. {blind}",
    )


def _buttons(past: Past) -> list[ButtonElement]:
    turning = []
    if past.page > 0:
        turning.append(_turn("Newer", past.mail_id, past.page - 1))
    if past.page + 1 < past.pages:
        turning.append(_turn("Older", past.mail_id, past.page + 1))
    return [*turning, *_ways_on(past)]


def _turn(label: str, mail_id: MailId, page: int) -> ButtonElement:
    return button(
        label,
        action_id=f"{Act.PAGE}:{HISTORY}:{label.lower()}",
        value=page_value(page, mail_id),
        reads_as=f"{label} runs",
    )


def _status_button(mail_id: MailId, label: str) -> ButtonElement:
    return button("Status", action_id=Act.CHECK, value=mail_id, reads_as=f"Status of {clip(label, 60)}")


def _ways_on(past: Past) -> list[ButtonElement]:
    label = label_of(past.mail_id, past.mail)
    status = _status_button(past.mail_id, label)
    if past.is_subscribed is not False:
        return [status]
    return [status, subscribe_button(past.mail_id, label, is_subscribed=False)]


def no_records(mail_id: MailId, mail: Mail | None) -> Message:
    """The database cannot be read: Quick BI still tells how the mail is doing now."""
    title, plain = title_of(mail_id, mail), plain_title_of(mail_id, mail)
    what = "What it did before is all in there. How it is doing now I can still tell: see its status."
    advice = "Please try again in a few minutes, and tell whoever runs me if it stays so."
    return Message(
        text=f"I cannot look up {plain} in my records just now. {what} {advice}",
        blocks=(
            section(f"🗄️ *I cannot look up* {title} *in my records just now*\n{what} {advice}"),
            actions([_status_button(mail_id, label_of(mail_id, mail))]),
        ),
    )


def _no_runs(past: Past) -> Message:
    title, plain = title_of(past.mail_id, past.mail), plain_title_of(past.mail_id, past.mail)
    if past.watched_since is None:
        how = "I keep a record from the moment that a channel subscribes; Quick BI's API has no history to ask for."
    else:
        how = "It is watched, and has not run since. Quick BI's API has no history to ask for."
    return Message(
        text=f"I have not seen a run of {plain} yet. {how}",
        blocks=(section(f"📭 *I have not seen a run of* {title} *yet*\n{how}"), actions(_ways_on(past))),
    )


def _length(length: Took, *, bare: bool = False) -> str:
    words = duration(length.length)
    return words if bare else f"{'at most' if length.at_most else 'about'} {words}"


def _timed(at: datetime | None, zone: tzinfo) -> Words:
    return (
        _same("at an unknown time") if at is None else Words(marked=when(at, zone), plain=absolute(at, zone))
    )


def _same(words: str) -> Words:
    return Words(marked=words, plain=words)
