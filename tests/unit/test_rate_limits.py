"""How soon Slack may be called again, over a clock of seconds."""

from __future__ import annotations

import pytest

from bot.delivery.rate_limits import (
    CHANNEL_GAP,
    FORGETS_AFTER,
    HISTORY,
    LONGEST_REST,
    MINUTE,
    PER_MINUTE,
    POST,
    UPDATE,
    WIDEST,
    RateLimits,
)
from bot.domain import ChannelId

HERE, THERE = ChannelId("here"), ChannelId("there")


@pytest.mark.parametrize(
    ("method", "channel", "at", "wait"),
    [
        pytest.param(POST, HERE, 10.0, CHANNEL_GAP, id="at once, to the same channel"),
        pytest.param(POST, HERE, 10.6, CHANNEL_GAP - 0.6, id="a little later"),
        pytest.param(POST, HERE, 10.0 + CHANNEL_GAP, 0.0, id="when its second is over"),
        pytest.param(POST, THERE, 10.0, 0.0, id="to another channel"),
        pytest.param(UPDATE, HERE, 10.0, 0.0, id="an edit in the same channel"),
    ],
)
def test_one_message_a_second_in_each_channel(
    method: str, channel: ChannelId, at: float, wait: float
) -> None:
    pacing = RateLimits()
    pacing.note(POST, HERE, 10.0)
    assert pacing.wait(method, channel, at) == pytest.approx(wait)


@pytest.mark.parametrize("method", [POST, UPDATE, HISTORY])
def test_a_minute_holds_so_many_calls_to_all_channels_together(method: str) -> None:
    pacing = RateLimits()
    for number in range(PER_MINUTE[method]):
        assert pacing.may_call_now(method, ChannelId(f"C{number}"), number / 100)
    assert not pacing.may_call_now(method, THERE, 10.0)
    assert pacing.wait(method, THERE, 10.0) == pytest.approx(MINUTE - 10.0)
    assert pacing.may_call_now(method, THERE, MINUTE)


def test_who_is_about_to_call_counts_too() -> None:
    """Claims take a while: together they must not come out above the limit."""
    pacing = RateLimits()
    for number in range(PER_MINUTE[POST] - 3):
        pacing.note(POST, ChannelId(f"C{number}"), 1.0)
    assert pacing.wait(POST, THERE, 2.0, ahead=2) == 0.0
    assert pacing.wait(POST, THERE, 2.0, ahead=3) == pytest.approx(MINUTE - 1.0)


def test_a_429_closes_one_method_everywhere() -> None:
    pacing = RateLimits()
    pacing.hold(POST, 40.0)
    pacing.hold(POST, 20.0)
    assert pacing.wait(POST, HERE, 10.0) == pacing.wait(POST, THERE, 10.0) == 30.0
    assert pacing.wait(UPDATE, HERE, 10.0) == 0.0
    assert not pacing.may_call_now(POST, HERE, 39.9)
    assert pacing.may_call_now(POST, HERE, 40.0)


def test_what_was_not_called_does_not_count() -> None:
    pacing = RateLimits()
    pacing.hold(POST, 5.0)
    assert not pacing.may_call_now(POST, HERE, 1.0)
    assert pacing.recent_posts(HERE, 5.0) == pacing.recent_calls(POST, 5.0) == 0


def test_trouble_rests_a_channel_for_longer_each_time() -> None:
    pacing, at = RateLimits(), 0.0
    waits = []
    for _ in range(8):
        pacing.failed(POST, HERE, at)
        waits.append(pacing.wait(POST, HERE, at))
        at += waits[-1]
    assert waits == [1, 2, 4, 8, 16, LONGEST_REST, LONGEST_REST, LONGEST_REST]
    assert pacing.wait(POST, THERE, at) == 0.0
    pacing.succeeded(POST, HERE, at)
    pacing.failed(POST, HERE, at)
    assert pacing.wait(POST, HERE, at) == 1.0


def test_the_first_call_goes_alone_and_each_good_answer_makes_room_for_one_more() -> None:
    pacing = RateLimits()
    widths = []
    for number in range(12):
        widths.append(pacing.width(float(number)))
        pacing.succeeded(POST, HERE, float(number))
    assert widths == [1, 2, 3, 4, 5, 6, 7, 8, 9, WIDEST, WIDEST, WIDEST]


@pytest.mark.parametrize(
    ("at", "width"),
    [(9.9, 6), (FORGETS_AFTER + 4.0, 1)],
    ids=["a moment later", "after a silence"],
)
def test_room_is_forgotten_after_a_silence(at: float, width: int) -> None:
    pacing = RateLimits()
    for number in range(5):
        pacing.succeeded(POST, HERE, float(number))
    assert pacing.width(at) == width


def test_after_a_429_it_begins_with_one_again() -> None:
    pacing = RateLimits()
    for number in range(5):
        pacing.succeeded(POST, HERE, float(number))
    pacing.hold(POST, 8.0)
    assert pacing.width(8.0) == 1


def test_messages_of_the_last_minute_are_counted() -> None:
    pacing = RateLimits()
    for at in (0.0, 2.0, 30.0):
        pacing.note(POST, HERE, at)
    pacing.note(POST, THERE, 31.0)
    assert (pacing.recent_posts(HERE, 59.0), pacing.recent_calls(POST, 59.0)) == (3, 4)
    assert (pacing.recent_posts(HERE, 61.0), pacing.recent_calls(POST, 61.0)) == (2, 3)
    assert pacing.recent_posts(HERE, 100.0) == 0
