"""The vendor's own SDK, sync and async, gets right answers from the simulated Quick BI."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from alibabacloud_quickbi_public20220101 import models
from alibabacloud_quickbi_public20220101.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config

from bot.sandbox.quickbi import Limits, SimulatedQuickBI
from bot.sandbox.world import Refusal, Status, World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.stepped_clock import SteppedClock

    Ask = Callable[[SimulatedQuickBI, str, Any], Awaitable[Any]]

ODD_IDS = (
    "2342526",
    "with space",
    "a+b&c=d/e?f#g%h",
    "%41%2F %",
    "~*'()!",
    "测试邮件 é",
    "tab\tand\nnewline",
)


def client(quickbi: SimulatedQuickBI, **changes: str) -> Client:
    """With explicit keys: its default chain of credentials would ask the cloud."""
    return Client(
        Config(
            endpoint=quickbi.endpoint.removeprefix("http://"),
            protocol="http",
            region_id="cn-hangzhou",
            **{
                "access_key_id": quickbi.access_key_id,
                "access_key_secret": quickbi.access_key_secret,
                "security_token": quickbi.security_token,
                **changes,
            },
        )
    )


async def ask_sync(quickbi: SimulatedQuickBI, operation: str, request: Any, **changes: str) -> Any:
    response = await asyncio.to_thread(getattr(client(quickbi, **changes), operation), request)
    return response.body.to_map()


async def ask_async(quickbi: SimulatedQuickBI, operation: str, request: Any, **changes: str) -> Any:
    response = await getattr(client(quickbi, **changes), f"{operation}_async")(request)
    return response.body.to_map()


both = pytest.mark.parametrize(
    "ask", [pytest.param(ask_sync, id="sync"), pytest.param(ask_async, id="async")]
)


@both
async def test_the_latest_run_is_told(quickbi: SimulatedQuickBI, world: World, ask: Ask) -> None:
    """Its time in the world's zone, its 19 digits whole, its status as it is now."""
    mail = world.add_mail("Sales")
    run = world.run_now(mail.mail_id, started_ago=timedelta(hours=1), outcome=Status.FAILED)
    body = await ask(quickbi, "get_mail_task_status", models.GetMailTaskStatusRequest(mail_id=mail.mail_id))
    assert body["Success"] is True
    assert body["Result"] == [
        {
            "execTime": "2026-01-05 16:00:00",
            "mailId": mail.mail_id,
            "status": "FAILED",
            "taskId": run.task_id,
        }
    ]


@both
async def test_a_run_is_told_by_its_task_id(quickbi: SimulatedQuickBI, world: World, ask: Ask) -> None:
    """Though a newer one began; of an ID that is not known the Result is empty."""
    mail = world.add_mail("Sales")
    older = world.run_now(mail.mail_id, started_ago=timedelta(hours=2), hangs=True)
    world.run_now(mail.mail_id, started_ago=timedelta(hours=1))
    for task_id, expected in ((older.task_id, ["PROCESSING"]), (7, [])):
        request = models.GetMailTaskStatusRequest(mail_id=mail.mail_id, task_id=task_id)
        body = await ask(quickbi, "get_mail_task_status", request)
        assert [run["status"] for run in body["Result"]] == expected


@both
@pytest.mark.parametrize("mail_id", ODD_IDS)
async def test_odd_characters_arrive_as_they_were_meant(
    quickbi: SimulatedQuickBI, world: World, ask: Ask, mail_id: str
) -> None:
    """Signed, sent, decoded and found."""
    world.add_mail("Odd", mail_id=mail_id)
    world.run_now(mail_id, takes=timedelta(0))
    body = await ask(quickbi, "get_mail_task_status", models.GetMailTaskStatusRequest(mail_id=mail_id))
    assert body["Result"][0]["mailId"] == mail_id


@both
async def test_a_temporary_token_is_accepted(world: World, ask: Ask) -> None:
    """Signed along by the SDK."""
    async with SimulatedQuickBI(world, security_token="CAIS/token+1==") as quickbi:
        body = await ask(quickbi, "get_mail_task_list", models.GetMailTaskListRequest())
        assert body["Success"] is True


@both
async def test_the_list_is_read_page_by_page(quickbi: SimulatedQuickBI, world: World, ask: Ask) -> None:
    """25 a page unless asked otherwise; `Next` leads to the last page and is 0 there."""
    world.add_mails(60)
    names, page, sizes = [], 1, []
    while page:
        request = models.GetMailTaskListRequest(page_num=page)
        result = (await ask(quickbi, "get_mail_task_list", request))["Result"]
        assert (result["TotalNum"], result["TotalPages"], result["PageNum"]) == (60, 3, page)
        names += [mail["SubscribeName"] for mail in result["Data"]]
        sizes.append(len(result["Data"]))
        page = result["Next"]
    assert sizes == [25, 25, 10]
    assert names == [f"Store {number:03}" for number in range(1, 61)]


