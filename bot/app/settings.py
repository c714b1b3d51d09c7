"""Frozen settings: the only reader of the environment and of `.env`. Never shows a value that was wrong."""

from __future__ import annotations

import re
from functools import partial
from importlib.util import find_spec
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.domain import ChannelId, MailBotError
from bot.quickbi.endpoints import HIGHEST_PORT, endpoint_url, is_host, web_url

_USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{2,}")
_PASSWORD_AS_TYPED = re.compile(r"://[^:/@]*:([^@]*)@")
_EVERYONE = "*"
_WEEK = 7 * 24 * 3600
_TOGETHER = "together"  # the type of an error that names its settings itself
_IN_OUR_WORDS = {
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "string_pattern_mismatch": "must be a region such as cn-hangzhou",
}


class SettingsError(MailBotError):
    """Settings are missing or wrong. `problems` has one line for each; none shows a value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _users(value: Any) -> Any:
    """A name would silently match nobody, so it is refused."""
    return _ids(
        value, _USER_ID, "must be user IDs such as U012AB3CD with commas between them, or *", _EVERYONE
    )


def _channels(value: Any) -> Any:
    return _ids(value, _CHANNEL_ID, "must be channel IDs such as C012AB3CD, with commas between them")


def _ids(value: Any, form: re.Pattern[str], words: str, *also: str) -> Any:
    if not isinstance(value, str):
        return value
    ids = frozenset(part.strip() for part in value.split(",") if part.strip())
    if not all(form.fullmatch(one) for one in ids.difference(also)):
        raise ValueError(words)
    return ids


def _case(change: Any, value: Any) -> Any:
    return change(value) if isinstance(value, str) else value


def _fits_a_header(value: Any) -> Any:
    """Else every request would fail, with an error that shows it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if text is not None and not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("must be printable ASCII without spaces")
    return value


OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]
OptionalText = Annotated[str | None, BeforeValidator(_blank_is_none)]
Sent = AfterValidator(_fits_a_header)  # goes out in a header of every request
UserIds = Annotated[frozenset[str], NoDecode, BeforeValidator(_users)]
ChannelIds = Annotated[frozenset[str], NoDecode, BeforeValidator(_channels)]


