"""A simulated Slack on loopback: Web API, Socket Mode, signed requests. Knows nothing of the bot."""

from bot.sandbox.slack.call_log import CallLog
from bot.sandbox.slack.deliveries import Ack, Envelope, EnvelopeType
from bot.sandbox.slack.faults import Fault, Faults
from bot.sandbox.slack.manifest import Command, Manifest
from bot.sandbox.slack.model import (
    Answered,
    Change,
    ChangeKind,
    Channel,
    Entry,
    EntryKind,
    Json,
    Message,
    Outcome,
    User,
    View,
    as_json,
)
from bot.sandbox.slack.people import Choice, People
from bot.sandbox.slack.rate_limits import Rates
from bot.sandbox.slack.server import SimulatedSlack
from bot.sandbox.slack.workspace import Workspace

__all__ = [
    "Ack",
    "Answered",
    "CallLog",
    "Change",
    "ChangeKind",
    "Channel",
    "Choice",
    "Command",
    "Entry",
    "EntryKind",
    "Envelope",
    "EnvelopeType",
    "Fault",
    "Faults",
    "Json",
    "Manifest",
    "Message",
    "Outcome",
    "People",
    "Rates",
    "SimulatedSlack",
    "User",
    "View",
    "Workspace",
    "as_json",
]
