"""What a mail's memory holds over a restart: read where it can be, and small."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

import pytest

from bot.domain import RunStatus
from bot.monitoring.schedule import Ask, MailMemory
from tests.support.schedule_stage import (
    MAIL,
    MONDAY,
    a_run,
    a_schedule,
)


@pytest.mark.parametrize("memory", ["", "{}", "[]", "null", '{"v":0}', '{"v":1}', "\x00"])
def test_an_unreadable_memory_counts_as_none(memory: str) -> None:
    """Whatever the store held, the mail is watched."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY, memory=MailMemory(memory))
    assert schedule.next(MONDAY) == Ask(mail_id=MAIL)


def test_a_memory_from_before_failures_were_counted_is_read() -> None:
    """What an earlier version learned is not thrown away."""
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY)
    schedule.answered(Ask(mail_id=MAIL), a_run(MONDAY, RunStatus.SENT), MONDAY + timedelta(seconds=60))
    told = json.loads(schedule.memory(MAIL) or "")
    beliefs = told.pop("lasts")
    del told["failures"]
    schedule = a_schedule()
    schedule.watch(MAIL, MONDAY + timedelta(seconds=90), memory=MailMemory(json.dumps(told)))
    again = json.loads(schedule.memory(MAIL) or "")
    assert beliefs
    assert again == {**told, "failures": [0.0, 0.0, 0.0, 0.0, False], "lasts": []}


def test_a_memory_stays_small() -> None:
    """A quarter of hourly runs, some by hand, is remembered in a few thousand characters."""
    schedule, random = a_schedule(), Random(7)
    schedule.watch(MAIL, MONDAY)
    for hour in range(24 * 91):
        start = MONDAY + timedelta(hours=hour, seconds=random.randrange(9))
        if random.random() < 0.02:
            start += timedelta(minutes=random.randrange(50))
        answer = a_run(start, RunStatus.SENT, hour + 1)
        schedule.answered(Ask(mail_id=MAIL), answer, start + timedelta(seconds=60))
    assert len(schedule.memory(MAIL) or "") < 6000
