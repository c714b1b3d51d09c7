"""Running by hand over a real store: a death at every step, failures of every neighbour, and who is told what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import (
    ManualRunState,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    StoreError,
)
from bot.domain.manual_run_rules import AskedAlready, Over, Refused, Repeated, RunEnd, Started, Unclear
from bot.mails.manual_runs import ManualRunRepositories
from bot.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


from tests.contract.runner_stage import (
    ADA,
    BEFORE,
    BOB,
    Clock,
    FakeQuickBI,
    Fate,
    Stage,
    Teller,
    idle,
    until,
    wish,
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_store(f"sqlite:///{tmp_path / 'mailbot.db'}") as store:
        clock = Clock()
        yield Stage(store=store, clock=clock, quickbi=FakeQuickBI(clock=clock))


async def test_it_is_started_once_followed_and_told(stage: Stage) -> None:
    """Start and end are told; the run is followed by its own ID as soon as that is known; nothing stays open."""
    runner = stage.runner()
    assert await runner.begin(wish(), BEFORE, stage.teller) is None
    await stage.over(stage.teller)
    await runner.drain(1)
    began, over = stage.teller.told
    assert isinstance(began, Started)
    assert isinstance(over, Over)
    assert over.end is RunEnd.SENT
    assert over.again
    assert over.took is not None
    assert stage.quickbi.by_task_id == [None, 2, 2]
    assert stage.quickbi.asked == 1


@pytest.mark.parametrize("is_refused", [False, True], ids=["taken", "refused"])
async def test_a_death_at_every_step_never_starts_a_second_run(tmp_path: Path, *, is_refused: bool) -> None:
    """Whatever step was the last: after the restart the end is told, and Quick BI was asked at most once."""
    fatal, died = 0, True
    while died:
        async with open_store(f"sqlite:///{tmp_path / f'{fatal}.db'}") as store:
            clock = Clock()
            quickbi = FakeQuickBI(clock=clock)
            quickbi.error = RunRefused(why=RunRefusal.TOO_OFTEN) if is_refused else None
            died = await _die_and_restart(Stage(store=store, clock=clock, quickbi=quickbi), fatal)
        fatal += 1
    assert fatal > (10 if is_refused else 25), "the steps were counted"


async def _die_and_restart(stage: Stage, fatal: int) -> bool:
    fate = Fate(fatal)
    first = stage.runner(fate)
    beginning = asyncio.create_task(first.begin(wish(), BEFORE, fate.over(stage.teller)))
    ending = asyncio.create_task(stage.settled(stage.teller))
    death = asyncio.create_task(fate.dead.wait())
    await asyncio.wait({ending, death}, return_when=asyncio.FIRST_COMPLETED)
    died = fate.dead.is_set()
    for task in (beginning, ending, death):
        task.cancel()
    await asyncio.gather(beginning, ending, death, return_exceptions=True)
    await first.drain(0)
    second = stage.runner()
    await second.take_up_all()
    again = await second.begin(wish(), BEFORE, stage.teller)  # the same click, delivered once more
    assert again is None or isinstance(again, Repeated)
    await stage.settled(stage.teller, stage.later)
    await second.drain(1)
    assert stage.quickbi.asked <= 1, f"asked {stage.quickbi.asked} times after a death at step {fatal}"
    ends = {*stage.teller.ends, *stage.later.ends}
    on_record = [detail for _, _, action, _, _, detail in await stage.store.audit.actions()]
    assert len(on_record) == 1, f"{on_record} after a death at step {fatal}"
    if stage.quickbi.begun:
        assert ends == {RunEnd.SENT}
    elif stage.quickbi.error is None:
        assert ends == {RunEnd.NEVER_BEGAN}
    return died


@pytest.mark.parametrize(
    ("begins", "end"),
    [
        pytest.param(True, RunEnd.SENT, id="it began"),
        pytest.param(False, RunEnd.NEVER_BEGAN, id="it did not"),
    ],
)
async def test_a_lost_answer_is_followed_by_looking(stage: Stage, *, begins: bool, end: RunEnd) -> None:
    """Neither started nor not: said so, and never asked again."""
    stage.quickbi.error = QuickBIUnavailable(outcome_unknown=True)
    stage.quickbi.begins_despite_error = begins
    runner = stage.runner()
    await runner.begin(wish(), BEFORE, stage.teller)
    await stage.over(stage.teller)
    await runner.drain(1)
    assert isinstance(stage.teller.told[0], Unclear)
    assert stage.teller.ends == [end]
    assert stage.quickbi.asked == 1


async def test_a_refusal_frees_the_mail(stage: Stage) -> None:
    """It is told, nothing is followed, and somebody else may try at once."""
    stage.quickbi.error = RunRefused(why=RunRefusal.TOO_OFTEN, retry_after=300)
    runner = stage.runner()
    await runner.begin(wish(), BEFORE, stage.teller)
    await until(stage.is_closed)
    assert isinstance(stage.teller.told[0], Refused)
    stage.quickbi.error = None
    assert await runner.begin(wish("click-2", BOB), BEFORE, stage.teller) is None
    await stage.over(stage.teller)
    await runner.drain(1)


async def test_quick_bi_in_the_dark_is_no_end(stage: Stage) -> None:
    """Looks that fail are made again; what is out of sight for good is said to be that."""
    stage.quickbi.blind = 10
    runner = stage.runner()
    await runner.begin(wish(), BEFORE, stage.teller)
    await stage.over(stage.teller)
    assert stage.teller.ends == [RunEnd.SENT]
    await runner.drain(1)


async def test_quick_bi_dark_for_long_is_said_to_be_that(stage: Stage) -> None:
    """After 15 minutes without an answer nobody claims to know."""
    stage.quickbi.blind = 10_000
    runner = stage.runner()
    await runner.begin(wish(), BEFORE, stage.teller)
    await stage.over(stage.teller)
    assert stage.teller.ends == [RunEnd.OUT_OF_SIGHT]
    await runner.drain(1)


async def test_somebody_else_is_told_who_was_faster(stage: Stage) -> None:
    """At most one run by hand is open for each mail, on whichever replica."""
    stage.quickbi.looks = 10_000
    first, second = stage.runner(), stage.runner(is_alone=False)
    assert await first.begin(wish(), BEFORE, stage.teller) is None
    hindered = await second.begin(wish("click-2", BOB), BEFORE, Teller())
    assert isinstance(hindered, AskedAlready)
    assert hindered.run.user_id == ADA
    await first.drain(1)
    assert stage.quickbi.asked == 1


async def test_an_end_that_slack_did_not_take_is_told_later(stage: Stage) -> None:
    """The run stays open until somebody has heard."""
    stage.teller.deaf = 1
    runner = stage.runner()
    await runner.begin(wish(), BEFORE, stage.teller)
    await until(idle(runner))
    assert stage.teller.deaf == 0
    assert len(await stage.store.manual_runs.open_runs()) == 1
    await runner.take_up_all()
    await stage.over(stage.later)
    assert stage.later.ends == [RunEnd.SENT]
    await runner.drain(1)


async def test_a_run_that_another_replica_ends_is_told_by_that_one(stage: Stage) -> None:
    """Both may look; who comes second finds it closed and is silent."""
    stage.quickbi.looks = 1
    run = wish().claimed(BEFORE, stage.clock.now)
    await stage.store.manual_runs.claim(run, click="click-1")
    stage.quickbi.begun = True
    other = stage.runner(is_alone=False)
    await other.take_up_all()
    await stage.store.manual_runs.note(run.manual_run_id, ManualRunState.ENDED, now=stage.clock.now)
    await until(idle(other))
    assert stage.later.told == []
    await other.drain(1)


async def test_nobody_is_told_of_a_run_of_yesterday(stage: Stage) -> None:
    """A bot that was down for long closes what is left, quietly."""
    run = wish().claimed(BEFORE, stage.clock.now - timedelta(days=1))
    await stage.store.manual_runs.claim(run, click="click-1")
    runner = stage.runner()
    await runner.take_up_all()
    await until(stage.is_closed)
    assert stage.later.told == []
    assert stage.quickbi.asked == 0


async def test_without_a_claim_nothing_is_asked(stage: Stage) -> None:
    """The database refuses: Quick BI is not asked, and the next try is a new one."""

    class Full:
        def __getattr__(self, _: str) -> Any:
            return self._refuse

        async def _refuse(self, *_: Any, **__: Any) -> Any:
            raise StoreError("disk full")

    runner = stage.runner()
    runner.repositories = ManualRunRepositories(manual_runs=Full(), watches=Full(), audit=Full())
    with pytest.raises(StoreError):
        await runner.begin(wish(), BEFORE, stage.teller)
    assert stage.quickbi.asked == 0
    assert runner._followed == {}
