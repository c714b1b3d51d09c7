"""The rules of running by hand: who is in the way, which run is ours, is it over, when to look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    ChannelId,
    MailId,
    ManualRun,
    ManualRunState,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    RunStatus,
    TaskId,
    TaskRun,
    Throttled,
    UserId,
)
from bot.domain.manual_run_rules import (
    BEGINS_WITHIN,
    FOLLOWED_FOR,
    OPEN_FOR,
    AskedAlready,
    Repeated,
    RunEnd,
    RunningAlready,
    RunWish,
    Tracking,
    hindrance,
    judge,
    may_have_begun,
    own_run,
    pause_after,
    took,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MAIL = MailId("m1")
ADA, BOB = UserId("U0ADA00001"), UserId("U0BOB00002")


def wish(click: str = "click-1", user: UserId = ADA, *, ago: float = 0) -> RunWish:
    return RunWish(
        mail_id=MAIL,
        user_id=user,
        channel_id=ChannelId("C1"),
        message_ts="",
        click=click,
        asked_at=NOON - timedelta(seconds=ago),
    )


def task(status: str, number: int = 2, *, at: datetime = NOON) -> TaskRun:
    return TaskRun(
        mail_id=MAIL, task_id=TaskId(number), exec_at=at, status=RunStatus(status), status_word=status
    )


def by_hand(
    *,
    click: str = "earlier",
    user: UserId = ADA,
    ago: float = 60,
    state: ManualRunState = ManualRunState.STARTED,
    previous: str = "1",
    run_key: str = "",
    ended: float | None = None,
) -> ManualRun:
    made = wish(click, user).claimed(None, NOON - timedelta(seconds=ago))
    ended_at = None if ended is None else NOON - timedelta(seconds=ended)
    return replace(made, state=state, previous_run_key=previous, run_key=run_key, ended_at=ended_at)


SENT = task("SENT")
RUNNING = task("PROCESSING")
STUCK = task("PROCESSING", at=NOON - FOLLOWED_FOR)


@pytest.mark.parametrize(
    ("latest", "newest", "expected"),
    [
        pytest.param(None, SENT, None, id="nothing in the way"),
        pytest.param(None, None, None, id="a mail that never ran"),
        pytest.param(None, RUNNING, RunningAlready, id="it is running"),
        pytest.param(None, STUCK, None, id="it is stuck: Quick BI decides"),
        pytest.param(
            None, replace(RUNNING, exec_at=None), RunningAlready, id="it runs since nobody knows when"
        ),
        pytest.param(by_hand(click="click-1"), RUNNING, Repeated, id="this click again, its own run running"),
        pytest.param(
            by_hand(click="click-1", state=ManualRunState.ENDED), SENT, Repeated, id="this click, long over"
        ),
        pytest.param(by_hand(ago=2), RUNNING, Repeated, id="the same person's second click"),
        pytest.param(
            by_hand(ago=2, state=ManualRunState.REFUSED), SENT, Repeated, id="an echo of a refused click"
        ),
        pytest.param(by_hand(ago=2, user=BOB), SENT, AskedAlready, id="somebody else was faster"),
        pytest.param(by_hand(ago=60), RUNNING, AskedAlready, id="one's own, a minute ago"),
        pytest.param(by_hand(state=ManualRunState.UNCLEAR), SENT, AskedAlready, id="nobody knows yet"),
        pytest.param(by_hand(state=ManualRunState.ENDED), SENT, None, id="the last one is over"),
        pytest.param(by_hand(state=ManualRunState.REFUSED), SENT, None, id="the last one was refused"),
        pytest.param(by_hand(ago=OPEN_FOR.total_seconds()), SENT, None, id="abandoned"),
    ],
)
def test_what_is_in_the_way(latest: ManualRun | None, newest: TaskRun | None, expected: type | None) -> None:
    """A repeated wish is silent, whatever else is true; then comes who was faster, then what is running."""
    found = hindrance(wish(), latest=latest, newest=newest, now=NOON)
    assert (None if found is None else type(found)) == expected


@pytest.mark.parametrize(
    ("latest", "user", "asked", "expected"),
    [
        pytest.param(
            by_hand(ago=7, state=ManualRunState.ENDED, ended=4),
            ADA,
            6.7,
            Repeated,
            id="an echo, looked at for long",
        ),
        pytest.param(
            by_hand(ago=7, state=ManualRunState.ENDED, ended=4),
            ADA,
            7.3,
            Repeated,
            id="before the claim even",
        ),
        pytest.param(
            by_hand(ago=11, state=ManualRunState.ENDED, ended=4),
            ADA,
            6,
            AskedAlready,
            id="while it was running",
        ),
        pytest.param(
            by_hand(ago=7, state=ManualRunState.ENDED, ended=4, user=BOB),
            ADA,
            6.7,
            AskedAlready,
            id="of two people",
        ),
        pytest.param(by_hand(ago=11, state=ManualRunState.ENDED, ended=7), ADA, 5, None, id="after its end"),
        pytest.param(
            by_hand(ago=7, state=ManualRunState.REFUSED, ended=6, user=BOB),
            ADA,
            6.7,
            None,
            id="nobody was served",
        ),
    ],
)
def test_what_counts_is_when_it_was_asked_for(
    latest: ManualRun, user: UserId, asked: float, expected: type | None
) -> None:
    """However long the look before it took: a run that was going on at the click has served it."""
    found = hindrance(wish(user=user, ago=asked), latest=latest, newest=SENT, now=NOON)
    assert (None if found is None else type(found)) == expected


def test_one_click_is_one_run_id() -> None:
    """A redelivery finds what the first delivery claimed; another click does not."""
    assert wish("a").manual_run_id == wish("a", BOB).manual_run_id != wish("b").manual_run_id


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(QuickBIUnavailable(outcome_unknown=True), True, id="answer lost"),
        pytest.param(ProtocolError(), True, id="answer not understood"),
        pytest.param(QuickBIUnavailable(outcome_unknown=False), False, id="never sent"),
        pytest.param(Throttled(), False, id="throttled"),
        pytest.param(RunRefused(why=RunRefusal.TOO_OFTEN), False, id="refused"),
    ],
)
def test_what_may_have_begun_all_the_same(error: QuickBIError, *, expected: bool) -> None:
    """Only a clear no, or a question that never left, is no run."""
    assert may_have_begun(error) is expected


OLD, MINE, NEWER = task("SENT", 1), task("SENT", 2), task("PROCESSING", 3)


@pytest.mark.parametrize(
    ("manual", "runs", "expected"),
    [
        pytest.param(by_hand(), [OLD], None, id="not there yet"),
        pytest.param(by_hand(), [MINE, OLD], MINE, id="the one after the one before"),
        pytest.param(by_hand(), [MINE], MINE, id="the latest alone"),
        pytest.param(by_hand(), [NEWER, MINE, OLD], MINE, id="overtaken: the first after it"),
        pytest.param(by_hand(run_key="2"), [NEWER], None, id="known, and overtaken"),
        pytest.param(by_hand(run_key="2"), [NEWER, MINE], MINE, id="known, among newer ones"),
        pytest.param(by_hand(previous=""), [MINE], MINE, id="the first run ever"),
        pytest.param(by_hand(), [], None, id="none at all"),
    ],
)
def test_which_run_is_ours(manual: ManualRun, runs: list[TaskRun], expected: TaskRun | None) -> None:
    """Quick BI tells no task ID: ours is the first run after the one that was last before."""
    assert own_run(manual, runs) == expected


def pursuit(found: TaskRun | None, *, ago: float, since: float | None = None) -> Tracking:
    manual = by_hand(ago=ago)
    since_at = manual.claimed_at if since is None else NOON - timedelta(seconds=since)
    return Tracking(manual=manual, since=since_at, task=found, looked_at=NOON)


LONG, LATE = FOLLOWED_FOR.total_seconds(), BEGINS_WITHIN.total_seconds()


@pytest.mark.parametrize(
    ("followed", "answered", "expected"),
    [
        pytest.param(pursuit(None, ago=5), True, None, id="not begun yet"),
        pytest.param(pursuit(RUNNING, ago=60), True, None, id="running"),
        pytest.param(pursuit(task("UNKNOWN"), ago=60), True, None, id="a word that nobody knows"),
        pytest.param(pursuit(SENT, ago=60), True, RunEnd.SENT, id="sent"),
        pytest.param(pursuit(task("FAILED"), ago=60), True, RunEnd.FAILED, id="failed"),
        pytest.param(pursuit(None, ago=LATE), True, RunEnd.NEVER_BEGAN, id="never began"),
        pytest.param(pursuit(None, ago=LATE), False, None, id="never began, says nobody"),
        pytest.param(pursuit(RUNNING, ago=LONG), True, RunEnd.STUCK, id="stuck"),
        pytest.param(pursuit(RUNNING, ago=LONG), False, RunEnd.OUT_OF_SIGHT, id="nobody can see it"),
        pytest.param(pursuit(None, ago=9 * LONG, since=5), False, None, id="taken up a moment ago"),
        pytest.param(pursuit(SENT, ago=9 * LONG, since=5), True, RunEnd.SENT, id="taken up late, sent"),
        pytest.param(pursuit(RUNNING, ago=9 * LONG, since=5), True, RunEnd.STUCK, id="taken up late, stuck"),
    ],
)
def test_is_it_over(followed: Tracking, *, answered: bool, expected: RunEnd | None) -> None:
    """Sent, failed, stuck, never begun, or out of sight; silence of Quick BI alone is none of the first four."""
    over = judge(followed, NOON, answered=answered)
    assert (over.end if over else None) == expected


def test_how_long_it_took_is_said_only_if_somebody_watched() -> None:
    """After a restart, or after an outage, nobody knows."""
    watched = pursuit(RUNNING, ago=40)
    assert took(replace(watched, looked_at=NOON - timedelta(seconds=5)), NOON) == timedelta(seconds=40)
    assert took(replace(watched, looked_at=NOON - timedelta(minutes=5)), NOON) is None
    assert took(replace(watched, looked_at=None), NOON) is None


@pytest.mark.parametrize(
    ("found", "run_key", "expected"),
    [
        pytest.param(RUNNING, "", 2, id="seen"),
        pytest.param(None, "7218865303929605212", 7218865303929605212, id="known from before the restart"),
        pytest.param(None, "", None, id="not known yet"),
        pytest.param(None, "2026-03-04T12:00:00+00:00", None, id="a run without a task ID"),
    ],
)
def test_a_run_is_followed_by_its_own_id(found: TaskRun | None, run_key: str, expected: int | None) -> None:
    """Then a newer run of the mail does not hide its end."""
    followed = Tracking(manual=by_hand(run_key=run_key), since=NOON, task=found)
    assert followed.task_id == expected


@given(st.floats(min_value=0, max_value=10_000))
def test_looks_are_few_and_never_far_behind(waited: float) -> None:
    """Never closer than 1.5 s; the end is seen within an eighth of the time, or 1.5 s, and 15 s at most."""
    pause = pause_after(timedelta(seconds=waited))
    assert 1.5 <= pause <= 15
    assert pause <= max(1.5, waited / 8) + 0.001  # a timedelta knows no less than a microsecond
