"""The small parts of messages: times that nobody misreads, lists that are never cut in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.slack.kit.blocks import sections
from bot.slack.kit.text import absolute

EVENING = datetime(2024, 10, 9, 9, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        pytest.param("Asia/Shanghai", "Oct 9, 2024 17:34 UTC+8", id="CST, in Shanghai"),
        pytest.param("America/Chicago", "Oct 9, 2024 04:34 UTC-5", id="CDT, in Chicago"),
        pytest.param("Asia/Kolkata", "Oct 9, 2024 15:04 UTC+5:30", id="half an hour"),
        pytest.param("America/St_Johns", "Oct 9, 2024 07:04 UTC-2:30", id="half an hour behind"),
        pytest.param("UTC", "Oct 9, 2024 09:34 UTC", id="UTC"),
    ],
)
def test_a_time_in_words_names_its_offset(zone: str, expected: str) -> None:
    """The letters of a zone mean many zones; its offset means one."""
    assert absolute(EVENING, ZoneInfo(zone)) == expected


@pytest.mark.parametrize("count", [1, 30, 31, 400])
def test_lines_stand_in_as_many_sections_as_they_need(count: int) -> None:
    """Every line is there, whole and in order."""
    lines = [f"{number}: {'x' * 90}" for number in range(count)]
    shown = [block.text.text for block in sections(lines, most=50) if block.text]
    assert "\n".join(shown).split("\n") == lines
    assert all(len(each) <= 3000 for each in shown)


def test_what_does_not_fit_is_counted() -> None:
    """Not one line is left out in silence."""
    lines = [f"{number}: {'x' * 90}" for number in range(400)]
    shown = [block.text.text for block in sections(lines, most=2) if block.text]
    said = "\n".join(shown).split("\n")
    assert len(shown) == 2
    assert said[:-1] == lines[: len(said) - 1]
    assert said[-1] == f"and {400 - len(said) + 1} more"
