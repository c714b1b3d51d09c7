"""A simulated Slack on loopback: Web API, Socket Mode, signed requests. Knows nothing of the bot."""

from bot.sandbox.slack.deliveries import EnvelopeType
from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.manifest import Command, Manifest
from bot.sandbox.slack.model import Answered, Change, ChangeKind, Entry, EntryKind, Outcome, as_json
from bot.sandbox.slack.people import Choice
from bot.sandbox.slack.rate_limits import Rates
from bot.sandbox.slack.server import SimulatedSlack

__all__ = [
    "Answered",
    "Change",
    "ChangeKind",
    "Choice",
    "Command",
    "Entry",
    "EntryKind",
    "EnvelopeType",
    "Fault",
    "Manifest",
    "Outcome",
    "Rates",
    "SimulatedSlack",
    "as_json",
]
