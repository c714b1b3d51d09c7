"""What a person's command saw is a look of the poller's: no trouble with the database may lose it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.domain import MailId, MailRef, NotifyReason, Observation, StatusAnswer, StoreError
from bot.poller import Poller

MAIL = MailRef(mail_id=MailId("sales"))
SEEN = Observation(
    answer=StatusAnswer(runs=(), request_id="R"), seen_at=datetime(2026, 11, 23, 12, tzinfo=UTC)
)


class Book:
    """The store's observations. Refuses the first `refusals` writes."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.refusals = refusals
        self.written: list[MailId] = []

    async def record_answer(
        self, mail_id: MailId, answer: StatusAnswer, **values: Any
    ) -> tuple[NotifyReason, ...]:
        del answer, values
        if self.refusals:
            self.refusals -= 1
            raise StoreError("locked")
        self.written.append(mail_id)
        return (NotifyReason.FIRST_FAILURE,)


def poller(book: Book) -> Poller:
    """One that does not lead: it only takes what people's commands saw."""
    nothing: Any = None
    observations: Any = book
    return Poller(
        watches=nothing,
        observations=observations,
        outages=nothing,
        quickbi=nothing,
        budget=nothing,
        new_schedule=nothing,
        timezone=UTC,
        news=lambda: None,
        seen=lambda _ref, _observation: None,
        is_paused=nothing,
    )


async def test_a_persons_look_is_recorded_although_the_database_refuses_at_first() -> None:
    """A run that the schedule followed may have ended in it: nobody would look for that again."""
    book = Book(refusals=1)
    leader = poller(book)
    await leader.observed(MAIL, SEEN)
    await leader.drain(5.0)
    assert book.written == [MAIL.mail_id]
    assert leader.pulse.news == {NotifyReason.FIRST_FAILURE: 1}
