"""The process begins and ends: whatever is wrong has one clear line, and SIGTERM is obeyed at any time."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.quickbi.faults import Mode
from tests.scenario.steps import until_subscribed
from tests.support.rig import BotProcess, rig
from tests.support.stopwatch import Stopwatch
from tests.support.stubborn_slack import stubborn_slack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.rig import Rig

PROMISED = 10.0  # seconds between SIGTERM and the end, whatever hangs
AT_ONCE = 6.0  # seconds where nobody is being answered: most of it is a busy machine's
OPEN = "apps.connections.open"


async def ended(bot: BotProcess, *, seconds: float = 30.0) -> tuple[int, str]:
    """Its exit code and its whole log."""
    code = await asyncio.wait_for(bot.process.wait(), seconds)
    assert bot.reading
    await bot.reading
    return code, "\n".join(bot.log)


async def seconds_to_stop(bot: BotProcess, how: signal.Signals = signal.SIGTERM) -> float:
    """How long it takes to its end, which must be a clean one."""
    stopwatch = Stopwatch(bot.process.pid)
    assert await stopwatch.over(bot.stop(how=how, seconds=60)) == 0, "\n".join(bot.log)
    assert any(" stopped" in line for line in bot.log)
    assert not any("Traceback" in line for line in bot.log), "\n".join(bot.log)
    return stopwatch.seconds


# --- it begins


def nothing(_: Rig) -> None:
    """The setting is the trouble."""


def no_socket_mode(stage: Rig) -> None:
    stage.slack.faults.slack_error(OPEN, "socket_mode_not_enabled", times=None)


@pytest.mark.parametrize(
    ("provoke", "settings", "words"),
    [
        pytest.param(
            nothing,
            {"SLACK_APP_TOKEN": "xapp-PLANTED"},
            "The token is wrong. Copy it again",
            id="wrong token",
        ),
        pytest.param(no_socket_mode, {}, "Switch Socket Mode on", id="Socket Mode is off"),
    ],
)
async def test_a_refused_app_token_is_one_clear_line(
    stage: Rig, provoke: Callable[[Rig], None], settings: dict[str, str], words: str
) -> None:
    """Waiting would not mend it: exit code 1, the setting's name and what to do."""
    provoke(stage)
    code, log = await ended(await stage.launch(**settings))
    assert code == 1
    (line,) = [line for line in log.splitlines() if line.startswith("mailbot:")]
    assert line.startswith("mailbot: SLACK_APP_TOKEN: Slack says ")
    assert words in line
    assert "Traceback" not in log
    assert "PLANTED" not in log


def busy(stage: Rig) -> None:
    stage.slack.faults.rate_limit(OPEN, seconds=1)


def in_trouble(stage: Rig) -> None:
    stage.slack.faults.slack_error(OPEN, "internal_error", times=2)


def down(stage: Rig) -> None:
    stage.slack.faults.server_error(OPEN, times=2)


def away(stage: Rig) -> None:
    stage.slack.faults.refuse_connections(OPEN, times=2)


def all_away(stage: Rig) -> None:
    stage.slack.faults.refuse_connections("auth.test", times=2)


@pytest.mark.parametrize("provoke", [busy, in_trouble, down, away, all_away])
async def test_trouble_that_passes_is_waited_out(stage: Rig, provoke: Callable[[Rig], None]) -> None:
    """Its beginning is logged once, its end once, and then the bot is ready."""
    provoke(stage)
    bot = await stage.start_bot()
    log = "\n".join(bot.log)
    assert log.count("slack_out_of_reach") == 1
    assert log.count("slack_reached_again") == 1
    assert "Traceback" not in log
    assert await seconds_to_stop(bot) < AT_ONCE


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"auth_test": '{"ok": tru'}, id="broken JSON"),
        pytest.param({"auth_test": "<html>Log in</html>", "kind": "text/html"}, id="a login page"),
        pytest.param({"auth_test": "hello", "kind": "text/plain"}, id="text"),
        pytest.param({"auth_test": "[]"}, id="a list"),
        pytest.param({"auth_test": '{"ok": true}'}, id="nobody"),
        pytest.param({"auth_test": "no such page", "kind": "text/html", "status": 404}, id="another path"),
    ],
)
async def test_what_is_not_slack_is_one_clear_line(stage: Rig, how: dict[str, str | int]) -> None:
    """A proxy or a wrong address: the setting is named, nothing of the answer is shown."""
    async with stubborn_slack(**how) as slack:
        code, log = await ended(await stage.launch(SLACK_API_URL=f"{slack.url}api/"))
    assert code == 1
    (line,) = [line for line in log.splitlines() if line.startswith("mailbot:")]
    assert "SLACK_API_URL is not Slack" in line
    assert "Traceback" not in log


