"""Settings: what is wrong is one clear line each, and no line shows what was set."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from bot.app.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path

SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
IN_HTTP_MODE = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "abc"}
KEY_PAIR = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret-1"}
NO_WAY_IN = "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode) is missing: set one of them"
HALF_A_PAIR = "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET go together: one is missing"
NO_PAIR = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are missing "
    "(or install the extra `ram` to use a RAM role)"
)
NOT_SLACK = "SLACK_API_URL must be a URL such as https://slack.com/api/"
NOT_AN_ENDPOINT = "QUICKBI_ENDPOINT must be a host, or a URL of scheme, host and port and nothing more"
NOT_A_DATABASE = "DATABASE_URL must be a database's address, as in postgresql://user:password@host/name"
NOT_A_HOST = "HTTP_HOST must be a host's name or its IP address"
NOT_A_CHANNEL = "OPERATOR_CHANNEL must be a channel ID such as C012AB3CD"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the caller's environment nor a `.env` of the folder counts."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.lower().removesuffix("_file") in Settings.model_fields]:
        monkeypatch.delenv(name)


def problems(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as wrong:
        load_settings()
    return wrong.value.problems


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is missing", id="no bot token"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xapp-PLANTED"},
            "SLACK_BOT_TOKEN must be a bot token: it begins with xoxb-",
            id="tokens mixed up",
        ),
        pytest.param(
            {"SLACK_APP_TOKEN": "xoxb-PLANTED"},
            "SLACK_APP_TOKEN must be an app-level token: it begins with xapp-",
            id="not an app token",
        ),
        pytest.param({"SLACK_APP_TOKEN": ""}, NO_WAY_IN, id="neither way in"),
        pytest.param(
            {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "  "}, NO_WAY_IN, id="an empty signing secret"
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-PLANTED\u00a0token"},
            "SLACK_BOT_TOKEN must be printable ASCII without spaces",
            id="a token that no header carries",
        ),
        pytest.param({"SLACK_API_URL": "PLANTED"}, NOT_SLACK, id="no URL"),
        pytest.param({"SLACK_API_URL": "https://[::1"}, NOT_SLACK, id="half a URL"),
        pytest.param({"SLACK_API_URL": "https://"}, NOT_SLACK, id="a URL without a host"),
        pytest.param({"SLACK_API_URL": "https://slack.com:PLANTED/api/"}, NOT_SLACK, id="a URL's odd port"),
        pytest.param(
            {"SLACK_API_URL": "https://me:PLANTED@slack.com/api/"}, NOT_SLACK, id="a URL with a login"
        ),
        pytest.param(
            {"SLACK_API_URL": f"https://{'planted' * 10}.com/api/"}, NOT_SLACK, id="too long a name"
        ),
        pytest.param(
            {"QUICKBI_MAIL_URL": "https://bi.example/{PLANTED}"},
            "QUICKBI_MAIL_URL must be an http(s) address; {mail_id} and {task_id} in it stand for the IDs",
            id="an unknown place in a mail's page",
        ),
        pytest.param({"QUICKBI_ENDPOINT": "https://[::1"}, NOT_AN_ENDPOINT, id="half an endpoint"),
        pytest.param(
            {"QUICKBI_ENDPOINT": "quickbi.example:99999"}, NOT_AN_ENDPOINT, id="an endpoint's odd port"
        ),
        pytest.param(
            {"QUICKBI_ENDPOINT": "quickbi.example/PLANTED"}, NOT_AN_ENDPOINT, id="an endpoint's path"
        ),
        pytest.param(
            {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "clé PLANTED"},
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET must be printable ASCII without spaces",
            id="a secret that no header carries",
        ),
        pytest.param(
            {"ALIBABA_CLOUD_ACCESS_KEY_ID": "PLANTED key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret-1"},
            "ALIBABA_CLOUD_ACCESS_KEY_ID must be printable ASCII without spaces",
            id="a key that no header carries",
        ),
        pytest.param({"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIPLANTED"}, HALF_A_PAIR, id="key without secret"),
        pytest.param({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "PLANTED"}, HALF_A_PAIR, id="secret without key"),
        pytest.param(
            {"QUICKBI_REGION": "PLANTED region"},
            "QUICKBI_REGION must be a region such as cn-hangzhou",
            id="no region",
        ),
        pytest.param(
            {"QUICKBI_TIMEZONE": "Mars/PLANTED"},
            "QUICKBI_TIMEZONE must be a zone such as Asia/Shanghai",
            id="no zone",
        ),
        pytest.param(
            {"QUICKBI_TIMEZONE": "../../PLANTED"},
            "QUICKBI_TIMEZONE must be a zone such as Asia/Shanghai",
            id="a path instead of a zone",
        ),
        pytest.param(
            {"QUICKBI_CALLS_PER_SECOND": "PLANTED"},
            "QUICKBI_CALLS_PER_SECOND must be a number",
            id="not a number",
        ),
        pytest.param(
            {"QUICKBI_CALLS_PER_SECOND": "0"},
            "QUICKBI_CALLS_PER_SECOND must be greater than 0",
            id="no calls at all",
        ),
        pytest.param(
            {"QUICKBI_CALLS_PER_SECOND": "nan"},
            "QUICKBI_CALLS_PER_SECOND must be less than or equal to 1000",
            id="nan",
        ),
        pytest.param(
            {"QUICKBI_CHECK_INTERVAL": "0"},
            "QUICKBI_CHECK_INTERVAL must be greater than or equal to 1",
            id="no time",
        ),
        pytest.param(
            {"QUICKBI_CHECK_INTERVAL": "inf"},
            "QUICKBI_CHECK_INTERVAL must be less than or equal to 604800",
            id="for ever",
        ),
        pytest.param({"KEEP_DAYS": "0"}, "KEEP_DAYS must be greater than or equal to 1", id="nothing kept"),
        pytest.param(
            {"MAIL_RUN_USERS": "U012AB3CD, PLANTED person"},
            "MAIL_RUN_USERS must be user IDs such as U012AB3CD with commas between them, or *",
            id="a person's name",
        ),
        pytest.param(
            {"MAIL_RUN_USERS": "C012AB3CD"},
            "MAIL_RUN_USERS must be user IDs such as U012AB3CD with commas between them, or *",
            id="a channel instead of a person",
        ),
        pytest.param(
            {"MAIL_CHANNELS": "#planted"},
            "MAIL_CHANNELS must be channel IDs such as C012AB3CD, with commas between them",
            id="a channel's name",
        ),
        pytest.param(
            {"MAIL_CHANNELS": "*"},
            "MAIL_CHANNELS must be channel IDs such as C012AB3CD, with commas between them",
            id="all channels is no setting at all",
        ),
        pytest.param({"OPERATOR_CHANNEL": "#planted"}, NOT_A_CHANNEL, id="the operators' channel by name"),
        pytest.param(
            {"DATABASE_URL": "mysql://root:PLANTED@host/db"},
            "DATABASE_URL must begin with sqlite:// or postgresql://",
            id="another database",
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql://me:PLANTED@[::1/db"}, NOT_A_DATABASE, id="half an address"
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql://me:PLANTED@host:bad/db"},
            NOT_A_DATABASE,
            id="a database's odd port",
        ),
        pytest.param({"DATABASE_URL": "sqlite:PLANTED"}, NOT_A_DATABASE, id="a file without slashes"),
        pytest.param({"HTTP_HOST": "PLANTED..example"}, NOT_A_HOST, id="no host"),
        pytest.param({"HTTP_PORT": "PLANTED"}, "HTTP_PORT must be a whole number", id="no port"),
        pytest.param(
            {"HTTP_PORT": "65536"}, "HTTP_PORT must be less than or equal to 65535", id="no such port"
        ),
        pytest.param(
            {"HEARTBEAT_URL": "PLANTED"},
            "HEARTBEAT_URL must be a URL such as https://hc-ping.com/your-uuid",
            id="a heartbeat's address",
        ),
        pytest.param(
            {"LOG_LEVEL": "PLANTED"},
            "LOG_LEVEL must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
            id="no level",
        ),
        pytest.param({"LOG_FORMAT": "PLANTED"}, "LOG_FORMAT must be 'text' or 'json'", id="no format"),
    ],
)
def test_a_wrong_setting_is_one_line_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    """The line names the setting and what it must be."""
    found = problems(monkeypatch, SOCKET | environment)
    assert found == [expected]
    assert "PLANTED" not in " ".join(found).upper().replace(expected.upper(), "")


def test_each_wrong_setting_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever begins with nothing, or with everything wrong, learns it all at once."""
    assert problems(monkeypatch, {}) == ["SLACK_BOT_TOKEN is missing", NO_WAY_IN]
    wrong = SOCKET | {
        "SLACK_API_URL": "https://",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-1",
        "QUICKBI_ENDPOINT": "quick bi",
        "OPERATOR_CHANNEL": "ops",
        "DATABASE_URL": "postgresql://h:x/db",
        "HTTP_PORT": "?",
    }
    assert problems(monkeypatch, wrong) == [
        NOT_SLACK,
        HALF_A_PAIR,
        NOT_AN_ENDPOINT,
        NOT_A_CHANNEL,
        NOT_A_DATABASE,
        "HTTP_PORT must be a whole number",
    ]


