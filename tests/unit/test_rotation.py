"""A secret whose file changed is taken over; what cannot be read or is refused leaves the one in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.app.rotation import SecretRotation
from bot.app.settings import Settings, SettingsError, load_settings
from bot.domain import MailBotError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

BOT, SIGNING = "slack_bot_token", "slack_signing_secret"


def settings(token: str, signing: str = "shh-1") -> Settings:
    return load_settings(slack_bot_token=token, slack_signing_secret=signing)


class Stage:
    """Files with one content after the other, and what came of each check."""

    def __init__(self, *contents: Settings | SettingsError, names: Iterable[str] = (BOT, SIGNING)) -> None:
        self._contents = iter(contents)
        self.events: list[str] = []
        self.refuses = ""
        self.rotation = SecretRotation(
            settings=settings("xoxb-1"),
            names=frozenset(names),
            takers={(BOT,): self._take_token, (SIGNING,): self._take_signing},
            hide=lambda secrets: self.events.append(f"hide {' '.join(sorted(secrets))}"),
            load=self._load,
        )

    def _load(self) -> Settings:
        content = next(self._contents)
        if isinstance(content, SettingsError):
            raise content
        return content

    async def _take_token(self, fresh: Settings) -> None:
        if self.refuses:
            raise MailBotError(self.refuses)
        self.events.append(f"token {fresh.slack_bot_token.get_secret_value()}")

    async def _take_signing(self, fresh: Settings) -> None:
        assert fresh.slack_signing_secret
        self.events.append(f"signing {fresh.slack_signing_secret.get_secret_value()}")


async def test_what_changed_is_taken_over_once_and_hidden_first() -> None:
    """Its user may log it the moment it has it."""
    stage = Stage(settings("xoxb-2"), settings("xoxb-2"), settings("xoxb-2", "shh-2"))
    await stage.rotation.check()
    assert stage.events == ["hide shh-1 xoxb-2", "token xoxb-2"]
    await stage.rotation.check()
    await stage.rotation.check()
    assert stage.events[3:] == ["hide shh-2 xoxb-2", "signing shh-2"]


async def test_what_has_no_file_is_left_alone() -> None:
    """The environment cannot change; `.env` may be half edited."""
    stage = Stage(settings("xoxb-2", "shh-2"), names=[SIGNING])
    await stage.rotation.check()
    assert [event for event in stage.events if "token" in event] == []
    assert "signing shh-2" in stage.events


async def test_a_file_that_cannot_be_read_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """It may be there again in a moment: then the new secret is taken over."""
    missing = SettingsError(["SLACK_BOT_TOKEN_FILE names a file that is empty"])
    stage = Stage(missing, missing, settings("xoxb-2"), missing)
    for _ in range(3):
        await stage.rotation.check()
    assert stage.events[-1] == "token xoxb-2"
    assert [each.getMessage() for each in caplog.records].count("secrets_not_read") == 1
    await stage.rotation.check()
    assert [each.getMessage() for each in caplog.records].count("secrets_not_read") == 2


async def test_a_refused_secret_waits_for_the_next_change(caplog: pytest.LogCaptureFixture) -> None:
    """The others are taken over all the same."""
    stage = Stage(settings("xoxb-2", "shh-2"), settings("xoxb-2", "shh-2"), settings("xoxb-3", "shh-2"))
    stage.refuses = "the token is another app's"
    await stage.rotation.check()
    await stage.rotation.check()
    (refused,) = [vars(each) for each in caplog.records if each.getMessage() == "secret_not_taken_over"]
    assert (refused["setting"], refused["why"]) == ("SLACK_BOT_TOKEN", "the token is another app's")
    assert "signing shh-2" in stage.events
    stage.refuses = ""
    await stage.rotation.check()
    assert stage.events[-1] == "token xoxb-3"
