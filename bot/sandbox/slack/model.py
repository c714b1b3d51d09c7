"""What a workspace holds, as values: people, channels, messages, views and calls of the app.

Owns no behaviour and no state: whoever changes something replaces one value with another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
"""A JSON object as it travels on Slack's wire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person, or the app's own bot user. An outsider's `team_id` is not the workspace's."""

    id: str
    name: str
    real_name: str
    team_id: str
    tz: str = "Europe/Berlin"
    locale: str = "en-US"
    is_bot: bool = False
    is_admin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UserGroup:
    """People who are mentioned together, by its handle."""

    id: str
    handle: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A conversation. A direct message (`is_im`) has the person's ID as its `name`."""

    id: str
    name: str
    members: frozenset[str]
    created: int
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_im: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message as it stands now. Deleted ones stay in the record, marked."""

    channel_id: str
    ts: str
    author_id: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    ephemeral_for: str | None = None
    """The only person who sees it; nobody else does, and history never shows it."""
    metadata: Json | None = None
    edited_ts: str | None = None
    is_deleted: bool = False
    from_app: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A modal or a Home tab that a person sees. `source` is what the app gave, block IDs filled in."""

    id: str
    user_id: str
    type: str
    source: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: Json = field(default_factory=dict)
    """`state.values`: block_id -> action_id -> what the person chose so far."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """What the app answered to the last submission: block_id -> words under that input."""


class EntryKind(StrEnum):
    """How the app reached Slack."""

    API = "api"
    RESPONSE_URL = "response_url"
    ACK = "ack"
    SOCKET = "socket"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that the app did: called a method, used a `response_url`, acked, opened a socket."""

    seq: int
    at: float
    """Unix seconds on the simulation's clock."""
    kind: EntryKind
    name: str
    """The API method, the envelope's type, or what happened to the socket."""
    args: Json
    """What was sent, tokens left out."""
    outcome: str
    """`ok`, Slack's error code, or what went wrong below (`reset`, `http_503`, `timed_out`)."""
    channel_id: str | None = None
    ts: str | None = None
    """The message that was made, changed or deleted."""
    answered: bool = True
    """False if Slack did it but the app never got to know (a lost reply)."""
    while_limited: bool = False
    """Sent inside a window that an earlier 429 had closed."""


class ChangeKind(StrEnum):
    """What changed in the workspace; the subject is a Message, View, Channel or Entry by kind."""

    MESSAGE_POSTED = "message_posted"
    MESSAGE_CHANGED = "message_changed"
    MESSAGE_DELETED = "message_deleted"
    VIEW_OPENED = "view_opened"
    VIEW_UPDATED = "view_updated"
    VIEW_CLOSED = "view_closed"
    HOME_PUBLISHED = "home_published"
    CHANNEL_CHANGED = "channel_changed"
    CHANNEL_DELETED = "channel_deleted"
    LOGGED = "logged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of the workspace, numbered without gaps. Replies are messages whose `thread_ts` is set."""

    seq: int
    kind: ChangeKind
    subject: Message | View | Channel | Entry


class Answered(StrEnum):
    """How the app took a delivery."""

    ACKED = "acked"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    HTTP_ERROR = "http_error"
    NOT_SENT = "not_sent"
    """Slack itself refused: no such command, a command in a thread, a person who may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a person's action led to within Slack's three seconds."""

    answered: Answered
    seconds: float = 0.0
    """From sending to the ack."""
    body: Json | None = None
    """The ack's body, as the app sent it."""
    words: str | None = None
    """What Slack itself shows when the app failed, in Slack's words."""
    message: Message | None = None
    """The message that the ack's body, or the failure, put into the channel."""
    view: View | None = None
    """The modal or Home tab that the person sees now; None where it closed or there is none."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Words under inputs, by block_id, after a submission."""
    options: tuple[Json, ...] = ()
    """What a typeahead offers."""


class SlackError(Exception):
    """A call was refused with `code`; `more` joins the answer."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def bad_blocks(code: str, problems: list[str]) -> SlackError:
    """`invalid_blocks` or `invalid_arguments`, with a pointer to each mistake as Slack gives it."""
    return SlackError(
        code, errors=problems, response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]}
    )


def as_json(value: Any) -> Any:
    """Any value of this module as what `json.dumps` takes."""
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value