def test_a_missing_key_pair_is_told_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is installed that could fetch a role's keys, the pair is needed."""
    monkeypatch.setitem(sys.modules, "alibabacloud_credentials", None)
    assert problems(monkeypatch, SOCKET | {"HTTP_PORT": "?"}) == [NO_PAIR, "HTTP_PORT must be a whole number"]


def test_a_file_that_is_no_text_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An editor's other encoding is no traceback."""
    (tmp_path / ".env").write_bytes("SLACK_BOT_TOKEN=xoxb-PLANTEDé".encode("utf-16"))
    assert problems(monkeypatch, SOCKET) == [".env cannot be read: it is not UTF-8"]


def test_an_error_shows_no_secret_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error itself, its text and its context are clean of what was set rightly."""
    secrets = {"SLACK_BOT_TOKEN": "xoxb-PLANTED", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "PLANTED"}
    for name, value in (SOCKET | KEY_PAIR | secrets | {"HTTP_PORT": "x"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as wrong:
        load_settings()
    assert "PLANTED" not in f"{wrong.value!r} {wrong.value.problems} {wrong.value.__cause__!r}"
    assert wrong.value.__suppress_context__


def test_what_is_left_out_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tokens are enough; a blank setting is one that is left out."""
    for name, value in (SOCKET | {"MAIL_CHANNELS": "", "HTTP_PORT": "", "QUICKBI_ENDPOINT": " "}).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.socket_mode
    assert settings.http_port == 3000
    assert settings.mail_channels == frozenset()
    assert settings.quickbi_endpoint is None
    assert not settings.may_run("U012AB3CD")


