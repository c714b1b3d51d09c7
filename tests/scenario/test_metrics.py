"""What a running bot shows to Prometheus, in either mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from tests.support.deployment import metrics_served, metrics_used

if TYPE_CHECKING:
    from tests.support.rig import BotProcess, Rig


async def page_of(bot: BotProcess, path: str) -> str:
    """From the port that serves them: any free one."""
    (line,) = [line for line in bot.log if "listening" in line and "/metrics" in line]
    port = re.search(r"port=(\d+)", line)
    assert port
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port[1]}{path}") as answer:
        return await answer.text()


def value(shown: str, sample: str) -> float:
    return next(float(line.split()[-1]) for line in shown.splitlines() if line.startswith(f"{sample} "))


async def test_a_command_is_seen_from_outside(both_ways: Rig) -> None:
    """Acked, answered, and the call that it took."""
    assert both_ways.bot
    mail = both_ways.world.named("Weekly Ops")
    await both_ways.ask(f"/mail-status {mail.mail_id}")
    await both_ways.bot.until_logged(" handled ")
    shown = await page_of(both_ways.bot, "/metrics")
    assert value(shown, 'mailbot_commands_total{outcome="answered",verb="mail-status"}') == 1
    assert value(shown, 'mailbot_answer_seconds_count{verb="mail-status"}') == 1
    assert value(shown, "mailbot_ack_seconds_count") >= 1
    assert value(shown, 'mailbot_ack_seconds_bucket{le="3.0"}') == value(shown, "mailbot_ack_seconds_count")
    calls = 'mailbot_quickbi_calls_total{code="",operation="GetMailTaskStatus",outcome="ok"}'
    assert value(shown, calls) == 1
    assert value(shown, "mailbot_leader") == 1
    assert value(shown, "process_open_fds") > 0
    assert metrics_used() <= metrics_served(shown), "the alerts and the dashboard ask for what is not there"
