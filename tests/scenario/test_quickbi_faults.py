"""Quick BI is in trouble, or its mails are: no false failure, no lost one, and the operators know in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import DueTime, MailId, RunStatus, StatusAnswer, TaskId, TaskRun
from bot.domain.incident_rules import CONFIRM_AFTER
from bot.domain.outage_rules import FEWEST, PATIENCE, TOLD_AFTER
from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.world import Status
from bot.sandbox.world.behaviour import Malformed, Truth
from bot.sandbox.world.refusals import MAIL_SUBJECT, UNKNOWN_CODE
from tests.support.leader_stage import ZONE, leader_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.world.behaviour import Behaviour
    from bot.sandbox.world.mail import Run
    from bot.store.observations import Observations
    from tests.support.leader_stage import LeaderStage

SENT, FAILED = Status.SENT, Status.FAILED
A_SECOND = 1.1  # Quick BI tells when a run started to the second
OPERATORS = "finance"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[LeaderStage]:
    """A leader at work. Nothing is subscribed yet."""
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        await stage.start()
        yield stage


def told(stage: LeaderStage) -> list[str]:
    return [one.text for one in stage.posts()]


@pytest.mark.parametrize(
    "mode",
    [
        Mode.DOWN,
        Mode.UNAVAILABLE,
        Mode.BAD_GATEWAY,
        Mode.GARBAGE,
        Mode.THROTTLED,
        Mode.KEY_REVOKED,
        Mode.SECRET_CHANGED,
        Mode.TOKEN_EXPIRED,
        Mode.NOT_PERMITTED,
    ],
)
async def test_quick_bi_cannot_be_asked(stage: LeaderStage, mode: Mode) -> None:
    """The channel hears of no failure; the operators hear of it once, and of its end; then the failure is told."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked(times=2)
    stage.quickbi.faults.add(mode)
    await stage.until_looked(times=2)
    stage.run(mail_id, FAILED)
    stage.clock_error += TOLD_AFTER
    began = await stage.until_said("not been able to reach Quick BI", channel=OPERATORS, seconds=40)
    assert "no mail failed because of that" in began.text
    assert told(stage) == []
    stage.quickbi.faults.clear()
    await stage.until_said("Daily Sales failed", seconds=60)
    await stage.until_said("I can reach Quick BI again", channel=OPERATORS)
    assert (len(stage.posts()), len(stage.posts(OPERATORS))) == (1, 2)


async def test_a_short_silence_is_nobodys_business(stage: LeaderStage) -> None:
    """Under three minutes: nobody is told, and the failure that it hid is."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked()
    stage.quickbi.faults.add(Mode.DOWN, lasting=2)
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed", seconds=70)  # the longest back-off is half a minute
    assert stage.posts(OPERATORS) == []


async def test_throttling_slows_the_looks_down(stage: LeaderStage) -> None:
    """Over the account's limit: the bot leaves longer gaps, and finds the failure all the same."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked(times=5)
    stage.quickbi.faults.add(Mode.THROTTLED, times=3)
    stage.run(mail_id, FAILED)
    await stage.until_said("Daily Sales failed", seconds=60)
    refused = [call.arrived for call in stage.quickbi.ledger if call.outcome.startswith("Throttling")]
    gaps = [later - earlier for earlier, later in pairwise(refused)]
    assert len(refused) == 3
    assert min(gaps) > 10 / stage.calls_per_second


async def test_a_failure_that_was_none_is_corrected(stage: LeaderStage) -> None:
    """Quick BI said FAILED and then SENT: the same message says so, and its thread does."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, FAILED)
    notice = await stage.until_said("Daily Sales failed")
    stage.world.revise(mail_id, SENT)
    corrected = await stage.until_said("did not fail after all", edited=True)
    await stage.until_posted(2)
    assert corrected.ts == notice.ts
    assert [one.thread_ts for one in stage.posts()] == [None, notice.ts]


async def test_an_overtaken_run_is_followed_to_its_end(stage: LeaderStage) -> None:
    """It was going when a newer one began and was sent: only its task ID still leads to its failure."""
    mail_id = await stage.watch("Daily Sales")
    going = stage.world.run_now(mail_id, hangs=True)
    await stage.until_looked(times=3)
    await asyncio.sleep(A_SECOND)
    stage.run(mail_id, SENT)
    await stage.until_looked(times=3)
    assert told(stage) == []
    stage.world.release(mail_id, FAILED)
    notice = await stage.until_said("Daily Sales", seconds=30)
    assert "failed once, but a newer run was sent" in notice.text
    asked_by_id = {call.task_id for call in stage.quickbi.ledger}
    assert str(going.task_id) in asked_by_id


async def test_a_run_that_only_a_person_saw_is_followed_to_its_end(stage: LeaderStage) -> None:
    """They asked another replica. By the leader's next look a newer run hides it, and it fails."""
    mail_id = await stage.watch("Daily Sales")
    stage.run(mail_id, SENT)
    await stage.until_looked(times=2)
    stage.quickbi.faults.add(Mode.DOWN)
    await stage.until_looked()
    await asyncio.sleep(A_SECOND)
    going = stage.world.run_now(mail_id, hangs=True)
    await stage.store.observations.record_answer(
        MailId(mail_id),
        StatusAnswer(runs=(as_seen(mail_id, going),), request_id=""),
        now=stage.now(),
        term=None,
    )
    await asyncio.sleep(A_SECOND)
    stage.run(mail_id, SENT)
    stage.world.release(mail_id, FAILED)
    stage.quickbi.faults.clear()
    notice = await stage.until_said("Daily Sales", seconds=40)
    assert "failed once, but a newer run was sent" in notice.text


