"""Knows the mails by name: Quick BI's list, refreshed quietly, kept in the store, usable while Quick BI is down."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import Choice, MailRef, QuickBIError, StoreError
from bot.mails.name_search import NameIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from bot.domain import Mail, MailId
    from bot.domain.ports import QuickBI
    from bot.domain.repositories import MailRepository

REFRESH_EVERY = 600.0  # seconds
AGAIN_AFTER = 30.0  # seconds, where that failed
FRESH_FOR = timedelta(seconds=60)  # an answer that depends on the list takes an older one for too old
_PAGE_SIZE = 100
_PAGE_PAUSE = 0.05  # seconds between two pages: the list has 50 calls a second, and others use them too
_MOST_PAGES = 1_000
_CLOSE = 75.0  # of 100: below it two names have little in common
_MOST_CLOSE = 10
_CLEARLY_BEST = 12.0  # so far ahead of the second that there is no need to ask
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Mails that somebody looked for. `only_close`: none has the words as they are, these are like them."""

    mails: tuple[Mail, ...]
    only_close: bool = False


class MailDirectory:
    """The mails that the bot's account may see. Complete from the first refresh on, or from the store at once."""

    def __init__(
        self,
        quickbi: QuickBI,
        shelf: MailRepository,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._quickbi = quickbi
        self._shelf = shelf
        self._now = now
        self._out_of_reach = False
        self._is_kept = True
        self._read_at: datetime | None = None
        self._one_reader = asyncio.Lock()
        self._fill(())

    def __len__(self) -> int:
        return len(self._names.mails)

    @property
    def is_out_of_reach(self) -> bool:
        """Quick BI did not give its list when it was last asked: what is known may be old."""
        return self._out_of_reach

    def get(self, mail_id: MailId) -> Mail | None:
        return self._names.get(mail_id)

    def knows(self, words: str) -> bool:
        """Are these words, as they are, a mail's name or ID?"""
        return bool(self._names.exact(words))

    def resolve(self, words: str) -> MailRef | Choice:
        """Which mail is meant: an ID that is known, an exact name, or one name much closer than all others.

        A name that is close but has other numbers is another mail's: “Store 12” is not “Store 21”. One that is only
        alike is asked back: whoever subscribes to the wrong mail waits for news of the right one in vain.
        """
        exact = self._names.exact(words)
        if len(exact) == 1:
            return MailRef(mail_id=exact[0].mail_id)
        if exact:
            return Choice(words=words, mails=exact[:_MOST_CLOSE])
        close = self._names.like(words, limit=_MOST_CLOSE, at_least=_CLOSE)
        is_clear = len(close) == 1 or (len(close) > 1 and close[0][1] - close[1][1] >= _CLEARLY_BEST)
        if is_clear and _numbers(words) <= _numbers(close[0][0].name):
            (closest, _), *_ = close
            if self._names.are_meant(words, closest):
                return MailRef(mail_id=closest.mail_id)
        return Choice(words=words, mails=tuple(mail for mail, _ in close))

    def search(self, words: str, *, limit: int | None = None) -> list[Mail]:
        """Mails for somebody who is still typing: whose name or owner has the words, else those that come close."""
        return list(self.find(words).mails[:limit])

    def find(self, words: str) -> Found:
        """All mails whose name or owner has the words, the likeliest first; else those that come close."""
        hits = self._names.having(words)
        if hits or not words.strip():
            return Found(mails=hits)
        close = self._names.like(words, limit=_MOST_CLOSE, at_least=_CLOSE - 15)
        return Found(mails=tuple(mail for mail, _ in close), only_close=True)

    async def load(self) -> None:
        """Begin with what was known before the restart."""
        self._fill(await self._shelf.load_mails())

    async def run(self) -> None:
        """Refresh for ever, quietly. An outage is logged once, and its end once."""
        while True:
            worked = await self.refresh()
            await asyncio.sleep(REFRESH_EVERY if worked else AGAIN_AFTER)

    async def is_paused(self, mail_id: MailId) -> bool:
        """Is this mail paused in Quick BI, by a list that is fresh? By the last known one where there is none."""
        async with self._one_reader:
            if self._read_at is None or abs(self._now() - self._read_at) > FRESH_FOR:
                await self._refresh()
        mail = self.get(mail_id)
        return mail is not None and mail.paused

    async def refresh(self) -> bool:
        """Read the whole list anew. What is known stays where that fails. Returns whether it was read and kept."""
        async with self._one_reader:
            return await self._refresh()

    async def _refresh(self) -> bool:
        try:
            mails = await self._read_all()
        except QuickBIError as error:
            if not self._out_of_reach:
                _log.warning(
                    "directory_out_of_reach", extra={"error": type(error).__name__, "code": error.code}
                )
            self._out_of_reach = True
            return False
        is_news = self._out_of_reach or self._read_at is None
        self._out_of_reach, self._read_at = False, self._now()
        self._fill(mails)
        is_kept = await self._keep(mails, self._read_at)
        if is_news:
            _log.info("directory_read", extra={"mails": len(mails)})
        return is_kept

    async def _keep(self, mails: Sequence[Mail], seen_at: datetime) -> bool:
        """For the next restart. Where the database refuses, what was read counts all the same."""
        try:
            await self._shelf.save_mails(mails, seen_at=seen_at)
        except StoreError as error:
            if self._is_kept:
                _log.warning("directory_not_kept", extra={"error": str(error)})
            self._is_kept = False
        else:
            if not self._is_kept:
                _log.info("directory_kept_again", extra={"mails": len(mails)})
            self._is_kept = True
        return self._is_kept

    async def _read_all(self) -> list[Mail]:
        mails: dict[MailId, Mail] = {}
        page: int | None = 1
        for _ in range(_MOST_PAGES):
            answer = await self._quickbi.list_mails(page=page or 1, page_size=_PAGE_SIZE)
            mails |= {mail.mail_id: mail for mail in answer.mails}
            page = answer.next_page
            if page is None:
                break
            await asyncio.sleep(_PAGE_PAUSE)
        return list(mails.values())

    def _fill(self, mails: Iterable[Mail]) -> None:
        self._names = NameIndex(mails)


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"[0-9]+", text)}
