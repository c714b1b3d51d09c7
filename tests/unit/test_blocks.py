"""The small parts of messages: times that nobody misreads, lists that are never cut in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.errors import SlackObjectFormationError

from bot.domain import Mail, MailId
from bot.slack.kit.blocks import actions, button, fields, message, section, sections, small, text_of
from bot.slack.kit.text import absolute, joined, label_of, title_of, when

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


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("✅ *Daily Sales* was sent", "Daily Sales was sent.", id="signs and marks go"),
        pytest.param("*📈 Sales* failed", "📈 Sales failed.", id="a name's own emoji stays"),
        pytest.param("*A*\nis late\nAsk its owner", "A is late. Ask its owner.", id="lines are sentences"),
        pytest.param("*Sent?*\nYes", "Sent? Yes.", id="a question"),
        pytest.param(f"*A* failed\n{when(EVENING, UTC)}", "A failed, Oct 9, 2024 09:34 UTC.", id="a time"),
        pytest.param("*A* · 3 runs · task `7`", "A, 3 runs.", id="IDs beside go"),
        pytest.param("*Mail* `a1` failed\n`a1`", "Mail a1 failed.", id="an ID that is the name stays"),
        pytest.param("🟩🟥\n_🟩 2 sent · 🟥 1 failed_", "2 sent, 1 failed.", id="pictures go"),
        pytest.param(
            "Refused with `X&lt;`\nAsk", "Refused with X&lt;. Ask.", id="an entity ends no sentence"
        ),
        pytest.param("<https://x.example/a_b|What it says>", "What it says.", id="a link"),
    ],
)
def test_the_text_says_what_the_blocks_say(markup: str, text: str) -> None:
    """It is all that a notification shows and a screen reader reads."""
    assert text_of([section(markup)]) == text


def test_the_text_has_fields_and_small_print_without_ids() -> None:
    """Unless a better sentence is given."""
    blocks = (fields([("Sent", "2 of 3"), ("Last failed", "never")]), small("Owner Ada", "Mail `a1`"))
    assert message("*A*", *blocks).text == "A. Sent: 2 of 3. Last failed: never. Owner Ada."
    assert message("*A*", *blocks, text="A sentence.").text == "A sentence."


def test_what_slack_would_refuse_is_refused_before() -> None:
    too_much = button("Look", action_id="look", value="x" * 2001)
    with pytest.raises(SlackObjectFormationError, match="2000"):
        message("Sales", actions([too_much])).payload()


def test_names_that_do_not_fit_are_counted() -> None:
    """One is always there."""
    assert joined(["a", "b"], 10) == "a, b"
    assert joined(["aaaa", "bbbb", "cccc"], 10) == "aaaa, bbbb and 1 more"
    assert joined(["aaaa"], 2, total=9) == "aaaa and 8 more"


def test_a_mail_is_called_by_its_id_where_its_name_shows_nothing() -> None:
    """A variation selector alone is no name."""
    unseen = Mail(mail_id=MailId("a1"), name="\ufe0f", owner_name="", paused=False)
    assert title_of(unseen.mail_id, unseen) == "*Mail* `a1`"
    assert label_of(unseen.mail_id, unseen) == "Mail a1"