@pytest.mark.parametrize("command", [(), ("check",)], ids=["run", "check"])
async def test_every_wrong_setting_is_told_at_once(stage: Rig, command: tuple[str, ...]) -> None:
    """Nobody mends one line to be shown the next."""
    wrong = {
        "SLACK_API_URL": "https://[::1",
        "QUICKBI_ENDPOINT": "https://PLANTED@host",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "PLANTED PLANTED",
        "DATABASE_URL": "postgresql://me:PLANTED@host:bad/db",
    }
    code, log = await ended(await stage.launch(*command, **wrong))
    assert code == 2
    assert sorted(line.split()[1] for line in log.splitlines()[:-1]) == sorted(wrong)
    assert "PLANTED" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
async def test_a_port_that_is_none_is_one_clear_line(stage: Rig, port: str) -> None:
    """The sandbox's page, too, says what is wrong with the argument."""
    code, log = await ended(await stage.launch("sandbox", f"--port={port}"))
    assert code == 2
    assert log.splitlines()[-1].endswith("a port is a number from 0 to 65535")
    assert "Traceback" not in log


# --- it ends


def nothing_answers(stage: Rig) -> None:
    stage.slack.faults.refuse_connections()


def no_address(stage: Rig) -> None:
    stage.slack.faults.server_error(OPEN)


def never_answers(stage: Rig) -> None:
    stage.slack.faults.slow("auth.test", seconds=60)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(
    ("provoke", "at"),
    [
        pytest.param(nothing_answers, "slack_out_of_reach", id="Slack is out of reach"),
        pytest.param(no_address, "slack_out_of_reach", id="no socket can be had"),
    ],
)
async def test_a_stop_while_it_starts_is_obeyed_at_once(
    stage: Rig, provoke: Callable[[Rig], None], at: str, how: signal.Signals
) -> None:
    """Whatever it waits for."""
    provoke(stage)
    bot = await stage.launch()
    await bot.until_logged(at)
    assert await seconds_to_stop(bot, how) < AT_ONCE


async def test_a_stop_while_slack_keeps_silent_is_obeyed_at_once(stage: Rig) -> None:
    """A call that is on its way is given up."""
    never_answers(stage)
    bot = await stage.launch()
    await stage.slack.changes.until(lambda: stage.slack.ledger.calls("auth.test") or None, seconds=30)
    assert await seconds_to_stop(bot) < AT_ONCE


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
async def test_a_stop_while_sockets_are_refused_is_obeyed_at_once(stage: Rig, level: str) -> None:
    """The client tries for ever: its tickets are in no log, whatever the level."""
    async with stubborn_slack(handshake=401) as slack:
        bot = await stage.launch(SLACK_API_URL=f"{slack.url}api/", LOG_LEVEL=level)
        async with asyncio.timeout(40):
            while len(slack.tried) < 3:  # noqa: ASYNC110 (the second try of one of the two)
                await asyncio.sleep(0.1)
        if level != "ERROR":
            await bot.until_logged("slack_sockets_lost")
        bot.process.send_signal(signal.SIGTERM)
        code, log = await ended(bot, seconds=AT_ONCE)
    assert code == 0
    assert log.count("slack_sockets_lost") == (level != "ERROR")
    assert ("ticket=[hidden]" in log) is (level == "DEBUG")  # who looks for the cause finds it
    assert "PLANTED" not in log


