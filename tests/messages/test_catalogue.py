"""Every message that people see is fine by three judges, and as it was when someone last looked at it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.messages.catalogue import catalogue
from tests.messages.judges import assert_fine, assert_view_fine, texts
from tests.messages.looks import look_views
from tests.messages.subscriptions import forms

if TYPE_CHECKING:
    from bot.slack.kit.blocks import Message

CATALOGUE = catalogue()
VIEWS = forms() | look_views()
STAYING = (
    "notice-",
    "reply-",
    "storm",
    "roll-call",
    "line-",
    "subscribed-",
    "shared",
    "run-in-thread-",
    "run-later",
    "snoozed",
    "woken",
)
STATES = {
    "was sent": r"was sent",
    "failed": r"\*?failed(?! once)",
    "is running": r"is running",
    "is probably stuck": r"\*?is probably stuck",
    "is late": r"\*is late",
    "can no longer be seen": r"\*?can no longer be seen",
    "has not run yet": r"has not run yet",
    "has been failing": r"has been \*failing",
    "has been late": r"has been \*late",
    "has probably been stuck": r"has \*probably been stuck",
}
SIGNS = {
    "was sent": "✅",
    "failed": "❌",
    "is running": "⏳",
    "is probably stuck": "⚠️",
    "is late": "⏰",
    "can no longer be seen": "🔒",
    "has not run yet": "⚪",
    "has been failing": "❌",
    "has been late": "⏰",
    "has probably been stuck": "⚠️",
}
KEPT = Path(__file__).parent.parent / "samples" / "messages"


@pytest.mark.parametrize("name", CATALOGUE)
def test_slack_takes_it_and_everyone_can_read_it(name: str) -> None:
    """Slack's limits, no live mention, and the text alone tells everything."""
    assert_fine(CATALOGUE[name])


@pytest.mark.parametrize("name", VIEWS)
def test_slack_opens_it(name: str) -> None:
    """Slack's limits for modals and the Home tab, by two opinions."""
    assert_view_fine(VIEWS[name])


@pytest.mark.parametrize("name", [*CATALOGUE, *VIEWS])
def test_it_is_as_it_was_read_last(name: str, *, rewrite: bool) -> None:
    """A changed message is a changed file, to be read in review: `pytest --rewrite-messages` writes them."""
    kept, shown = KEPT / f"{name}.json", _shown(name)
    if rewrite:
        kept.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert shown == json.loads(kept.read_text(encoding="utf-8"))


def test_no_file_outlives_its_message() -> None:
    """A message that is gone leaves no file behind."""
    assert {path.stem for path in KEPT.glob("*.json")} == {*CATALOGUE, *VIEWS}


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.startswith(STAYING)])
def test_what_stays_in_a_channel_does_not_say_how_long_ago_something_was(name: str) -> None:
    """It is read later, too."""
    shown = [CATALOGUE[name].text, *texts(CATALOGUE[name].payload()["blocks"], "mrkdwn")]
    assert not [each for each in shown if re.search(r"\bago\b|\bin about\b", each)]


def test_one_sign_and_one_word_for_one_state() -> None:
    """Whichever message or page says it."""
    signs: dict[str, set[str]] = {}
    for name in [*CATALOGUE, *VIEWS]:
        for line in "\n".join(texts(_shown(name)["blocks"], "mrkdwn")).split("\n"):
            for words, pattern in STATES.items():
                if found := re.fullmatch(
                    rf"(?:Last known, .*: )?(\S+) (?:it |\*.*\* |<!date.*> · ){pattern}.*", line
                ):
                    signs.setdefault(words, set()).add(found[1])
    assert signs == {words: {sign} for words, sign in SIGNS.items()}


@pytest.mark.parametrize("name", ["status-sent", "status-seen-just-now", "run-sent", "run-later-sent"])
def test_good_news_is_short(name: str) -> None:
    """No IDs: they are for finding out what went wrong."""
    assert not [each for each in texts(CATALOGUE[name].payload()["blocks"], "mrkdwn") if "`" in each]


@pytest.mark.parametrize("name", ["notice-recovered", "notice-unwatched", "notice-overtaken"])
def test_what_is_over_keeps_what_is_needed_to_find_out_why(name: str) -> None:
    """The failed run's time and task ID."""
    (small_print,) = (block for block in CATALOGUE[name].payload()["blocks"] if block["type"] == "context")
    (shown,) = texts(small_print, "mrkdwn")
    assert re.search(r"Failed run <!date\^.*> · Task `[0-9]+`", shown)


@pytest.mark.parametrize("state", ["failed", "stuck"])
def test_the_notice_says_what_to_do_as_the_private_answer_does(state: str) -> None:
    """In the same words."""
    notice, status = (
        texts(CATALOGUE[f"{kind}-{state}"].payload()["blocks"], "mrkdwn") for kind in ("notice", "status")
    )
    assert notice[1] == status[1]


@pytest.mark.parametrize(
    "name", ["storm", "storm-of-hundred", "storm-half-over", "storm-over", "subscribed-hundred"]
)
def test_many_mails_fit_a_phone(name: str) -> None:
    """About 45 characters a line."""
    shown = "\n".join(texts(CATALOGUE[name].payload()["blocks"], "mrkdwn"))
    plain = re.sub(r"<!date[^|]*\|([^>]*)>", r"\1", html.unescape(shown))
    assert sum(-(-len(line) // 45) for line in plain.split("\n")) <= 45


def test_the_mails_of_a_storm_are_in_natural_order() -> None:
    """Not in the order in which they failed."""
    labels = [option["text"]["text"] for option in _menu(CATALOGUE["storm"])]
    stores = [int(label.split()[1]) for label in labels if label.startswith("Store ")]
    assert stores == sorted(stores)


def _menu(message: Message) -> list[dict[str, Any]]:
    (controls,) = (block for block in message.payload()["blocks"] if block["type"] == "actions")
    options: list[dict[str, Any]] = controls["elements"][0]["options"]
    return options


def _shown(name: str) -> dict[str, Any]:
    return CATALOGUE[name].payload() if name in CATALOGUE else VIEWS[name].to_dict()
