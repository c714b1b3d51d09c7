"""Secrets in files, rotated while the bot runs: it goes on with the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rig import rig
from tests.support.secrets import assert_no_secrets

if TYPE_CHECKING:
    from pathlib import Path

ROTATED = {
    "SLACK_BOT_TOKEN": "xoxb-rotated-PLANTED",
    "SLACK_SIGNING_SECRET": "rotated-signing-PLANTED",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "rotated-key-PLANTED",
}


async def test_rotated_files_are_taken_over_without_a_restart(tmp_path: Path) -> None:
    """A command signed with the new secret is answered, by the new token, with what the new key pair gets."""
    async with rig(tmp_path, http=True, calls_per_second=50) as stage:
        secrets = {
            "SLACK_BOT_TOKEN": stage.slack.bot_token,
            "SLACK_SIGNING_SECRET": stage.slack.signing_secret,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stage.quickbi.access_key_secret,
        }
        for name, secret in secrets.items():
            (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
        bot = await stage.start_bot(
            **dict.fromkeys(secrets, ""), **{f"{name}_FILE": str(tmp_path / name) for name in secrets}
        )
        stage.slack._site.bot_token = ROTATED["SLACK_BOT_TOKEN"]
        stage.slack.signing_secret = ROTATED["SLACK_SIGNING_SECRET"]
        for name, secret in ROTATED.items():
            (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
        for name in ROTATED:
            await bot.until_logged(f"secret_taken_over setting={name}")

        answer = await stage.ask(f"/mail-status {stage.world.named('Weekly Ops').mail_id}")
        assert "access key and its secret do not match" in answer.text  # so the new pair was used
        await bot.stop()
        assert_no_secrets("\n".join(bot.log), secrets={*secrets.values(), *ROTATED.values()})


async def test_another_apps_token_is_not_taken_over(tmp_path: Path) -> None:
    """With it every subscribed channel would seem to be gone."""
    async with rig(tmp_path, http=True) as stage:
        path = tmp_path / "token"
        path.write_text(stage.slack.bot_token, encoding="utf-8")
        bot = await stage.start_bot(SLACK_BOT_TOKEN="", SLACK_BOT_TOKEN_FILE=str(path))
        path.write_text("xoxb-of-nobody-PLANTED", encoding="utf-8")
        await bot.until_logged("secret_not_taken_over setting=SLACK_BOT_TOKEN")
        assert "The token is wrong" in "\n".join(bot.log)
        assert (await stage.ask("/mail-help")).text
