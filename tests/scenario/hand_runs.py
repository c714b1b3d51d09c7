"""What tests of runs by hand share: a stage with quick mails, the steps of a person, and the ledger's word."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.sandbox.world import Law
from tests.support.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.sandbox.slack.model import Message
    from bot.sandbox.world import Mail

ADA = "U0ADA00001"
RUN = "ManualRunMailTask"
RUN_IT = "mail_run_confirmed"


@asynccontextmanager
async def stage_for_runs(folder: Path, *, http: bool = False, **settings: str) -> AsyncIterator[Rig]:
    """Ada may run mails by hand. "Quick Sales" was sent last, "Quick Ops" failed last; they run for a second.

    The poller rests, so that what is seen is seen by whoever follows the run.
    """
    allowed = {"MAIL_RUN_USERS": ADA, "QUICKBI_CHECK_INTERVAL": "100000"}
    async with rig(folder, http=http, calls_per_second=50, settings=allowed | settings) as stage:
        add_quick(stage, "Quick Sales", "SENT")
        add_quick(stage, "Quick Ops", "FAILED")
        yield stage


def add_quick(stage: Rig, name: str, last: str, *, takes: float = 1.0) -> Mail:
    law = Law(takes=timedelta(seconds=takes), spread=0.0)
    mail = stage.world.add_mail(name, law=law)
    stage.world.run_now(
        mail.mail_id, started_ago=timedelta(hours=2), takes=timedelta(seconds=9), outcome=last
    )
    return mail


async def run_typed(stage: Rig, name: str, *, user: str = "ada", channel: str = "reports") -> Message:
    """Type /mail-run and say yes. Returns the message that asked first."""
    asked = await stage.ask(f"/mail-run {name}", user=user, channel=channel)
    await stage.slack.people.click(user, RUN_IT, channel=channel, ts=asked.ts)
    return asked


async def until_said(
    stage: Rig, words: str, *, channel: str = "reports", seconds: float = 30.0, thread_ts: str | None = None
) -> Message:
    """Wait until everybody can read these words in the channel, or in one thread of it."""

    def shown() -> Message | None:
        for one in reversed(stage.slack.workspace.messages(channel)):
            if one.ephemeral_for is None and words in one.text and thread_ts in {None, one.thread_ts}:
                return one
        return None

    try:
        return await stage.slack.changes.until(shown, seconds=seconds)
    except TimeoutError:
        last = [one.text for one in stage.slack.workspace.messages(channel)[-5:]]
        raise TimeoutError(f"{words!r} is not among the last messages: {last}") from None


def run_calls(stage: Rig, name: str) -> int:
    """How often Quick BI was asked to run this mail: the ledger's word, not the bot's."""
    return len(stage.quickbi.ledger.calls(RUN, mail_id=stage.world.named(name).mail_id))