def test_what_people_paste_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks around a value, the case of words, lists with spaces."""
    pasted = {
        "SLACK_BOT_TOKEN": " xoxb-1\t",
        "SLACK_SIGNING_SECRET": " abc ",
        "SLACK_API_URL": "https://slack-gov.com/api",
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "JSON",
        "MAIL_RUN_USERS": "U012AB3CD, W99ZZ,",
        "MAIL_CHANNELS": "C012AB3CD",
        "HTTP_PORT": " 0 ",
    }
    for name, value in pasted.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert not settings.socket_mode
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert settings.slack_signing_secret
    assert settings.slack_signing_secret.get_secret_value() == "abc"
    assert settings.slack_api_url == "https://slack-gov.com/api/"
    assert (settings.log_level, settings.log_format, settings.http_port) == ("DEBUG", "json", 0)
    assert settings.mail_run_users == {"U012AB3CD", "W99ZZ"}
    assert settings.may_run("W99ZZ")
    assert not settings.may_run("U111")


def test_a_star_lets_everybody_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`MAIL_RUN_USERS=*`."""
    for name, value in (SOCKET | {"MAIL_RUN_USERS": "*"}).items():
        monkeypatch.setenv(name, value)
    assert load_settings().may_run("U111")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`.env` of the folder is read; what is set outside it counts more."""
    (tmp_path / ".env").write_text(
        "SLACK_BOT_TOKEN=xoxb-file  # a note\nSLACK_APP_TOKEN=xapp-file\nOTHER=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-outside")
    settings = load_settings()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-file"
    assert settings.slack_app_token
    assert settings.slack_app_token.get_secret_value() == "xapp-outside"


def test_secrets_are_known_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each secret is on the list for the log; printing the settings shows none, of an address the password."""
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-PLANTED",
        "SLACK_APP_TOKEN": "xapp-PLANTED",
        "SLACK_SIGNING_SECRET": "signing-PLANTED",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "key-PLANTED",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token-PLANTED",
        "HEARTBEAT_URL": "https://hc-ping.com/heart-PLANTED",
    }
    address = {"DATABASE_URL": "postgresql://me:p%40ss-PLANTED@db.internal/mailbot"}
    for name, value in (secrets | address | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-1"}).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert set(settings.secret_values()) == {*secrets.values(), "p%40ss-PLANTED", "p@ss-PLANTED"}
    assert "PLANTED" not in f"{settings!r} {settings!s} {settings.model_dump()} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("typed", "passwords"),
    [
        pytest.param("me:p/a#s?s@db", {"p/a#s?s"}, id="slash and hash as they are"),
        pytest.param("me:p%2fa%23ss@db", {"p%2fa%23ss", "p/a#ss"}, id="encoded in small letters"),
        pytest.param("me@db", set(), id="none"),
        pytest.param("me@db/mails?password=later", {"later"}, id="among the options"),
    ],
)
def test_a_databases_password_is_found_wherever_it_stands(typed: str, passwords: set[str]) -> None:
    """By the same rules as the database's driver, or it would not be hidden."""
    settings = load_settings(
        slack_bot_token="xoxb-1", slack_signing_secret="shh", database_url=f"postgresql://{typed}"
    )
    assert set(settings.secret_values()) == {"xoxb-1", "shh", *passwords}


def test_quotes_that_a_containers_env_file_keeps_are_not_part_of_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {name: f'"{value}"' for name, value in (SOCKET | KEY_PAIR).items()}
    for name, value in (kept | {"SLACK_SIGNING_SECRET": "'abc'", "HTTP_PORT": '"3333"'}).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    secrets = (
        settings.slack_bot_token,
        settings.slack_signing_secret,
        settings.alibaba_cloud_access_key_secret,
    )
    assert [each and each.get_secret_value() for each in secrets] == ["xoxb-1", "abc", "secret-1"]
    assert (settings.alibaba_cloud_access_key_id, settings.http_port) == ("LTAI-1", 3333)


def test_a_password_in_a_file_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`${NAME}` is not replaced by a variable."""
    monkeypatch.setenv("NAME", "replaced")
    lines = [f"{name}={value}" for name, value in (SOCKET | KEY_PAIR).items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "DATABASE_URL='postgresql://me:${NAME}@host/db'"]))
    assert load_settings().database_url.get_secret_value() == "postgresql://me:${NAME}@host/db"
