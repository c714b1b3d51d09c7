"""Telling a run by hand against the simulated Slack: its troubles, and who hears all the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import ChannelId, Choice, MailId, ManualRun, UserId
from bot.domain.manual_run_rules import Over, RunEnd, Started
from bot.mails.directory import Found
from bot.sandbox.slack import SimulatedSlack
from bot.slack.handlers.manual_run_report import RunReporter
from bot.slack.transport.notifier import ChannelMessenger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain import Mail, MailRef
    from bot.sandbox.slack.model import Message as Shown
    from bot.slack.kit.blocks import Message

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "manifest.yaml").read_text(encoding="utf-8"))
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA, REPORTS = UserId("U0ADA00001"), ChannelId("C0REPORTS2")
SENT = Over(end=RunEnd.SENT, took=timedelta(seconds=40))


class NoNames:
    """A directory that knows no mail."""

    is_out_of_reach = False

    def get(self, mail_id: MailId) -> Mail | None:
        assert mail_id
        return None

    def knows(self, words: str) -> bool:
        raise NotImplementedError(words)

    def resolve(self, words: str) -> MailRef | Choice:
        return Choice(words=words, mails=())

    def search(self, words: str, *, limit: int | None = None) -> list[Mail]:
        assert words
        return [][:limit]

    def find(self, words: str) -> Found:
        assert words
        return Found(mails=())


class Answers:
    """The way back to a person. `works` says whether Slack still takes it."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.sent: list[tuple[str, bool | None]] = []

    async def send(self, message: Message, *, replace: bool | None = None, in_channel: bool = False) -> bool:
        assert not in_channel
        self.sent.append((message.text, replace))
        return self.works


class Stage:
    def __init__(self, slack: SimulatedSlack) -> None:
        self.slack = slack
        self.pauses: list[float] = []
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        self.voice = ChannelMessenger(slack=client, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(seconds)

    def story(self, answer: Answers | None = None, *, replace: bool = False) -> RunReporter:
        return RunReporter(
            messenger=self.voice,
            directory=NoNames(),  # type: ignore[arg-type]
            now=lambda: NOON,
            zone=UTC,
            answer=answer,
            replace=replace,
        )

    async def notice(self) -> str:
        shown = await self.slack.people.post_message("ada", "reports", "the notice")
        return shown.ts

    def thread(self, ts: str) -> list[Shown]:
        return list(self.slack.workspace.replies("reports", ts))

    def direct(self) -> list[str]:
        dm = self.slack.workspace.direct_message(ADA)
        return [message.text for message in self.slack.workspace.messages(dm.id)]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        yield Stage(slack)


def run(message_ts: str = "") -> ManualRun:
    return ManualRun(
        manual_run_id="1",
        mail_id=MailId("m1"),
        channel_id=REPORTS,
        message_ts=message_ts,
        user_id=ADA,
        previous_run_key="1",
        claimed_at=NOON - timedelta(seconds=40),
    )


async def test_a_thread_gets_one_reply_that_is_edited(stage: Stage) -> None:
    """The actor is named, the end takes the place of the beginning."""
    story, ts = stage.story(), await stage.notice()
    assert await story.tell(run(ts), Started())
    assert await story.tell(run(ts), SENT)
    (reply,) = stage.thread(ts)
    assert reply.text == "<@U0ADA00001> ran Mail m1 again: it was sent after 40 s."


async def test_a_busy_slack_is_waited_for(stage: Stage) -> None:
    """A 429 says how long; an edit whose answer was lost is made once more."""
    story, ts = stage.story(), await stage.notice()
    stage.slack.faults.rate_limit("chat.postMessage", seconds=1)
    assert await story.tell(run(ts), Started())
    stage.slack.faults.lose_reply("chat.update", times=1)
    assert await story.tell(run(ts), SENT)
    assert stage.pauses == [1, 1]
    (reply,) = stage.thread(ts)
    assert "was sent after 40 s" in reply.text


async def test_an_end_that_cannot_be_told_now_is_said_to_be_that(stage: Stage) -> None:
    """Slack asks for more patience than a task should have: the run stays open, and is told later."""
    story, ts = stage.story(), await stage.notice()
    stage.slack.faults.rate_limit("chat.postMessage", seconds=60)
    assert not await story.tell(run(ts), SENT)
    assert stage.thread(ts) == []


async def test_a_reply_whose_answer_was_lost_is_not_said_twice(stage: Stage) -> None:
    """It is there; the end is a reply of its own, for nobody knows which one to edit."""
    story, ts = stage.story(), await stage.notice()
    stage.slack.faults.lose_reply("chat.postMessage", times=1)
    assert await story.tell(run(ts), Started())
    assert await story.tell(run(ts), SENT)
    assert [" again: it was sent" in reply.text for reply in stage.thread(ts)] == [False, True]


async def test_a_reply_that_was_deleted_is_said_afresh(stage: Stage) -> None:
    """Somebody tidied up: the end is told all the same."""
    story, ts = stage.story(), await stage.notice()
    await story.tell(run(ts), Started())
    await stage.slack.people.delete_message("reports", stage.thread(ts)[0].ts)
    assert await story.tell(run(ts), SENT)
    assert [" again: it was sent" in reply.text for reply in stage.thread(ts)] == [True]


async def test_where_the_bot_may_not_speak_the_person_hears(stage: Stage) -> None:
    """The way back that the click gave, and a direct message once that is gone too."""
    answer = Answers()
    story, ts = stage.story(answer), await stage.notice()
    stage.slack.faults.slack_error("chat.postMessage", "is_archived", times=None, channel_id=REPORTS)
    assert await story.tell(run(ts), Started())
    assert answer.sent[0][1] is False, "what stands for all is not replaced"
    answer.works = False
    assert await story.tell(run(ts), SENT)
    assert "You ran it" in stage.direct()[0]


async def test_one_person_has_one_message_that_is_replaced(stage: Stage) -> None:
    """And, when it can no longer be replaced, a direct message with the end."""
    answer = Answers()
    story = stage.story(answer, replace=True)
    assert await story.tell(run(), Started())
    assert await story.tell(run(), SENT)
    assert [replace for _, replace in answer.sent] == [True, True]
    assert stage.direct() == []
    answer.works = False
    assert await story.tell(run(), SENT)
    assert len(stage.direct()) == 1


async def test_after_a_restart_the_end_is_told_without_a_way_back(stage: Stage) -> None:
    """To the person directly, or in the thread where it began."""
    ts = await stage.notice()
    assert await stage.story().tell(run(), SENT)
    assert await stage.story().tell(run(ts), SENT)
    assert "You ran it" in stage.direct()[0]
    assert len(stage.thread(ts)) == 1


async def test_what_slack_refuses_for_good_is_given_up(stage: Stage) -> None:
    """It would never end otherwise: the log has it."""
    stage.slack.faults.revoke_token()
    assert await stage.story().tell(run(), SENT)