def as_seen(mail_id: str, going: Run) -> TaskRun:
    return TaskRun(
        mail_id=MailId(mail_id),
        task_id=TaskId(going.task_id),
        exec_at=going.exec_at.replace(microsecond=0),
        status=RunStatus.PROCESSING,
        status_word="PROCESSING",
    )


async def test_two_runs_between_two_looks(stage: LeaderStage) -> None:
    """The API shows the second only: that is told. The first, which nobody ever saw, cannot be."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked(times=2)
    await stage.stop()
    first = stage.run(mail_id, FAILED)
    await asyncio.sleep(A_SECOND)
    second = stage.run(mail_id, FAILED)
    await stage.start()
    notice = await stage.until_said("Daily Sales failed")
    assert f"{second}" in notice.text
    assert f"{first}" not in notice.text
    assert len(stage.posts()) == 1


async def test_two_runs_between_two_looks_of_which_one_was_known(stage: LeaderStage) -> None:
    """It was seen going before the bot slept: both are told, for its task ID was kept."""
    mail_id = await stage.watch("Daily Sales")
    known = stage.world.run_now(mail_id, hangs=True)
    await stage.until_looked(times=3)
    await stage.stop()
    stage.world.release(mail_id, FAILED)
    await asyncio.sleep(A_SECOND)
    stage.run(mail_id, FAILED)
    await stage.start()
    await stage.until_said("Daily Sales failed twice", seconds=30)
    assert str(known.task_id) in {call.task_id for call in stage.quickbi.ledger}


async def test_a_run_that_hangs_is_told_as_stuck_and_then_as_it_ends(stage: LeaderStage) -> None:
    """Over 15 minutes is longer than any report may take."""
    mail_id = await stage.watch("Month-end Close")
    stage.world.run_now(mail_id, hangs=True)
    await stage.until_looked(times=2)
    stage.clock_error += timedelta(minutes=16)
    notice = await stage.until_said("Month-end Close is probably stuck")
    stage.world.release(mail_id, FAILED)
    failed = await stage.until_said("Month-end Close failed", edited=True)
    assert failed.ts == notice.ts


def due_in_a_minute(stage: LeaderStage) -> DueTime:
    at = (stage.now() + timedelta(minutes=1)).astimezone(ZONE)
    return DueTime(at=at.time().replace(second=0, microsecond=0), grace=timedelta(minutes=1))


async def test_a_declared_time_that_passes_is_told(stage: LeaderStage) -> None:
    """Due in a minute, and no run begins: late. When it begins and is sent, the same message says so."""
    mail_id = await stage.watch("Daily Sales", due=due_in_a_minute(stage))
    await stage.until_looked(times=2)
    stage.clock_error += timedelta(minutes=3)
    notice = await stage.until_said("Daily Sales is late")
    stage.run(mail_id, SENT)
    over = await stage.until_said("Daily Sales recovered", edited=True)
    assert over.ts == notice.ts


async def test_a_paused_mail_is_not_late_and_its_channel_knows_why(stage: LeaderStage) -> None:
    """It was paused a moment ago, and nobody here has heard of it yet: the list is read before it is called late."""
    mail_id = await stage.watch("Daily Sales", due=due_in_a_minute(stage))
    await stage.until_looked(times=2)
    stage.world.pause(mail_id)
    stage.clock_error += timedelta(minutes=3)
    await stage.until_said("Daily Sales was paused in Quick BI")
    await stage.until_looked()
    await asyncio.sleep(1)
    assert [text for text in told(stage) if "is late" in text] == []


@pytest.mark.parametrize("how", ["deleted", "no longer shared"])
async def test_a_mail_that_can_no_longer_be_seen(stage: LeaderStage, how: str) -> None:
    """Told once a second look confirms it; it is not called a failure."""
    mail_id = await stage.watch("Daily Sales")
    await stage.until_looked(times=2)
    if how == "deleted":
        stage.world.delete(mail_id)
    else:
        stage.world.revoke(mail_id)
    await stage.until_looked()
    await asyncio.sleep(0.5)
    assert told(stage) == []
    stage.clock_error += CONFIRM_AFTER
    await stage.until_said("can no longer be seen", seconds=30)
    assert "failed" not in told(stage)[0]
    assert stage.posts(OPERATORS) == []
    if how != "deleted":
        stage.world.grant(mail_id)
        await stage.until_said("recovered", edited=True, seconds=30)


async def until_refused(stage: LeaderStage, mail_id: str) -> None:
    """Wait for one more look at a mail that comes to nothing."""
    before = refusals(stage, mail_id)
    async with asyncio.timeout(20):
        while refusals(stage, mail_id) == before:  # noqa: ASYNC110 (a ledger tells nobody)
            await asyncio.sleep(0.02)


async def until_answered(stage: LeaderStage) -> None:
    """Wait until Quick BI has told about another mail."""
    before = stage.poller.stats.last_answer_at
    async with asyncio.timeout(20):
        while stage.poller.stats.last_answer_at == before:  # noqa: ASYNC110 (a counter tells nobody)
            await asyncio.sleep(0.02)


def refusals(stage: LeaderStage, mail_id: str) -> int:
    return sum(call.mail_id == mail_id and call.outcome not in {"OK", ""} for call in stage.quickbi.ledger)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        pytest.param(UNKNOWN_CODE, f"with the code {UNKNOWN_CODE.code}", id="a code that nobody knows"),
        pytest.param(Malformed.HTML_PAGE, "in a way that I understand", id="no answer at all"),
        pytest.param(MAIL_SUBJECT, "its subject is invalid", id="a subject that its owner must mend"),
    ],
)
async def test_a_mail_that_alone_cannot_be_asked_about(
    stage: LeaderStage, behaviour: Behaviour, words: str
) -> None:
    """The others answer, so it is no outage; but nobody must wait for ever for a mail that is never looked at."""
    mail_id = await stage.watch("Daily Sales")
    await stage.watch("Weekly Ops")
    await stage.until_looked(times=4)
    stage.world.mail(mail_id).on_status = behaviour
    for _ in range(FEWEST - 1):
        await until_refused(stage, mail_id)
        await until_answered(stage)
        assert told(stage) == []
        stage.clock_error += timedelta(0) if behaviour is MAIL_SUBJECT else PATIENCE / 2
    stage.clock_error += PATIENCE  # the first refusal may have been noted after the first of these leaps
    notice = await stage.until_said("Daily Sales can no longer be seen", seconds=30)
    assert words in notice.text
    assert stage.posts(OPERATORS) == []
    stage.world.mail(mail_id).on_status = Truth()
    over = await stage.until_said("Daily Sales recovered", edited=True, seconds=30)
    assert over.ts == notice.ts


class PickyObservations:
    """Takes everything but what was seen of one mail."""

    def __init__(self, real: Observations, unkeepable: str) -> None:
        self._real = real
        self._unkeepable = unkeepable
        self.refused = 0

    async def record_answer(self, mail_id: MailId, answer: StatusAnswer, **more: Any) -> Any:
        if mail_id == self._unkeepable:
            self.refused += 1
            raise ValueError("a character that no database takes")
        return await self._real.record_answer(mail_id, answer, **more)


async def test_an_answer_that_cannot_be_kept_does_not_end_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own mistake: it is in the log, and the leader goes on looking and telling."""
    async with leader_stage(f"sqlite:///{tmp_path}/mailbot.db") as stage:
        odd = stage.world.add_mail("Odd")
        picky = PickyObservations(stage.store.observations, odd.mail_id)
        stage.store.observations = picky  # type: ignore[assignment]
        await stage.start()
        await stage.subscribe(odd.mail_id)
        mail_id = await stage.watch("Daily Sales")
        async with asyncio.timeout(20):
            while picky.refused < 2:  # noqa: ASYNC110 (a counter tells nobody)
                await asyncio.sleep(0.02)
        stage.run(mail_id, FAILED)
        await stage.until_said("Daily Sales failed")
    logged = [record for record in caplog.records if record.getMessage() == "answer_not_recorded"]
    assert len(logged) >= 2
    assert logged[0].exc_info
