"""Where Slack meets our code: acks at once, owns the tasks, answers every error, never lets one out.

Bolt's own runner waits for an ack by polling every 10 ms, loses it when a handler fails right after it, and
keeps no list of what runs. So every listener here only acks and hands over; the work is a task of ours, which
is drained at shutdown.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from bot.domain import DatabaseAway, MailBotError, QuickBIError, StoreError, UsageError
from bot.slack.kit.actions import OldButton
from bot.slack.payloads import Incoming, searched
from bot.slack.views import errors as failures

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from slack_bolt.context.ack.async_ack import AsyncAck
    from slack_sdk.models.blocks import Option

    from bot.domain import ChannelId
    from bot.slack.kit.blocks import Message
    from bot.slack.payloads import Searched
    from bot.slack.transport.access import AccessPolicy
    from bot.slack.transport.answer import Answer

_log = logging.getLogger(__name__)
_REMEMBERED = 1_000  # deliveries
ENVELOPE_ID = "envelope_id"  # in a body: what Socket Mode called the delivery
_GOODBYE_LIMIT = 1.5  # seconds to tell those who still wait that the bot is going down


P = TypeVar("P", bound=Incoming)
T = TypeVar("T")


class Dispatcher:
    """Wraps handlers into Bolt listeners and owns their tasks.

    `gate` says who is let in. `answers` opens the way back to a person. `visited` hears of every channel in
    which somebody uses the bot, beside the work.
    """

    def __init__(
        self,
        gate: AccessPolicy,
        answers: Callable[[Incoming], Answer],
        *,
        visited: Callable[[ChannelId], Awaitable[None]] | None = None,
    ) -> None:
        self._gate = gate
        self._answers = answers
        self._visited = visited
        self._tasks: set[asyncio.Task[None]] = set()
        self._goodbyes: set[asyncio.Task[None]] = set()  # short, and never cut shorter by us
        self._is_closing = False
        self._delivered: dict[str, None] = {}  # the newest deliveries, oldest first

    @property
    def busy(self) -> int:
        """How many handlers are at work."""
        return len(self._tasks)

    def listener(
        self, read: Callable[[Mapping[str, Any]], P], handle: Callable[[P, Answer], Awaitable[None]]
    ) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]:
        """Make a Bolt listener that acks and hands over. `read` makes a value of the payload."""

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            if self._is_closing and "command" in body:
                await ack(failures.restarting().text)
                return
            await ack()
            if self._came_before(body) or (incoming := _understood(read, body)) is None:
                return
            if not self._is_closing:
                self.start(incoming, handle)
            elif incoming.response_url:  # an ack shows nothing to who clicked or sent a form
                self._keep(self._say_goodbye(self._answers(incoming)), self._goodbyes)

        return listen

    def events(
        self, read: Callable[[Mapping[str, Any]], P], handle: Callable[[P], Awaitable[None]]
    ) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]:
        """Make a Bolt listener for what happened without anybody asking: there is nobody to answer."""

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            if not self._came_before(body) and (happened := _understood(read, body)) is not None:
                self._keep(self._logged(happened, handle), self._tasks)

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

    def suggester(
        self, suggest: Callable[[Searched], list[Option]]
    ) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]:
        """Make a Bolt listener for a typeahead: here the ack itself carries the answer. Who is refused gets none."""

        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            asked = _understood(searched, body)
            await ack(options=await self._suggestions(asked, suggest) if asked else [])

        return listen

    async def _suggestions(
        self, asked: Searched, suggest: Callable[[Searched], list[Option]]
    ) -> list[Option]:
        try:
            return [] if await self._gate.refusal(asked) else suggest(asked)
        except Exception:  # noqa: BLE001 (the boundary: whoever types goes on typing)
            _log.exception("suggestions_failed", extra={"where": asked.action_id})
            return []

    def start(self, incoming: P, handle: Callable[[P, Answer], Awaitable[None]]) -> None:
        """Run a handler as a task of ours, with everything that can go wrong answered."""
        self._keep(self._answered(incoming, handle), self._tasks)
        if self._visited is not None and incoming.channel_id:
            self._keep(self._logged(incoming, self._visit), self._tasks)

    async def _visit(self, incoming: Incoming) -> None:
        if self._visited is not None:
            await self._visited(incoming.channel_id)

    def _keep(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def _logged(self, incoming: P, handle: Callable[[P], Awaitable[None]]) -> None:
        try:
            await handle(incoming)
        except Exception:  # noqa: BLE001 (the boundary: nothing leaves it)
            _log.exception("event_failed", extra={"where": incoming.where})

    async def drain(self, patience: float) -> None:
        """Let the handlers come to their end; who still waits after `patience` seconds is told to ask again.

        Whoever comes only now is told so at once: in the ack itself, or where that shows nothing by the response
        URL. Call it again when nobody can come any more.
        """
        self._is_closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._goodbyes, return_exceptions=True)

    async def _answered(self, incoming: P, handle: Callable[[P, Answer], Awaitable[None]]) -> None:
        answer = self._answers(incoming)
        began = perf_counter()
        outcome = "answered"
        try:
            if (refused := await self._gate.refusal(incoming)) is not None:
                outcome = "refused"
                await answer.send(refused)
            else:
                await handle(incoming, answer)
        except asyncio.CancelledError:
            outcome = "interrupted"
            await self._say_goodbye(answer)
            raise
        except Exception as error:  # noqa: BLE001 (the boundary: nothing leaves it, everybody gets an answer)
            outcome = type(error).__name__
            await self._explain(error, answer)
        finally:
            _log.info(
                "handled",
                extra={
                    "where": incoming.where,
                    "user_id": incoming.person.user_id,
                    "channel_id": incoming.channel_id,
                    "outcome": outcome,
                    "ms": round((perf_counter() - began) * 1000),
                },
            )

    async def _say_goodbye(self, answer: Answer) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_LIMIT):
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
                reference = uuid4().hex[:8]
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
