"""The directory: mails by name, kept over restarts and while Quick BI is down."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

import pytest

from bot.domain import (
    Choice,
    Mail,
    MailId,
    MailPage,
    MailRef,
    QuickBIUnavailable,
    StatusAnswer,
    StoreError,
    TaskId,
)
from bot.mails.directory import FRESH_FOR, READ_AGAIN_GAP, MailDirectory
from bot.mails.references import MailName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.domain import QuickBIError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def mail(name: str, mail_id: str = "", owner: str = "") -> Mail:
    return Mail(mail_id=MailId(mail_id or f"id-{name}"), name=name, owner_name=owner, paused=False)


class FakeQuickBI:
    """A list of mails in pages of two, or no answer."""

    def __init__(self, *mails: Mail) -> None:
        self.mails = mails
        self.down_from_page = 1_000
        self.pages_asked: list[int] = []

    async def list_mails(self, *, page: int = 1, page_size: int = 100) -> MailPage:
        assert page_size == 100
        self.pages_asked.append(page)
        if page >= self.down_from_page:
            raise QuickBIUnavailable("down", outcome_unknown=False)
        shown = self.mails[2 * (page - 1) : 2 * page]
        more = page + 1 if 2 * page < len(self.mails) else None
        return MailPage(mails=shown, total=len(self.mails), next_page=more, request_id="r")

    async def get_task_status(
        self,
        mail_id: MailId,
        task_id: TaskId | None = None,
        *,
        attempts: int = 1,
        before_attempt: Callable[[], Awaitable[None]] | None = None,
        after_failure: Callable[[QuickBIError], Awaitable[None]] | None = None,
    ) -> StatusAnswer:
        raise NotImplementedError

    async def run_mail(self, mail_id: MailId) -> str:
        raise NotImplementedError


class FakeShelf:
    def __init__(self, *mails: Mail) -> None:
        self.mails = mails
        self.saved_at: list[datetime] = []
        self.refuses = False

    async def next_list_no(self) -> int:
        return len(self.saved_at) + 1

    async def save_mails(self, mails: Sequence[Mail], *, seen_at: datetime, list_no: int) -> None:  # noqa: ARG002
        if self.refuses:
            raise StoreError("the disk is full")
        self.mails = tuple(mails)
        self.saved_at.append(seen_at)

    async def load_mails(self) -> tuple[Mail, ...]:
        return self.mails


async def directory_of(*mails: Mail) -> MailDirectory:
    directory = MailDirectory(FakeQuickBI(), FakeShelf(*mails), now=lambda: NOON)
    await directory.load()
    return directory


def names(choice: MailRef | Choice) -> list[str]:
    assert isinstance(choice, Choice)
    return [each.name for each in choice.mails]


CAST = (
    mail("Daily Sales", owner="Ada"),
    mail("Daily Stock", owner="Bob"),
    mail("Weekly Ops", owner="Ada"),
    mail("销售日报", "cn"),
    mail("Store 12"),
)


@pytest.mark.parametrize(
    ("words", "mail_id"),
    [
        pytest.param("id-Weekly Ops", "id-Weekly Ops", id="an ID"),
        pytest.param("Daily Sales", "id-Daily Sales", id="the exact name"),
        pytest.param("daily SALES", "id-Daily Sales", id="in any case"),
        pytest.param("Wekly Ops", "id-Weekly Ops", id="a slip of the finger"),
        pytest.param("weekly", "id-Weekly Ops", id="a word that only one has"),
        pytest.param("Daily  sales", "id-Daily Sales", id="with blanks too many"),
        pytest.param("Store 0012 please", "id-Store 12", id="a slip, but the right number"),
        pytest.param("销售日报", "cn", id="Chinese"),
    ],
)
async def test_words_that_mean_one_mail_find_it(words: str, mail_id: str) -> None:
    """There is no need to ask back."""
    assert (await directory_of(*CAST)).resolve(words) == MailRef(mail_id=MailId(mail_id))


async def test_words_that_may_mean_several_are_asked_back() -> None:
    """The likeliest first; none where no name is close."""
    directory = await directory_of(*CAST)
    assert names(directory.resolve("daily"))[:2] == ["Daily Sales", "Daily Stock"]
    assert names(directory.resolve("zzzzqqqq")) == []


@pytest.mark.parametrize("words", ["Store 21", "Weekly Ops 20241009"])
async def test_a_close_name_with_other_numbers_is_asked_back(words: str) -> None:
    """It is another mail's, though the letters are the same."""
    assert names((await directory_of(*CAST)).resolve(words))


async def test_what_is_known_is_known_exactly() -> None:
    """A name in any case, or an ID; nothing that only comes close."""
    directory = await directory_of(*CAST)
    assert [directory.knows(words) for words in ("daily sales", "cn", "Daly Sales", "")] == [
        True,
        True,
        False,
        False,
    ]


