"""Frozen settings, read from the environment, `.env` and secrets' files. Never shows a value that was wrong."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.app.secret_files import SecretFiles, Unreadable
from bot.app.setting_types import (
    EVERYONE,
    ApiUrl,
    AppToken,
    BotToken,
    Channel,
    ChannelIds,
    Endpoint,
    FitsAHeader,
    Host,
    LiteralDotEnv,
    LowerCase,
    MailUrl,
    OptionalSecret,
    OptionalText,
    SecretUrl,
    UpperCase,
    UserIds,
    Zone,
    unquoted,
)
from bot.domain import ChannelId, MailBotError
from bot.quickbi.endpoints import HIGHEST_PORT, console_for, is_host
from bot.store import postgres

_WEEK = 7 * 24 * 3600
_CENTURY = 36_500  # days
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

    slack_bot_token: BotToken
    slack_app_token: AppToken = None
    slack_signing_secret: OptionalSecret = Field(None, validate_default=True)
    slack_api_url: ApiUrl = "https://slack.com/api/"

    alibaba_cloud_access_key_id: Annotated[OptionalText, FitsAHeader] = None
    alibaba_cloud_access_key_secret: Annotated[OptionalSecret, FitsAHeader] = Field(
        None, validate_default=True
    )
    alibaba_cloud_security_token: Annotated[OptionalSecret, FitsAHeader] = None
    quickbi_region: str = Field("cn-hangzhou", pattern=r"^[a-z0-9-]+$")
    quickbi_endpoint: Endpoint = None
    quickbi_mail_url: MailUrl = None
    quickbi_timezone: Zone = "Asia/Shanghai"
    quickbi_calls_per_second: float = Field(1.0, gt=0, le=1000)
    quickbi_check_interval: float = Field(300.0, ge=1, le=_WEEK)

    mail_run_users: UserIds = frozenset()
    mail_channels: ChannelIds = frozenset()
    operator_channel: Channel = None

    database_url: SecretStr = SecretStr("sqlite:///mailbot.db")
    keep_days: int = Field(180, ge=1, le=_CENTURY)
    http_host: Host = "127.0.0.1"
    http_port: int = Field(3000, ge=0, le=HIGHEST_PORT)
    http_status_port: int | None = Field(None, ge=0, le=HIGHEST_PORT)
    heartbeat_url: SecretUrl = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], UpperCase] = "INFO"
    log_format: Annotated[Literal["text", "json"], LowerCase] = "text"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, SecretFiles(settings_cls), env_settings, LiteralDotEnv(settings_cls)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        """Docker's --env-file keeps the quotes around a value."""
        if isinstance(value, Unreadable):
            raise PydanticCustomError(_TOGETHER, "{words}", {"words": value.words})
        return unquoted(value) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:", "postgresql:", "postgresql+", "postgres:")):
            raise ValueError("must begin with sqlite:// or postgresql://")
        if not _is_database_url(value.get_secret_value()):
            raise ValueError("must be a database's address, as in postgresql://user:password@host/name")
        return value

    @field_validator("slack_signing_secret")
    @classmethod
    def _has_a_transport(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """A wrong app token is reported once: it is not in `data` then."""
        if value is None and info.data.get("slack_app_token", "wrong") is None:
            raise PydanticCustomError(
                _TOGETHER,
                "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode) is missing: set one of them",
            )
        return value

    @field_validator("alibaba_cloud_access_key_secret")
    @classmethod
    def _is_a_pair(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """A key pair, or neither and a RAM role. A wrong key ID is reported once."""
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
    def quickbi_page(self) -> str:
        """Where people look at a mail in Quick BI; empty where only whoever runs the bot could know."""
        if self.quickbi_mail_url:
            return self.quickbi_mail_url
        is_alibabas = not self.quickbi_endpoint or ".aliyuncs.com" in self.quickbi_endpoint
        return console_for(self.quickbi_region) if is_alibabas else ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.quickbi_timezone)

    def secret_values(self) -> tuple[str, ...]:
        """What the log must never show. Of the database's address only the password."""
        secrets = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.alibaba_cloud_access_key_secret,
            self.alibaba_cloud_security_token,
            self.heartbeat_url,
        )
        return (
            *(secret.get_secret_value() for secret in secrets if secret),
            *postgres.passwords_in(self.database_url.get_secret_value()),
        )

    @property
    def operators(self) -> ChannelId | None:
        return ChannelId(self.operator_channel) if self.operator_channel else None

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    @property
    def everyone_may_run(self) -> bool:
        return EVERYONE in self.mail_run_users

    def may_run(self, user_id: str) -> bool:
        """May this person run mails by hand? Nobody may unless it is set."""
        return self.everyone_may_run or user_id in self.mail_run_users


def _is_database_url(text: str) -> bool:
    if not text.startswith("sqlite:"):
        return all(host.startswith("/") or is_host(host) for host in _hosts(text))
    try:
        return make_url(text).host is None
    except (ArgumentError, ValueError):
        return False


def _hosts(postgres_url: str) -> list[str]:
    """What cannot be read counts as a host that is none. A path is a socket."""
    try:
        hosts = postgres.parameters_of(postgres_url).get("host", "")
    except ValueError:
        return [""]
    return hosts.split(",") if hosts else []


def settings_from_files() -> frozenset[str]:
    """The names of the settings whose values stand in files of their own."""
    return SecretFiles(Settings).names


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
