"""The steps between seeing a failure and knowing that it was told: at each of them the bot can be made to die."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.domain import Notice
from bot.slack.transport.notifier import SlackMessenger
from bot.store import outbox
from bot.store.deliveries import Deliveries
from bot.store.lease import LeaseRow
from bot.store.mail_transaction import MailTransaction
from bot.store.observations import Observations
from bot.store.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_Method: TypeAlias = Callable[..., Awaitable[Any]]


class Step(StrEnum):
    """Where the bot dies. Steps of this process; `ACCEPTED` is the simulated Slack's to see."""

    LEADING = "leading"  # the lease was just taken
    ANSWERED = "answered"  # Quick BI answered, nothing is recorded
    RECORDING = "recording"  # written, not committed
    RECORDED = "recorded"
    CLAIMING = "claiming"  # the claim is written, not committed
    CLAIMED = "claimed"
    SENDING = "sending"  # about to call Slack
    ACCEPTED = "accepted"  # Slack has the message, its answer is lost
    SENT = "sent"  # Slack answered, nothing is marked
    MARKED = "marked"
    REDRAWING = "redrawing"
    REDRAWN = "redrawn"
    SHOWN = "shown"
    UNSURE = "unsure"  # what the last life was sending was just noticed
    LOOKING = "looking"
    LOOKED = "looked"
    RELEASING = "releasing"
    RELEASED = "released"


# These come only where the life before died with a message on its way, and so each needs such a life before it.
AFTER_A_LOSS = {
    Step.UNSURE: Step.CLAIMED,
    Step.LOOKING: Step.SENDING,
    Step.LOOKED: Step.ACCEPTED,
    Step.RELEASING: Step.SENDING,
    Step.RELEASED: Step.CLAIMED,
}
ONCE_IN_A_LIFE = {*AFTER_A_LOSS, Step.LEADING}  # the others can be passed a few times before
_RANDOM_MOMENTS = 0.3  # of all deaths


def deaths(luck: Random, *, with_history: bool) -> Iterator[Step | None]:
    """Where each life ends, without end: every step in turn, in an order of luck's, and random moments (None)."""
    steps = [
        each for each in Step if with_history or each is not Step.LOOKED
    ]  # nobody may look: none returns
    while True:
        for step in luck.sample(steps, k=len(steps)):
            while luck.random() < _RANDOM_MOMENTS:
                yield None
            if step in AFTER_A_LOSS:
                yield AFTER_A_LOSS[step]
            yield step


def stop_when_asked() -> None:
    """After a SIGUSR1 this process stops itself between the last look at its lease and its next message."""
    signal.signal(signal.SIGUSR1, lambda *_: set_trap(Step.SENDING, nth=1, how=signal.SIGSTOP))


def set_trap(step: Step, *, nth: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Die when this process reaches the step for the `nth` time."""
    left = nth

    def spring(result: Any = None) -> None:
        nonlocal left
        if step is Step.CLAIMED and not isinstance(result, Notice):
            return
        if step is Step.UNSURE and not result:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), how)

    place = _PLACES.get(step)
    if place is not None:
        owner, name, before = place
        original: _Method = getattr(owner, name)
        setattr(owner, name, _before(original, spring) if before else _after(original, spring))


def _before(original: _Method, spring: Callable[[], None]) -> _Method:
    async def trapped(*args: Any, **kwargs: Any) -> Any:
        spring()
        return await original(*args, **kwargs)

    return trapped


def _after(original: _Method, spring: Callable[[Any], None]) -> _Method:
    async def trapped(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        spring(result)
        return result

    return trapped


_PLACES: dict[Step, tuple[Any, str, bool]] = {
    Step.LEADING: (LeaseRow, "acquire", False),
    Step.ANSWERED: (Observations, "record_answer", True),
    Step.RECORDING: (MailTransaction, "keep", False),
    Step.RECORDED: (Observations, "record_answer", False),
    Step.CLAIMING: (outbox, "_link", False),
    Step.CLAIMED: (Outbox, "claim", False),
    Step.SENDING: (SlackMessenger, "post", True),
    Step.SENT: (SlackMessenger, "post", False),
    Step.MARKED: (Deliveries, "mark_sent", False),
    Step.REDRAWING: (SlackMessenger, "redraw", True),
    Step.REDRAWN: (SlackMessenger, "redraw", False),
    Step.SHOWN: (Deliveries, "mark_shown", False),
    Step.UNSURE: (Deliveries, "give_up_sending", False),
    Step.LOOKING: (SlackMessenger, "find", True),
    Step.LOOKED: (SlackMessenger, "find", False),
    Step.RELEASING: (Deliveries, "release", True),
    Step.RELEASED: (Deliveries, "release", False),
}
