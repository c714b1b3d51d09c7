"""The client against the simulated Quick BI, which checks signatures, nonces, dates and limits by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.domain import (
    AccessForbidden,
    CredentialsProblem,
    CredentialsRejected,
    Mail,
    MailId,
    MailMisconfigured,
    MailNotFound,
    MissingAccess,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    RunStatus,
    TaskId,
    Throttled,
    UnknownRefusal,
)
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, StaticCredentials
from bot.sandbox.quickbi import Limits, Mode, SimulatedQuickBI
from bot.sandbox.world import World, demo_world
from tests.support.secrets import ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN, assert_no_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNLIMITED = Limits(status=1e6, run=1e6, others=1e6)
SHORT = httpx.Timeout(1.0)
SLOW = 2.0  # seconds that the slow mail takes: longer than SHORT


@pytest.fixture
async def quickbi() -> AsyncIterator[SimulatedQuickBI]:
    async with SimulatedQuickBI(
        demo_world(storm=3),
        access_key_id=ACCESS_KEY_ID,
        access_key_secret=ACCESS_KEY_SECRET,
        security_token=SECURITY_TOKEN,
        limits=UNLIMITED,
        slow_seconds=SLOW,
    ) as simulated:
        yield simulated


@pytest.fixture
async def client(quickbi: SimulatedQuickBI) -> AsyncIterator[QuickBIClient]:
    async with client_of(quickbi) as ours:
        yield ours


def client_of(
    quickbi: SimulatedQuickBI,
    *,
    access_key_id: str = ACCESS_KEY_ID,
    access_key_secret: str = ACCESS_KEY_SECRET,
    security_token: str = SECURITY_TOKEN,
    status_sent: Callable[[], None] = lambda: None,
) -> QuickBIClient:
    credentials = Credentials(
        access_key_id=access_key_id, access_key_secret=access_key_secret, security_token=security_token
    )
    return QuickBIClient(
        endpoint=quickbi.endpoint,
        credentials=StaticCredentials(credentials),
        timezone=SHANGHAI,
        time_limits=SHORT,
        status_sent=status_sent,
    )


def named(quickbi: SimulatedQuickBI, name: str) -> MailId:
    return MailId(quickbi.world.named(name).mail_id)


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("Daily Sales", [RunStatus.SENT]),
        ("Weekly Ops", [RunStatus.FAILED]),
        ("Stock Levels", [RunStatus.PROCESSING]),
        ("Month-end Close", [RunStatus.PROCESSING]),
        ("Fleet Mileage", [RunStatus.UNKNOWN]),
        ("New Joiners", []),
        ("Warehouse Handover", [RunStatus.SENT, RunStatus.FAILED, RunStatus.SENT]),
        ("Supplier Scorecard", [RunStatus.SENT]),
        ("Odd answer: result null", []),
        ("Odd answer: task id text", [RunStatus.SENT]),
        ("Odd answer: task id zero", [RunStatus.SENT]),
        ("Odd answer: extra fields", [RunStatus.SENT]),
        ("Odd answer: exec time odd", [RunStatus.SENT]),
    ],
)
async def test_a_mail_that_can_be_read(
    quickbi: SimulatedQuickBI, client: QuickBIClient, name: str, statuses: list[RunStatus]
) -> None:
    """Each mail of the cast is told as it is."""
    told = await client.get_task_status(named(quickbi, name))
    assert [run.status for run in told.runs] == statuses
    assert told.request_id


@pytest.mark.parametrize(
    ("name", "error", "particulars"),
    [
        ("Salaries", AccessForbidden, {"missing": MissingAccess.MAIL}),
        ("Retired Report", MailNotFound, {}),
        ("Re: ${subject}", MailMisconfigured, {}),
        ("Lost ID", MailNotFound, {}),
        ("Board Pack (edition)", AccessForbidden, {"missing": MissingAccess.API_USER}),
        ("Board Pack (admin)", AccessForbidden, {"missing": MissingAccess.API_USER}),
        ("Board Pack (stranger)", AccessForbidden, {"missing": MissingAccess.ORGANISATION}),
        ("RAM Policy", AccessForbidden, {"missing": MissingAccess.RAM_ACTION, "action": "GetMailTaskStatus"}),
        ("RAM Policy (old words)", AccessForbidden, {"missing": MissingAccess.RAM_ACTION}),
        ("Wrong Key", CredentialsRejected, {"problem": CredentialsProblem.KEY_UNKNOWN}),
        ("Sleeping Key", CredentialsRejected, {"problem": CredentialsProblem.KEY_INACTIVE}),
        ("Wrong Secret", CredentialsRejected, {"problem": CredentialsProblem.SECRET_WRONG}),
        ("Wrong Clock", CredentialsRejected, {"problem": CredentialsProblem.CLOCK_OFF}),
        ("Old Token", CredentialsRejected, {"problem": CredentialsProblem.TOKEN_EXPIRED}),
        ("Crowded", Throttled, {"retry_after": None}),
        ("Crowded (API)", Throttled, {}),
        ("Broken Engine", QuickBIUnavailable, {"outcome_unknown": True}),
        ("Engine Offline", QuickBIUnavailable, {}),
        ("Attachment Quota", UnknownRefusal, {}),
        ("Odd answer: html page", ProtocolError, {}),
        ("Odd answer: bad gateway", QuickBIUnavailable, {}),
        ("Odd answer: empty body", ProtocolError, {}),
        ("Odd answer: broken json", ProtocolError, {}),
        ("Odd answer: not an object", ProtocolError, {}),
        ("Odd answer: no result", ProtocolError, {}),
        ("Odd answer: result object", ProtocolError, {}),
        ("Odd answer: result text", ProtocolError, {}),
        ("Odd answer: wrong types", ProtocolError, {}),
        ("Odd answer: success false", AccessForbidden, {"missing": MissingAccess.MAIL}),
        ("Odd answer: success false bare", ProtocolError, {}),
        ("Odd answer: redirect", ProtocolError, {}),
        ("Odd answer: cut short", QuickBIUnavailable, {"outcome_unknown": True}),
        ("Odd answer: dropped", QuickBIUnavailable, {"outcome_unknown": True}),
        ("Odd answer: slow", QuickBIUnavailable, {"outcome_unknown": True}),
    ],
)
async def test_a_mail_that_cannot(
    quickbi: SimulatedQuickBI,
    client: QuickBIClient,
    name: str,
    *,
    error: type[QuickBIError],
    particulars: dict[str, object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each refusal and malformed answer of the cast is the error that says what can be done about it."""
    with pytest.raises(error) as caught:
        await client.get_task_status(named(quickbi, name))
    assert {key: getattr(caught.value, key) for key in particulars} == particulars
    assert_no_secrets(caught.value, caplog=caplog)


