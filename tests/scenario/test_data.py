"""`backup`, `export` and `import`: the bot goes on from what they wrote, and no secret is in what they say."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.app.data import run_backup, run_export, run_import
from bot.app.settings import Settings
from bot.domain import MailBotError
from bot.sandbox.world import Status
from bot.store.store import open_store
from tests.scenario.steps import until_public
from tests.support.databases import create_sqlite, upgraded_postgres_database
from tests.support.leader_stage import leader_stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.rig import BotProcess, Rig

pytest_plugins = ["tests.support.store_fixtures"]


def settings_for(database_url: str) -> Settings:
    return Settings(
        slack_bot_token=SecretStr("xoxb-1"),
        slack_app_token=SecretStr("xapp-1"),
        alibaba_cloud_access_key_id="key",
        alibaba_cloud_access_key_secret=SecretStr("secret"),
        database_url=SecretStr(database_url),
    )


async def said(stage: Rig, *arguments: str) -> tuple[int, list[str]]:
    """The exit code of a command and what it says."""
    running: BotProcess = await stage.launch(*arguments)
    code = await running.process.wait()
    assert running.reading
    await running.reading
    return code, running.log


async def test_a_failure_recovers_in_its_message_after_the_move(tmp_path: Path, postgres_server: str) -> None:
    """From SQLite to PostgreSQL: the next look edits what the bot posted before it, and posts nothing twice."""
    old, export = f"sqlite:///{tmp_path}/mailbot.db", tmp_path / "export.jsonl"
    new = await upgraded_postgres_database(postgres_server)
    async with leader_stage(old) as stage:
        mail = await stage.watch("Daily Sales")
        await stage.start()
        stage.run(mail, Status.FAILED)
        posted = await stage.until_said("Daily Sales failed")
        await stage.stop()
        assert await run_export(settings_for(old), export) == 0
        assert await run_import(settings_for(new), export) == 0
        async with open_store(new) as stage.store:
            await stage.start()
            stage.run(mail, Status.SENT)
            edited = await stage.until_said("recovered: it failed before", edited=True)
            await stage.until_posted(2)
            await stage.stop()
    assert edited.ts == posted.ts
    assert export.stat().st_mode & 0o777 == 0o600


async def test_a_backup_beside_a_running_bot_is_one_to_go_on_from(stage: Rig) -> None:
    """Its subscriptions are there; the bot was not disturbed; what is there already is not overwritten."""
    copy = stage.folder / "copy.db"
    await stage.start_bot()
    await stage.slack.people.type_command("ada", "reports", "/mail-subscribe Daily Sales")
    await until_public(stage, "Daily Sales")
    code, words = await said(stage, "backup", copy.name)
    assert (code, len(words)) == (0, 1)
    code, words = await said(stage, "backup", copy.name)
    assert (code, words) == (1, ["mailbot: copy.db is there already: name a new file"])
    assert stage.bot
    await stage.bot.stop()
    await stage.start_bot(DATABASE_URL=f"sqlite:///{copy}")
    assert "Daily Sales" in (await stage.ask("/mail-subscriptions")).text
    assert not list(stage.folder.glob("*.part"))


async def test_a_database_of_a_newer_version_stops_the_bot_with_one_line(stage: Rig) -> None:
    """Exit code 2: to start it again helps nothing."""
    create_sqlite(stage.environment()["DATABASE_URL"])
    with closing(sqlite3.connect(stage.folder / "mailbot.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in ([], ["export"]):
        code, words = await said(stage, *command)
        assert code == 2
        assert "a newer version of the bot has upgraded this database (schema 9999)" in words[-1]


async def test_of_postgresql_a_backup_is_the_servers_own_command(tmp_path: Path) -> None:
    """It can be pasted as it is, and has no password."""
    url = (
        "postgresql://bot:PLANTED@db.example,db2.example:5433/mail%20bot?sslmode=require&sslpassword=PLANTED"
    )
    with pytest.raises(MailBotError) as refused:
        await run_backup(settings_for(url), tmp_path / "a copy")
    assert shlex.split(str(refused.value))[-4:] == [
        "pg_dump",
        "--format=custom",
        f"--file={tmp_path}/a copy",
        "--dbname=user=bot host=db.example,db2.example port=,5433 dbname='mail bot' sslmode=require",
    ]
    assert "PLANTED" not in str(refused.value)


async def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    """And a database that is not there is not created for its backup."""
    url = f"sqlite:///{tmp_path}/mailbot.db"
    with pytest.raises(MailBotError, match="no copy could be made"):
        await run_backup(settings_for(url), tmp_path / "copy")
    assert not (tmp_path / "mailbot.db").exists()
    create_sqlite(url)
    nowhere = tmp_path / "nowhere" / "file"
    for command in (run_backup, run_export):
        with pytest.raises(MailBotError, match="nowhere/file cannot be written"):
            await command(settings_for(url), nowhere)
    with pytest.raises(MailBotError, match="nowhere/file cannot be read"):
        await run_import(settings_for(url), nowhere)
