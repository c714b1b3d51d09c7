"""A number from outside that is used as a duration: finite, not negative, and never longer than an hour."""

from __future__ import annotations

import pytest

from bot.domain.retry_after import LONGEST, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), (" 7 ", 7.0), ("0", 0.0), ("1.5", 1.5), (12, 12.0), ("3600", LONGEST)],
)
def test_a_sound_number_is_taken(value: object, seconds: float, caplog: pytest.LogCaptureFixture) -> None:
    """Whole seconds as a rule, and nothing is logged."""
    assert retry_after(value) == seconds
    assert caplog.records == []


@pytest.mark.parametrize(
    "value",
    ["inf", "-inf", "nan", "-5", "²", "٣", "1_000", "", "soon", "9" * 400, "Fri, 31 Dec 1999 23:59:59 GMT"],
)
def test_anything_else_is_not_taken_and_logged(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """The caller has a pause of its own for that."""
    assert retry_after(value) is None
    assert [record.getMessage() for record in caplog.records] == ["retry_after_not_understood"]


@pytest.mark.parametrize("value", ["1e9", "3601", "99999999999"])
def test_an_absurd_wait_is_capped_with_an_error(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is silent for 31 years because of one header."""
    assert retry_after(value) == LONGEST
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "retry_after_capped")
    ]


def test_milliseconds_are_counted_as_such() -> None:
    """Quick BI's gateway counts in them."""
    assert retry_after("1500", unit=0.001) == 1.5
    assert retry_after("99999999999999", unit=0.001) == LONGEST


def test_no_header_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Most answers have none."""
    assert retry_after(None) is None
    assert caplog.records == []
