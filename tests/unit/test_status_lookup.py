"""A person's question: who shares a call, who waits, what is said meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    MailId,
    MailPage,
    MailRef,
    Observation,
    QuickBIError,
    QuickBIUnavailable,
    StatusAnswer,
    TaskId,
    Throttled,
)
from bot.mails.status_lookup import StatusCache, StatusLookup, Waiting
from bot.quickbi.backoff import DECREASE
from bot.quickbi.call_budget import CallBudget, LocalSlots
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

QUICK = 50.0  # calls a second: a test need not wait for real ones
SLOWER = 1.2  # times the usual interval, behind a throttled call: `DECREASE`, and one call that went well
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class FakeQuickBI:
    """Counts the calls, and answers or fails as told. The first `stumbles` attempts are throttled."""

    def __init__(self) -> None:
        self.sent_at: list[float] = []
        self.error: QuickBIError | None = None
        self.gate: asyncio.Event | None = None
        self.stumbles = 0
        self.stumbled = asyncio.Event()

    async def get_task_status(
        self,
        mail_id: MailId,
        task_id: TaskId | None = None,
        *,
        attempts: int = 1,
        before_attempt: Callable[[], Awaitable[None]] | None = None,
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,
    ) -> StatusAnswer:
        assert attempts >= 1
        assert before_attempt
        assert after_failure
        await before_attempt()
        self.sent_at.append(monotonic())
        while self.stumbles > 0:
            self.stumbles -= 1
            await after_failure(Throttled(retry_after=0.3))
            self.stumbled.set()
            await before_attempt()
            self.sent_at.append(monotonic())
        if self.gate:
            await self.gate.wait()
        if self.error:
            await after_failure(self.error)
            raise self.error
        return StatusAnswer(runs=(), request_id=f"{mail_id} {task_id}")

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        raise NotImplementedError

    async def run_mail(self, mail_id: MailId) -> str:
        raise NotImplementedError


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def nobody(_ref: MailRef, _observation: Observation) -> None:
    """Nobody wants to know."""


def lookup_over(
    quickbi: FakeQuickBI,
    *,
    calls_per_second: float = QUICK,
    clock: Clock | None = None,
    observed: Callable[[MailRef, Observation], Awaitable[None]] = nobody,
) -> StatusLookup:
    budget = CallBudget(LocalSlots(), calls_per_second=calls_per_second)
    return StatusLookup(quickbi, budget, StatusCache(), now=clock or Clock(), observed=observed)


def mail(number: int, task: int | None = None) -> MailRef:
    return MailRef(mail_id=MailId(f"mail{number}"), task_id=None if task is None else TaskId(task))


async def test_people_who_ask_for_one_mail_share_a_call() -> None:
    """Ten people, one call; a run of the same mail is another question."""
    quickbi = FakeQuickBI()
    lookup = lookup_over(quickbi)
    answers = await asyncio.gather(*(lookup.ask(mail(1)) for _ in range(10)), lookup.ask(mail(1, task=5)))
    assert len(quickbi.sent_at) == 2
    assert {answer.answer.request_id for answer in answers if isinstance(answer, Observation)} == {
        "mail1 None",
        "mail1 5",
    }


async def test_an_observation_of_the_last_seconds_is_an_answer() -> None:
    """Five seconds later it still is; then it is asked anew."""
    quickbi, clock = FakeQuickBI(), Clock()
    lookup = lookup_over(quickbi, clock=clock)
    await lookup.ask(mail(1))
    clock.now += timedelta(seconds=5)
    again = await lookup.ask(mail(1))
    assert isinstance(again, Observation)
    assert again.seen_at == NOON
    assert len(quickbi.sent_at) == 1
    clock.now += timedelta(seconds=1)
    await lookup.ask(mail(1))
    assert len(quickbi.sent_at) == 2


async def test_who_must_wait_long_hears_at_once_and_gets_the_answer_later() -> None:
    """The third of three mails at one call a second is more than a person's patience away."""
    quickbi = FakeQuickBI()
    lookup = lookup_over(quickbi, calls_per_second=1)
    stopwatch = Stopwatch()
    first, second, third = await asyncio.gather(*(lookup.ask(mail(n)) for n in range(3)))
    assert stopwatch.seconds < 2
    assert isinstance(first, Observation)
    assert isinstance(second, Observation)
    assert isinstance(third, Waiting)
    assert third.ready_in == pytest.approx(2.0, abs=0.5)
    assert (await third.answer).answer.request_id == "mail2 None"


