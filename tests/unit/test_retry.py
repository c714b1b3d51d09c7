"""When a failed call is tried again, for every kind of failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    Throttled,
    UnknownRefusal,
)
from bot.quickbi.retry import LONGEST_OBEYED_PAUSE, LONGEST_PAUSE, pause_before_retry

LOST_ANSWER = QuickBIUnavailable(outcome_unknown=True)
NEVER_SENT = QuickBIUnavailable(outcome_unknown=False)

GIVEN_UP: list[QuickBIError] = [
    MailNotFound(),
    AccessForbidden(missing=MissingAccess.MAIL),
    MailMisconfigured(),
    CredentialsRejected(problem=CredentialsProblem.CLOCK_OFF),
    RunRefused(why=RunRefusal.TOO_OFTEN, retry_after=60.0),
    RunRefused(why=RunRefusal.ALREADY_RUNNING),
    ProtocolError(),
    UnknownRefusal(),
    Throttled(retry_after=LONGEST_OBEYED_PAUSE + 1),
]


def pause(
    error: QuickBIError,
    *,
    attempt: int = 1,
    attempts: int = 3,
    repeatable: bool = True,
    luck: float = 0.5,
) -> float | None:
    """Seconds until the next attempt; None if there is to be none."""
    return pause_before_retry(error, attempt=attempt, attempts=attempts, repeatable=repeatable, jitter=luck)


@pytest.mark.parametrize("error", GIVEN_UP, ids=lambda error: type(error).__name__)
def test_what_trying_again_cannot_mend_is_given_up(error: QuickBIError) -> None:
    """A refusal stays a refusal, and half a minute is longer than anyone should be kept waiting."""
    assert pause(error) is None


@pytest.mark.parametrize(
    ("error", "repeatable", "again"),
    [
        pytest.param(LOST_ANSWER, True, True, id="a lost answer, reading"),
        pytest.param(LOST_ANSWER, False, False, id="a lost answer, running a mail"),
        pytest.param(NEVER_SENT, True, True, id="never sent, reading"),
        pytest.param(NEVER_SENT, False, True, id="never sent, running a mail"),
        pytest.param(Throttled(), False, True, id="refused for pace, running a mail"),
        pytest.param(ProtocolError(), False, False, id="an unreadable answer, running a mail"),
    ],
)
def test_only_what_is_safe_is_repeated(error: QuickBIError, *, repeatable: bool, again: bool) -> None:
    """A mail is run again only where the first request was surely not carried out."""
    assert (pause(error, repeatable=repeatable) is not None) is again


@pytest.mark.parametrize("error", [LOST_ANSWER, NEVER_SENT, Throttled(), Throttled(retry_after=0.1)])
@pytest.mark.parametrize(("attempt", "attempts"), [(1, 1), (3, 3), (4, 3)])
def test_the_last_attempt_is_the_last(error: QuickBIError, attempt: int, attempts: int) -> None:
    """No kind of failure gets more attempts than were granted."""
    assert pause(error, attempt=attempt, attempts=attempts) is None


@given(st.floats(0, LONGEST_OBEYED_PAUSE), st.floats(0, 1, exclude_max=True))
def test_never_earlier_than_quick_bi_said(retry_after: float, luck: float) -> None:
    """The stated wait is kept in full, and not by everybody to the same moment."""
    waited = pause(Throttled(retry_after=retry_after), luck=luck)
    assert waited is not None
    assert retry_after <= waited < retry_after + 0.5001


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_pauses_stay_bounded(attempt: int, luck: float) -> None:
    """However often it failed, and whatever the luck, the pause is over no time and under the longest."""
    for error in (LOST_ANSWER, Throttled()):
        waited = pause(error, attempt=attempt, attempts=attempt + 1, luck=luck)
        assert waited is not None
        assert 0 < waited <= LONGEST_PAUSE * 1.5


def test_pauses_grow() -> None:
    """Each failure doubles the pause."""
    assert [pause(LOST_ANSWER, attempt=n, attempts=9, luck=0.0) for n in (1, 2, 3)] == [0.25, 0.5, 1.0]


def test_a_throttled_caller_waits_at_least_the_second_that_the_limit_counts() -> None:
    """Without a stated wait, the limit of one call a second is a second old before the next try."""
    assert pause(Throttled(), luck=0.0) == 1.0


def test_luck_spreads_those_who_failed_together() -> None:
    """Two callers with different luck do not come back together."""
    assert pause(LOST_ANSWER, luck=0.1) != pause(LOST_ANSWER, luck=0.9)