class Settings(BaseSettings):
    """Everything that can be set, with its default. Names and meanings are an outside interface."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        case_sensitive=False,
        str_strip_whitespace=True,
    )

    slack_bot_token: Annotated[SecretStr, Sent]
    slack_app_token: Annotated[OptionalSecret, Sent] = None
    slack_signing_secret: OptionalSecret = Field(None, validate_default=True)
    slack_api_url: str = "https://slack.com/api/"

    alibaba_cloud_access_key_id: Annotated[OptionalText, Sent] = None
    alibaba_cloud_access_key_secret: Annotated[OptionalSecret, Sent] = Field(None, validate_default=True)
    alibaba_cloud_security_token: Annotated[OptionalSecret, Sent] = None
    quickbi_region: str = Field("cn-hangzhou", pattern=r"^[a-z0-9-]+$")
    quickbi_endpoint: OptionalText = None
    quickbi_timezone: str = "Asia/Shanghai"
    quickbi_calls_per_second: float = Field(1.0, gt=0, le=1000)
    quickbi_check_interval: float = Field(300.0, ge=1, le=_WEEK)

    mail_run_users: UserIds = frozenset()
    mail_channels: ChannelIds = frozenset()
    operator_channel: OptionalText = None

    database_url: SecretStr = SecretStr("sqlite:///mailbot.db")
    http_host: str = "127.0.0.1"
    http_port: int = Field(3000, ge=0, le=HIGHEST_PORT)
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(partial(_case, str.upper))
    ] = "INFO"
    log_format: Annotated[Literal["text", "json"], BeforeValidator(partial(_case, str.lower))] = "text"

    @field_validator("slack_bot_token")
    @classmethod
    def _is_bot_token(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith("xoxb-"):
            raise ValueError("must be a bot token: it begins with xoxb-")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _is_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith("xapp-"):
            raise ValueError("must be an app-level token: it begins with xapp-")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        try:
            web_url(value)
        except ValueError:
            raise ValueError("must be a URL such as https://slack.com/api/") from None
        return value.rstrip("/") + "/"

    @field_validator("quickbi_endpoint")
    @classmethod
    def _is_endpoint(cls, value: str | None) -> str | None:
        try:
            endpoint_url(value or "unset")
        except ValueError:
            raise ValueError("must be a host, or a URL of scheme, host and port and nothing more") from None
        return value

    @field_validator("http_host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        if not is_host(value):
            raise ValueError("must be a host's name or its IP address")
        return value

    @field_validator("quickbi_timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
            raise ValueError("must be a zone such as Asia/Shanghai") from unknown
        return value

    @field_validator("operator_channel")
    @classmethod
    def _is_channel(cls, value: str | None) -> str | None:
        if value is not None and not _CHANNEL_ID.fullmatch(value):
            raise ValueError("must be a channel ID such as C012AB3CD")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:", "postgresql:", "postgres:")):
            raise ValueError("must begin with sqlite:// or postgresql://")
        if not _is_database_url(value.get_secret_value()):
            raise ValueError("must be a database's address, as in postgresql://user:password@host/name")
        return value

    @field_validator("slack_signing_secret")
    @classmethod
    def _has_a_way_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """An app token that is wrong is complained of once; it is not in `data` then."""
        if value is None and info.data.get("slack_app_token", "wrong") is None:
            raise PydanticCustomError(
                _TOGETHER,
                "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode) is missing: set one of them",
            )
        return value

    @field_validator("alibaba_cloud_access_key_secret")
    @classmethod
    def _is_a_pair(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """A key pair, or neither and a RAM role. A key ID that is wrong is complained of once."""
        has_id = info.data.get("alibaba_cloud_access_key_id", "wrong") is not None
        if has_id != (value is not None):
            raise PydanticCustomError(
                _TOGETHER,
                "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET go together: one is missing",
            )
        if not has_id and find_spec("alibabacloud_credentials") is None:
            raise PydanticCustomError(
                _TOGETHER,
                "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are missing "
                "(or install the extra `ram` to use a RAM role)",
            )
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.quickbi_timezone)

    def secret_values(self) -> tuple[str, ...]:
        """What must never be shown, for the one place that keeps it out of the log.

        Of the database's address that is the password: where the database is, an operator needs to read.
        """
        secrets = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.alibaba_cloud_access_key_secret,
            self.alibaba_cloud_security_token,
        )
        return (
            *(secret.get_secret_value() for secret in secrets if secret),
            *_passwords(self.database_url.get_secret_value()),
        )

    @property
    def operators(self) -> ChannelId | None:
        return ChannelId(self.operator_channel) if self.operator_channel else None

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def everyone_may_run(self) -> bool:
        return _EVERYONE in self.mail_run_users

    def may_run(self, user_id: str) -> bool:
        """May this person run mails by hand? Nobody may unless it is set."""
        return self.everyone_may_run or user_id in self.mail_run_users


def _is_database_url(text: str) -> bool:
    """An @ inside a password ends it too soon, and the rest would be shown as part of the host."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return False
    return url.host is None or is_host(url.host)


def _passwords(database_url: str) -> set[str]:
    """As the database is told it, and as it was typed: with %40 for @, perhaps."""
    url = make_url(database_url)
    typed = _PASSWORD_AS_TYPED.search(database_url)
    found = [url.password, typed and typed[1], url.query.get("password")]
    return {str(password) for password in found if password}


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`. Raises SettingsError with a line for each problem."""
    try:
        return Settings(**overrides)
    except ValidationError as wrong:
        raise SettingsError([_line(error) for error in wrong.errors(include_input=False)]) from None
    except UnicodeDecodeError:
        raise SettingsError([".env cannot be read: it is not UTF-8"]) from None
    except OSError as error:
        raise SettingsError([f".env cannot be read: {error.strerror}"]) from None


def _line(error: Any) -> str:
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if error["type"] == _TOGETHER:
        return str(message)
    setting = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return f"{setting} is missing"
    return f"{setting} {_IN_OUR_WORDS.get(error['type'], message)}"