async def test_of_many_mails_of_one_name_some_are_offered() -> None:
    """A message has room for so many buttons."""
    directory = await directory_of(*(mail("Sales", f"id-{number}") for number in range(40)))
    assert len(names(directory.resolve("sales"))) == 10


async def test_two_mails_of_one_name_are_asked_back() -> None:
    """Guessing would show somebody the wrong truth."""
    directory = await directory_of(
        mail("Sales", "a", "Ada"), mail("Sales ", "b", "Bob"), mail("Sales report")
    )
    choice = directory.resolve("sales")
    assert isinstance(choice, Choice)
    assert [each.mail_id for each in choice.mails] == ["a", "b"]


async def test_search_has_all_words_in_name_or_owner() -> None:
    """For somebody who is still typing; what is close where nothing fits; all where nothing is typed yet."""
    directory = await directory_of(*CAST)
    assert [each.name for each in directory.search("ada")] == ["Daily Sales", "Weekly Ops"]
    assert [each.name for each in directory.search("DAILY ada")] == ["Daily Sales"]
    assert [each.name for each in directory.search("dailie sales", limit=1)] == ["Daily Sales"]
    assert len(directory.search("")) == len(CAST)
    assert directory.find("dailie sales").only_close
    assert not directory.find("ada").only_close


async def test_a_whole_name_is_suggested_first_however_many_have_it_in_theirs() -> None:
    """A menu shows fifty; who types the whole name must find it."""
    many = [mail(f"Daily Sales {number:03}") for number in range(60)]
    directory = await directory_of(*many, mail("Sales"), mail("Sales by region"))
    assert [each.name for each in directory.search("sales", limit=3)] == [
        "Sales",
        "Sales by region",
        "Daily Sales 000",
    ]


async def test_all_pages_are_read_and_kept() -> None:
    """The list replaces the old one as a whole: a mail that is gone is gone."""
    quickbi, shelf = FakeQuickBI(*CAST), FakeShelf(mail("Old one"))
    directory = MailDirectory(quickbi, shelf, now=lambda: NOON)
    await directory.load()
    assert await directory.refresh()
    assert quickbi.pages_asked == [1, 2, 3]
    assert len(directory) == len(CAST)
    assert directory.get(MailId("id-Old one")) is None
    assert set(shelf.mails) == set(CAST)
    assert shelf.saved_at == [NOON]


async def test_an_outage_keeps_what_is_known_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Its end is logged once, too. Nothing half-read replaces the whole."""
    quickbi, shelf = FakeQuickBI(*CAST), FakeShelf()
    directory = MailDirectory(quickbi, shelf, now=lambda: NOON)
    with caplog.at_level(logging.INFO):
        await directory.refresh()
        for page in (1, 2, 2):
            quickbi.down_from_page = page
            assert not await directory.refresh()
        assert directory.is_out_of_reach
        assert len(directory) == len(CAST)
        assert directory.resolve("Daily Sales") == MailRef(mail_id=MailId("id-Daily Sales"))
        quickbi.down_from_page = 1_000
        assert await directory.refresh()
        assert await directory.refresh()
    events = [record.getMessage() for record in caplog.records]
    assert events == ["directory_read", "directory_out_of_reach", "directory_read"]
    assert len(shelf.saved_at) == 3


async def test_a_list_that_cannot_be_kept_counts_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever asks whether a mail is paused gets the truth, not the database's trouble. It is logged once."""
    now = [NOON]
    paused = replace(mail("Daily Sales"), paused=True)
    quickbi, shelf = FakeQuickBI(paused), FakeShelf(mail("Daily Sales"))
    directory = MailDirectory(quickbi, shelf, now=lambda: now[0])
    await directory.load()
    shelf.refuses = True
    with caplog.at_level(logging.INFO):
        assert await directory.is_paused(paused.mail_id)
        assert not await directory.refresh(), "it is read again soon, and kept then"
        shelf.refuses = False
        assert await directory.refresh()
    assert shelf.mails == (paused,)
    events = [record.getMessage() for record in caplog.records]
    assert events == ["directory_not_kept", "directory_read", "directory_kept_again"]


