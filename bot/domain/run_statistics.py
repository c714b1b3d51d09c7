"""Statistics of a mail's runs, as far as the bot has seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from itertools import groupby, pairwise
from statistics import median, quantiles

from bot.domain import KnownRun, RunStatus, TaskRun

_DAY = 24 * 60  # minutes
_FEW = 3  # fewer runs have no usual start
_SAME_HABIT = 20  # minutes: starts further apart are two usual starts
_WIDEST_HABIT = 60  # minutes
_SHARE_OF_A_HABIT = 0.15
_SHARE_OF_ALL_HABITS = 0.7
_MOST_HABITS = 4
_EVEN = 0.25  # of the gap: the spread allowed for the middle half of the gaps
_CREDIBLE = timedelta(hours=1)  # reports time out long before


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """How long a run took. `at_most`: it was over when it was first seen, so it took no longer than that."""

    length: timedelta
    at_most: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStatistics:
    """`usual_starts` are wall-clock times; where there are none, `usual_gap` may be the time between two starts.

    `best_streak` counts runs that were sent in a row, `streak` those since the last failure.
    """

    sent: int
    failed: int
    usual_starts: tuple[time, ...]
    usual_gap: timedelta | None
    usually_took: Took | None
    last_failed: TaskRun | None
    best_streak: int
    streak: int

    @property
    def success_rate(self) -> float | None:
        """From 0 to 1, of the runs that ended; None if none did."""
        ended = self.sent + self.failed
        return self.sent / ended if ended else None


def track_record(runs: Sequence[KnownRun], zone: tzinfo) -> RunStatistics:
    """`runs` are newest first; `zone` is that of the mails' schedules."""
    ended = [known.run for known in runs if known.run.is_over]
    starts = sorted(known.run.exec_at for known in runs if known.run.exec_at)
    streaks = _streaks(ended)
    return RunStatistics(
        sent=sum(run.status is RunStatus.SENT for run in ended),
        failed=sum(run.status is RunStatus.FAILED for run in ended),
        usual_starts=_usual_starts(starts, zone),
        usual_gap=_usual_gap(starts),
        usually_took=_usually_took(runs),
        last_failed=next((run for run in ended if run.status is RunStatus.FAILED), None),
        best_streak=max(streaks, default=0),
        streak=streaks[0] if streaks and ended[0].status is RunStatus.SENT else 0,
    )


def took(known: KnownRun) -> Took | None:
    """How long a run took; None where that is unknown, as for a run from before the subscription."""
    began, ended = known.run.exec_at, known.ended_at
    if began is None or ended is None or ended < began:
        return None
    followed = known.first_seen_at < ended
    if not followed and (known.is_baseline or ended - began > _CREDIBLE):
        return None
    return Took(length=ended - began, at_most=not followed)


def _usually_took(runs: Sequence[KnownRun]) -> Took | None:
    """The median of the sent runs that were followed; of upper bounds where none was."""
    sent = [known for known in runs if known.run.status is RunStatus.SENT]
    known = [one for one in map(took, sent) if one is not None]
    followed = [one.length.total_seconds() for one in known if not one.at_most]
    lengths = followed or [one.length.total_seconds() for one in known]
    return Took(length=timedelta(seconds=median(lengths)), at_most=not followed) if lengths else None


def _streaks(ended: Sequence[TaskRun]) -> list[int]:
    """How many runs were sent in a row between failures, newest first."""
    return [
        len(list(row))
        for status, row in groupby(ended, key=lambda run: run.status)
        if status is RunStatus.SENT
    ]


def _usual_starts(starts: Sequence[datetime], zone: tzinfo) -> tuple[time, ...]:
    """The times of day around which starts cluster; none unless they cover most runs, on several days."""
    local = [at.astimezone(zone) for at in starts]
    if len({at.date() for at in local}) < _FEW:
        return ()
    at_least = max(_FEW, _SHARE_OF_A_HABIT * len(local))
    groups = _gathered([at.hour * 60 + at.minute for at in local])
    habits = [group for group in groups if len(group) >= at_least and group[-1] - group[0] <= _WIDEST_HABIT]
    if len(habits) > _MOST_HABITS or sum(map(len, habits)) < _SHARE_OF_ALL_HABITS * len(local):
        return ()
    return tuple(sorted(_time_of_day(median(group)) for group in habits))


def _gathered(minutes: Sequence[int]) -> list[list[int]]:
    """Clusters of minutes of the day. A cluster over midnight counts on beyond the day's end."""
    groups: list[list[int]] = []
    for minute in sorted(minutes):
        if groups and minute - groups[-1][-1] <= _SAME_HABIT:
            groups[-1].append(minute)
        else:
            groups.append([minute])
    if len(groups) > 1 and groups[0][0] + _DAY - groups[-1][-1] <= _SAME_HABIT:
        groups[-1] += [minute + _DAY for minute in groups.pop(0)]
    return groups


def _time_of_day(minute: float) -> time:
    hour, rest = divmod(round(minute) % _DAY, 60)
    return time(hour, rest)


def _usual_gap(starts: Sequence[datetime]) -> timedelta | None:
    """How far apart runs start, where the gaps are even and shorter than most of a day."""
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    if len(gaps) < _FEW:
        return None
    low, middle, high = quantiles(gaps, n=4)
    if middle <= 0 or middle > timedelta(hours=20).total_seconds() or high - low > _EVEN * middle:
        return None
    return _rounded(timedelta(seconds=middle))


def _rounded(gap: timedelta) -> timedelta:
    """To five minutes, or to one for short gaps: starts drift by seconds."""
    step = timedelta(minutes=5 if gap >= timedelta(minutes=20) else 1)
    return max(step, round(gap / step) * step)
