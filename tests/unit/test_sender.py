"""One step for one channel, with a Slack and a store of our own hands: what is marked, and what is not called."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.app.logs import correlate
from bot.delivery.rate_limits import CHANNEL_GAP, HISTORY, POST, UPDATE, RateLimits
from bot.delivery.sender import DEFAULT_RETRY_AFTER, MOST_UNKNOWN, Sender
from bot.domain import (
    AppRejected,
    CannotLook,
    ChannelGone,
    ChannelId,
    DeliveryUnknown,
    MessageGone,
    MessageRefused,
    Notice,
    PostId,
    PostKind,
    SlackBusy,
    SlackError,
    UnknownSlackRefusal,
)
from bot.domain.clock import uptime
from bot.domain.grouping import Load
from bot.domain.notices import Backlog, Nothing, Redraw, Unsure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.delivery.outcomes import RefusedForGood

HERE = ChannelId("here")
POST_ID = PostId("p")
NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
NOTICE = Notice(post_id=POST_ID, channel_id=HERE, kind=PostKind.LINE, claimed_at=NOON)
REDRAW = Redraw(post_id=POST_ID, channel_id=HERE, ts="1.0", wanted=2, items=())
UNSURE = Unsure(post_id=POST_ID, channel_id=HERE, claimed_at=NOON, thread_ts=None)
BUSY = SlackBusy("service_unavailable")
LIMITED = SlackBusy("ratelimited", retry_after=7, limited=True)


@dataclass
class FakeSlack:
    """Does what is asked, unless `troubles` holds an error for the call at hand."""

    troubles: list[SlackError] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    looked_for: list[Unsure] = field(default_factory=list)
    found: str | None = None

    async def post(self, notice: Notice, *, plain: bool = False) -> str:  # noqa: ARG002
        return self._done("post plain" if plain else "post")

    async def redraw(self, redraw: Redraw, *, plain: bool = False) -> None:  # noqa: ARG002
        self._done("redraw plain" if plain else "redraw")

    async def find(self, unsure: Unsure) -> str | None:
        self.looked_for.append(unsure)
        self._done("find")
        return self.found

    def _done(self, call: str) -> str:
        self.calls.append(call)
        if self.troubles:
            raise self.troubles.pop(0)
        return "1.0"


@dataclass
class FakeStore:
    """One message that waits in each way, and what was marked of it. `meanwhile` happens during a claim."""

    claimed: Notice | Nothing = NOTICE
    marks: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    async def backlog(self, *, now: datetime) -> tuple[Backlog, ...]:
        raise NotImplementedError

    async def claim(
        self,
        channel_id: ChannelId,  # noqa: ARG002
        *,
        load: Load,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
        term: int,  # noqa: ARG002
    ) -> Notice | Nothing:
        self.meanwhile()
        return self.claimed

    async def give_up_sending(self, *, term: int, in_flight: Collection[PostId], now: datetime) -> int:
        raise NotImplementedError

    async def end_snoozes(self, *, now: datetime, term: int) -> int:
        raise NotImplementedError

    async def mark_sent(self, post_id: PostId, *, ts: str, now: datetime) -> None:  # noqa: ARG002
        self.marks.append(f"sent {ts}")

    async def mark_unsure(self, post_id: PostId, *, settle_at: datetime) -> None:  # noqa: ARG002
        self.marks.append("unsure")

    async def mark_refused(self, post_id: PostId) -> None:  # noqa: ARG002
        self.marks.append("refused")

    async def release(self, post_id: PostId, *, may_repeat: bool = False) -> None:  # noqa: ARG002
        self.marks.append("released, may repeat" if may_repeat else "released")

    async def unsure(self, channel_id: ChannelId, *, now: datetime) -> Unsure | None:  # noqa: ARG002
        return UNSURE

    async def stale(self, channel_id: ChannelId) -> tuple[PostId, ...]:  # noqa: ARG002
        return (POST_ID,)

    async def redraw(self, post_id: PostId) -> Redraw | None:  # noqa: ARG002
        return REDRAW

    async def mark_shown(self, post_id: PostId, *, wanted: int) -> None:  # noqa: ARG002
        self.marks.append(f"shown {wanted}")

    async def mark_undrawable(self, post_id: PostId) -> None:  # noqa: ARG002
        self.marks.append("undrawable")

    async def mark_gone(self, channel_id: ChannelId, ts: str) -> None:  # noqa: ARG002
        self.marks.append(f"gone {ts}")

    async def recent(self, *, since: datetime) -> tuple[tuple[ChannelId, datetime], ...]:
        raise NotImplementedError


class Unlimited(RateLimits):
    """Lets every call through at once."""

    def wait(self, *_: object, **__: object) -> float:
        return 0.0


class Stage:
    """A dispatch between the two. Its clock can be set."""

    def __init__(self, pacing: RateLimits | None = None) -> None:
        self.slack = FakeSlack()
        self.store = FakeStore()
        self.pacing = pacing or RateLimits()
        self.now = NOON
        self.may_send = True
        self.refused: list[RefusedForGood] = []
        self.dispatch = Sender(
            outbox=self.store,
            deliveries=self.store,
            messenger=self.slack,
            rate_limits=self.pacing,
            on_refused=self.hears,
            may_send=lambda: self.may_send,
            now=lambda: self.now,
        )

    async def hears(self, lost: RefusedForGood) -> None:
        self.refused.append(lost)

    async def send(self) -> float | None:
        return await self.dispatch.send_next(HERE, load=Load(), term=1)

    async def redraw(self) -> float | None:
        return await self.dispatch.redraw_stale(HERE)

    async def settle(self) -> float | None:
        return await self.dispatch.settle(HERE)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def raised(step: Awaitable[float | None]) -> type[SlackError] | None:
    """The kind of trouble that is reported to the worker."""
    try:
        await step
    except SlackError as error:
        return type(error)
    return None


REFUSED = MessageRefused("invalid_blocks")


async def test_the_lines_about_a_message_carry_its_id(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """From the first try to the message sent; who waits for a report finds what became of it."""
    caplog.set_level("INFO")
    caplog.handler.addFilter(correlate)
    stage.slack.troubles = [REFUSED]
    await stage.send()
    assert [(vars(line)["correlation_id"], line.getMessage()) for line in caplog.records] == [
        (POST_ID, "message_refused"),
        (POST_ID, "message_sent"),
    ]


@pytest.mark.parametrize(
    ("troubles", "marks", "comes_out"),
    [
        pytest.param([], ["sent 1.0"], None, id="sent"),
        pytest.param([DeliveryUnknown("reset")], ["unsure"], DeliveryUnknown, id="the answer was lost"),
        pytest.param([BUSY], ["released"], SlackBusy, id="Slack is busy"),
        pytest.param([LIMITED], ["released"], SlackBusy, id="Slack says 429"),
        pytest.param([ChannelGone("is_archived")], ["released"], ChannelGone, id="the channel is closed"),
        pytest.param([AppRejected("token_revoked")], ["released"], AppRejected, id="the app is rejected"),
        pytest.param([REFUSED], ["sent 1.0"], None, id="only the blocks are refused"),
        pytest.param([REFUSED, REFUSED], ["refused"], None, id="the words are refused, too"),
        pytest.param([REFUSED, BUSY], ["released"], SlackBusy, id="busy at the second try"),
    ],
)
async def test_what_a_message_comes_to(
    stage: Stage, troubles: list[SlackError], marks: list[str], comes_out: type[SlackError] | None
) -> None:
    stage.slack.troubles = list(troubles)
    assert await raised(stage.send()) is comes_out
    assert stage.store.marks == marks
    assert stage.dispatch.in_flight == set()


async def test_a_reply_to_a_message_that_was_deleted_is_owed_anew(stage: Stage) -> None:
    stage.store.claimed = replace(NOTICE, thread_ts="0.5")
    stage.slack.troubles = [MessageGone("thread_not_found")]
    assert await raised(stage.send()) is None
    assert stage.store.marks == ["released", "gone 0.5"]


async def test_a_window_that_closes_during_the_claim_keeps_the_message_here(stage: Stage) -> None:
    """Another channel's 429 came in meanwhile: nothing is sent, and the news are owed as before."""
    stage.store.meanwhile = lambda: stage.pacing.hold(POST, uptime() + 20)
    wait = await stage.send()
    assert stage.slack.calls == []
    assert stage.store.marks == ["released"]
    assert wait == pytest.approx(20, abs=1)


