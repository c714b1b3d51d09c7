"""An answer in hand is written down: past a database that is away, past the look, past the term."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import LeaseLost, MailId, NotifyReason, RunStatus, StatusAnswer, StoreError, TaskId, TaskRun
from bot.monitoring.recorder import Look, Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident_rules import MissedRun

MAIL = MailId("sales")
LOOK = Look(
    mail_id=MAIL,
    answer=StatusAnswer(runs=(), request_id="R"),
    at=datetime(2025, 3, 3, 12, tzinfo=UTC),
    memory="learned",
)
NEWS = (NotifyReason.FIRST_FAILURE,)


@pytest.mark.parametrize(
    ("since", "started", "minutes"),
    [
        pytest.param(-10, -30, 10, id="it ran for long: since the look before"),
        pytest.param(-10, -4, 4, id="it began after that look: since it began"),
        pytest.param(None, -4, 4, id="the first look"),
        pytest.param(None, None, None, id="nothing is known"),
        pytest.param(-10, 5, 0, id="a start in the future: the clocks differ"),
    ],
)
def test_for_how_long_a_failure_went_unseen(
    since: int | None, started: int | None, minutes: int | None
) -> None:
    """At most: nobody knows when it failed in between."""

    def then(before: int | None) -> datetime | None:
        return None if before is None else LOOK.at + timedelta(minutes=before)

    def run(number: int, status: RunStatus, exec_at: datetime | None) -> TaskRun:
        return TaskRun(
            mail_id=MAIL, task_id=TaskId(number), exec_at=exec_at, status=status, status_word=status.value
        )

    runs = (run(2, RunStatus.SENT, LOOK.at), run(1, RunStatus.FAILED, then(started)))
    look = replace(LOOK, since=then(since), answer=StatusAnswer(runs=runs, request_id="R"))
    assert look.unseen_for() == (None if minutes is None else timedelta(minutes=minutes))


class FakeObservations:
    """The store's observations. `troubles` are raised first, one for each write."""

    def __init__(self, *troubles: StoreError | LeaseLost) -> None:
        self.troubles = list(troubles)
        self.written: list[tuple[int | None, str | None]] = []
        self.order: list[str] = []
        self.is_away = False

    async def record_answer(
        self,
        mail_id: MailId,
        answer: StatusAnswer,
        *,
        now: datetime,  # noqa: ARG002
        term: int | None,
        memory: str | None = None,
        missed: Sequence[MissedRun] = (),
    ) -> tuple[NotifyReason, ...]:
        assert term is not None or not missed
        if self.is_away:
            raise StoreError("away")
        if self.troubles:
            raise self.troubles.pop(0)
        self.written.append((term, memory))
        self.order.append(f"{mail_id} {answer.request_id}")
        return NEWS

    async def record_denied(
        self, mail_id: MailId, *, cause: str, now: datetime, term: int, since: datetime | None = None
    ) -> NotifyReason:
        raise NotImplementedError


class Stage:
    def __init__(self, observations: FakeObservations) -> None:
        self.observations = observations
        self.news: list[tuple[NotifyReason, ...]] = []
        self.recorder = Recorder(observations, lambda _, reasons: self.news.append(reasons))

    async def keep(self) -> None:
        await self.recorder.store(LOOK, term=3)


async def test_it_is_written_with_the_term_and_noted() -> None:
    stage = Stage(FakeObservations())
    await stage.keep()
    assert (stage.observations.written, stage.news) == ([(3, "learned")], [NEWS])


async def test_a_database_that_refuses_is_asked_again() -> None:
    stage = Stage(FakeObservations(StoreError("locked")))
    await stage.keep()
    assert stage.observations.written == [(3, "learned")]


async def test_where_another_replica_leads_it_is_written_as_a_persons_look() -> None:
    """Without the term, and without what the schedule learned: the other's schedule knows better by now."""
    stage = Stage(FakeObservations(LeaseLost("another replica leads")))
    with pytest.raises(LeaseLost):
        await stage.keep()
    assert (stage.observations.written, stage.news) == ([(None, None)], [NEWS])


async def test_a_look_that_is_cancelled_leaves_its_answer_in_hand() -> None:
    stage = Stage(FakeObservations())
    stage.observations.is_away = True
    look = asyncio.create_task(stage.keep())
    await asyncio.sleep(0.01)
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await look
    assert stage.observations.written == []
    stage.observations.is_away = False
    await stage.recorder.drain(5.0)
    assert stage.observations.written == [(3, "learned")]


async def test_a_person_does_not_wait_for_a_database_that_is_away() -> None:
    """They have their answer; it is written once the database is back."""
    stage = Stage(FakeObservations())
    stage.observations.is_away = True
    writing = stage.recorder.start(LOOK, term=None)
    await asyncio.wait({writing}, timeout=0.01)
    assert stage.observations.written == []
    stage.observations.is_away = False
    await stage.recorder.drain(5.0)
    assert (stage.observations.written, stage.news) == ([(None, "learned")], [NEWS])


async def test_at_the_end_of_the_process_it_is_given_up_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(FakeObservations())
    stage.observations.is_away = True
    look = asyncio.create_task(stage.keep())
    await asyncio.sleep(0.01)
    with caplog.at_level(logging.ERROR):
        await stage.recorder.drain(0.05)
    with pytest.raises(asyncio.CancelledError):
        await look
    assert "answers_given_up" in caplog.messages


async def test_one_mails_answers_are_written_in_the_order_in_which_they_came() -> None:
    """The database refuses the first for longer than the second; another mail's waits for neither."""
    stage = Stage(FakeObservations(StoreError("locked"), StoreError("locked")))
    for mail_id, request_id in ((MAIL, "failed"), (MailId("other"), "x"), (MAIL, "sent after all")):
        answer = StatusAnswer(runs=(), request_id=request_id)
        stage.recorder.start(replace(LOOK, mail_id=mail_id, answer=answer), term=None)
    await stage.recorder.drain(5.0)
    assert [each for each in stage.observations.order if each.startswith("sales")] == [
        "sales failed",
        "sales sent after all",
    ]
    assert min(stage.observations.order) == "other x"


async def test_what_can_never_be_written_does_not_keep_the_next_from_it() -> None:
    stage = Stage(FakeObservations(LeaseLost("another replica leads")))
    with suppress(LeaseLost):
        await asyncio.gather(stage.keep(), stage.keep())
    await stage.recorder.drain(5.0)
    assert stage.observations.written == [(None, None), (3, "learned")]
