"""A refusal that is a riddle: whose trouble it is shows only in time, and in what the other mails answer."""

from __future__ import annotations

import pytest

from bot.domain import (
    AccessForbidden,
    MailId,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    UnknownRefusal,
)
from bot.domain.outage_rules import FEWEST, PATIENCE, RefusalClock, denial_of, is_ambiguous
from tests.support.sample_values import MAIL, at

LONG = PATIENCE.total_seconds() / 60


@pytest.mark.parametrize(
    ("error", "riddle", "cause"),
    [
        pytest.param(UnknownRefusal(code="Mail.New.Code"), True, "Mail.New.Code", id="a new code"),
        pytest.param(UnknownRefusal(said="no"), True, "UnknownRefusal", id="words alone"),
        pytest.param(ProtocolError("no Result"), True, "ProtocolError", id="garbled"),
        pytest.param(MailNotFound(code="Mail.Not.Found"), False, "MailNotFound", id="gone"),
        pytest.param(
            MailMisconfigured(code="Mail.Subject.Error"), False, "MailMisconfigured", id="its subject"
        ),
        pytest.param(
            AccessForbidden(missing=MissingAccess.MAIL), False, "AccessForbidden", id="closed to us"
        ),
    ],
)
def test_what_is_kept_of_a_refusal(error: QuickBIError, *, riddle: bool, cause: str) -> None:
    """Our name where somebody can mend it, Quick BI's own code where nobody here knows it."""
    assert (is_ambiguous(error), denial_of(error)) == (riddle, cause)


def refused(
    clock: RefusalClock, minutes: float, *, others: float | None, mail_id: MailId = MAIL
) -> float | None:
    """Since how many minutes after noon this mail alone is refused; others were answered at `others`."""
    since = clock.refused(mail_id, now=at(minutes), others_answered_at=None if others is None else at(others))
    return None if since is None else (since - at(0)).total_seconds() / 60


def test_it_takes_so_many_for_so_long() -> None:
    clock = RefusalClock()
    assert FEWEST == 3
    assert refused(clock, 0, others=0) is None
    assert refused(clock, 1, others=1) is None
    assert refused(clock, 2, others=2) is None
    assert refused(clock, LONG - 0.1, others=LONG - 0.1) is None
    assert refused(clock, LONG, others=LONG) == 0


def test_two_refusals_far_apart_are_too_few() -> None:
    clock = RefusalClock()
    assert refused(clock, 0, others=0) is None
    assert refused(clock, 10 * LONG, others=10 * LONG) is None
    assert refused(clock, 11 * LONG, others=11 * LONG) == 0


def test_an_answer_in_between_begins_it_anew() -> None:
    clock = RefusalClock()
    for minutes in (0.0, 5.0, 10.0):
        refused(clock, minutes, others=minutes)
    clock.forget(MAIL)
    assert refused(clock, LONG + 1, others=LONG + 1) is None
    assert refused(clock, LONG + 2, others=LONG + 2) is None


def test_where_nobody_is_answered_no_mail_is_blamed() -> None:
    """Quick BI as a whole answers rubbish for hours: that is an outage, not a thousand mails out of sight."""
    clock = RefusalClock()
    for minutes in range(0, 300, 5):
        assert refused(clock, minutes, others=-1) is None
        assert refused(clock, minutes, others=None, mail_id=MailId("never answered")) is None


def test_each_mail_has_its_own_clock() -> None:
    clock = RefusalClock()
    for minutes in (0.0, 5.0, LONG):
        refused(clock, minutes, others=minutes)
    assert refused(clock, LONG, others=LONG, mail_id=MailId("other")) is None