async def test_an_idle_bot_whose_sockets_never_say_goodbye(stage: Rig) -> None:
    """Slack's answer to the closing is not waited for."""
    async with stubborn_slack() as slack:
        bot = await stage.launch_python(SLACK_API_URL=f"{slack.url}api/")
        await bot.until_logged(" ready")
        assert len(slack.tried) == 2
        assert await seconds_to_stop(bot) < AT_ONCE


async def test_the_worst_of_everything_ends_within_ten_seconds(tmp_path: Path) -> None:
    """Quick BI and Slack hang, somebody holds the database, a stranger has sent half a request."""
    async with rig(tmp_path, http=True, calls_per_second=50) as stage:
        bot = await stage.start_bot()
        mail = stage.world.named("Daily Sales")
        await stage.slack.people.type_command("ada", "reports", f"/mail-subscribe {mail.mail_id}")
        await until_subscribed(stage)
        stage.quickbi.faults.add(Mode.SLOW, seconds=60)
        await stage.slack.people.type_command("bob", "reports", "/mail-status Weekly Ops")
        await stage.until_text("", user="bob")
        stage.slack.faults.slow(seconds=60)
        await stage.slack.people.type_command("mei", "reports", "/mail-status Stock Levels")
        _, stranger = await asyncio.open_connection("127.0.0.1", stage.http_port)
        stranger.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        await stranger.drain()
        other = sqlite3.connect(tmp_path / "mailbot.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            stopwatch = Stopwatch(bot.process.pid)
            await stopwatch.over(bot.stop(seconds=60))
            assert stopwatch.seconds < PROMISED, "\n".join(bot.log)
        finally:
            other.close()
            stranger.close()


async def test_people_are_told_while_a_stranger_holds_the_door(tmp_path: Path) -> None:
    """Half a request keeps nobody from being told to ask again, and the bot from ending well."""
    async with rig(tmp_path, http=True, calls_per_second=50) as stage:
        bot = await stage.start_bot()
        stage.quickbi.faults.add(Mode.SLOW, seconds=60)
        mail = stage.world.named("Weekly Ops")
        await stage.slack.people.type_command("bob", "reports", f"/mail-status {mail.mail_id}")
        _, stranger = await asyncio.open_connection("127.0.0.1", stage.http_port)
        stranger.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        await stranger.drain()
        assert await seconds_to_stop(bot) < PROMISED
        assert "Please ask again" in stage.answers("bob")[-1].text
        stranger.close()


async def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    """A name server that never answers, for one: what the bot itself has to do is done, so it ended well."""
    program = """
import asyncio, threading, time
from bot.app.shutdown import Shutdown

async def main():
    shutdown = Shutdown()
    shutdown.listen()
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    print("ready", flush=True)
    await shutdown.requested.wait()
    shutdown.finished()

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), PROMISED) == 0


# --- it goes on


@pytest.mark.waits
async def test_an_outage_of_the_sockets_is_logged_once_and_its_end_once(stage: Rig) -> None:
    """Each of them tries again and again meanwhile; nobody needs to read that."""
    bot = await stage.start_bot()
    stage.slack.faults.refuse_connections()
    await stage.slack.drop_sockets()
    await bot.until_logged("slack_sockets_lost", seconds=30)
    before = len(stage.slack.ledger.calls(OPEN))
    while len(stage.slack.ledger.calls(OPEN)) < before + 2:  # noqa: ASYNC110 (tries, not seconds, are the point)
        await asyncio.sleep(0.1)
    stage.slack.faults.clear()
    await bot.until_logged("slack_sockets_back", seconds=30)
    log = "\n".join(bot.log)
    assert log.count("slack_sockets_lost") == 1
    assert log.count("slack_sockets_back") == 1
    assert "Traceback" not in log
    assert "Failed to" not in log


@pytest.mark.waits
async def test_an_address_that_went_stale_is_not_tried_for_ever(stage: Rig) -> None:
    """It works once and for a short time; the client itself would knock with the old one until it is restarted.

    Here one of the two has a good one from the beginning, so there is no outage that anybody could see.
    """
    async with stubborn_slack(first_good=2) as slack:
        bot = await stage.launch(SLACK_API_URL=f"{slack.url}api/")
        await bot.until_logged(" ready", seconds=60)
        assert await seconds_to_stop(bot) < AT_ONCE