@both
async def test_the_list_is_filtered(quickbi: SimulatedQuickBI, world: World, ask: Ask) -> None:
    """By `Paused` (the SDK writes `True` and `False`) and by the owner; what is forbidden is not in it."""
    world.add_mail("Running", owner_name="测试 a")
    world.add_mail("Resting", paused=True)
    world.add_mail("Secret", permitted=False)

    async def names(**wish: Any) -> list[str]:
        request = models.GetMailTaskListRequest(page_num=1, page_size=100, **wish)
        result = (await ask(quickbi, "get_mail_task_list", request))["Result"]
        return [mail["SubscribeName"] for mail in result["Data"]]

    assert await names() == ["Running", "Resting"]
    assert await names(paused=True) == ["Resting"]
    assert await names(paused=False) == ["Running"]
    assert await names(user_nick="测试 a") == ["Running"]


@both
async def test_a_run_by_hand_starts_and_is_refused_while_it_goes_on(
    quickbi: SimulatedQuickBI, world: World, ask: Ask
) -> None:
    """It answers yes without a task ID; then `MailTask.Already.Running`."""
    mail = world.add_mail("Sales")
    request = models.ManualRunMailTaskRequest(mail_id=mail.mail_id)
    body = await ask(quickbi, "manual_run_mail_task", request)
    assert (body["Result"], body["Success"]) == (True, True)
    assert [run.by_hand for run in world.runs(mail.mail_id)] == [True]
    with pytest.raises(AlibabaCloudException) as refused:
        await ask(quickbi, "manual_run_mail_task", request)
    assert refused.value.code == "MailTask.Already.Running"


@both
async def test_a_refusal_is_raised_with_its_code(quickbi: SimulatedQuickBI, world: World, ask: Ask) -> None:
    """A mail that is not there, one that is forbidden, one that has a trouble of its own, none at all."""
    forbidden = world.add_mail("Salaries", permitted=False)
    broken = world.add_mail("Broken", on_status=Refusal(code="Odd.Code", message="Odd.", status=418))
    for mail_id, code, status in (
        ("no-such-mail", "Mail.Not.Found", 400),
        (forbidden.mail_id, "Mail.Forbidden.Access", 400),
        (broken.mail_id, "Odd.Code", 418),
        ("", "MailId.Is.Null", 400),
    ):
        request = models.GetMailTaskStatusRequest(mail_id=mail_id)
        with pytest.raises(AlibabaCloudException) as refused:
            await ask(quickbi, "get_mail_task_status", request)
        assert (refused.value.code, refused.value.status_code) == (code, status)


@both
async def test_wrong_keys_are_refused(quickbi: SimulatedQuickBI, ask: Callable[..., Any]) -> None:
    """The key's name and the key's secret, each with its own code."""
    for changes, code in (
        ({"access_key_id": "LTAInobody"}, "InvalidAccessKeyId.NotFound"),
        ({"access_key_secret": "wrong"}, "SignatureDoesNotMatch"),
    ):
        with pytest.raises(AlibabaCloudException) as refused:
            await ask(quickbi, "get_mail_task_list", models.GetMailTaskListRequest(), **changes)
        assert refused.value.code == code


@both
async def test_the_limit_is_raised_as_throttling(world: World, ask: Ask) -> None:
    """The second call within the second."""
    mail = world.add_mail("Sales")
    request = models.GetMailTaskStatusRequest(mail_id=mail.mail_id)
    async with SimulatedQuickBI(world, limits=Limits(status=0.01)) as quickbi:
        await ask(quickbi, "get_mail_task_status", request)
        with pytest.raises(AlibabaCloudException) as refused:
            await ask(quickbi, "get_mail_task_status", request)
        assert (refused.value.code, refused.value.status_code) == ("Throttling.User", 400)


async def test_a_status_is_live(quickbi: SimulatedQuickBI, world: World, world_clock: SteppedClock) -> None:
    """PROCESSING, FAILED, and SENT after all, for one and the same run."""
    mail = world.add_mail("Sales")
    world.run_now(mail.mail_id, takes=timedelta(minutes=1), outcome=Status.FAILED)
    request = models.GetMailTaskStatusRequest(mail_id=mail.mail_id)

    async def word() -> str:
        body = await ask_async(quickbi, "get_mail_task_status", request)
        return str(body["Result"][0]["status"])

    seen = [await word()]
    world_clock.advance(timedelta(minutes=1))
    seen.append(await word())
    world.revise(mail.mail_id, Status.SENT)
    seen.append(await word())
    assert seen == ["PROCESSING", "FAILED", "SENT"]
