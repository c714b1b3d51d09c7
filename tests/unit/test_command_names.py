"""What the commands are called in a workspace: learned from what is typed."""

from __future__ import annotations

import pytest

from bot.slack.command_names import NamesHeard
from bot.slack.commands import Verb


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("prefix", ["/", "/staging-", "/staging_", "/mail-"])
def test_one_command_tells_the_names_of_all(verb: Verb, prefix: str) -> None:
    """Whichever was typed, all others have the same words before them."""
    heard = NamesHeard()
    heard.hear(f"{prefix}{verb}")
    assert [heard.names.of(each) for each in Verb] == [f"{prefix}{each}" for each in Verb]


@pytest.mark.parametrize("command", ["", "/", "/mail", "/something-else", "mail-status"])
def test_what_is_none_of_ours_teaches_nothing(command: str) -> None:
    """The names stay as they were."""
    heard = NamesHeard()
    heard.hear("/staging-mail-run")
    heard.hear(command)
    assert heard.names.of(Verb.STATUS) == "/staging-mail-status"
