"""Whom to call, as typed after the mails: IDs that Slack gives, and never a whole channel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain import OnCall, UsageError
from bot.slack.commands import Subscribe, Verb, parse
from bot.slack.notify_clause import NotifyUnreadable, split_notify

ADA, GROUP = "<@U0ADA00001|ada>", "<!subteam^S0BIONCALL|@bi-oncall>"
HALF_AN_HOUR = timedelta(minutes=30)


def split(text: str, *named: str) -> tuple[str, OnCall | None]:
    return split_notify(text, lambda words: words in named)


@pytest.mark.parametrize(
    ("text", "mentions", "again_after"),
    [
        pytest.param(f"notify {ADA}", ("U0ADA00001",), None, id="one"),
        pytest.param("notify <@U0ADA00001>", ("U0ADA00001",), None, id="without a label"),
        pytest.param(f"notify {ADA} {GROUP}", ("U0ADA00001", "S0BIONCALL"), None, id="and a group"),
        pytest.param(f"Notify: {ADA}, {GROUP} and {ADA}", ("U0ADA00001", "S0BIONCALL"), None, id="listed"),
        pytest.param(f"notify {ADA} remind 30m", ("U0ADA00001",), HALF_AN_HOUR, id="and again"),
        pytest.param(f"notify {ADA}, reminder after 30", ("U0ADA00001",), HALF_AN_HOUR, id="in other words"),
        pytest.param(f"notify {ADA} remind in 2 hours", ("U0ADA00001",), timedelta(hours=2), id="hours"),
        pytest.param("notify nobody", (), None, id="nobody"),
        pytest.param("notify no one", (), None, id="no one"),
    ],
)
def test_who_is_called(text: str, mentions: tuple[str, ...], again_after: timedelta | None) -> None:
    """Wherever it stands among the words; the rest is what it would be without."""
    expected = OnCall(mentions=mentions, again_after=again_after)
    assert split(f"Daily Sales {text}") == ("Daily Sales", expected)
    assert split(f"Daily Sales {text} due 09:30") == ("Daily Sales due 09:30", expected)
    assert split(f"Daily Sales, {text}") == ("Daily Sales", expected)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("X notify <!channel>", "never call a whole channel", id="channel"),
        pytest.param("X notify <!here|here>", "never call a whole channel", id="here"),
        pytest.param("X notify @everyone", "never call a whole channel", id="everyone"),
        pytest.param("X notify @ada", "don't know who “ada” is", id="a name without an ID"),
        pytest.param("X notify <#C0REPORTS2|reports>", "don't know who", id="a link to a channel"),
        pytest.param(f"X notify {ADA} nobody", "don't know who “nobody” is", id="somebody and nobody"),
        pytest.param("X notify ada", "cannot read whom to call", id="no sign"),
        pytest.param("X notify", "cannot read whom to call", id="nobody named"),
        pytest.param("X remind 30m", "cannot read whom to call", id="nobody to remind"),
        pytest.param(f"X notify {ADA} remind 1m", "after 5 minutes at the earliest", id="too soon"),
        pytest.param(f"X notify {ADA} remind 25h", "24 hours at the latest", id="too late"),
        pytest.param(
            f"X notify {' '.join(f'<@U{n:09d}>' for n in range(11))}", "10 people at most", id="a crowd"
        ),
    ],
)
def test_what_cannot_be_read_is_said(text: str, why: str) -> None:
    """Nobody must believe that somebody is called who is not."""
    with pytest.raises(NotifyUnreadable, match=why):
        split(text, "X")


@pytest.mark.parametrize("name", ["How to notify people", "Please notify", "Remind 30 customers"])
def test_a_name_may_have_such_words_in_it(name: str) -> None:
    """They are about nobody where no mail is named by the words before."""
    assert split(name) == (name, None)


def test_a_name_with_an_at_sign_is_what_was_typed() -> None:
    """Slack escapes that, too."""
    escaped = "Sales <@U0ADA00001|ada> <#C0REPORTS2|reports> <!here>"
    assert split(escaped) == ("Sales @ada #reports @here", None)


def test_the_whole_command() -> None:
    """With a due time on either side; an exact name is that mail, whatever is in it."""
    for text in (f"X due 09:30 notify {ADA} remind 30m", f"X notify {ADA} remind 30m due 09:30"):
        request = parse(Verb.SUBSCRIBE, text, knows=lambda words: words == "X")
        assert isinstance(request, Subscribe)
        assert request.on_call == OnCall(mentions=("U0ADA00001",), again_after=HALF_AN_HOUR)
        assert request.due is not None
        assert len(request.targets) == 1
    named = parse(Verb.SUBSCRIBE, "X notify nobody", knows=lambda words: words == "X notify nobody")
    assert isinstance(named, Subscribe)
    assert named.on_call is None
    with pytest.raises(UsageError, match="whole channel") as refused:
        parse(Verb.SUBSCRIBE, "X notify @here", knows=lambda words: words == "X")
    assert refused.value.example == "/mail-subscribe Daily Sales notify @ada remind 30m"
