"""Over any sequence of terms: each continues the round of the term before, so no mail waits longer than under one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.domain import DueTime, MailId, RunStatus
from bot.monitoring.schedule import Ask, MailMemory, Schedule
from tests.support.schedule_stage import MONDAY, NOTHING, a_run, a_schedule

SECOND = timedelta(seconds=1)


class Stored:
    """What outlives a term: when each mail was last looked at, and what was worth remembering."""

    def __init__(self, mails: list[MailId]) -> None:
        self.looked_at = dict.fromkeys(mails, MONDAY)  # subscribed then
        self.memory: dict[MailId, MailMemory] = {}

    def begin_term(self, now: datetime) -> Schedule:
        """The mails come in an order that has nothing to do with when they were asked."""
        schedule = a_schedule()
        for mail_id in sorted(self.looked_at):
            schedule.watch(mail_id, now, memory=self.memory.get(mail_id), looked_at=self.looked_at[mail_id])
        return schedule


@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
@given(
    mails=st.integers(2, 60),
    hot=st.integers(0, 20),
    terms=st.lists(st.integers(2, 200), min_size=1, max_size=8),
    seed=st.integers(0, 99),
)
def test_no_mail_waits_longer_than_under_one_term(mails: int, hot: int, terms: list[int], seed: int) -> None:
    """Terms of any length, most shorter than a round, while some mails always have news."""
    random = Random(seed)
    ids = [MailId(f"mail{number:03}") for number in range(mails)]
    stored, now = Stored(ids), MONDAY
    asked = dict.fromkeys(ids, now)
    bound = timedelta(seconds=330 + mails + 1)
    number = 0
    while number < 900:
        schedule = stored.begin_term(now)
        for _ in range(random.choice(terms)):
            number += 1
            decision = schedule.next(now)
            if isinstance(decision, Ask):
                mail_id = decision.mail_id
                if decision.task_id is None:
                    asked[mail_id] = now
                began = now - timedelta(seconds=random.uniform(1, 200))
                busy = mail_id in ids[:hot]
                answer = a_run(began, random.choice(list(RunStatus)), number) if busy else NOTHING
                if schedule.answered(decision, answer, now) and (memory := schedule.memory(mail_id)):
                    stored.memory[mail_id] = memory
                if decision.task_id is None:
                    stored.looked_at[mail_id] = now
            assert now - min(asked.values()) <= bound
            now += SECOND


def test_a_term_asks_first_whom_nobody_asked_for_longest() -> None:
    """Forty mails, terms of ten calls: after four terms each was asked once, not the first ten four times."""
    ids = [MailId(f"mail{number:03}") for number in range(40)]
    stored, now, asks = Stored(ids), MONDAY, []
    for mail_id in ids:  # known for long, with nothing learned but that
        first = a_schedule()
        first.watch(mail_id, now)
        first.answered(Ask(mail_id=mail_id), NOTHING, now)
        stored.memory[mail_id] = first.memory(mail_id) or MailMemory("")
        stored.looked_at[mail_id] = now
        now += SECOND
    now += timedelta(seconds=600)
    for _ in range(4):
        schedule = stored.begin_term(now)
        for _ in range(10):
            decision = schedule.next(now)
            assert isinstance(decision, Ask)
            asks.append(decision.mail_id)
            schedule.answered(decision, NOTHING, now)
            stored.looked_at[decision.mail_id] = now
            now += SECOND
    assert sorted(asks) == ids


def test_a_run_missed_before_another_replica_looked_is_still_late() -> None:
    """A person's look on another replica came after the deadline; it judges nothing, so the next term does."""
    mail_id, nine = MailId("mail"), MONDAY.replace(hour=9)
    due = DueTime(at=time(9, 0), grace=timedelta(minutes=15))
    before = a_schedule()
    before.watch(mail_id, nine - timedelta(hours=1), dues=[due])
    before.answered(Ask(mail_id=mail_id), NOTHING, nine - timedelta(hours=1))
    after = a_schedule()
    looked_at = nine + timedelta(minutes=20)
    after.watch(
        mail_id,
        looked_at + SECOND,
        memory=before.memory(mail_id),
        dues=[due],
        looked_at=looked_at.astimezone(UTC),
    )
    after.answered(Ask(mail_id=mail_id), NOTHING, looked_at + timedelta(minutes=1))
    assert [late.expected_at for late in after.late()] == [nine]
