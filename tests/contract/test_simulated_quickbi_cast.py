"""The sandbox's cast: a mail for every state, refusal and odd answer, each showing what it says it shows."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.sandbox.quickbi import SimulatedQuickBI
from bot.sandbox.world import Group, Malformed, RunQuirk, World, demo_world
from tests.contract.conftest import WITHOUT_LIMITS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.world import Mail
    from tests.contract.caller import Caller
    from tests.support.stepped_clock import SteppedClock

# Every row of the table of errors, by the code under which it is looked for.
DOCUMENTED = {
    "Mail.Forbidden.Access",
    "Mail.Not.Found",
    "Mail.Subject.Error",
    "MailId.Is.Null",
    "Access.Forbidden",
    "400",
    "Forbidden.RAM",
    "NoPermission",
    "InvalidAccessKeyId.NotFound",
    "InvalidAccessKeyId.Inactive",
    "SignatureDoesNotMatch",
    "InvalidTimeStamp.Expired",
    "InvalidSecurityToken.Expired",
    "Throttling",
    "Throttling.User",
    "Throttling.Api",
    "InternalError",
    "ServiceUnavailable",
}
DOCUMENTED_FOR_RUNS = {"MailTask.Already.Running", "MailApi.Beyond.ScheduleLimit", "Timer.Schedule.Task"}


@pytest.fixture
def world(world_clock: SteppedClock) -> World:
    """The demo, on a clock that stands still."""
    return demo_world(clock=world_clock)


@pytest.fixture
async def quickbi(world: World) -> AsyncIterator[SimulatedQuickBI]:
    async with SimulatedQuickBI(world, limits=WITHOUT_LIMITS, slow_seconds=30.0) as quickbi:
        yield quickbi


def statuses(answer: httpx.Response) -> list[str]:
    return [run["status"] for run in answer.json()["Result"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Daily Sales", ["SENT"], id="sent"),
        pytest.param("Weekly Ops", ["FAILED"], id="failed"),
        pytest.param("Stock Levels", ["PROCESSING"], id="processing"),
        pytest.param("Month-end Close", ["PROCESSING"], id="stuck"),
        pytest.param("New Joiners", [], id="never ran"),
        pytest.param("Warehouse Handover", ["SENT", "FAILED", "SENT"], id="several runs"),
        pytest.param("Fleet Mileage", ["QUEUED"], id="unknown word"),
        pytest.param("Margins *Q3* <!channel> & <b>EMEA</b>", ["SENT"], id="odd name"),
        pytest.param("销售日报（华东）", ["SENT"], id="chinese name"),
    ],
)
async def test_there_is_a_mail_for_every_state(
    caller: Caller, world: World, name: str, expected: list[str]
) -> None:
    """Asked over HTTP."""
    assert statuses(await caller.status(world.named(name).mail_id)) == expected


def test_the_stuck_mail_is_stuck_and_the_processing_one_is_not(
    world: World, world_clock: SteppedClock
) -> None:
    """Whenever someone looks within a day."""
    for _ in range(200):
        world_clock.advance(timedelta(minutes=7))
        for name, is_stuck in (("Month-end Close", True), ("Stock Levels", False)):
            run = world.latest(world.named(name).mail_id)
            assert run is not None
            assert run.status_at(world.now) == "PROCESSING"
            assert (world.now - run.exec_at > timedelta(minutes=15)) is is_stuck


async def test_there_is_a_mail_for_every_documented_error(caller: Caller, world: World) -> None:
    """Asked for its status, it is refused with that code; both wordings of the code-less one are there."""
    refused = [await caller.status(mail.mail_id) for mail in world.mails(Group.REFUSALS)]
    bodies = [answer.json() for answer in refused if answer.status_code != 200]
    codes = {body["Code"] for body in bodies}
    assert codes - DOCUMENTED == {"Mail.Attachment.Quota.Exceeded"}
    assert DOCUMENTED - codes == set()
    words = {body["Message"] for body in bodies if body["Code"] == "400"}
    assert len(words) == 2
    assert all(body["Recommend"].startswith("https://") for body in bodies)


async def test_there_is_a_mail_for_every_refusal_of_a_run_by_hand(caller: Caller, world: World) -> None:
    """And one that says no without a reason, and one that starts without a word."""
    answers = {}
    for mail in world.mails(Group.REFUSALS):
        if mail.on_run is not None and mail.on_run is not RunQuirk.REPLY_LOST:
            answers[mail.name] = (await caller.run(mail.mail_id)).json()
    codes = {body["Code"] for body in answers.values() if "Code" in body}
    assert codes == DOCUMENTED_FOR_RUNS
    assert answers["Stubborn"]["Result"] is False
    lost = world.named("Lost Word")
    with pytest.raises(httpx.NetworkError):
        await caller.run(lost.mail_id)
    assert lost.is_running(world.now)


def find(world: World, shape: Malformed) -> Mail:
    return next(mail for mail in world.mails(Group.MALFORMED) if mail.on_status is shape)


RUN = {
    "execTime": "2026-01-05 15:00:00",
    "status": "SENT",
}


@pytest.mark.parametrize(
    ("shape", "status", "expected"),
    [
        pytest.param(Malformed.NO_RESULT, 200, {"Success": True}, id="no result"),
        pytest.param(Malformed.RESULT_NULL, 200, {"Success": True, "Result": None}, id="null"),
        pytest.param(Malformed.RESULT_TEXT, 200, {"Success": True, "Result": "SENT"}, id="text"),
        pytest.param(Malformed.SUCCESS_FALSE_BARE, 200, {"Success": False}, id="false, bare"),
    ],
)
async def test_a_malformed_envelope_is_what_it_says(
    caller: Caller, world: World, shape: Malformed, status: int, expected: dict[str, Any]
) -> None:
    """Besides the request ID there is nothing more."""
    answer = await caller.status(find(world, shape).mail_id)
    body = answer.json()
    assert body.pop("RequestId")
    assert (answer.status_code, body) == (status, expected)


@pytest.mark.parametrize(
    ("shape", "changed"),
    [
        pytest.param(Malformed.TASK_ID_ZERO, {"taskId": 0}, id="task id zero"),
        pytest.param(Malformed.EXEC_TIME_ODD, {"execTime": "yesterday evening"}, id="odd time"),
        pytest.param(
            Malformed.EXTRA_FIELDS,
            {"retryCount": 2, "receivers": [{"name": "Ada"}], "traceId": None},
            id="extra fields",
        ),
    ],
)
async def test_an_odd_run_is_odd_in_one_way(
    caller: Caller, world: World, shape: Malformed, changed: dict[str, Any]
) -> None:
    """The rest of it is as it should be."""
    mail = find(world, shape)
    run = world.latest(mail.mail_id)
    assert run is not None
    (told,) = (await caller.status(mail.mail_id)).json()["Result"]
    assert told == {**RUN, "mailId": mail.mail_id, "taskId": run.task_id, **changed}


async def test_odd_types_and_shapes_of_the_result(caller: Caller, world: World) -> None:
    """A task ID as text, an object for a list, every type wrong."""
    as_text = (await caller.status(find(world, Malformed.TASK_ID_TEXT).mail_id)).json()
    assert isinstance(as_text["Result"][0]["taskId"], str)
    as_object = (await caller.status(find(world, Malformed.RESULT_OBJECT).mail_id)).json()
    assert as_object["Result"]["status"] == "SENT"
    wrong = (await caller.status(find(world, Malformed.WRONG_TYPES).mail_id)).json()
    assert [type(value) for value in wrong["Result"][0].values()] == [int, int, int, dict]


async def test_success_false_with_a_code_comes_under_http_200(caller: Caller, world: World) -> None:
    """Who looks at the status alone takes it for an answer."""
    answer = await caller.status(find(world, Malformed.SUCCESS_FALSE).mail_id)
    body = answer.json()
    assert (answer.status_code, body["Success"], body["Code"]) == (200, False, "Mail.Forbidden.Access")


@pytest.mark.parametrize(
    ("shape", "status", "content_type"),
    [
        pytest.param(Malformed.HTML_PAGE, 200, "text/html;charset=utf-8", id="login page"),
        pytest.param(Malformed.BAD_GATEWAY, 502, "text/html;charset=utf-8", id="bad gateway"),
        pytest.param(Malformed.REDIRECT, 302, "text/html;charset=utf-8", id="redirect"),
        pytest.param(Malformed.EMPTY_BODY, 200, "application/json;charset=utf-8", id="empty"),
        pytest.param(Malformed.BROKEN_JSON, 200, "application/json;charset=utf-8", id="broken"),
    ],
)
async def test_what_is_no_json_at_all(
    caller: Caller, world: World, shape: Malformed, status: int, content_type: str
) -> None:
    """Under the status and type that a proxy would send it with."""
    answer = await caller.status(find(world, shape).mail_id)
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        pytest.param(Malformed.DROPPED, httpx.NetworkError, id="without an answer"),
        pytest.param(Malformed.CUT_SHORT, httpx.TransportError, id="in the middle of it"),
    ],
)
async def test_connections_break(
    caller: Caller, world: World, shape: Malformed, error: type[Exception]
) -> None:
    """And the next call finds the service well."""
    with pytest.raises(error):
        await caller.status(find(world, shape).mail_id)
    assert (await caller.status(world.named("Daily Sales").mail_id)).status_code == 200


async def test_the_slow_mail_outlasts_patience_and_does_not_hold_up_the_end(
    caller: Caller, world: World
) -> None:
    """A client that gives up is not waited for when the server stops."""
    caller.http.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        await caller.status(find(world, Malformed.SLOW).mail_id)
    async with asyncio.timeout(5.0):
        await caller.quickbi.stop()


def test_everyone_in_the_cast_says_what_it_shows(world: World) -> None:
    """A sentence, a name and an ID of its own; every odd answer there is has a mail."""
    mails = world.mails()
    assert all(mail.shows.endswith((".", "look.")) and mail.owner_name for mail in mails)
    assert len({mail.mail_id for mail in mails}) == len(mails)
    assert len({mail.name for mail in mails}) == len(mails)
    assert {mail.on_status for mail in world.mails(Group.MALFORMED)} == set(Malformed)


def test_the_cast_is_the_same_each_time(world_clock: SteppedClock) -> None:
    """So that IDs in a document or a bookmark stay right."""
    first, second = demo_world(clock=world_clock), demo_world(clock=world_clock)
    assert [(m.mail_id, m.name) for m in first.mails()] == [(m.mail_id, m.name) for m in second.mails()]


async def test_what_may_be_seen_is_listed(caller: Caller, world: World) -> None:
    """Everyone but the forbidden one; a storm of a hundred among them."""
    listed = (await caller.call("GetMailTaskList", PageSize="1000")).json()["Result"]["Data"]
    assert {mail["SubscribeName"] for mail in listed} == {
        mail.name for mail in world.mails() if mail.name != "Salaries"
    }
    assert len(world.mails(Group.STORM)) == 100
    assert [mail["SubscribeName"] for mail in listed if mail["Paused"]] == ["Old Price List"]


def test_something_happens_every_few_minutes(world: World, world_clock: SteppedClock) -> None:
    """Runs of a dozen lively mails; within an hour some fail, some mend, and no three minutes pass idle."""
    lively = world.mails(Group.LIVELY)
    assert len(lively) == 12
    opened = world.now
    world_clock.advance(timedelta(hours=1))
    runs = sorted(
        (run for mail in lively for run in world.runs(mail.mail_id) if run.exec_at > opened),
        key=lambda run: run.exec_at,
    )
    gaps = [later.exec_at - earlier.exec_at for earlier, later in pairwise(runs)]
    assert max(gaps) < timedelta(minutes=3)
    assert 10 < sum(run.outcome == "FAILED" for run in runs) < 60
    assert any(run.revised_to == "SENT" for run in runs)
    assert len({run.task_id for run in runs}) == len(runs) > 100


def test_every_lively_mail_has_run_before_the_sandbox_opens(world: World) -> None:
    """Nobody's history begins empty, and each will run again within half an hour or so."""
    for mail in world.mails(Group.LIVELY):
        assert world.latest(mail.mail_id) is not None
        following = mail.next_start(world.now)
        assert following is not None
        assert following - world.now < timedelta(minutes=80)
