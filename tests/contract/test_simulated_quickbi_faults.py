"""Trouble with the whole service: each kind does what it says, for as long as it says, and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from bot.sandbox.quickbi import Mode, SimulatedQuickBI
from bot.sandbox.quickbi.faults import Faults

if TYPE_CHECKING:
    from bot.sandbox.world import World
    from tests.contract.caller import Caller


@pytest.mark.parametrize(
    ("mode", "status", "code"),
    [
        pytest.param(Mode.INTERNAL_ERROR, 500, "InternalError", id="internal error"),
        pytest.param(Mode.UNAVAILABLE, 503, "ServiceUnavailable", id="unavailable"),
        pytest.param(Mode.THROTTLED, 400, "Throttling.User", id="throttled"),
        pytest.param(Mode.KEY_REVOKED, 404, "InvalidAccessKeyId.NotFound", id="key revoked"),
        pytest.param(Mode.KEY_INACTIVE, 400, "InvalidAccessKeyId.Inactive", id="key inactive"),
        pytest.param(Mode.SECRET_CHANGED, 400, "SignatureDoesNotMatch", id="secret changed"),
        pytest.param(Mode.TOKEN_EXPIRED, 400, "InvalidSecurityToken.Expired", id="token expired"),
        pytest.param(Mode.NOT_PERMITTED, 403, "Forbidden.RAM", id="policy taken away"),
    ],
)
async def test_a_fault_that_answers_has_its_code(
    caller: Caller, world: World, mode: Mode, status: int, code: str
) -> None:
    """Until it is cleared; then all is well."""
    mail = world.add_mail("Sales")
    caller.quickbi.faults.add(mode)
    answers = [await caller.status(mail.mail_id) for _ in range(2)]
    assert [(answer.status_code, answer.json()["Code"]) for answer in answers] == [(status, code)] * 2
    caller.quickbi.faults.clear()
    assert (await caller.status(mail.mail_id)).status_code == 200


@pytest.mark.parametrize(("mode", "status"), [(Mode.GARBAGE, 200), (Mode.BAD_GATEWAY, 502)])
async def test_a_page_from_elsewhere_comes_instead_of_an_answer(
    caller: Caller, mode: Mode, status: int
) -> None:
    """HTML, not JSON."""
    caller.quickbi.faults.add(mode, times=1)
    answer = await caller.call("GetMailTaskList")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert (await caller.call("GetMailTaskList")).status_code == 200


async def test_while_it_is_down_connections_are_reset_and_nothing_is_done(
    caller: Caller, world: World
) -> None:
    """A run by hand does not start."""
    mail = world.add_mail("Sales")
    caller.quickbi.faults.add(Mode.DOWN)
    with pytest.raises(httpx.NetworkError):
        await caller.run(mail.mail_id)
    assert world.runs(mail.mail_id) == []
    assert caller.quickbi.ledger.count("ManualRunMailTask", "down") == 1


async def test_a_lost_reply_leaves_the_deed_done(caller: Caller, world: World) -> None:
    """The run has started, but nobody was told."""
    mail = world.add_mail("Sales")
    caller.quickbi.faults.add(Mode.LOSE_REPLY, action="ManualRunMailTask", times=1)
    assert (await caller.status(mail.mail_id)).status_code == 200
    with pytest.raises(httpx.NetworkError):
        await caller.run(mail.mail_id)
    assert [run.by_hand for run in world.runs(mail.mail_id)] == [True]


async def test_a_stopped_server_refuses_connections_and_comes_back_on_its_port(
    quickbi: SimulatedQuickBI, caller: Caller, world: World
) -> None:
    """With its ledger, its faults and its key as they were."""
    world.add_mail("Sales")
    await caller.call("GetMailTaskList")
    port = quickbi.port
    await quickbi.stop()
    with pytest.raises(httpx.ConnectError):
        await caller.call("GetMailTaskList")
    await quickbi.start(port=port)
    assert (await caller.call("GetMailTaskList")).status_code == 200
    assert quickbi.ledger.count("GetMailTaskList") == 2


async def test_a_slow_service_answers_in_the_end(caller: Caller) -> None:
    """Later than an impatient client waits, and right when one is patient."""
    caller.quickbi.faults.add(Mode.SLOW, seconds=0.2)
    impatient = httpx.Timeout(0.05)
    caller.http.timeout = impatient
    with pytest.raises(httpx.ReadTimeout):
        await caller.call("GetMailTaskList")
    caller.http.timeout = httpx.Timeout(5.0)
    assert (await caller.call("GetMailTaskList")).json()["Success"] is True


def test_a_fault_lasts_as_long_as_it_says() -> None:
    """Some calls, some seconds, one operation; and throttling says how long there is to wait."""
    now = [100.0]
    faults = Faults(lambda: now[0])
    faults.add(Mode.UNAVAILABLE, times=2)
    faults.add(Mode.THROTTLED, action="GetMailTaskStatus", lasting=60.0)
    struck = [tuple(fault.mode for fault in faults.strike("GetMailTaskList")) for _ in range(3)]
    assert struck == [(Mode.UNAVAILABLE,), (Mode.UNAVAILABLE,), ()]
    now[0] += 18.5
    (fault,) = faults.strike("GetMailTaskStatus")
    refusal = faults.refusal(fault)
    assert refusal is not None
    assert refusal.retry_after_ms == 41_501
    now[0] += 41.5
    assert faults.active() == ()


def test_one_kind_can_be_cleared_by_itself() -> None:
    """The others stay."""
    faults = Faults(lambda: 0.0)
    faults.add(Mode.SLOW, seconds=1.0)
    faults.add(Mode.GARBAGE)
    faults.clear(Mode.SLOW)
    assert [fault.mode for fault in faults.active()] == [Mode.GARBAGE]


@pytest.mark.parametrize("parameter", ["PageNum", "PageSize"])
@pytest.mark.parametrize("value", ["0", "-1", "many"])
async def test_a_page_that_makes_no_sense_is_refused_by_its_parameter(
    caller: Caller, parameter: str, value: str
) -> None:
    """The message names the parameter that was wrong, not the other one."""
    answer = await caller.call("GetMailTaskList", **{parameter: value})
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidParameter")
    assert parameter in answer.json()["Message"]
