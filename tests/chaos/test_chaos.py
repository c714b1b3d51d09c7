"""A short life for each step that comes by itself; `python -m tests.chaos` kills more often and at more of them."""

from __future__ import annotations

import pytest
from rich.progress import Progress

from tests.chaos.__main__ import Outcome, _held, chaos
from tests.chaos.steps import Step

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


@pytest.mark.timeout(300)
async def test_killed_at_every_step_it_loses_nothing_and_repeats_nothing() -> None:
    """The real process, dead by SIGKILL fifteen times; the simulated Slack tells what people were told."""
    progress = Progress(disable=True)
    outcome = await chaos(kills=len(DEATHS), seed=7, with_history=True, progress=progress, plan=DEATHS)
    assert outcome.ok, outcome
    assert outcome.not_reached == {}
    assert outcome.told > len(DEATHS)


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
