"""Every message that people see is fine by three judges, and as it was when someone last looked at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.messages.catalogue import catalogue
from tests.messages.judges import assert_fine, assert_view_fine
from tests.messages.looks import look_views
from tests.messages.subscriptions import forms

CATALOGUE = catalogue()
VIEWS = forms() | look_views()
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


def _shown(name: str) -> dict[str, Any]:
    return CATALOGUE[name].payload() if name in CATALOGUE else VIEWS[name].to_dict()
