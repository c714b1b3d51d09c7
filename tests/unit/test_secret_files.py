"""Secrets in files: read like the settings themselves, and no line shows a file's name or content."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.app.secret_files import FROM_FILES
from bot.app.settings import Settings, SettingsError, load_settings, settings_from_files

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = {
    "SLACK_BOT_TOKEN": "xoxb-PLANTED",
    "SLACK_APP_TOKEN": "xapp-PLANTED",
    "SLACK_SIGNING_SECRET": "signing-PLANTED",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-PLANTED",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "key-PLANTED",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "token-PLANTED",
    "HEARTBEAT_URL": "https://hc-ping.com/heart-PLANTED",
    "DATABASE_URL": "postgresql://me:p%40ss-PLANTED@db.internal/mailbot",
}


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Each secret in a file that ends in a newline; nothing else is set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.lower().removesuffix("_file") in Settings.model_fields]:
        monkeypatch.delenv(name)
    for name, content in CONTENTS.items():
        (tmp_path / name).write_text(f"{content}\n", encoding="utf-8")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    return tmp_path


def problems() -> list[str]:
    with pytest.raises(SettingsError) as wrong:
        load_settings()
    assert "PLANTED" not in f"{wrong.value!r} {wrong.value.problems} {wrong.value.__cause__!r}"
    return wrong.value.problems


def test_every_secret_can_be_in_a_file() -> None:
    """The line's end is no part of it, and the log hides it like any other."""
    settings = load_settings()
    values = {name.upper(): getattr(settings, name) for name in FROM_FILES}
    assert {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
    } == CONTENTS
    assert "p@ss-PLANTED" in settings.secret_values()
    assert settings_from_files() == frozenset(FROM_FILES)


def test_no_secret_was_forgotten() -> None:
    """Whatever is a secret, and what goes with one."""
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secrets | {"alibaba_cloud_access_key_id"} == set(FROM_FILES)


def test_dot_env_can_name_files_too(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    """In quotes or not."""
    monkeypatch.delenv("SLACK_BOT_TOKEN_FILE")
    (files / ".env").write_text(f'SLACK_BOT_TOKEN_FILE="{files / "SLACK_BOT_TOKEN"}"\n', encoding="utf-8")
    assert load_settings().slack_bot_token.get_secret_value() == "xoxb-PLANTED"


def test_an_empty_setting_beside_a_file_is_one_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env.example` has some."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", " ")
    assert load_settings().slack_bot_token.get_secret_value() == "xoxb-PLANTED"


def test_a_value_and_a_file_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever was taken, somebody would wonder."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-PLANTED-2")
    assert problems() == ["SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: set one of them"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "names a file that cannot be read: No such file or directory", id="missing"),
        pytest.param(b"\n", "names a file that is empty", id="empty"),
        pytest.param(b"xoxb-PLANTED\xff", "names a file that cannot be read: it is no text", id="no text"),
    ],
)
def test_a_file_that_is_of_no_use_is_one_line(files: Path, content: bytes | None, why: str) -> None:
    """It names the setting, beside the lines of whatever else is wrong."""
    path = files / "SLACK_BOT_TOKEN"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    (files / "SLACK_APP_TOKEN").write_text("xoxb-PLANTED", encoding="utf-8")
    assert problems() == [
        f"SLACK_BOT_TOKEN_FILE {why}",
        "SLACK_APP_TOKEN must be an app-level token: it begins with xapp-",
    ]


def test_a_secret_in_place_of_a_files_name_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The likeliest slip of all."""
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", "xoxb-PLANTED")
    assert problems() == ["SLACK_BOT_TOKEN_FILE names a file that cannot be read: No such file or directory"]
