"""A run by hand reaches Quick BI once: double clicks, redeliveries, two processes, a death in the middle."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.domain import MailId
from bot.sandbox.quickbi.faults import Mode
from bot.slack.kit.actions import run_button
from bot.slack.kit.blocks import actions
from tests.scenario.hand_runs import ADA, RUN, RUN_IT, run_calls, run_typed, stage_for_runs, until_said
from tests.support.databases import new_postgres_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.rig import BotProcess, Rig

BOB = "U0BOB00002"
LOOK = "GetMailTaskStatus"
OVER = "was sent after"


pytest_plugins = ["tests.support.store_fixtures"]


@pytest.fixture
async def database(postgres_server: str) -> str:
    """An empty PostgreSQL database, for two replicas."""
    return await new_postgres_database(postgres_server)


async def test_a_double_click_is_one_run(tmp_path: Path) -> None:
    """On the button, with a trigger of its own for each click; and on the question's Run it."""
    async with stage_for_runs(tmp_path) as stage:
        await stage.start_bot()
        status = await stage.ask("/mail-status Quick Ops")
        await asyncio.gather(
            *(stage.slack.people.click("ada", "mail_run", channel="reports", ts=status.ts) for _ in range(3))
        )
        asked = await stage.ask("/mail-run Quick Sales")
        await asyncio.gather(
            *(stage.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts) for _ in range(3))
        )
        for name, ts in (("Quick Ops", status.ts), ("Quick Sales", asked.ts)):
            over = await stage.until_text(f"{name} was sent", seconds=20)
            assert over.ts == ts
            assert run_calls(stage, name) == 1


async def test_two_people_at_once_are_one_run(tmp_path: Path) -> None:
    """The second is told who was faster."""
    async with stage_for_runs(tmp_path, MAIL_RUN_USERS="*") as stage:
        await stage.start_bot()
        status = {who: await stage.ask("/mail-status Quick Ops", user=who) for who in ("ada", "bob", "mei")}
        await asyncio.gather(
            *(
                stage.slack.people.click(who, "mail_run", channel="reports", ts=shown.ts)
                for who, shown in status.items()
            )
        )

        def told() -> list[str] | None:
            last = [stage.slack.workspace.message("reports", shown.ts).text for shown in status.values()]
            return last if sum("was not started a second time" in text for text in last) == 2 else None

        await stage.slack.changes.until(told, seconds=10)
        assert run_calls(stage, "Quick Ops") == 1


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_redelivered_click_is_one_run(tmp_path: Path, *, http: bool) -> None:
    """At once, while it runs, and after its end: nothing is started and nothing is said."""
    async with stage_for_runs(tmp_path, http=http) as stage:
        await stage.start_bot()
        stage.slack.faults.duplicate_deliveries = 0
        asked = await stage.ask("/mail-run Quick Sales")
        stage.slack.faults.duplicate_deliveries = 1
        await stage.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
        click = stage.slack.delivered[-1]
        await stage.until_text("was started")
        await stage.slack.redeliver(click.id)
        await stage.until_text(OVER, seconds=20)
        await stage.slack.redeliver(click.id)
        await until_repeated(stage, 3)
        assert OVER in stage.slack.workspace.message("reports", asked.ts).text
        assert run_calls(stage, "Quick Sales") == 1


async def until_repeated(stage: Rig, times: int) -> None:
    """Wait until the bot has seen through so many repeats of a click."""
    bot = stage.bot
    assert bot
    await until(lambda: repeats(bot) >= times)


def repeats(*bots: BotProcess) -> int:
    """How many clicks started nothing, in silence, because they were echoes: of this process's own, or of another's."""
    echoes = ("delivered_twice", "request_replayed", "run_repeated")
    return sum(any(echo in line for echo in echoes) for bot in bots for line in bot.log)


def served(*bots: BotProcess) -> int:
    """How many clicks on Run again have been answered, in whatever way."""
    return sum(" handled" in line and "mail_run" in line for bot in bots for line in bot.log)