async def test_a_window_that_is_closed_is_not_even_claimed_for(stage: Stage) -> None:
    stage.pacing.hold(POST, uptime() + 20)
    assert await stage.send() == pytest.approx(20, abs=1)
    assert stage.store.marks == []


@pytest.mark.parametrize(
    ("step", "method"), [(Stage.send, POST), (Stage.redraw, UPDATE), (Stage.settle, HISTORY)]
)
@pytest.mark.parametrize(("says", "waits"), [(7.0, 7.0), (None, DEFAULT_RETRY_AFTER)])
async def test_a_429_is_heeded_at_once(
    stage: Stage,
    step: Callable[[Stage], Awaitable[float | None]],
    method: str,
    says: float | None,
    waits: float,
) -> None:
    """Before anything is written down: others may be about to call."""
    stage.slack.troubles = [SlackBusy("ratelimited", retry_after=says, limited=True)]
    assert await raised(step(stage)) is SlackBusy
    assert stage.pacing.wait(method, ChannelId("there"), uptime()) == pytest.approx(waits, abs=1)


@pytest.mark.parametrize(
    ("claimed", "wait"),
    [(Nothing(), None), (Nothing(at=NOON + timedelta(seconds=4)), 4.0), (Nothing(at=NOON), 0.05)],
    ids=["nothing is owed", "later", "at once"],
)
async def test_what_was_not_sent_takes_nobodys_turn(
    stage: Stage, claimed: Nothing, wait: float | None
) -> None:
    stage.store.claimed = claimed
    assert await stage.send() == wait
    assert stage.pacing.wait(POST, HERE, uptime()) == 0.0


