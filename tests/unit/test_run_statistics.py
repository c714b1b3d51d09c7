"""What a mail's runs come to: plain statistics over what was seen."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import KnownRun, MailId, RunStatus, TaskId, TaskRun
from bot.domain.run_statistics import Took, took, track_record

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
DAY = timedelta(days=1)


def known(
    status: str = "SENT",
    *,
    at: datetime | None = MORNING,
    took_seconds: float | None = 40,
    followed: bool = True,
    is_baseline: bool = False,
) -> KnownRun:
    """A run as the records have it. `followed`: it was seen running before it was seen to be over."""
    began = at or MORNING
    ended_at = None if took_seconds is None else began + timedelta(seconds=took_seconds)
    return KnownRun(
        run=TaskRun(
            mail_id=MailId("m"),
            task_id=TaskId(1),
            exec_at=at,
            status=RunStatus(status),
            status_word=status,
        ),
        first_seen_at=began if followed or ended_at is None else ended_at,
        is_baseline=is_baseline,
        ended_at=ended_at,
    )


def at_times(*minutes: float, days: int = 6) -> list[KnownRun]:
    """Runs at these minutes after 09:00 on each of some days, newest first."""
    starts = [MORNING + day * DAY + timedelta(minutes=minute) for day in range(days) for minute in minutes]
    return [known(at=start) for start in sorted(starts, reverse=True)]


def states(letters: str) -> list[KnownRun]:
    """Runs newest first: s(ent), f(ailed), p(rocessing), u(nknown)."""
    words = {"s": "SENT", "f": "FAILED", "p": "PROCESSING", "u": "UNKNOWN"}
    return [known(words[letter], at=MORNING - n * DAY) for n, letter in enumerate(letters)]


def test_no_runs_come_to_nothing() -> None:
    """Nothing is claimed of a mail that was never seen."""
    record = track_record([], SHANGHAI)
    assert (record.sent, record.failed, record.best_streak, record.streak) == (0, 0, 0, 0)
    assert record.success_rate is None
    assert record.usually_took is None
    assert record.last_failed is None
    assert record.usual_gap is None
    assert record.usual_starts == ()


@pytest.mark.parametrize(
    ("letters", "sent", "failed", "best", "now"),
    [
        pytest.param("s", 1, 0, 1, 1, id="one run"),
        pytest.param("ssfsss", 5, 1, 3, 2, id="a failure between"),
        pytest.param("fss", 2, 1, 2, 0, id="it failed just now"),
        pytest.param("ffff", 0, 4, 0, 0, id="never sent"),
        pytest.param("psspsuss", 5, 0, 5, 5, id="what has not ended breaks no streak and counts for nothing"),
        pytest.param("pfs", 1, 1, 1, 0, id="running again after a failure"),
    ],
)
def test_counts_and_streaks(letters: str, sent: int, failed: int, best: int, now: int) -> None:
    """Only runs that ended count, and a streak is of sent runs in a row."""
    record = track_record(states(letters), SHANGHAI)
    assert (record.sent, record.failed, record.best_streak, record.streak) == (sent, failed, best, now)
    assert record.success_rate == (sent / (sent + failed))


def test_the_last_failure_is_the_newest() -> None:
    """Of two failures the later one is named."""
    last = track_record(states("sfsf"), SHANGHAI).last_failed
    assert last is not None
    assert last.exec_at == MORNING - DAY


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param(at_times(0), (time(9),), id="daily"),
        pytest.param(at_times(0, 480), (time(9), time(17)), id="twice a day"),
        pytest.param(at_times(0, 2, 4), (time(9, 2),), id="close together is one habit"),
        pytest.param(at_times(14 * 60 + 55, 15 * 60 + 5), (time(0),), id="around midnight"),
        pytest.param(at_times(0, days=2), (), id="two days are no habit"),
        pytest.param(at_times(*range(0, 1440, 60)), (), id="every hour has no usual time"),
        pytest.param(at_times(*range(0, 1440, 10), days=3), (), id="all day long"),
        pytest.param(
            [known(at=MORNING + n * DAY * 1.37) for n in range(12)], (), id="at another time each day"
        ),
        pytest.param(
            [*at_times(0, days=9), known(at=MORNING + timedelta(hours=5))], (time(9),), id="one by hand"
        ),
        pytest.param([known(at=None) for _ in range(9)], (), id="without times"),
    ],
)
def test_usual_starts(runs: list[KnownRun], expected: tuple[time, ...]) -> None:
    """Times of day in the schedules' zone, where most runs keep to them."""
    assert track_record(runs, SHANGHAI).usual_starts == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param([60, 61, 59, 60, 60], timedelta(hours=1), id="hourly"),
        pytest.param([5, 5, 5, 5], timedelta(minutes=5), id="each five minutes"),
        pytest.param([238, 241, 240, 242], timedelta(hours=4), id="rounded, for starts drift"),
        pytest.param([10, 300, 20, 600], None, id="uneven"),
        pytest.param([1440, 1440, 1440], None, id="daily is a time of day, not a gap"),
        pytest.param([60, 60], None, id="too few"),
        pytest.param([0, 0, 0, 0], None, id="all at once"),
    ],
)
def test_usual_gap(minutes: list[int], expected: timedelta | None) -> None:
    """How far apart runs start, where that is even."""
    starts = [MORNING]
    for gap in minutes:
        starts.append(starts[-1] + timedelta(minutes=gap))
    runs = [known(at=start) for start in reversed(starts)]
    assert track_record(runs, SHANGHAI).usual_gap == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(known(), Took(length=timedelta(seconds=40), at_most=False), id="followed to its end"),
        pytest.param(
            known(followed=False), Took(length=timedelta(seconds=40), at_most=True), id="over when first seen"
        ),
        pytest.param(known(followed=False, took_seconds=7200), None, id="seen long after its end"),
        pytest.param(known(followed=False, is_baseline=True), None, id="there before anyone watched"),
        pytest.param(known(took_seconds=None), None, id="still running"),
        pytest.param(known(at=None), None, id="without a time"),
        pytest.param(known(took_seconds=-30), None, id="by a clock that is off"),
    ],
)
def test_how_long_a_run_took(run: KnownRun, expected: Took | None) -> None:
    """The length is told only where it was seen, or at least bounded."""
    assert took(run) == expected


def test_usual_length_prefers_what_was_followed() -> None:
    """Upper bounds count only where nothing better is known; failed runs not at all."""
    followed = [known(took_seconds=seconds) for seconds in (30, 40, 500)]
    bound, failed = known(took_seconds=3000, followed=False), known("FAILED", took_seconds=660)
    assert track_record([*followed, bound, failed], UTC).usually_took == Took(
        length=timedelta(seconds=40), at_most=False
    )
    assert track_record([bound, failed], UTC).usually_took == Took(
        length=timedelta(seconds=3000), at_most=True
    )


@given(st.text(alphabet="sfpu", max_size=60))
def test_figures_hang_together(letters: str) -> None:
    """Whatever happened: nothing is counted twice, no streak is longer than what was sent."""
    record = track_record(states(letters), SHANGHAI)
    assert record.sent + record.failed == letters.count("s") + letters.count("f")
    assert record.streak <= record.best_streak <= record.sent
    assert record.success_rate is None or 0 <= record.success_rate <= 1
    assert (record.last_failed is None) == (record.failed == 0)
