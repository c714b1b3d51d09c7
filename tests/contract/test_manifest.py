"""manifest.yaml: what Slack is told of the app is what the app is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.app.check import NEEDED_SCOPES, OPTIONAL_SCOPES
from bot.slack.commands import Verb
from bot.slack.handlers.channels import CHANNEL_EVENTS
from bot.slack.payloads import HOME_OPENED
from bot.slack.spoken import MENTION, MESSAGE, SHORTCUT

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "tests/samples/manifest.schema.json").read_text(encoding="utf-8"))
COMMANDS = MANIFEST["features"]["slash_commands"]


def test_slack_accepts_it() -> None:
    """By Slack's own schema: https://github.com/slackapi/manifest-schema."""
    jsonschema.validate(MANIFEST, SCHEMA)


def test_its_commands_are_the_ones_that_we_answer() -> None:
    """Each verb once, and no other."""
    assert [command["command"] for command in COMMANDS] == [f"/{verb}" for verb in Verb]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["command"])
def test_a_command_is_within_slacks_limits(command: dict[str, Any]) -> None:
    """2 to 32 characters, lower case, no spaces; a prefix for a second app still fits."""
    name = command["command"].removeprefix("/")
    assert 2 <= len(name) <= 32 - len("staging-")
    assert name == name.lower()
    assert " " not in name
    assert 0 < len(command["description"]) <= 2000
    assert len(command.get("usage_hint", "")) <= 1000
    needs_ids = command["command"] == f"/{Verb.SUBSCRIBE}"  # of those that it notifies
    assert command["should_escape"] is needs_ids, "people's words are read as they were typed"


def test_its_scopes_are_the_ones_that_check_asks_for() -> None:
    """Nothing is asked for that is not needed, and nothing needed is left out."""
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert set(scopes["bot"]) == NEEDED_SCOPES | OPTIONAL_SCOPES
    assert set(scopes["bot_optional"]) == OPTIONAL_SCOPES


def test_its_events_are_the_ones_that_we_hear() -> None:
    """An event that nobody hears costs a delivery; one that is missing is never told."""
    heard = {*CHANNEL_EVENTS, HOME_OPENED, MENTION, f"{MESSAGE}.im"}
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == heard


def test_its_shortcut_is_the_one_that_we_answer() -> None:
    """Slack cuts no name: 24 characters at most."""
    (shortcut,) = MANIFEST["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", SHORTCUT)
    assert len(shortcut["name"]) <= 24


def test_its_words_are_within_slacks_limits() -> None:
    """Name 35, description 140, long description 174 to 4,000 characters; 50 commands."""
    words = MANIFEST["display_information"]
    assert len(words["name"]) <= 35
    assert len(words["description"]) <= 140
    assert 174 <= len(words["long_description"]) <= 4000
    assert len(COMMANDS) <= 50
