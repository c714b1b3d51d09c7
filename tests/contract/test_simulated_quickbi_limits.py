"""The documented limits, judged by arrival: one status call a second, one run, fifty of the others."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.quickbi import Limits, SimulatedQuickBI
from bot.sandbox.quickbi.limits import Limit
from tests.contract.caller import Caller, plain_http

if TYPE_CHECKING:
    from bot.sandbox.world import World


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def strict(rate: float) -> Limit:
    return Limit.at_rate(rate, tolerance=0.0)


@pytest.mark.parametrize(
    ("rate", "calls", "window"),
    [
        pytest.param(1.0, 1, 1.0, id="one a second"),
        pytest.param(50.0, 50, 1.0, id="fifty a second"),
        pytest.param(0.5, 1, 2.0, id="one every two seconds"),
        pytest.param(2.5, 2, 0.8, id="five in two seconds"),
    ],
)
def test_a_rate_is_whole_calls_in_a_window(rate: float, calls: int, window: float) -> None:
    """No rate is rounded up."""
    limit = strict(rate)
    assert limit.calls == calls
    assert limit.window == pytest.approx(window)


def test_the_tolerance_is_at_most_one_percent() -> None:
    """One call 0.989 s after another is over the limit; 0.991 s is not."""
    limit = Limits().limit("GetMailTaskStatus")
    assert limit.take(100.0) is None
    assert limit.take(100.989) == pytest.approx(0.011)
    assert limit.take(100.991) is None


def test_a_refused_call_does_not_count() -> None:
    """Who knocks too early does not shut the door for longer."""
    limit = strict(1.0)
    taken = [limit.take(100.0 + tenth / 10) is None for tenth in range(21)]
    assert [tenth for tenth, was_taken in enumerate(taken) if was_taken] == [0, 10, 20]


@given(
    st.floats(min_value=0.2, max_value=60.0),
    st.lists(st.floats(min_value=0.0, max_value=3.0), max_size=80),
)
def test_no_window_holds_more_than_its_calls(rate: float, gaps: list[float]) -> None:
    """Whatever the arrivals: the calls taken within any window are within the limit."""
    limit = strict(rate)
    arrived, taken = 0.0, []
    for gap in gaps:
        arrived += gap
        if limit.take(arrived) is None:
            taken.append(arrived)
    spans = [last - first for first, last in zip(taken, taken[limit.calls :], strict=False)]
    assert all(span >= limit.window - 1e-9 for span in spans)


@pytest.mark.parametrize("action", ["GetMailTaskStatus", "ManualRunMailTask"])
async def test_a_second_call_within_the_second_is_throttled(world: World, action: str) -> None:
    """HTTP 400 with `Throttling.User` and the milliseconds to wait; counted as a violation."""
    mails, ticks = world.add_mails(3), Ticks()
    async with (
        SimulatedQuickBI(world, monotonic=ticks) as quickbi,
        plain_http() as http,
    ):
        caller = Caller(quickbi=quickbi, http=http)
        first = await caller.call(action, MailId=mails[0].mail_id)
        ticks.now += 0.4
        second = await caller.call(action, MailId=mails[1].mail_id)
        ticks.now += int(second.headers["x-acs-retry-after"]) / 1000
        third = await caller.call(action, MailId=mails[2].mail_id)
    assert [answer.status_code for answer in (first, second, third)] == [200, 400, 200]
    assert second.json()["Code"] == "Throttling.User"
    assert second.headers["x-acs-retry-after"] in {"600", "601"}
    assert quickbi.ledger.violations == 1
    assert [call.over_limit for call in quickbi.ledger] == [False, True, False]
    assert quickbi.ledger.fullest(action) == 2


async def test_each_operation_has_its_own_limit(world: World) -> None:
    """A status call does not hold up a run or a list."""
    mail, ticks = world.add_mail("Sales"), Ticks()
    async with (
        SimulatedQuickBI(world, monotonic=ticks) as quickbi,
        plain_http() as http,
    ):
        caller = Caller(quickbi=quickbi, http=http)
        answers = [await caller.status(mail.mail_id), await caller.run(mail.mail_id)]
        answers += [await caller.call("GetMailTaskList") for _ in range(51)]
    assert [answer.status_code for answer in answers] == [200] * 52 + [400]


async def test_what_is_not_well_signed_does_not_use_up_the_limit(world: World) -> None:
    """Else a stranger could keep the account from being served."""
    mail, ticks = world.add_mail("Sales"), Ticks()
    async with (
        SimulatedQuickBI(world, monotonic=ticks) as quickbi,
        plain_http() as http,
    ):
        caller = Caller(quickbi=quickbi, http=http)
        await http.post(quickbi.endpoint, headers={"x-acs-action": "GetMailTaskStatus"})
        assert (await caller.status(mail.mail_id)).status_code == 200
    assert quickbi.ledger.violations == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a request arrived")
async def test_a_call_arrives_when_the_machine_has_it_not_when_somebody_has_time_for_it(
    quickbi: SimulatedQuickBI,
) -> None:
    """A loop that was busy for a while does not take the next call for a hasty one."""
    with socket.create_connection(("127.0.0.1", quickbi.port)) as connection:
        connection.sendall(
            b"POST /?Action=GetMailTaskStatus HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        )
        sent_at = time.monotonic()
        time.sleep(0.3)  # noqa: ASYNC251 (everybody is to wait)
        async with asyncio.timeout(10):
            while not len(quickbi.ledger):  # noqa: ASYNC110 (the ledger tells nobody)
                await asyncio.sleep(0.01)
    (call,) = quickbi.ledger.calls()
    assert abs(call.arrived - sent_at) < 0.1
