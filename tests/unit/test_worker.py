"""In which order channels are served."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.worker import in_turn
from bot.domain import ChannelId
from bot.domain.notices import Backlog
from tests.support.sample_values import at


def waiting(name: str, *, since: datetime | None = None, is_failing: bool = False) -> Backlog:
    return Backlog(
        channel_id=ChannelId(name),
        owed=since is not None,
        oldest_at=since,
        is_failing=is_failing,
        has_stale=True,
    )


def test_failures_go_before_recoveries_and_these_before_edits() -> None:
    """Also if they were served just now, and wait for a shorter time."""
    served = {ChannelId("failing"): 9.0, ChannelId("recovered"): 5.0}
    order = in_turn(
        [
            waiting("edits"),
            waiting("recovered", since=at(1)),
            waiting("failing", since=at(2), is_failing=True),
        ],
        served,
    )
    assert [each.channel_id for each in order] == ["failing", "recovered", "edits"]


def test_who_waits_longest_is_first_whatever_this_process_has_served() -> None:
    """More edits are wanted than Slack allows, and leaders come and go: a new one must not begin with the same few."""
    order = in_turn([waiting("new", since=at(9)), waiting("old", since=at(1))], {ChannelId("old"): 5.0})
    assert [each.channel_id for each in order] == ["old", "new"]


def test_channels_with_edits_alone_take_turns() -> None:
    backlog = [waiting(name) for name in "abc"]
    served: dict[ChannelId, float] = {}
    for turn in range(6):
        served[in_turn(backlog, served)[0].channel_id] = float(turn)
    assert served == {"a": 3.0, "b": 4.0, "c": 5.0}
