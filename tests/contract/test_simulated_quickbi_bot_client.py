"""The bot's own client, over real HTTP: every mail of the cast has the outcome that the bot knows for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bot.domain import (
    AccessForbidden,
    CredentialsRejected,
    MailId,
    MailMisconfigured,
    MailNotFound,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    StatusAnswer,
    TaskId,
    Throttled,
    UnknownRefusal,
)
from bot.quickbi.client import QuickBIClient
from bot.quickbi.credentials import Credentials, StaticCredentials
from bot.sandbox.quickbi import Mode, SimulatedQuickBI
from bot.sandbox.world import World, demo_world
from tests.contract.conftest import WITHOUT_LIMITS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stepped_clock import SteppedClock

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def world(world_clock: SteppedClock) -> World:
    """The demo, on a clock that stands still."""
    return demo_world(clock=world_clock)


@pytest.fixture
async def quickbi(world: World) -> AsyncIterator[SimulatedQuickBI]:
    """The slow mail is only as slow as a test can bear."""
    async with SimulatedQuickBI(world, limits=WITHOUT_LIMITS, slow_seconds=0.1) as quickbi:
        yield quickbi


@pytest.fixture
async def client(quickbi: SimulatedQuickBI) -> AsyncIterator[QuickBIClient]:
    credentials = Credentials(
        access_key_id=quickbi.access_key_id, access_key_secret=quickbi.access_key_secret
    )
    async with QuickBIClient(
        endpoint=quickbi.endpoint, credentials=StaticCredentials(credentials), timezone=SHANGHAI
    ) as client:
        yield client


async def outcome(client: QuickBIClient, mail_id: str) -> StatusAnswer | QuickBIError:
    try:
        return await client.get_task_status(MailId(mail_id))
    except QuickBIError as error:
        return error


KNOWN: dict[str, type[QuickBIError]] = {
    "Salaries": AccessForbidden,
    "Retired Report": MailNotFound,
    "Re: ${subject}": MailMisconfigured,
    "Board Pack (edition)": AccessForbidden,
    "Board Pack (admin)": AccessForbidden,
    "Board Pack (stranger)": AccessForbidden,
    "RAM Policy": AccessForbidden,
    "RAM Policy (old words)": AccessForbidden,
    "Wrong Key": CredentialsRejected,
    "Sleeping Key": CredentialsRejected,
    "Wrong Secret": CredentialsRejected,
    "Wrong Clock": CredentialsRejected,
    "Old Token": CredentialsRejected,
    "Crowded": Throttled,
    "Crowded (user)": Throttled,
    "Crowded (API)": Throttled,
    "Broken Engine": QuickBIUnavailable,
    "Engine Offline": QuickBIUnavailable,
    "Attachment Quota": UnknownRefusal,
    "Odd answer: html page": ProtocolError,
    "Odd answer: bad gateway": QuickBIUnavailable,
    "Odd answer: empty body": ProtocolError,
    "Odd answer: broken json": ProtocolError,
    "Odd answer: not an object": ProtocolError,
    "Odd answer: no result": ProtocolError,
    "Odd answer: success false": AccessForbidden,
    "Odd answer: success false bare": ProtocolError,
    "Odd answer: redirect": ProtocolError,
    "Odd answer: cut short": QuickBIUnavailable,
    "Odd answer: dropped": QuickBIUnavailable,
}


async def test_each_refusal_and_odd_answer_is_known_for_what_it_is(
    client: QuickBIClient, world: World
) -> None:
    """Named by what can be done about it."""
    known = {name: type(await outcome(client, world.named(name).mail_id)) for name in KNOWN}
    assert known == KNOWN


async def test_an_odd_run_is_read_all_the_same(client: QuickBIClient, world: World) -> None:
    """Its status is known, whatever else is not."""
    for shape in ("task id text", "task id zero", "extra fields", "exec time odd", "slow"):
        answer = await outcome(client, world.named(f"Odd answer: {shape}").mail_id)
        assert isinstance(answer, StatusAnswer), shape
        assert answer.latest is not None, shape
        assert answer.latest.status_word == "SENT", shape


async def test_a_run_is_followed_by_its_task_id_though_overtaken(client: QuickBIClient, world: World) -> None:
    """19 digits there and back."""
    mail = world.named("Daily Sales")
    overtaken = world.run_now(mail.mail_id, outcome="FAILED")
    world.run_now(mail.mail_id)
    answer = await client.get_task_status(MailId(mail.mail_id), TaskId(overtaken.task_id))
    assert [run.task_id for run in answer.runs] == [overtaken.task_id]


async def test_every_mail_is_listed_once_over_all_pages(client: QuickBIClient, world: World) -> None:
    """Only the forbidden one is not."""
    names: list[str] = []
    page: int | None = 1
    while page:
        told = await client.list_mails(page=page, page_size=50)
        names += [mail.name for mail in told.mails]
        page = told.next_page
    assert names == [mail.name for mail in world.mails() if mail.permitted]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Busy Bee", RunRefusal.ALREADY_RUNNING),
        ("Month-end Close", RunRefusal.ALREADY_RUNNING),
        ("Eager Reader", RunRefusal.TOO_OFTEN),
        ("Broken Timer", RunRefusal.SCHEDULER_FAILED),
        ("Stubborn", RunRefusal.SCHEDULER_FAILED),
    ],
)
async def test_a_refused_run_by_hand_says_why(
    client: QuickBIClient, world: World, name: str, why: RunRefusal
) -> None:
    """And, where Quick BI says so, for how long."""
    with pytest.raises(RunRefused) as refused:
        await client.run_mail(MailId(world.named(name).mail_id))
    assert refused.value.why is why
    assert refused.value.retry_after == (300.0 if why is RunRefusal.TOO_OFTEN else None)


async def test_a_run_by_hand_whose_answer_is_lost_is_not_tried_again(
    client: QuickBIClient, quickbi: SimulatedQuickBI, world: World
) -> None:
    """It reached Quick BI once, and the client says that nobody knows."""
    with pytest.raises(QuickBIUnavailable) as lost:
        await client.run_mail(MailId(world.named("Lost Word").mail_id))
    assert lost.value.outcome_unknown
    assert len(quickbi.ledger.calls("ManualRunMailTask")) == 1


async def test_the_clocks_offset_is_measured_without_a_call(
    client: QuickBIClient, quickbi: SimulatedQuickBI
) -> None:
    """From the `Date` of a refusal."""
    quickbi.faults.add(Mode.CLOCK_SKEW, seconds=1_200)
    offset = await client.server_time_offset()
    assert 1_195 < offset.total_seconds() < 1_205
    assert not quickbi.ledger.calls("GetMailTaskStatus")
