"""In which order channels are served."""

from __future__ import annotations

from bot.delivery.worker import in_turn
from bot.domain import ChannelId
from bot.domain.notices import Backlog


def waiting(name: str, *, owed: int = 0, is_failing: bool = False) -> Backlog:
    return Backlog(channel_id=ChannelId(name), owed=owed, is_failing=is_failing, has_stale=True)


def test_failures_go_before_recoveries_and_these_before_edits() -> None:
    """Also if they were served just now."""
    served = {ChannelId("failing"): 9.0, ChannelId("recovered"): 5.0}
    order = in_turn(
        [waiting("edits"), waiting("recovered", owed=1), waiting("failing", owed=1, is_failing=True)], served
    )
    assert [each.channel_id for each in order] == ["failing", "recovered", "edits"]


def test_every_channel_has_its_turn_where_the_limit_lets_one_in_at_a_time() -> None:
    """More edits are wanted than Slack allows: whoever was served goes to the end of the line."""
    backlog = [waiting(name, owed=1) for name in "abc"]
    served: dict[ChannelId, float] = {}
    for turn in range(6):
        served[in_turn(backlog, served)[0].channel_id] = float(turn)
    assert served == {"a": 3.0, "b": 4.0, "c": 5.0}
