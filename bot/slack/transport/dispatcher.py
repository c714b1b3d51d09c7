"""Between Bolt and the handlers: acks at once, runs each handler as a task, and answers every error.

Bolt's own runner waits for an ack by polling every 10 ms, loses it when a handler fails right after it, and
keeps no list of what runs. So each listener here only acks and starts a task, which is drained at shutdown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import monotonic, perf_counter
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.blocks import Option

from bot.aio import correlated, correlation_id, finish
from bot.domain import ChannelId, DatabaseAway, MailBotError, QuickBIError, StoreError, UsageError
from bot.slack.kit.actions import OldButton
from bot.slack.kit.blocks import Message
from bot.slack.payloads import Incoming, Searched, searched
from bot.slack.transport.access import AccessPolicy
from bot.slack.transport.responders import Answer
from bot.slack.views import errors as failures

P = TypeVar("P", bound=Incoming)
T = TypeVar("T")
Read: TypeAlias = "Callable[[Mapping[str, Any]], P | None]"
Listener: TypeAlias = "Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]"

ENVELOPE_ID = "envelope_id"  # in a body: what Socket Mode called the delivery
_REMEMBERED = 1_000  # deliveries
_MOMENT = 0.5  # seconds: less than it takes before anybody is told to wait
_RESTARTING_LIMIT = 1.5  # seconds to tell those who still wait that the bot is restarting
_log = logging.getLogger(__name__)


class Dispatcher:
    """Wraps handlers into Bolt listeners and owns their tasks.

    `answer_to` opens the way to answer a person. `on_channel_used` is called, as a task of its own, with each
    channel in which somebody uses the bot. `hold` keeps a record of a person who waits, until the event is set.
    `on_handled` is called with what came of each, and the seconds that it took.
    """

    def __init__(
        self,
        access: AccessPolicy,
        answer_to: Callable[[Incoming], Answer],
        *,
        on_channel_used: Callable[[ChannelId], Awaitable[None]] | None = None,
        hold: Callable[[Incoming, asyncio.Event], Awaitable[None]] | None = None,
        on_handled: Callable[[Incoming, str, float], None] = lambda *_: None,
    ) -> None:
        self._access = access
        self._answer_to = answer_to
        self._on_channel_used = on_channel_used
        self._hold = hold
        self._on_handled = on_handled
        self._tasks: set[asyncio.Task[None]] = set()
        self._farewells: set[asyncio.Task[None]] = set()  # have a limit of their own, and are never cancelled
        self._is_closing = False
        self._delivered: dict[str, None] = {}  # the newest deliveries, oldest first

    @property
    def busy(self) -> int:
        """How many handlers are running."""
        return len(self._tasks)

    def listener(self, read: Read[P], handle: Callable[[P, Answer], Awaitable[None]]) -> Listener:
        """Make a Bolt listener that acks and starts the handler.

        `read` makes a value of the payload; None for what is not for the bot.
        """

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            if self._is_closing and "command" in body:
                await ack(failures.restarting().text)
                return
            await ack()
            with correlated():
                self._take_up(body, read, handle)

        return listen

    def _take_up(
        self, body: Mapping[str, Any], read: Read[P], handle: Callable[[P, Answer], Awaitable[None]]
    ) -> None:
        if self._came_before(body) or (incoming := _understood(read, body)) is None:
            return
        if not self._is_closing:
            self.start(incoming, handle)
        elif incoming.response_url:  # an ack shows nothing to who clicked or sent a form
            self._keep(self._say_restarting(self._answer_to(incoming)), self._farewells)

    def events(self, read: Read[P], handle: Callable[[P], Awaitable[None]]) -> Listener:
        """Make a Bolt listener for events that nobody asked for: there is nobody to answer."""

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            with correlated():
                if not self._came_before(body) and (happened := _understood(read, body)) is not None:
                    self._keep(self._logged(handle(happened), happened.where), self._tasks)

        return listen

    def _came_before(self, body: Mapping[str, Any]) -> bool:
        """Whether this is a second delivery: Slack repeats what it believes was not acked, under the same ID."""
        delivery = body.get("event_id") or body.get(ENVELOPE_ID)
        if not delivery:  # over HTTP, Slack repeats nothing but events
            return False
        if delivery in self._delivered:
            _log.info("delivered_twice", extra={"kind": body.get("type") or body.get("command")})
            return True
        self._delivered[delivery] = None
        if len(self._delivered) > _REMEMBERED:
            del self._delivered[next(iter(self._delivered))]
        return False

    def suggester(self, suggest: Callable[[Searched], list[Option]]) -> Listener:
        """Make a Bolt listener for a typeahead, whose ack carries the answer. Whoever is refused gets none."""

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = _understood(searched, body)
            await ack(options=await self._suggestions(asked, suggest) if asked else [])

        return listen

    async def _suggestions(
        self, asked: Searched, suggest: Callable[[Searched], list[Option]]
    ) -> list[Option]:
        try:
            return [] if await self._access.refusal(asked) else suggest(asked)
        except Exception:  # noqa: BLE001 (the boundary: whoever types goes on typing)
            _log.exception("suggestions_failed", extra={"where": asked.action_id})
            return []

    def start(self, incoming: P, handle: Callable[[P, Answer], Awaitable[None]]) -> None:
        """Run a handler as a task; answer and log everything that goes wrong."""
        self._keep(self._answered(incoming, handle), self._tasks)
        if self._on_channel_used is not None and incoming.channel_id:
            self._keep(self._logged(self._on_channel_used(incoming.channel_id), incoming.where), self._tasks)

    def _keep(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def _logged(self, work: Awaitable[None], where: str) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 (the boundary: nothing leaves it)
            _log.exception("event_failed", extra={"where": where})

    async def until_idle(self, patience: float) -> None:
        """Wait until nobody is being answered, `patience` seconds at most. Who comes meanwhile is served, too."""
        end = monotonic() + patience
        while self._tasks and (left := end - monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)

    async def drain(self, patience: float) -> None:
        """Wait `patience` seconds for the handlers; tell whoever still waits then to ask again.

        Whoever comes later is told so at once: in the ack, or where that shows nothing by the response URL.
        Call it again when nothing can come in any more.
        """
        self._is_closing = True
        await finish(self._tasks, patience)
        await asyncio.gather(*self._farewells, return_exceptions=True)

    async def _answered(self, incoming: P, handle: Callable[[P, Answer], Awaitable[None]]) -> None:
        answer = self._answer_to(incoming)
        release = self._hold_later(incoming)
        began = perf_counter()
        outcome = "answered"
        try:
            if (refused := await self._access.refusal(incoming)) is not None:
                outcome = "refused"
                if refused.message is not None:
                    await answer.send(refused.message)
            else:
                await handle(incoming, answer)
        except asyncio.CancelledError:
            outcome = "interrupted"
            await self._say_restarting(answer)
            raise
        except Exception as error:  # noqa: BLE001 (the boundary: nothing leaves it, everybody gets an answer)
            outcome = type(error).__name__
            await self._explain(error, answer)
        finally:
            release()
            seconds = perf_counter() - began
            self._on_handled(incoming, outcome, seconds)
            _log.info(
                "handled",
                extra={
                    "where": incoming.where,
                    "user_id": incoming.person.user_id,
                    "channel_id": incoming.channel_id,
                    "outcome": outcome,
                    "ms": round(seconds * 1000),
                },
            )

    def _hold_later(self, incoming: Incoming) -> Callable[[], None]:
        """Have it recorded that this person waits, if that takes longer than a moment; call what is returned then."""
        if self._hold is None or not incoming.response_url:
            return lambda: None
        answered = asyncio.Event()
        hold = self._hold

        def start() -> None:
            self._keep(self._logged(hold(incoming, answered), incoming.where), self._farewells)

        timer = asyncio.get_running_loop().call_later(_MOMENT, start)

        def release() -> None:
            answered.set()
            timer.cancel()

        return release

    async def _say_restarting(self, answer: Answer) -> None:
        try:
            async with asyncio.timeout(_RESTARTING_LIMIT):
                await answer.send(failures.restarting())
        except Exception:  # noqa: BLE001 (the last resort of the boundary)
            _log.exception("answer_failed")

    async def _explain(self, error: Exception, answer: Answer) -> None:
        match error:
            case UsageError():
                message = failures.usage(error)
            case QuickBIError():
                message = failures.failure(error)
            case OldButton():
                message = failures.old_button()
            case _:
                reference = correlation_id.get() or uuid4().hex[:8]
                event = "handler_refused" if isinstance(error, MailBotError) else "handler_failed"
                _log.error(event, exc_info=error, extra={"reference": reference})
                message = _trouble(error, reference)
        try:
            await answer.send(message)
        except Exception:  # noqa: BLE001 (the last resort of the boundary)
            _log.exception("answer_failed")


def _trouble(error: Exception, reference: str) -> Message:
    match error:
        case DatabaseAway():
            return failures.database_away(reference)
        case StoreError():
            return failures.cannot_keep(reference)
        case _:
            return failures.surprise(reference)


def _understood(read: Callable[[Mapping[str, Any]], T], body: Mapping[str, Any]) -> T | None:
    """None for a payload that is not as Slack describes it: whom to answer is unknown then, too."""
    try:
        return read(body)
    except Exception:  # noqa: BLE001 (the boundary: the ack must not be lost)
        _log.exception("payload_not_understood", extra={"kind": body.get("type"), "has": sorted(body)})
        return None
