"""Secrets from files, as Docker and Kubernetes mount them: `NAME_FILE` in place of `NAME`. Never shows a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from bot.app.setting_types import LiteralDotEnv, unquoted

KEY_PAIR = (
    "alibaba_cloud_access_key_id",
    "alibaba_cloud_access_key_secret",
    "alibaba_cloud_security_token",
)
FROM_FILES = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    *KEY_PAIR,
    "database_url",
    "heartbeat_url",
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a secret whose file cannot be read. `words` name the setting, not the file: it may be a secret
    that was put into the wrong setting.
    """

    words: str


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the files that the environment and `.env` name, anew at each call."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        places = (LiteralDotEnv(settings_cls), EnvSettingsSource(settings_cls))
        self._given = {
            name: unquoted(value)
            for place in places
            for name, value in place.env_vars.items()
            if value and value.strip()
        }

    @property
    def names(self) -> frozenset[str]:
        """The settings that have a file."""
        return frozenset(name for name in FROM_FILES if f"{name}_file" in self._given)

    def __call__(self) -> dict[str, Any]:
        return {name: self._value(name) for name in self.names}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        del field
        return self._value(field_name) if field_name in self.names else None, field_name, False

    def _value(self, name: str) -> str | Unreadable:
        setting, source = name.upper(), f"{name.upper()}_FILE"
        if name in self._given:
            return Unreadable(f"{setting} and {source} are both set: set one of them")
        try:
            text = Path(self._given[source.lower()]).read_text(encoding="utf-8").strip()
        except OSError as error:
            return Unreadable(f"{source} names a file that cannot be read: {error.strerror}")
        except ValueError:  # no UTF-8, or no path
            return Unreadable(f"{source} names a file that cannot be read: it is no text")
        return text or Unreadable(f"{source} names a file that is empty")
