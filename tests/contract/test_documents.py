"""README and .env.example say what the settings are: all of them, no others, with the defaults that they have."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from bot.app.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = {name.upper(): field for name, field in Settings.model_fields.items()}
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)
_COMMENTED_OUT = re.compile(r"^# (?=[A-Z_]+=)", re.MULTILINE)


def test_the_readme_names_every_setting_with_its_default() -> None:
    """The table has each once, and nothing that does not exist."""
    rows = _ROW.findall(README)
    assert [name for name, _ in rows] == list(SETTINGS)
    assert {name: shown.strip("`") for name, shown in rows} == {
        name: "required" if field.is_required() else _shown(field.default) or "–"
        for name, field in SETTINGS.items()
    }


def test_the_example_names_every_setting_with_its_default() -> None:
    """Each has one line, says what it means, and changes nothing if its comment sign is taken away."""
    written = dotenv_values(stream=StringIO(_COMMENTED_OUT.sub("", EXAMPLE)))
    assert list(written) == list(SETTINGS)
    assert {name: value or "" for name, value in written.items()} == {
        name: "" if field.is_required() else _shown(field.default) for name, field in SETTINGS.items()
    }
    for line in EXAMPLE.splitlines():
        assert not _COMMENTED_OUT.sub("", line)[:1].isupper() or re.search(r"=\S*  # \S", line), line


@pytest.mark.parametrize("marker", ["sandbox-command", "test-command"])
def test_the_readmes_two_commands_are_marked(marker: str) -> None:
    """A fenced block of one line stands below each mark: `.ci/run` runs what people read."""
    assert re.search(rf"^<!-- {marker} -->\n```\n[^\n]+\n```$", README, re.MULTILINE)


def _shown(default: Any) -> str:
    """A default as people write it into the environment."""
    match default:
        case SecretStr():
            return default.get_secret_value()
        case None | frozenset():
            return ""
        case float():
            return f"{default:g}"
        case _:
            return str(default)