async def test_it_reads_at_once_and_can_be_ended() -> None:
    """The loop does not wait before the first list, and ends when it is cancelled."""
    saved = asyncio.Event()

    class Shelf(FakeShelf):
        async def save_mails(self, mails: Sequence[Mail], *, seen_at: datetime, list_no: int) -> None:
            await super().save_mails(mails, seen_at=seen_at, list_no=list_no)
            saved.set()

    shelf = Shelf()
    task = asyncio.create_task(MailDirectory(FakeQuickBI(*CAST), shelf, now=lambda: NOON).run())
    async with asyncio.timeout(5):
        await saved.wait()
    assert len(shelf.mails) == len(CAST)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_five_thousand_mails_are_no_burden() -> None:
    """A name is resolved in under 20 ms, a typeahead answered in under 100 ms, of this process's own time."""
    places = ("Sales", "Stock", "Claims", "Traffic", "Orders", "Returns", "Margin", "Leads", "Cash", "Visits")
    many = [
        mail(f"{place} report {number:03d} of region {number % 37}")
        for place in places
        for number in range(500)
    ]
    directory = await directory_of(*many)
    assert _milliseconds(lambda: directory.resolve("orders report 7 of regoin 7")) < 20
    assert _milliseconds(lambda: directory.search("report 12", limit=100)) < 100
    assert _milliseconds(lambda: directory.search("raport twelf", limit=100)) < 100


async def test_finding_many_names_lets_others_have_their_turn() -> None:
    """After each of them: a hundred misspelt names take seconds."""
    directory = await directory_of(*CAST)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    assert len(await directory.meant_each([MailName(words=f"Dayly Slaes {n}") for n in range(50)])) == 50
    task.cancel()
    assert turns >= 50


def _milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(9):
        began = process_time()
        work()
        taken.append(process_time() - began)
    return median(taken) * 1000


async def test_whether_a_mail_is_paused_is_read_anew_unless_that_was_just_done() -> None:
    """A mail that was paused a minute ago is not late; two that are asked about at once cost one reading."""
    now = [NOON]
    quickbi = FakeQuickBI(mail("Daily Sales"))
    directory = MailDirectory(quickbi, FakeShelf(), now=lambda: now[0])
    await directory.refresh()
    quickbi.mails = (replace(mail("Daily Sales"), paused=True),)
    assert not await directory.is_paused(MailId("id-Daily Sales"))
    now[0] += FRESH_FOR + timedelta(seconds=1)
    asked = (directory.is_paused(MailId("id-Daily Sales")), directory.is_paused(MailId("id-gone")))
    daily, gone = await asyncio.gather(*asked)
    assert (daily, gone) == (True, False)
    assert quickbi.pages_asked == [1, 1]


async def test_whether_a_mail_is_paused_is_as_last_known_while_quick_bi_is_down() -> None:
    """The last list counts."""
    quickbi = FakeQuickBI()
    quickbi.down_from_page = 1
    paused = replace(mail("Daily Sales"), paused=True)
    directory = MailDirectory(quickbi, FakeShelf(paused), now=lambda: NOON)
    await directory.load()
    assert await directory.is_paused(paused.mail_id)


@pytest.mark.parametrize("words", ["salse", "false alarm", "Sals"])
async def test_a_name_that_is_only_alike_is_asked_back(words: str) -> None:
    """Nobody is shown, or subscribed to, a mail that shares but some letters with what they typed."""
    directory = await directory_of(
        mail("Odd answer: success false"), mail("Weekly Ops"), mail("False Claims by Region")
    )
    assert isinstance(directory.resolve(words), Choice)


@pytest.mark.parametrize("words", ["Wekly Ops", "ops weekly", "ops", "weekly opps"])
async def test_a_mistyped_or_shortened_name_is_that_mail(words: str) -> None:
    """A letter too few, words in another order, one word of it that no other name has."""
    directory = await directory_of(mail("Weekly Ops"), mail("Daily Sales"), mail("Board Pack"))
    assert directory.resolve(words) == MailRef(mail_id=MailId("id-Weekly Ops"))


async def test_a_person_has_the_list_read_again_but_not_again_and_again() -> None:
    """A mail that was made a minute ago is known; whoever types nonsense does not use up the list's calls."""
    now = [NOON]
    quickbi = FakeQuickBI(mail("Daily Sales"))
    directory = MailDirectory(quickbi, FakeShelf(), now=lambda: now[0])
    running = asyncio.create_task(directory.run())
    try:
        await asyncio.sleep(0)
        assert await directory.read_again()
        quickbi.mails = (mail("Daily Sales"), mail("Brand New"))
        assert not await directory.read_again(), "that was done a moment ago"
        now[0] += READ_AGAIN_GAP
        assert await directory.read_again()
        assert directory.knows("Brand New")
        assert quickbi.pages_asked == [1, 1, 1]
    finally:
        running.cancel()


async def test_the_log_says_what_the_operator_can_do(caplog: pytest.LogCaptureFixture) -> None:
    """As `check` does."""
    quickbi = FakeQuickBI()
    quickbi.down_from_page = 1
    directory = MailDirectory(quickbi, FakeShelf(), now=lambda: NOON, explain=lambda _: "Do this.")
    await directory.refresh()
    (record,) = caplog.records
    assert (record.levelname, vars(record)["remedy"]) == ("ERROR", "Do this.")
