"""Which run is which, also where Quick BI leaves something out."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import RunStatus, StatusAnswer
from tests.support.sample_values import answer, at, run

ONE = run(2, RunStatus.SENT)


def test_a_run_is_known_by_its_task_or_else_by_its_time() -> None:
    assert ONE.key == "2"
    assert replace(ONE, task_id=None).key == at(2).isoformat()
    assert replace(ONE, task_id=None, exec_at=None).key == "?"


def test_the_first_run_of_an_answer_is_the_latest() -> None:
    """There need be none."""
    assert answer(ONE, run(1, RunStatus.SENT)).latest == ONE
    assert StatusAnswer(runs=(), request_id="").latest is None
