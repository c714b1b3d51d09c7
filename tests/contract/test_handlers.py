"""What people at the desks are told when a neighbour of the bot's is in trouble: the answer that is there, always."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import (
    ChannelId,
    Choice,
    Mail,
    MailId,
    MailRef,
    Observation,
    QuickBIUnavailable,
    RunStatus,
    StatusAnswer,
    StoreError,
    TaskId,
    TaskRun,
    UsageError,
    UserId,
)
from bot.mails.directory import Found
from bot.mails.references import MailName
from bot.mails.status_lookup import Waiting
from bot.slack.command_names import NamesHeard
from bot.slack.handlers.forms import Forms
from bot.slack.handlers.history import HistoryHandler
from bot.slack.handlers.mail_list import MailListHandler
from bot.slack.handlers.manual_run import ManualRunHandler
from bot.slack.handlers.status import StatusHandler
from bot.slack.kit.actions import Act
from bot.slack.payloads import Clicked, Field, Person, Submitted, Typed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.mails.references import Target
    from bot.slack.kit.blocks import Message

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SALES = Mail(mail_id=MailId("m1"), name="Daily Sales", owner_name="Ada", paused=False)
REF = MailRef(mail_id=SALES.mail_id)
REPORTS = ChannelId("C0REPORTS2")
ADA = Person(user_id=UserId("U0ADA00001"), team_id="T0SANDBOX")


def seen(*, ago: float = 0, status: RunStatus = RunStatus.SENT) -> Observation:
    run = TaskRun(
        mail_id=SALES.mail_id,
        task_id=TaskId(7),
        exec_at=NOON - timedelta(hours=1),
        status=status,
        status_word=status,
    )
    answer = StatusAnswer(runs=(run,), request_id="r")
    return Observation(answer=answer, seen_at=NOON - timedelta(seconds=ago))


class OneMail:
    """A directory that knows Daily Sales."""

    is_out_of_reach = False

    def get(self, mail_id: MailId) -> Mail | None:
        return SALES if mail_id == SALES.mail_id else None

    def knows(self, words: str) -> bool:
        return words in {SALES.mail_id, SALES.name}

    def resolve(self, words: str) -> MailRef | Choice:
        assert words
        return REF

    def meant(self, target: Target) -> MailRef | Choice:
        return target if isinstance(target, MailRef) else self.resolve(target.words)

    def is_guess(self, target: Target, mail_id: MailId) -> bool:
        return isinstance(target, MailName) and target.words not in {mail_id, SALES.name}

    def search(self, words: str, *, limit: int | None = None) -> list[Mail]:
        assert words
        return [SALES][:limit]

    def find(self, words: str) -> Found:
        assert words
        return Found(mails=(SALES,))


FORMS = Forms(slack=AsyncWebClient(), directory=OneMail(), zone_name="UTC")  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Told:
    """A lookup that answers as it is told: at once, or after a wait."""

    found: Observation | None = None
    later: Awaitable[Observation] | None = None
    last: Observation | None = None
    ready_in: float = 0.0

    async def ask(self, ref: MailRef, *, fresh_for: float = 5.0) -> Observation | Waiting:
        assert ref == REF
        assert fresh_for >= 0
        if self.later is not None:
            return Waiting(ready_in=self.ready_in, last=self.last, answer=asyncio.ensure_future(self.later))
        assert self.found is not None
        return self.found

    def last_known(self, ref: MailRef) -> Observation | None:
        assert ref == REF
        return self.last


class NoDatabase:
    """Everything that the store does, refused."""

    def __getattr__(self, _: str) -> Any:
        return self._refuse

    async def _refuse(self, *_: Any, **__: Any) -> Any:
        raise StoreError("disk full")


class NobodyIsTold:
    """No channel is subscribed to anything."""

    def __getattr__(self, _: str) -> Any:
        return self._nothing

    async def _nothing(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(kw_only=True)
class Answers:
    """What one person was shown, oldest first."""

    shown: list[Message] = field(default_factory=list)

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        assert replace in {None, True, False}
        assert not in_channel
        self.shown.append(message)
        return True

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.shown]

    def action_ids(self) -> list[str]:
        """Of the last message."""
        blocks = self.shown[-1].payload()["blocks"]
        elements = [
            element
            for block in blocks
            for element in (*block.get("elements", ()), block.get("accessory", {}))
        ]
        return [element["action_id"] for element in elements if "action_id" in element]


def typed(text: str) -> Typed:
    return Typed(
        person=ADA, channel_id=REPORTS, command="/x", text=text, response_url="https://x", trigger_id="1"
    )


def clicked(value: str) -> Clicked:
    return Clicked(
        person=ADA,
        action_id=Act.RUN,
        value=value,
        channel_id=REPORTS,
        message_ts="1.1",
        thread_ts="",
        ephemeral=True,
        response_url="https://x",
        trigger_id="1",
        view_id="",
    )


def status_desk(lookup: Told, subscriptions: Any) -> StatusHandler:
    return StatusHandler(
        lookup=lookup,  # type: ignore[arg-type]
        directory=OneMail(),  # type: ignore[arg-type]
        subscriptions=subscriptions,
        forms=FORMS,
        now=lambda: NOON,
        zone=UTC,
        renew_after=0.0,
    )


async def refused() -> Observation:
    raise QuickBIUnavailable(outcome_unknown=True)


async def test_a_status_needs_no_database() -> None:
    """Quick BI answered: the person is told, and what cannot be known is not offered."""
    answers = Answers()
    await status_desk(Told(found=seen()), NoDatabase()).typed(typed("m1"), answers)
    assert answers.texts[0].startswith("Daily Sales was sent, ")
    assert Act.CHECK in answers.action_ids()
    assert not {Act.SUBSCRIBE, Act.UNSUBSCRIBE} & set(answers.action_ids())


async def test_a_list_needs_no_database() -> None:
    """Names come from the directory; the states are what is missing."""
    answers = Answers()
    status = status_desk(Told(), NoDatabase())
    desk = MailListHandler(
        directory=OneMail(),  # type: ignore[arg-type]
        lookup=Told(),  # type: ignore[arg-type]
        history=NoDatabase(),
        subscriptions=NoDatabase(),
        status=status,
        commands=NamesHeard(),
        now=lambda: NOON,
        zone=UTC,
    )
    await desk.typed(typed("sales"), answers)
    assert "Daily Sales. Owner Ada." in answers.texts[0]


async def test_a_history_says_that_the_records_cannot_be_read() -> None:
    """Nothing was to be written, so nothing is said of that; the way to the status is there."""
    answers = Answers()
    desk = HistoryHandler(
        records=NoDatabase(),
        subscriptions=NoDatabase(),
        directory=OneMail(),  # type: ignore[arg-type]
        mails=NoDatabase(),
        forms=FORMS,
        now=lambda: NOON,
        zone=UTC,
    )
    await desk.typed(typed("m1"), answers)
    assert "cannot look up Daily Sales in my records" in answers.texts[0]
    assert answers.action_ids() == [Act.CHECK]


async def test_a_run_that_cannot_be_claimed_is_said_not_to_have_begun() -> None:
    """The person must know that nobody got a mail."""
    answers = Answers()
    desk = ManualRunHandler(
        runner=NoDatabase(),  # type: ignore[arg-type]
        lookup=Told(found=seen()),  # type: ignore[arg-type]
        directory=OneMail(),  # type: ignore[arg-type]
        forms=FORMS,
        messenger=NobodyIsTold(),  # type: ignore[arg-type]
        may_run=lambda _: True,
        now=lambda: NOON,
        zone=UTC,
    )
    await desk.clicked(clicked("m1"), answers)
    (told,) = answers.texts
    assert "Daily Sales was not run: nobody gets a mail" in told


async def test_a_failed_check_keeps_what_was_known() -> None:
    """The person was shown the last state while they waited: the failure stands beside it, not in its place."""
    answers = Answers()
    lookup = Told(later=asyncio.ensure_future(refused()), last=seen(ago=180), ready_in=12)
    await status_desk(lookup, NobodyIsTold()).typed(typed("m1"), answers)
    waiting, failed = answers.texts
    assert "this check is waiting its turn" in waiting
    assert "Quick BI is not answering at the moment" in failed
    assert all("Last known, 3 min ago: it was sent" in text for text in (waiting, failed))


@pytest.mark.parametrize(
    ("replace", "said"),
    [
        pytest.param(None, 3, id="typed: the new estimate takes the place of the old one"),
        pytest.param(False, 2, id="beside a message for all: a second estimate would stay"),
    ],
)
async def test_an_estimate_is_renewed_only_where_that_leaves_no_other(
    *, replace: bool | None, said: int
) -> None:
    async def later() -> Observation:
        await asyncio.sleep(1.5)
        return seen()

    answers, lookup = Answers(), Told(later=asyncio.ensure_future(later()), ready_in=1.0)
    await status_desk(lookup, NobodyIsTold()).show(REF, ChannelId("C1"), answers, replace=replace)
    assert len(answers.texts) == said
    assert "was sent" in answers.texts[-1]


async def test_a_slow_quick_bi_is_not_blamed_on_others() -> None:
    """The question was asked at once; nobody stood before it."""
    answers = Answers()
    slow: asyncio.Future[Observation] = asyncio.get_running_loop().create_future()
    slow.set_result(seen())
    await status_desk(Told(later=slow), NobodyIsTold()).typed(typed("m1"), answers)
    assert "Quick BI is taking its time to answer" in answers.texts[0]
    assert "waiting its turn" not in answers.texts[0]


@pytest.mark.parametrize(
    ("ago", "says"),
    [
        pytest.param(0.0, "", id="made for this question"),
        pytest.param(0.4, ", checked a moment ago.", id="for somebody else, just before"),
        pytest.param(4.0, ", checked 4 s ago.", id="for somebody else"),
    ],
)
async def test_an_answer_to_an_earlier_question_says_so(ago: float, says: str) -> None:
    """However fresh it is."""
    answers = Answers()
    await status_desk(Told(found=seen(ago=ago)), NobodyIsTold()).typed(typed("m1"), answers)
    assert says in answers.texts[0]
    assert ("checked" in answers.texts[0]) is bool(says)


@pytest.mark.parametrize("fields", [{}, {"mails": Field()}], ids=["no field", "nothing in it"])
async def test_a_form_without_a_mail_says_so(fields: dict[str, Field]) -> None:
    """Slack asks for one in the form; what comes all the same is no fault of ours."""
    form = Submitted(
        person=ADA, channel_id=REPORTS, callback_id="x", private_metadata="", view_id="V1", fields=fields
    )
    with pytest.raises(UsageError, match="No mail was chosen"):
        await status_desk(Told(), NobodyIsTold()).submitted(form, Answers())
