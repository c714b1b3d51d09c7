"""The process among others: what its log tells, who reads that, and which user runs it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.scenario.steps import until_subscribed
from tests.scenario.test_metrics import page_of
from tests.support.rig import Rig, rig
from tests.support.secrets import assert_no_secrets


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_secrets_are_nowhere_to_be_read(tmp_path: Path, *, http: bool) -> None:
    """Not in the log at DEBUG, on the status pages, in messages, nor in the database, whatever fails.

    In the log there are neither response URLs nor what people type.
    """
    async with rig(tmp_path, http=http, calls_per_second=50) as stage:
        bot = await stage.start_bot(LOG_LEVEL="DEBUG", HEARTBEAT_URL="http://127.0.0.1:1/heart-PLANTED")
        mail = stage.world.named("Weekly Ops")
        await stage.ask(f"/mail-status {mail.mail_id}")
        answer = await stage.until_text("Weekly Ops failed", seconds=30)
        await stage.ask("/mail-status what I PLANTED here")
        stage.slack.faults.lose_reply("response_url")
        stage.slack.faults.server_error("chat.postMessage")
        await stage.slack.people.click("ada", "mail_check", channel="reports", ts=answer.ts)
        await stage.slack.people.type_command("bob", "reports", f"/mail-subscribe {mail.mail_id}")
        await until_subscribed(stage)
        pages = [await page_of(bot, path) for path in ("/metrics", "/healthz")]
        stage.slack.faults.refuse_connections()
        await stage.slack.drop_sockets()
        await stage.slack.people.type_command("ada", "reports", "/mail-help")
        await bot.stop()
        payloads = [each.payload for each in stage.slack.delivered]
        doors = {str(each[key]).rpartition("/")[2] for each in payloads for key in ("response_url", "token")}
        assert len(doors) > 4
        secrets = {
            "heart-PLANTED",
            stage.slack.bot_token,
            stage.slack.app_token,
            stage.slack.signing_secret,
            stage.quickbi.access_key_secret,
        }
        messages = [str(each) for each in stage.slack.workspace.messages("reports")]
        database = (tmp_path / "mailbot.db").read_bytes().decode("latin-1")
        assert "Weekly Ops" in "".join(messages)
        assert "subscribe" in database  # the audit
        assert_no_secrets(*pages, *messages, database, secrets=secrets)
        assert_no_secrets("\n".join(bot.log), secrets={"PLANTED", *secrets, *doors})


async def test_the_log_says_what_to_do_about_a_wrong_secret(tmp_path: Path) -> None:
    """As `check` does, soon after the start."""
    async with rig(tmp_path) as stage:
        bot = stage.bot = await stage.launch(ALIBABA_CLOUD_ACCESS_KEY_SECRET="wrong-PLANTED")
        await bot.until_logged("Set ALIBABA_CLOUD_ACCESS_KEY_SECRET to the secret of that key")
        assert await bot.stop() == 0
        assert_no_secrets("\n".join(bot.log), secrets={"wrong-PLANTED"})


async def _runs(program: str, environment: dict[str, str]) -> tuple[int, str]:
    """The exit code, and what was written to standard error. Nobody reads its standard output."""
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=writing, stderr=asyncio.subprocess.PIPE, env=environment
    )
    os.close(writing)
    _, complaint = await process.communicate()
    return process.returncode or 0, complaint.decode()


async def test_whoever_reads_the_log_may_be_gone_at_the_end() -> None:
    """A clean stop is exit code 0, though the last lines cannot be written."""
    program = """
from bot import __main__ as bot
bot.main = lambda: print("stopped") or 0
bot.run()
"""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    assert await _runs(program, buffered) == (0, "")


async def test_a_user_without_a_home_can_run_the_bot() -> None:
    """A container's user without HOME and without an entry in passwd: slack_sdk fails at that when imported."""
    program = """
import pwd, sys
def nobody(uid): raise KeyError(uid)
pwd.getpwuid = nobody
from bot.__main__ import main
try:
    main(["check"])
except SystemExit:
    pass
import slack_bolt.async_app
"""
    path = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    code, complaint = await _runs(program, path)
    assert (code, "Traceback" in complaint) == (0, False), complaint


async def test_a_wrong_secret_is_logged_with_what_to_do(stage: Rig) -> None:
    """Whoever starts the bot need not run `check` to learn it."""
    bot = await stage.launch(ALIBABA_CLOUD_ACCESS_KEY_SECRET="wrong")
    await bot.until_logged("Set ALIBABA_CLOUD_ACCESS_KEY_SECRET to the secret of that key.")
    await bot.stop()