async def test_every_mail_of_the_cast_has_an_outcome(
    quickbi: SimulatedQuickBI, client: QuickBIClient
) -> None:
    """A mail that joins the cast is told, or is one of the named errors."""
    for mail in quickbi.world.mails():
        if mail.name != "Odd answer: slow":
            try:
                await client.get_task_status(MailId(mail.mail_id))
            except QuickBIError:
                continue


async def test_a_run_by_its_task_id(quickbi: SimulatedQuickBI, client: QuickBIClient) -> None:
    """The run of before last is told by its own ID, to the last digit, at the time that it began."""
    mail_id = named(quickbi, "Weekly Ops")
    latest, before = quickbi.world.runs(mail_id)[:2]
    [told] = (await client.get_task_status(mail_id, TaskId(before.task_id))).runs
    assert (told.task_id, told.exec_at) == (before.task_id, before.exec_at.replace(microsecond=0))
    assert before.task_id != latest.task_id


async def test_the_whole_list(quickbi: SimulatedQuickBI, client: QuickBIClient) -> None:
    """Page by page, every mail that the caller may see comes once, with its name, owner and pause."""
    found: dict[MailId, Mail] = {}
    page: int | None = 1
    while page is not None:
        told = await client.list_mails(page=page, page_size=7)
        found |= {mail.mail_id: mail for mail in told.mails}
        page = told.next_page
    there = [mail for mail in quickbi.world.mails() if mail.permitted]
    assert [(mail.mail_id, mail.name, mail.owner_name, mail.paused) for mail in found.values()] == [
        (mail.mail_id, mail.name, mail.owner_name, mail.paused) for mail in there
    ]
    assert told.total == len(there)


async def test_a_mail_is_run_by_hand(quickbi: SimulatedQuickBI, client: QuickBIClient) -> None:
    """Once asked, once run; a second time it is running already."""
    mail_id = named(quickbi, "Daily Sales")
    assert await client.run_mail(mail_id)
    with pytest.raises(RunRefused) as refused:
        await client.run_mail(mail_id)
    assert refused.value.why is RunRefusal.ALREADY_RUNNING


async def test_too_many_runs_by_hand(quickbi: SimulatedQuickBI, client: QuickBIClient) -> None:
    """When it may be tried again is told in seconds."""
    with pytest.raises(RunRefused) as refused:
        await client.run_mail(named(quickbi, "Eager Reader"))
    assert (refused.value.why, refused.value.retry_after) == (RunRefusal.TOO_OFTEN, 300.0)


