"""The mails by name: Quick BI's list, read every ten minutes and kept in the store for when Quick BI is down."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain import Choice, Mail, MailId, MailRef, QuickBIError, StoreError
from bot.domain.ports import QuickBI
from bot.domain.repositories import MailRepository
from bot.mails.name_search import NameIndex
from bot.mails.references import Target

REFRESH_EVERY = 600.0  # seconds
RETRY_AFTER = 30.0  # seconds after a failed read
READ_AGAIN_GAP = timedelta(seconds=10)  # between two reads that people cause
READ_AGAIN_LIMIT = 2.5  # seconds that a person waits for one
FRESH_FOR = timedelta(seconds=60)  # `is_paused` does not trust an older list
_PAGE_SIZE = 100
_PAGE_PAUSE = 0.05  # seconds between two pages: Quick BI allows 50 a second, for all who ask
_MOST_PAGES = 1_000
_CLOSE = 75.0  # of 100: the least similarity of a close name
_MOST_CLOSE = 10
_CLEARLY_BEST = 12.0  # points ahead of the second: no need to ask which is meant
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """`only_close`: no mail has the words as they are, these are similar."""

    mails: tuple[Mail, ...]
    only_close: bool = False


@dataclass(eq=False)
class MailDirectory:
    """The mails that the bot's account may see. `explain` tells the operator what to do about an error, or ""."""

    quickbi: QuickBI
    mails: MailRepository
    _: KW_ONLY
    now: Callable[[], datetime]
    explain: Callable[[QuickBIError], str] = lambda _: ""
    _names: NameIndex = field(default_factory=lambda: NameIndex(()), init=False)
    _out_of_reach: bool = field(default=False, init=False)
    _is_stored: bool = field(default=True, init=False)
    _read_at: datetime | None = field(default=None, init=False)
    _wanted_at: datetime | None = field(default=None, init=False)
    _one_reader: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _next_read: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __len__(self) -> int:
        return len(self._names.mails)

    @property
    def is_out_of_reach(self) -> bool:
        """The last read failed: what is known may be old."""
        return self._out_of_reach

    def get(self, mail_id: MailId) -> Mail | None:
        return self._names.get(mail_id)

    def knows(self, words: str) -> bool:
        """Are these words exactly a mail's name or ID?"""
        return bool(self._names.exact(words))

    def resolve(self, words: str) -> MailRef | Choice:
        """Which mail is meant: a known ID, an exact name, the one name with these words, or one that is by far closest.

        Otherwise a Choice, also where a close name has other numbers (“Store 12” is not “Store 21”) or is only
        similar: whoever subscribes to the wrong mail is never told about the right one.
        """
        exact = self._names.exact(words)
        if len(exact) == 1:
            return MailRef(mail_id=exact[0].mail_id)
        if exact:
            return Choice(words=words, mails=exact[:_MOST_CLOSE])
        if len(literal := self._names.containing(words)) == 1:
            return MailRef(mail_id=literal[0].mail_id)
        close = self._names.like(words, limit=_MOST_CLOSE, at_least=_CLOSE)
        is_clear = len(close) == 1 or (len(close) > 1 and close[0][1] - close[1][1] >= _CLEARLY_BEST)
        if is_clear and _numbers(words) <= _numbers(close[0][0].name):
            (closest, _), *_ = close
            if self._names.are_meant(words, closest):
                return MailRef(mail_id=closest.mail_id)
        return Choice(words=words, mails=tuple(mail for mail, _ in close))

    def meant(self, target: Target) -> MailRef | Choice:
        """Which mail is meant. Words that no name comes close to may still be an ID that the list does not have."""
        if isinstance(target, MailRef):
            return target
        found = self.resolve(target.words)
        if isinstance(found, Choice) and not found.mails and target.as_id is not None:
            return target.as_id
        return replace(found, task_id=target.task_id)

    async def meant_each(self, targets: Sequence[Target]) -> list[MailRef | Choice]:
        """Like `meant`. A misspelt name takes milliseconds to find, and a hundred must not delay everybody else."""
        found = []
        for target in targets:
            found.append(self.meant(target))
            await asyncio.sleep(0)
        return found

    def is_guess(self, target: Target, mail_id: MailId) -> bool:
        """Whether the mail was found although it is not called so: its name is only the closest."""
        if isinstance(target, MailRef) or target.words == mail_id or self.get(mail_id) is None:
            return False
        named = self._names.exact(target.words) or self._names.containing(target.words)
        return all(mail.mail_id != mail_id for mail in named)

    def named_in(self, text: str) -> tuple[Mail, ...]:
        """The mails whose names stand in somebody's message."""
        return self._names.named_in(text)

    def search(self, words: str, *, limit: int | None = None) -> list[Mail]:
        """For a menu, while somebody types."""
        return list(self.find(words).mails[:limit])

    def find(self, words: str) -> Found:
        """All mails whose name or owner contains the words, the best match first; else similar ones."""
        hits = self._names.having(words)
        if hits or not words.strip():
            return Found(mails=hits)
        close = self._names.like(words, limit=_MOST_CLOSE, at_least=_CLOSE - 15)
        return Found(mails=tuple(mail for mail, _ in close), only_close=True)

    async def load(self) -> None:
        """Load the list that was stored before the restart."""
        self._names = NameIndex(await self.mails.load_mails())

    async def run(self) -> None:
        """Refresh for ever. An outage is logged once, and so is its end."""
        while True:
            worked = await self.refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_EVERY if worked else RETRY_AFTER):
                    await self._wanted.wait()
            self._wanted.clear()

    async def read_again(self) -> bool:
        """Have `run` read the list now, for a mail that is not in it. False where that was done a moment ago.

        Also where it takes too long: then the mail will be known a little later.
        """
        if not self._one_reader.locked():
            now = self.now()
            if self._wanted_at is not None and abs(now - self._wanted_at) < READ_AGAIN_GAP:
                return False
            self._wanted_at = now
            self._wanted.set()
        try:
            async with asyncio.timeout(READ_AGAIN_LIMIT):
                await self._next_read.wait()
        except TimeoutError:
            return False
        return True

    async def is_paused(self, mail_id: MailId) -> bool:
        """Is this mail paused, by a fresh list where it can be read, else by the last one?"""
        async with self._one_reader:
            if self._read_at is None or abs(self.now() - self._read_at) > FRESH_FOR:
                await self._refresh()
        mail = self.get(mail_id)
        return mail is not None and mail.paused

    async def refresh(self) -> bool:
        """Read the whole list. Returns whether it was read and stored; otherwise the last one stays."""
        async with self._one_reader:
            return await self._refresh()

    async def _refresh(self) -> bool:
        try:
            return await self._read_and_store()
        finally:
            self._next_read.set()
            self._next_read = asyncio.Event()

    async def _read_and_store(self) -> bool:
        list_no = await self._next_list_no()
        try:
            mails = await self._read_all()
        except QuickBIError as error:
            if not self._out_of_reach:
                remedy = self.explain(error)
                _log.log(
                    logging.ERROR if remedy else logging.WARNING,
                    "directory_out_of_reach",
                    extra={"error": type(error).__name__, "code": error.code, "remedy": remedy or None},
                )
            self._out_of_reach = True
            return False
        is_new = self._out_of_reach or self._read_at is None
        self._out_of_reach, self._read_at = False, self.now()
        self._names = NameIndex(mails)
        is_stored = list_no is not None and await self._store(mails, self._read_at, list_no)
        if is_new:
            _log.info("directory_read", extra={"mails": len(mails)})
        return is_stored

    async def _next_list_no(self) -> int | None:
        """Before the list is read: another replica may store a list that it began to read later."""
        try:
            return await self.mails.next_list_no()
        except StoreError as error:
            self._not_stored(error)
            return None

    async def _store(self, mails: Sequence[Mail], seen_at: datetime, list_no: int) -> bool:
        try:
            await self.mails.save_mails(mails, seen_at=seen_at, list_no=list_no)
        except StoreError as error:
            self._not_stored(error)
            return False
        if not self._is_stored:
            _log.info("directory_kept_again", extra={"mails": len(mails)})
        self._is_stored = True
        return True

    def _not_stored(self, error: StoreError) -> None:
        if self._is_stored:
            _log.warning("directory_not_kept", extra={"error": str(error)})
        self._is_stored = False

    async def _read_all(self) -> list[Mail]:
        mails: dict[MailId, Mail] = {}
        page: int | None = 1
        for _ in range(_MOST_PAGES):
            answer = await self.quickbi.list_mails(page=page or 1, page_size=_PAGE_SIZE)
            mails |= {mail.mail_id: mail for mail in answer.mails}
            page = answer.next_page
            if page is None:
                break
            await asyncio.sleep(_PAGE_PAUSE)
        return list(mails.values())


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"[0-9]+", text)}
