"""The types of settings: how each value is read and checked. No error shows a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import DotEnvSettingsSource, NoDecode

from bot.quickbi.endpoints import endpoint_url, is_host, web_url

EVERYONE = "*"
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_PAGE = re.compile(r"https?://(?:[^\s<>|{}]|\{(?:mail|task)_id\})+")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{2,}")


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _users(value: Any) -> Any:
    """A name would silently match nobody, so it is refused."""
    return _ids(
        value, _USER_ID, "must be user IDs such as U012AB3CD with commas between them, or *", EVERYONE
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


def unquoted(value: str) -> str:
    text = value.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _case(change: Any, value: Any) -> Any:
    return change(value) if isinstance(value, str) else value


def _must(check: Callable[[str], bool], words: str) -> AfterValidator:
    """Raises ValueError(words) where `check` is false for a value that is set."""

    def checked(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and not check(text):
            raise ValueError(words)
        return value

    return AfterValidator(checked)


def _readable(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except (ValueError, KeyError, OSError):  # of a zone: no such name, or a path
            return False
        return True

    return check


OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]
OptionalText = Annotated[str | None, BeforeValidator(_blank_is_none)]
# Else every request would fail, with an error that shows the value.
FitsAHeader = _must(
    lambda text: text.isascii() and text.isprintable() and " " not in text,
    "must be printable ASCII without spaces",
)
BotToken = Annotated[
    SecretStr,
    FitsAHeader,
    _must(lambda text: text.startswith("xoxb-"), "must be a bot token: it begins with xoxb-"),
]
AppToken = Annotated[
    OptionalSecret,
    FitsAHeader,
    _must(lambda text: text.startswith("xapp-"), "must be an app-level token: it begins with xapp-"),
]
ApiUrl = Annotated[
    str,
    _must(_readable(web_url), "must be a URL such as https://slack.com/api/"),
    AfterValidator(lambda url: url.rstrip("/") + "/"),
]
SecretUrl = Annotated[
    OptionalSecret, _must(_readable(web_url), "must be a URL such as https://hc-ping.com/your-uuid")
]
Endpoint = Annotated[
    OptionalText,
    _must(_readable(endpoint_url), "must be a host, or a URL of scheme, host and port and nothing more"),
]
MailUrl = Annotated[
    OptionalText,
    _must(
        lambda text: bool(_PAGE.fullmatch(text)),
        "must be an http(s) address; {mail_id} and {task_id} in it stand for the IDs",
    ),
]
Zone = Annotated[str, _must(_readable(ZoneInfo), "must be a zone such as Asia/Shanghai")]
Host = Annotated[str, _must(is_host, "must be a host's name or its IP address")]
Channel = Annotated[
    OptionalText,
    _must(lambda text: bool(_CHANNEL_ID.fullmatch(text)), "must be a channel ID such as C012AB3CD"),
]
UserIds = Annotated[frozenset[str], NoDecode, BeforeValidator(_users)]
ChannelIds = Annotated[frozenset[str], NoDecode, BeforeValidator(_channels)]
UpperCase = BeforeValidator(partial(_case, str.upper))
LowerCase = BeforeValidator(partial(_case, str.lower))


class LiteralDotEnv(DotEnvSettingsSource):
    """Reads `.env` without replacing `${NAME}`, which may be part of a password."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values = dotenv_values(file_path, encoding=self.env_file_encoding, interpolate=False)
        return {name.lower(): value for name, value in values.items() if value}