async def test_the_next_message_waits_for_the_channels_pace(stage: Stage) -> None:
    wait = await stage.send()
    assert wait == pytest.approx(CHANNEL_GAP, abs=0.5)


@pytest.mark.parametrize(
    ("troubles", "marks", "comes_out"),
    [
        pytest.param([], ["shown 2"], None, id="drawn"),
        pytest.param([REFUSED], ["shown 2"], None, id="without its blocks"),
        pytest.param([REFUSED, REFUSED], ["undrawable"], None, id="refused for good"),
        pytest.param([MessageGone("message_not_found")], ["gone 1.0"], None, id="deleted"),
        pytest.param([DeliveryUnknown("reset")], [], DeliveryUnknown, id="the answer was lost"),
    ],
)
async def test_what_an_edit_comes_to(
    stage: Stage, troubles: list[SlackError], marks: list[str], comes_out: type[SlackError] | None
) -> None:
    stage.slack.troubles = list(troubles)
    assert await raised(stage.redraw()) is comes_out
    assert stage.store.marks == marks


@pytest.mark.parametrize(
    ("found", "troubles", "marks", "comes_out"),
    [
        pytest.param("2.0", [], ["sent 2.0"], None, id="it is there"),
        pytest.param(None, [], ["released"], None, id="it is not"),
        pytest.param(
            None, [AppRejected("missing_scope")], ["released, may repeat"], None, id="nobody may look"
        ),
        pytest.param(
            None, [CannotLook("too_many_messages")], ["released, may repeat"], None, id="too much was said"
        ),
        pytest.param(None, [BUSY], [], SlackBusy, id="Slack is busy: it stays unsure"),
    ],
)
async def test_what_an_unsure_message_comes_to(
    stage: Stage,
    found: str | None,
    troubles: list[SlackError],
    marks: list[str],
    comes_out: type[SlackError] | None,
) -> None:
    stage.slack.found, stage.slack.troubles = found, list(troubles)
    assert await raised(stage.settle()) is comes_out
    assert stage.store.marks == marks


async def test_what_this_process_sent_is_dated_by_the_time_that_has_passed(stage: Stage) -> None:
    """The clock was set by an hour between the claim and the look."""
    stage.slack.troubles = [DeliveryUnknown("reset")]
    await raised(stage.send())
    stage.now = NOON + timedelta(hours=1)
    await stage.settle()
    (looked_for,) = stage.slack.looked_for
    assert abs(looked_for.claimed_at - stage.now) < timedelta(seconds=5)


async def test_what_another_process_sent_is_dated_by_its_claim(stage: Stage) -> None:
    await stage.settle()
    assert stage.slack.looked_for == [UNSURE]


async def test_a_leader_that_stood_still_after_its_claim_sends_nothing_any_more(stage: Stage) -> None:
    """The next leader has looked for the message by then, did not find it, and sends it."""

    def stands_still() -> None:
        stage.may_send = False

    stage.store.meanwhile = stands_still
    await stage.send()
    assert (stage.slack.calls, stage.store.marks) == ([], ["released"])


async def test_a_leader_that_stood_still_draws_nothing_that_is_no_longer_so(stage: Stage) -> None:
    """The next leader may have drawn the recovery already."""
    stage.may_send = False
    await stage.redraw()
    assert (stage.slack.calls, stage.store.marks) == ([], [])


@pytest.mark.parametrize("step", [Stage.send, Stage.redraw])
async def test_what_is_refused_even_as_plain_words_is_reported(
    stage: Stage, step: Callable[[Stage], Awaitable[float | None]]
) -> None:
    stage.slack.troubles = [REFUSED, REFUSED]
    await step(stage)
    assert [(each.post_id, each.channel_id, each.error) for each in stage.refused] == [
        (POST_ID, HERE, "invalid_blocks")
    ]


@pytest.mark.parametrize(
    ("step", "mark"), [(Stage.send, "refused"), (Stage.redraw, "undrawable")], ids=["post", "edit"]
)
async def test_a_refusal_in_no_table_is_tried_again_but_not_for_ever(
    step: Callable[[Stage], Awaitable[float | None]], mark: str
) -> None:
    """Then as plain words, and then it is given up and reported: the channel's other messages go out."""
    stage = Stage(Unlimited())
    odd = UnknownSlackRefusal("brand_new_word")
    stage.slack.troubles = [odd] * (MOST_UNKNOWN + 1)
    for _ in range(MOST_UNKNOWN - 1):
        assert await raised(step(stage)) is UnknownSlackRefusal
        assert stage.refused == []
    assert await raised(step(stage)) is None
    assert stage.store.marks[-1] == mark
    assert [each.error for each in stage.refused] == ["brand_new_word"]
    assert stage.slack.calls[-1].endswith("plain")