async def until(is_so: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Look every hundredth of a second, for what no change of Slack tells of."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 (another process: there is no event to wait for)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def two_bots(stage: Rig, database: str) -> AsyncIterator[tuple[BotProcess, BotProcess]]:
    """Two replicas on one PostgreSQL; Slack spreads what people do over both."""
    stage.settings["DATABASE_URL"] = database
    first = await stage.start_bot()
    second = await stage.start_bot(HTTP_PORT="0")
    await stage.slack.wait_for_socket(count=4)
    try:
        yield first, second
    finally:
        for bot in (first, second):
            if bot.process.returncode is None:
                await bot.stop()


async def shared_button(stage: Rig, name: str) -> str:
    """A message for all, with the button that runs a mail. Returns its `ts`."""
    mail = stage.world.named(name)
    blocks = [actions([run_button(MailId(mail.mail_id), mail.name)]).to_dict()]
    posted = await stage.web_client().chat_postMessage(channel="C0REPORTS2", text="Shared", blocks=blocks)
    return str(posted["ts"])


async def test_two_processes_start_one_run_and_tell_its_end_once(tmp_path: Path, database: str) -> None:
    """Clicks and copies of them land on both; one asks Quick BI, one tells."""
    async with stage_for_runs(tmp_path) as stage, two_bots(stage, database) as bots:
        ts = await shared_button(stage, "Quick Ops")
        stage.slack.faults.duplicate_deliveries = 4
        await asyncio.gather(
            *(stage.slack.people.click("ada", "mail_run", channel="reports", ts=ts) for _ in range(4))
        )
        await until_said(stage, "again: it was sent after", thread_ts=ts, seconds=20)
        assert run_calls(stage, "Quick Ops") == 1
        assert len(stage.slack.workspace.replies("reports", ts)) == 1
        assert all(any("mail_run" in line for line in bot.log) for bot in bots)


async def test_a_second_click_whose_look_takes_long_is_no_second_run(tmp_path: Path, database: str) -> None:
    """Clicked again at once, looked at seven seconds later: the mail was sent meanwhile, and is not sent twice."""
    async with stage_for_runs(tmp_path) as stage, two_bots(stage, database) as bots:
        ts = await shared_button(stage, "Quick Ops")
        stage.quickbi.faults.add(Mode.SLOW, action=LOOK, times=1, seconds=7)
        await stage.slack.people.click("ada", "mail_run", channel="reports", ts=ts)
        await until(lambda: len(stage.quickbi.ledger.calls(LOOK)) == 1)
        for _ in range(2):  # one of them on the other process
            await stage.slack.people.click("ada", "mail_run", channel="reports", ts=ts)
        await until_said(stage, "again: it was sent after", thread_ts=ts, seconds=20)
        await until(lambda: served(*bots) == 3, seconds=40)
        assert run_calls(stage, "Quick Ops") == 1
        assert all(any("mail_run" in line for line in bot.log) for bot in bots)


async def test_a_click_while_the_first_one_is_looked_at_is_no_second_run(tmp_path: Path) -> None:
    """Whether the first run is still followed or just over: it was there first, and nothing is started."""
    async with stage_for_runs(tmp_path, MAIL_RUN_USERS="*") as stage:
        await stage.start_bot()
        ts = await shared_button(stage, "Quick Ops")
        await stage.slack.people.click("ada", "mail_run", channel="reports", ts=ts)
        await until(lambda: len(stage.quickbi.ledger.calls(LOOK)) == 2)  # before the run, and after its start
        stage.quickbi.faults.add(Mode.SLOW, action=LOOK, times=1, seconds=6)
        await stage.slack.people.click("bob", "mail_run", channel="reports", ts=ts)
        told = await stage.until_text("was not started a second time", user="bob", seconds=20)
        assert told.ephemeral_for == BOB
        assert run_calls(stage, "Quick Ops") == 1


@pytest.mark.waits
async def test_the_other_process_takes_over_from_a_dead_one(tmp_path: Path, database: str) -> None:
    """Whoever followed the run dies for good: the other one finds that out and tells the end."""
    async with stage_for_runs(tmp_path) as stage, two_bots(stage, database) as bots:
        await run_typed(stage, "Quick Sales")
        await stage.until_text("was started")
        follower = next(bot for bot in bots if any("run_by_hand" in line for line in bot.log))
        await follower.stop(how=signal.SIGKILL)
        dm = stage.slack.workspace.direct_message(ADA).id
        await until_said(stage, "You ran it", channel=dm, seconds=100)
        assert run_calls(stage, "Quick Sales") == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_after_a_restart_the_end_is_told_to_the_person(tmp_path: Path, how: signal.Signals) -> None:
    """What only one person saw can no longer be changed then: a direct message tells it. Started once."""
    async with stage_for_runs(tmp_path) as stage:
        bot = await stage.start_bot()
        await run_typed(stage, "Quick Sales")
        await stage.until_text("was started")
        await bot.stop(how=how)
        await stage.start_bot()
        dm = stage.slack.workspace.direct_message(ADA).id
        told = await until_said(stage, "You ran it", channel=dm, seconds=20)
        assert "was sent" in told.text
        assert run_calls(stage, "Quick Sales") == 1


async def test_after_a_restart_the_end_is_told_in_the_thread(tmp_path: Path) -> None:
    """What everybody saw begin, everybody sees end."""
    async with stage_for_runs(tmp_path) as stage:
        bot = await stage.start_bot()
        ts = await shared_button(stage, "Quick Ops")
        await stage.slack.people.click("ada", "mail_run", channel="reports", ts=ts)
        await until_said(stage, f"<@{ADA}> ran Quick Ops again", thread_ts=ts)
        await bot.stop(how=signal.SIGKILL)
        await stage.start_bot()
        await until_said(stage, "again: it was sent", thread_ts=ts, seconds=20)
        assert run_calls(stage, "Quick Ops") == 1


async def test_a_death_while_quick_bi_is_asked_never_asks_again(tmp_path: Path) -> None:
    """The claim was there before the call: after the restart it is looked for, not sent."""
    async with stage_for_runs(tmp_path) as stage:
        bot = await stage.start_bot()
        stage.quickbi.faults.add(Mode.SLOW, action=RUN, seconds=3)
        asked = await run_typed(stage, "Quick Sales")
        await until(lambda: run_calls(stage, "Quick Sales") > 0)
        await bot.stop(how=signal.SIGKILL)
        stage.quickbi.faults.clear()
        await stage.start_bot()
        await stage.slack.people.click("ada", RUN_IT, channel="reports", ts=asked.ts)
        dm = stage.slack.workspace.direct_message(ADA).id
        told = await until_said(stage, "You ran it", channel=dm, seconds=20)
        assert "was sent" in told.text
        assert run_calls(stage, "Quick Sales") == 1
