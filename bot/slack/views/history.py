"""The runs of one mail that the bot has seen, as a strip, as figures and one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from slack_sdk.models.blocks import Block, ButtonElement

from bot.domain import KnownRun, Mail, MailId, MailRef, RunStatus
from bot.domain.responders import Acknowledgements
from bot.domain.run_statistics import RunStatistics, Took, took
from bot.slack.kit.actions import look_button, pager, subscribe_button
from bot.slack.kit.blocks import Message, actions, fields, message, small
from bot.slack.kit.text import code, dotted, duration, label_of, name, offset, plural, title_of, when
from bot.slack.views.states import RUNS

PER_PAGE = 8  # rows; with the figures above them they fit a phone
STRIP = 30
_FEW = 4  # fewer runs than this have no habit that could be missing
HISTORY = "history"  # stands behind a colon in the action IDs of the pager
_SQUARES = {RunStatus.SENT: "🟩", RunStatus.FAILED: "🟥", RunStatus.PROCESSING: "🟨", RunStatus.UNKNOWN: "⬜"}


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
    acknowledged: Acknowledgements | None = None

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))

    @property
    def title(self) -> str:
        return title_of(self.mail_id, self.mail)


def history(past: Past, *, now: datetime, zone: tzinfo) -> Message:
    """The strip and the figures on the first page; on each one its runs, newest first."""
    if not past.total:
        return _no_runs(past)
    if past.page == 0:
        head: list[Block | str] = [_strip(past), fields(_figures(past, now, zone))]
    else:
        head = [dotted(past.title, f"runs, page {past.page + 1} of {past.pages}")]
    turning = pager(HISTORY, past.page, past.pages, of=past.mail_id, labels=("Newer", "Older"), what="runs")
    return message(
        *head,
        "\n".join(_row(known, zone) for known in past.rows),
        small(_caveat(past, zone)),
        actions([*turning, *_ways_on(past)]),
    )


def _strip(past: Past) -> str:
    """Squares for the eye, and under them what the colours mean: nobody needs to tell green from red."""
    counts = Counter(known.run.status for known in past.strip)
    squares = "".join(_SQUARES[known.run.status] for known in reversed(past.strip))
    meaning = dotted(
        *(f"{_SQUARES[status]} {counts[status]} {_word(status)}" for status in RUNS if counts[status])
    )
    shown = f"last {plural(len(past.strip), 'run')}, newest on the right"
    return f"{dotted(past.title, shown)}\n{squares}\n_{meaning}_"


def _word(status: RunStatus) -> str:
    return RUNS[status].words.removeprefix("was ").removeprefix("is ")


def _figures(past: Past, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    record = past.record
    ended = record.sent + record.failed
    rate = f" ({record.success_rate:.0%})" if record.success_rate is not None else ""
    last = record.last_failed
    streak = plural(record.best_streak, "run") if record.best_streak else "none was sent"
    if 0 < record.best_streak == record.streak:
        streak += ", and counting"
    return [
        ("Sent", f"{record.sent:,} of {ended:,}{rate}" if ended else "none has finished yet"),
        ("Usually starts", _usual_start(past, now, zone)),
        ("Last failed", _at(last.exec_at, zone) if last else "never, as far as I have seen"),
        ("Longest without failure", streak),
        *([("Somebody was on it", _acknowledged(past.acknowledged))] if past.acknowledged else []),
    ]


def _acknowledged(known: Acknowledgements) -> str:
    """Only the median says something where most incidents were taken at once and one over a holiday."""
    if known.incidents == 1:
        return f"after {duration(known.after)}"
    return f"after {duration(known.after)} (median), {known.acknowledged} of {known.incidents} times"


def _usual_start(past: Past, now: datetime, zone: tzinfo) -> str:
    record = past.record
    takes = f", takes {_length(record.usually_took)}" if record.usually_took else ""
    if record.usual_starts:
        starts = " and ".join(_clock(at, now, zone) for at in record.usual_starts)
    elif record.usual_gap:
        starts = f"every {duration(record.usual_gap)}"
    else:
        starts = "too few runs to say" if past.total < _FEW else "at no fixed time"
    return f"{starts}{takes}"


def _clock(at: time, now: datetime, zone: tzinfo) -> str:
    """A time of day in the reader's zone: Slack can only shift a full instant, so take today's."""
    local = datetime.combine(now.astimezone(zone).date(), at, zone)
    return f"<!date^{int(local.timestamp())}^{{time}}|{local:%H:%M} {offset(local)}>"


def _row(known: KnownRun, zone: tzinfo) -> str:
    run, length = known.run, took(known)
    state = _word(run.status)
    if run.status is RunStatus.UNKNOWN:
        state = f"“{name(run.status_word, 40)}”"
    if length:
        state += f" {'within' if length.at_most else 'in'} {duration(length.length)}"
    task = code(str(run.task_id)) if run.task_id and run.status is not RunStatus.SENT else ""
    return f"{RUNS[run.status].sign} {dotted(_at(run.exec_at, zone), state, task)}"


def _caveat(past: Past, zone: tzinfo) -> str:
    """What this cannot show. Quick BI tells the newest run only, and has no history to ask for."""
    seen = f"I have seen {plural(past.total, 'run')}"
    if past.watched_since is None:
        return f"{seen}. Nobody is subscribed to it, so I see it only when somebody asks. Subscribe, and I keep watch"
    since = f"{seen}, watching since {when(past.watched_since, zone)}"
    return f"{since}. Runs that started and finished between two checks are not shown"


def _ways_on(past: Past) -> list[ButtonElement]:
    label = label_of(past.mail_id, past.mail)
    status = look_button("Status", MailRef(mail_id=past.mail_id), label)
    if past.is_subscribed is not False:
        return [status]
    return [status, subscribe_button(past.mail_id, label, is_subscribed=False)]


def no_records(mail_id: MailId, mail: Mail | None) -> Message:
    """The database cannot be read: Quick BI still tells how the mail is doing now."""
    return message(
        f"🗄️ *I cannot look up* {title_of(mail_id, mail)} *in my records right now*\n"
        "They hold all its earlier runs. I can still tell how it is doing now: see its status. "
        "Please try again in a few minutes, and tell whoever runs this bot if it keeps happening.",
        actions([look_button("Status", MailRef(mail_id=mail_id), label_of(mail_id, mail))]),
    )


def _no_runs(past: Past) -> Message:
    if past.watched_since is None:
        how = "I keep a record from the moment that a channel subscribes; Quick BI's API has no history to ask for."
    else:
        how = "I am watching it, and it has not run since. Quick BI's API has no history to ask for."
    return message(f"📭 *I have not seen a run of* {past.title} *yet*\n{how}", actions(_ways_on(past)))


def _length(length: Took) -> str:
    return f"{'at most' if length.at_most else 'about'} {duration(length.length)}"


def _at(at: datetime | None, zone: tzinfo) -> str:
    return when(at, zone) if at else "Time unknown"
