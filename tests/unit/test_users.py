"""Whose people are, where they live, and what is remembered of them; and when a morning is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain import ChannelId, TeamId, UserId
from bot.slack.handlers.snooze import until
from bot.slack.kit.actions import Snooze
from bot.slack.payloads import HOME_OPENED, Home, Person, clicked, happened, typed
from bot.slack.transport.users import REMEMBERED, Users

if TYPE_CHECKING:
    from datetime import tzinfo

ADA = UserId("U0ADA00001")
BERLIN, NEW_YORK, SHANGHAI = map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Shanghai"))
HOME = Home(team_id=TeamId("T1"), enterprise_id="E1", bot_user_id=UserId("B"), app_name="")


class Slack:
    """Answers as it is told to, and counts."""

    def __init__(self, user: Any = None, channels: tuple[str, ...] = ()) -> None:
        self.user = user
        self.channels = channels
        self.calls = 0
        self.is_down = False

    async def users_info(self, **_: object) -> Any:
        self.calls += 1
        if self.is_down:
            raise TimeoutError
        return Told({"user": self.user})

    async def users_conversations(self, **_: object) -> Any:
        self.calls += 1
        if self.is_down:
            raise TimeoutError
        return Told({"channels": [{"id": each} for each in self.channels]})


class Told:
    def __init__(self, data: Any) -> None:
        self.data = data


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def people(slack: Slack, clock: Clock | None = None) -> Users:
    return Users(slack, fallback=SHANGHAI, clock=clock or Clock())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "user",
    [
        pytest.param({"tz": None}, id="none"),
        pytest.param({"tz": ""}, id="empty"),
        pytest.param({"tz": "Atlantis/Deep"}, id="not on any map"),
        pytest.param({"tz": "../../etc/passwd"}, id="no zone at all"),
        pytest.param({}, id="left out"),
        pytest.param(None, id="no person"),
    ],
)
async def test_who_has_no_zone_gets_the_one_of_quick_bi(user: Any) -> None:
    assert await people(Slack(user)).zone_of(ADA) == SHANGHAI


async def test_a_zone_is_the_persons_own() -> None:
    assert await people(Slack({"tz": "America/New_York"})).zone_of(ADA) == NEW_YORK


async def test_channels_are_good_for_a_minute_and_remembered_for_ten() -> None:
    """Slack is asked once a minute at most; where it does not answer, nothing is claimed."""
    clock, slack = Clock(), Slack(channels=("C1",))
    theirs = people(slack, clock)
    assert theirs.remembered_channels(ADA) is None
    assert await theirs.channels_of(ADA) == await theirs.channels_of(ADA) == frozenset({ChannelId("C1")})
    assert slack.calls == 1
    clock.now, slack.is_down = 61.0, True
    assert await theirs.channels_of(ADA) is None
    assert theirs.remembered_channels(ADA) == frozenset({ChannelId("C1")})
    clock.now = REMEMBERED + 1
    assert theirs.remembered_channels(ADA) is None


@pytest.mark.parametrize(
    ("user", "person"),
    [
        pytest.param({"team_id": "T1"}, Person(user_id=ADA, team_id="T1"), id="one workspace"),
        pytest.param(
            {"team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}},
            Person(user_id=ADA, team_id="T2", enterprise_id="E1"),
            id="a grid",
        ),
        pytest.param(
            {"team_id": "T1", "is_stranger": True}, Person(user_id=ADA, team_id=""), id="a stranger"
        ),
        pytest.param({}, None, id="no word of it"),
    ],
)
async def test_who_somebody_is(user: Any, person: Person | None) -> None:
    """Asked once, then known; what Slack did not say is asked again."""
    slack = Slack(user)
    known = people(slack)
    assert [await known.who(ADA), await known.who(ADA)] == [person, person]
    assert slack.calls == (1 if person else 2)


@pytest.mark.parametrize(
    ("user", "team", "enterprise", "is_ours"),
    [
        pytest.param("T1", "T1", None, True, id="our workspace"),
        pytest.param("T1", "T1", "E1", True, id="our workspace in our grid"),
        pytest.param("T2", "T2", "E1", True, id="another workspace of our grid"),
        pytest.param("E1", "T1", "E1", True, id="the grid itself"),
        pytest.param("T9", "T9", None, False, id="another organisation"),
        pytest.param("T9", "T9", "E9", False, id="another grid"),
        pytest.param("T9", "T1", "E1", False, id="another organisation, told beside our own team"),
        pytest.param("", "T1", "E1", False, id="nobody knows whose"),
    ],
)
def test_whose_a_click_is(user: str, team: str, enterprise: str | None, *, is_ours: bool) -> None:
    """The enterprise in a payload is that of its team: it counts only where that is the person's."""
    body = {
        "user": {"id": ADA, "team_id": user},
        "team": {"id": team},
        "enterprise": {"id": enterprise} if enterprise else None,
        "actions": [{"action_id": "mail_check", "value": "1"}],
    }
    assert HOME.is_ours(clicked(body).person) is is_ours


def test_whose_a_command_is() -> None:
    """Slack lets only colleagues type one; in a grid they may sit in another workspace."""
    body = {"user_id": ADA, "team_id": "T2", "enterprise_id": "E1", "command": "/mail-status"}
    assert HOME.is_ours(typed(body).person)
    assert not HOME.is_ours(typed(body | {"enterprise_id": "E9"}).person)
    assert not Home(team_id=TeamId("T1"), enterprise_id="", bot_user_id=UserId("B"), app_name="").is_ours(
        typed(body | {"enterprise_id": ""}).person
    )


def test_an_event_tells_who_not_whose() -> None:
    """The wrapping's team is the one that installed the app."""
    event = {"type": HOME_OPENED, "user": ADA, "tab": "home"}
    assert happened({"team_id": "T1", "event": event}).person == Person(user_id=ADA, team_id="")
    assert happened({"team_id": "T1", "event": event | {"team": "T9"}}).person.team_id == "T9"


@pytest.mark.parametrize(
    ("now", "zone", "morning"),
    [
        pytest.param("2026-03-04T01:00", SHANGHAI, "2026-03-05T01:00", id="Shanghai"),
        pytest.param("2026-03-04T18:00", SHANGHAI, "2026-03-06T01:00", id="it is the 5th there already"),
        pytest.param("2026-03-04T18:00", NEW_YORK, "2026-03-05T14:00", id="New York"),
        pytest.param("2026-03-28T20:00", BERLIN, "2026-03-29T07:00", id="an hour less that night"),
        pytest.param("2026-10-24T20:00", BERLIN, "2026-10-25T08:00", id="an hour more that night"),
        pytest.param("2026-03-07T20:00", NEW_YORK, "2026-03-08T13:00", id="New York's own night"),
    ],
)
def test_tomorrow_at_nine_is_where_the_person_is(now: str, zone: tzinfo, morning: str) -> None:
    """By the clock on their wall, also when that is set that night."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert until(Snooze.TOMORROW, at, zone) == datetime.fromisoformat(morning).replace(tzinfo=UTC)