async def test_a_slow_answer_does_not_keep_a_person_waiting_in_silence() -> None:
    """The call was sent at once, but Quick BI takes its time: say so, with what was last known."""
    quickbi, clock = FakeQuickBI(), Clock()
    lookup = lookup_over(quickbi, clock=clock)
    before = await lookup.ask(mail(1))
    clock.now += timedelta(minutes=1)
    quickbi.gate = asyncio.Event()
    waiting = await lookup.ask(mail(1))
    assert isinstance(waiting, Waiting)
    assert waiting.last == before
    quickbi.gate.set()
    assert (await waiting.answer).seen_at == clock.now


async def test_calls_are_never_closer_than_the_limit_allows() -> None:
    """Twenty mails at once, each call a full interval behind the one before."""
    quickbi = FakeQuickBI()
    lookup = lookup_over(quickbi)
    found = await asyncio.gather(*(lookup.ask(mail(n)) for n in range(20)))
    await asyncio.gather(*(one.answer for one in found if isinstance(one, Waiting)))
    gaps = [later - sooner for sooner, later in zip(quickbi.sent_at, quickbi.sent_at[1:], strict=False)]
    assert len(gaps) == 19
    assert min(gaps) >= 1 / QUICK


async def test_an_error_reaches_everybody_who_asked_and_is_not_remembered() -> None:
    """A failed call answers all who waited for it; the next person causes a new one."""
    quickbi = FakeQuickBI()
    quickbi.error = QuickBIUnavailable("down", outcome_unknown=True)
    lookup = lookup_over(quickbi)
    outcomes = await asyncio.gather(lookup.ask(mail(1)), lookup.ask(mail(1)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [QuickBIUnavailable, QuickBIUnavailable]
    quickbi.error = None
    assert isinstance(await lookup.ask(mail(1)), Observation)


async def test_throttling_holds_the_next_call_back() -> None:
    """Quick BI's own word on how long to wait is kept."""
    quickbi = FakeQuickBI()
    quickbi.error = Throttled(retry_after=0.3)
    lookup = lookup_over(quickbi)
    with pytest.raises(Throttled):
        await lookup.ask(mail(1))
    quickbi.error = None
    await lookup.ask(mail(2))
    assert quickbi.sent_at[1] - quickbi.sent_at[0] >= 0.3


async def test_a_throttled_attempt_holds_everybody_back_though_the_next_one_goes_well() -> None:
    """The others must not keep the pace that Quick BI has just refused."""
    quickbi = FakeQuickBI()
    quickbi.stumbles = 1
    lookup = lookup_over(quickbi)
    first = asyncio.create_task(lookup.ask(mail(1)))
    await quickbi.stumbled.wait()
    stumbled_at = monotonic()
    await lookup.ask(mail(2))
    assert isinstance(await first, Observation)
    assert len(quickbi.sent_at) == 3
    assert min(quickbi.sent_at[1:]) - stumbled_at >= 0.29
    assert abs(quickbi.sent_at[2] - quickbi.sent_at[1]) >= SLOWER / QUICK


async def test_who_has_a_slot_already_is_held_back_too_when_quick_bi_throttles() -> None:
    """Their slot was given out at the old pace: to use it would be to be refused as well."""
    quickbi = FakeQuickBI()
    quickbi.stumbles = 1
    lookup = lookup_over(quickbi, calls_per_second=10)
    asking = [asyncio.create_task(lookup.ask(mail(number))) for number in (1, 2)]
    await quickbi.stumbled.wait()
    stumbled_at = monotonic()
    await asyncio.gather(*asking)
    assert len(quickbi.sent_at) == 3
    assert quickbi.sent_at[1] - stumbled_at >= 0.29
    assert quickbi.sent_at[2] - quickbi.sent_at[1] >= SLOWER / 10


async def test_the_next_call_keeps_its_distance_from_when_the_one_before_was_on_the_wire() -> None:
    """The first call makes a connection, which takes a while; the second finds it there and arrives at once."""
    budget = CallBudget(LocalSlots(), calls_per_second=QUICK)
    await budget.my_turn()
    second = asyncio.create_task(budget.my_turn())
    await asyncio.sleep(0.5 / QUICK)
    budget.sent()
    sent_at = monotonic()
    await second
    assert monotonic() - sent_at >= 1 / QUICK


async def test_calls_that_are_throttled_together_slow_the_pace_once() -> None:
    """Three refusals of one moment say no more than one; that the next call is refused, too, does."""
    budget = CallBudget(LocalSlots(), calls_per_second=QUICK)
    usual = budget.interval
    for _ in range(3):
        await budget.my_turn()
    for _ in range(3):
        await budget.throttled(None)
    assert budget.interval == pytest.approx(usual / DECREASE)
    await budget.my_turn()
    await budget.throttled(None)
    assert budget.interval == pytest.approx(usual / DECREASE**2)


async def test_after_the_clock_was_set_back_an_old_observation_is_no_answer() -> None:
    """Nobody can tell how old it is, so Quick BI is asked."""
    quickbi, clock = FakeQuickBI(), Clock()
    lookup = lookup_over(quickbi, clock=clock)
    await lookup.ask(mail(1))
    clock.now -= timedelta(minutes=10)
    await lookup.ask(mail(1))
    assert len(quickbi.sent_at) == 2
    clock.now -= timedelta(minutes=10)
    await lookup.ask_patiently(mail(1))
    assert len(quickbi.sent_at) == 3


async def test_what_a_person_saw_is_passed_on() -> None:
    """A person's look is the poller's too."""
    seen: list[tuple[MailRef, Observation]] = []

    async def remember(ref: MailRef, observation: Observation) -> None:
        seen.append((ref, observation))

    lookup = lookup_over(FakeQuickBI(), observed=remember)
    found = await lookup.ask(mail(1))
    assert seen == [(mail(1), found)]


async def test_one_person_giving_up_does_not_cost_the_others_their_answer() -> None:
    """A cancelled question leaves the shared call running."""
    quickbi = FakeQuickBI()
    quickbi.gate = asyncio.Event()
    lookup = lookup_over(quickbi)
    impatient = asyncio.create_task(lookup.ask(mail(1)))
    patient = asyncio.create_task(lookup.ask(mail(1)))
    await asyncio.sleep(0)
    impatient.cancel()
    quickbi.gate.set()
    assert isinstance(await patient, Observation)
    assert len(quickbi.sent_at) == 1


async def test_who_can_wait_takes_no_call_from_a_person() -> None:
    """Somebody who follows a run waits until nobody else wants to know anything."""
    quickbi = FakeQuickBI()
    lookup = lookup_over(quickbi, calls_per_second=10)
    people = [asyncio.create_task(lookup.ask(mail(number))) for number in range(4)]
    began = monotonic()
    await asyncio.sleep(0.02)  # all four have taken their slots
    followed = await lookup.ask_patiently(mail(9), fresh_for=0)
    assert monotonic() - began >= 0.39
    assert all(isinstance(answer, Observation) for answer in await asyncio.gather(*people))
    assert followed.answer.request_id == "mail9 None"
    assert len(quickbi.sent_at) == 5


async def test_who_can_wait_shares_what_others_ask() -> None:
    """A person's call about the same mail, or a fresh answer, costs no call of its own."""
    quickbi = FakeQuickBI()
    lookup = lookup_over(quickbi)
    asked, patient = await asyncio.gather(lookup.ask(mail(1)), lookup.ask_patiently(mail(1)))
    assert asked == patient == await lookup.ask_patiently(mail(1))
    assert len(quickbi.sent_at) == 1


async def test_a_failure_reaches_who_can_wait() -> None:
    """Nothing is tried behind their back for ever."""
    quickbi = FakeQuickBI()
    quickbi.error = QuickBIUnavailable(outcome_unknown=True)
    lookup = lookup_over(quickbi)
    with pytest.raises(QuickBIUnavailable):
        await lookup.ask_patiently(mail(1))


async def test_draining_lets_calls_arrive_and_then_lets_none_live() -> None:
    """What the near one sees is recorded although nobody waits for it; the far one is cancelled."""
    seen: list[MailRef] = []

    async def observed(ref: MailRef, _: Observation) -> None:
        seen.append(ref)

    quickbi = FakeQuickBI()
    quickbi.gate = asyncio.Event()
    lookup = lookup_over(quickbi, calls_per_second=1, observed=observed)
    asking = [asyncio.create_task(lookup.ask(mail(number))) for number in (1, 2)]
    while not quickbi.sent_at:  # noqa: ASYNC110 (the fake tells nobody)
        await asyncio.sleep(0)
    for each in asking:
        each.cancel()
    asyncio.get_running_loop().call_later(0.1, quickbi.gate.set)
    await lookup.drain(0.3)
    assert seen == [mail(1)]
    assert len(quickbi.sent_at) == 1
    await lookup.drain(5.0)  # nothing is left to wait for
