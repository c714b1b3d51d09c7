"""“due 09:30 weekdays” behind a mail, as people write it."""

from __future__ import annotations

import pytest

from bot.domain import DueTime, UsageError
from bot.slack.commands import Subscribe, Verb, parse
from tests.unit.typed_samples import MAIL, due, ref


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("due 09:30 mon-fri", due("09:30", "01234"), id="a range"),
        pytest.param("due 09:30 Mon–Fri", due("09:30", "01234"), id="a range with a long dash"),
        pytest.param("due 09:30 mon - fri", due("09:30", "01234"), id="a range with blanks"),
        pytest.param("due 09:30 Monday to Friday", due("09:30", "01234"), id="a range in words"),
        pytest.param("due 09:30 fri-mon", due("09:30", "0456"), id="a range over the weekend"),
        pytest.param("due 09:30 sat-sun", due("09:30", "56"), id="a weekend"),
        pytest.param("due 09:30 mon/wed/fri", due("09:30", "024"), id="slashes"),
        pytest.param("due 09:30 mon,wed and fri", due("09:30", "024"), id="commas, and an and"),
        pytest.param("due 09:30 mon-wed, sat", due("09:30", "0125"), id="a range and a day"),
        pytest.param("due 09:30 weekday", due("09:30", "01234"), id="weekday"),
        pytest.param("due 09:30 every workday", due("09:30", "01234"), id="workday"),
        pytest.param("due 09:30 workdays", due("09:30", "01234"), id="workdays"),
        pytest.param("due 09:30 daily", due("09:30"), id="daily"),
        pytest.param("due 09:30 every day", due("09:30"), id="every day"),
        pytest.param("due weekdays 09:30", due("09:30", "01234"), id="the days first"),
        pytest.param("due 9am", due("09:00"), id="an English hour"),
        pytest.param("by 9 am", due("09:00"), id="an English hour, with by"),
        pytest.param("due 9:30 pm", due("21:30"), id="the evening"),
        pytest.param("due 12 a.m.", due("00:00"), id="midnight"),
        pytest.param("due 12pm", due("12:00"), id="noon"),
        pytest.param("due 09：30", due("09:30"), id="a full-width colon"),
        pytest.param("due ０９:３０", due("09:30"), id="full-width digits"),
        pytest.param("due at 09:30", due("09:30"), id="at"),
        pytest.param("due “09:30”", due("09:30"), id="quotes"),
        pytest.param("due: 09:30", due("09:30"), id="a colon"),
        pytest.param(", due 09:30", due("09:30"), id="a comma before"),
        pytest.param("\ndue 09:30", due("09:30"), id="on a line of its own"),
        pytest.param("due 09:30 grace 20m weekdays", due("09:30", "01234", 20), id="the grace first"),
    ],
)
def test_a_due_time_is_read_as_people_write_it(words: str, expected: DueTime) -> None:
    """All of it: Tuesday to Friday are watched, too."""
    assert parse(Verb.SUBSCRIBE, f"{MAIL} {words}") == Subscribe(targets=(ref(),), due=expected)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        *(
            pytest.param(f"due 09:30 {word}", f"“{word}”", id=word)
            for word in ("monthly", "sunset", "fridge", "mond", "utc", "sharp", "weekdayz", "mon-fry")
        ),
        pytest.param("due 09:30 weekdays please", "“please”", id="a word behind known ones"),
        pytest.param("due 09:30 Weekly Ops", "“weekly”", id="another mail"),
        pytest.param("due 09:30 10:00", "One time", id="two times"),
        pytest.param("due 13pm", "not a time of day", id="13 pm"),
        pytest.param("due 09:75", "not a time of day", id="75 minutes"),
        pytest.param("due weekdays", "Write the time as 09:30", id="no time"),
        pytest.param("due 09:30 mon\nOps due 10:00", "One time", id="two mails, each with its time"),
    ],
)
def test_each_word_about_the_time_is_understood_or_refused(words: str, problem: str) -> None:
    """By name, with an example that works: none is dropped, and none is read by its first letters."""
    with pytest.raises(UsageError) as refused:
        parse(Verb.SUBSCRIBE, f"{MAIL} {words}")
    assert problem in refused.value.problem
    parse(Verb.SUBSCRIBE, refused.value.example.partition(" ")[2])
