"""A short life for each step that comes by itself; `python -m tests.chaos` kills more often and at more of them."""

from __future__ import annotations

from random import Random
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from rich.progress import Progress

from bot.sandbox.slack.model import Message
from bot.sandbox.world import World
from tests.chaos.__main__ import Outcome, _held, chaos
from tests.chaos.failures import Deed, Failure, Play, Result, count_repeats, judge
from tests.chaos.gaps import Gaps
from tests.chaos.rolling import rolling_restarts
from tests.chaos.steps import Step
from tests.chaos.story import REPEAT_WORDS
from tests.chaos.under_fire import replicas_under_fire
from tests.support.postgres import running_postgres
from tests.support.rig import rig

if TYPE_CHECKING:
    from pathlib import Path

DEATHS = (
    Step.LEADING,
    Step.ANSWERED,
    None,
    Step.RECORDING,
    Step.RECORDED,
    Step.CLAIMING,
    Step.MARKED,
    Step.REDRAWING,
    None,
    Step.REDRAWN,
    Step.SHOWN,
    Step.CLAIMED,
    Step.SENT,
    Step.ACCEPTED,
    Step.UNSURE,
)


@pytest.mark.waits
async def test_killed_at_every_step_it_loses_nothing_and_repeats_nothing() -> None:
    """The real process, dead by SIGKILL fifteen times; the simulated Slack tells what people were told."""
    progress = Progress(disable=True)
    outcome = await chaos(kills=len(DEATHS), seed=7, with_history=True, progress=progress, plan=DEATHS)
    assert outcome.ok, outcome
    assert outcome.not_reached == {}
    assert outcome.told > len(DEATHS)


@pytest.mark.waits
async def test_two_replicas_under_fire_lose_nothing_and_repeat_nothing() -> None:
    """`python -m tests.chaos --replicas` does it for longer, and worse.

    One leader stops right before it writes a message, and goes on when another has sent that; one is restarted.
    """
    with running_postgres() as server:
        result = await replicas_under_fire(
            server, replicas=2, deeds=2, limit=4, mails=8, seed=3, kinds=(Deed.LATE, Deed.RESTART)
        )
    assert result.ok, result
    assert result.told > 0
    assert result.deeds == {Deed.LATE: 1, Deed.RESTART: 1}


@pytest.mark.waits
@pytest.mark.timeout(150)
async def test_a_rolling_restart_loses_no_command() -> None:
    """Each of three bots is restarted twice while people type: every command is acked and answered."""
    with running_postgres() as server:
        result = await rolling_restarts(server, replicas=3, rounds=2, seed=1)
    assert result.ok, result
    assert result.commands > 10


@pytest.mark.parametrize(
    ("outcome", "held"),
    [
        pytest.param(Outcome(seed=1, kills=9), True, id="all is well"),
        pytest.param(Outcome(seed=1, kills=9, lost=["one"]), False, id="one is lost"),
        pytest.param(Outcome(seed=1, kills=9, repeated=1), False, id="repeated, though it may look"),
        pytest.param(
            Outcome(seed=1, kills=9, repeated=9, with_reconciliation=False), True, id="a marked repeat a kill"
        ),
        pytest.param(
            Outcome(seed=1, kills=9, repeated=10, with_reconciliation=False), False, id="more than one a kill"
        ),
        pytest.param(
            Outcome(seed=1, kills=9, repeated=1, repeated_unmarked=1, with_reconciliation=False),
            False,
            id="a repeat that does not say so",
        ),
        pytest.param(Outcome(seed=1, kills=9, sends_while_limited=1), False, id="sent while limited"),
    ],
)
def test_what_the_promise_is(outcome: Outcome, *, held: bool) -> None:
    assert _held(outcome) is held


def a_message(text: str) -> Message:
    return Message(channel_id="C1", ts="1.0", author_id="U1", text=text, from_app=True)


@pytest.mark.parametrize(
    ("texts", "twice", "marked"),
    [
        pytest.param(["failed"], 0, 0, id="told once"),
        pytest.param(["failed", "failed"], 1, 0, id="told twice"),
        pytest.param(["failed", f"failed, {REPEAT_WORDS}"], 0, 1, id="the second says that it may be"),
    ],
)
def test_what_replicas_must_not_do(*, texts: list[str], twice: int, marked: int) -> None:
    failure = Failure(name="Daily", channel_id="C1", began=1.0, ended=60.0, told_at=2.0)
    failure.posts.extend(map(a_message, texts))
    result = Result(seed=1, replicas=2)
    count_repeats(result, failure)
    assert (len(result.twice), result.marked_repeats) == (twice, marked)


async def test_a_bot_that_loses_one_and_repeats_one_is_found_out(tmp_path: Path) -> None:
    """Three failures in the channels of a real run: told once, told never, told twice."""
    async with rig(tmp_path, world=World()) as stage:
        play = Play(stage=stage, mails={}, luck=Random(1), limit=1)
        channels = [stage.slack.workspace.add_channel(f"report-{number}").id for number in range(3)]
        for channel_id in channels:
            failure = Failure(name=channel_id, channel_id=channel_id, began=monotonic())
            play.failures.append(failure)
            play.standing[channel_id] = failure
        with stage.slack.changes.subscribe(play.watch):
            for channel_id in (channels[0], channels[2], channels[2]):
                await stage.web_client().chat_postMessage(channel=channel_id, text="Report failed")
            await stage.web_client().chat_postMessage(
                channel=channels[1], text="Report recovered: 1 failed run"
            )
    result = Result(seed=1, replicas=1)
    judge(result, play)
    assert [each.split()[0] for each in result.lost] == [channels[1]]
    assert [each.split(":")[0] for each in result.twice] == [channels[2]]


@pytest.mark.parametrize(
    ("samples", "seconds", "longest"),
    [
        pytest.param([(0, True)], 0.0, 0.0, id="somebody led all the time"),
        pytest.param([(20, False), (37, True)], 17.0, 17.0, id="one takeover"),
        pytest.param([(20, False), (30, False), (37, True)], 17.0, 17.0, id="two hits in one"),
        pytest.param([(5, False), (22, True)], 12.0, 17.0, id="begun before it"),
        pytest.param([(35, False)], 5.0, 5.0, id="nobody leads yet"),
        pytest.param([(15, False), (20, True), (30, False), (33, True)], 8.0, 5.0, id="two"),
        pytest.param([(41, False), (58, True)], 0.0, 17.0, id="afterwards"),
    ],
)
def test_seconds_in_which_nobody_led(
    samples: list[tuple[float, bool]], seconds: float, longest: float
) -> None:
    """From the tenth second to the fortieth."""
    gaps = Gaps()
    for at, leads in samples:
        gaps.note(at, leads=leads)
    assert (gaps.seconds(10, 40), gaps.longest(40)) == (seconds, longest)