async def test_a_run_whose_answer_is_lost_is_not_asked_for_twice(
    quickbi: SimulatedQuickBI, client: QuickBIClient
) -> None:
    """The mail ran; nobody knows; nothing is repeated."""
    quickbi.faults.add(Mode.LOSE_REPLY)
    with pytest.raises(QuickBIUnavailable) as lost:
        await client.run_mail(named(quickbi, "Daily Sales"))
    assert lost.value.outcome_unknown
    assert len(quickbi.ledger.calls("ManualRunMailTask")) == 1


@pytest.mark.parametrize(
    "mode", [Mode.DOWN, Mode.LOSE_REPLY, Mode.INTERNAL_ERROR, Mode.UNAVAILABLE, Mode.BAD_GATEWAY]
)
async def test_a_passing_failure_passes(quickbi: SimulatedQuickBI, client: QuickBIClient, mode: Mode) -> None:
    """The second attempt succeeds, under a nonce and date that the service has not seen."""
    quickbi.faults.add(mode, times=1)
    told = await client.get_task_status(named(quickbi, "Daily Sales"), attempts=3)
    assert told.latest is not None
    assert len(quickbi.ledger.calls("GetMailTaskStatus")) == 2


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"access_key_id": "LTAIwrong"}, CredentialsProblem.KEY_UNKNOWN),
        ({"access_key_secret": "wrong"}, CredentialsProblem.SECRET_WRONG),
    ],
)
async def test_wrong_credentials(
    quickbi: SimulatedQuickBI, changed: dict[str, Any], problem: CredentialsProblem
) -> None:
    """The service refuses them by itself, and says which part is wrong."""
    async with client_of(quickbi, **changed) as client:
        with pytest.raises(CredentialsRejected) as rejected:
            await client.get_task_status(named(quickbi, "Daily Sales"))
    assert rejected.value.problem is problem


@pytest.mark.parametrize("skew", [-1200.0, 1200.0])
async def test_a_clock_that_is_off(quickbi: SimulatedQuickBI, client: QuickBIClient, skew: float) -> None:
    """Calls are refused for their date, and the offset tells by how much."""
    quickbi.faults.add(Mode.CLOCK_SKEW, seconds=skew)
    with pytest.raises(CredentialsRejected) as rejected:
        await client.get_task_status(named(quickbi, "Daily Sales"))
    assert rejected.value.problem is CredentialsProblem.CLOCK_OFF
    before = len(quickbi.ledger.calls("GetMailTaskStatus"))
    offset = await client.server_time_offset()
    assert abs(offset - timedelta(seconds=skew)) < timedelta(seconds=2)
    assert len(quickbi.ledger.calls("GetMailTaskStatus")) == before, "the limit is not spent on the clock"


async def test_each_status_call_is_heard_of_as_it_is_sent(quickbi: SimulatedQuickBI) -> None:
    """Over a new connection and over a kept one, each attempt once and before its answer; other calls are not."""
    sent: list[int] = []
    calls = quickbi.ledger.calls
    mail_id = named(quickbi, "Daily Sales")
    async with client_of(quickbi, status_sent=lambda: sent.append(len(calls("GetMailTaskStatus")))) as client:
        await client.list_mails()
        await client.get_task_status(mail_id)
        await client.get_task_status(mail_id)
        quickbi.faults.add(Mode.UNAVAILABLE, action="GetMailTaskStatus", times=1)
        await client.get_task_status(mail_id, attempts=2)
    assert sent == [0, 1, 2, 3]


async def test_the_documented_limit_is_met_by_waiting() -> None:
    """Refused for pace, the client waits as long as it is told and then gets its answer."""
    world = World()
    mail_id = MailId(world.add_mail("Daily Sales").mail_id)
    async with asyncio.timeout(20), SimulatedQuickBI(world) as quickbi:
        async with client_of(
            quickbi,
            access_key_id=quickbi.access_key_id,
            access_key_secret=quickbi.access_key_secret,
            security_token="",
        ) as client:
            await client.get_task_status(mail_id)
            await client.get_task_status(mail_id, attempts=2)
        assert [call.outcome for call in quickbi.ledger.calls()] == ["OK", "Throttling.User", "OK"]


@pytest.mark.parametrize("mail_id", ["a b+c/d=e~f*g%h&i?j#k", "%41", "line\nbreak", "周报 é 😀", "'\"`<>"])
async def test_an_odd_mail_id_reaches_the_service_as_it_is(
    quickbi: SimulatedQuickBI, client: QuickBIClient, mail_id: str
) -> None:
    """The signature holds, and the service reads the characters that were typed."""
    with pytest.raises(MailNotFound):
        await client.get_task_status(MailId(mail_id))
    [call] = quickbi.ledger.calls("GetMailTaskStatus")
    assert call.mail_id == mail_id
