"""The state of one simulated workspace, and every way in which it can change. Speaks no protocol."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.model import ChangeKind, Channel, Message, User, UserGroup

HOME_TEAM = "T0SANDBOX"
PARTNER_TEAM = "T0PARTNER"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0MAILBOT1"
BOT_ID = "B0MAILBOT1"
BOT_USER_ID = "U0MAILBOT1"
SLACKBOT = "USLACKBOT"
"""The author of what Slack itself says."""

USERS = (
    User(id="U0ADA00001", name="ada", real_name="Ada Brandt", team_id=HOME_TEAM, is_admin=True),
    User(id="U0BOB00002", name="bob", real_name="Bob Okafor", team_id=HOME_TEAM, tz="America/New_York"),
    User(
        id="U0MEI00003",
        name="mei",
        real_name="Mei Lin",
        team_id=HOME_TEAM,
        tz="Asia/Shanghai",
        locale="zh-CN",
    ),
    User(id="U0OLGA0004", name="olga", real_name="Olga (Partner Ltd)", team_id=PARTNER_TEAM),
)
"""Three colleagues, and one person of another organisation who shares `partners` by Slack Connect."""

USER_GROUPS = (UserGroup(id="S0BIONCALL", handle="bi-oncall"),)

_TEAM = frozenset(user.id for user in USERS if user.team_id == HOME_TEAM)
_CREATED = 1_700_000_000

CHANNELS = (
    Channel(id="C0GENERAL1", name="general", members=_TEAM, created=_CREATED),
    Channel(id="C0REPORTS2", name="reports", members=_TEAM | {BOT_USER_ID}, created=_CREATED),
    Channel(id="C0SALES003", name="sales", members=_TEAM, created=_CREATED),
    Channel(
        id="C0FINANCE4", name="finance", members=_TEAM | {BOT_USER_ID}, created=_CREATED, is_private=True
    ),
    Channel(id="C0BOARD005", name="board", members=_TEAM, created=_CREATED, is_private=True),
    Channel(
        id="C0PARTNER6",
        name="partners",
        members=_TEAM | {BOT_USER_ID, "U0OLGA0004"},
        created=_CREATED,
        is_ext_shared=True,
    ),
    Channel(
        id="C0OLDREP07", name="old-reports", members=_TEAM | {BOT_USER_ID}, created=_CREATED, is_archived=True
    ),
)
"""Public and private, with and without the bot; one shared with another organisation; one archived."""


class Workspace:
    """People, channels and messages. Whoever is not found raises LookupError."""

    def __init__(self, *, clock: Callable[[], float], changes: Changes, bot_name: str) -> None:
        self._clock = clock
        self._changes = changes
        self._last_ts = 0
        bot = User(
            id=BOT_USER_ID,
            name=bot_name.lower().replace(" ", "-"),
            real_name=bot_name,
            team_id=HOME_TEAM,
            is_bot=True,
        )
        self._users = {user.id: user for user in (*USERS, bot)}
        self._channels = {channel.id: channel for channel in CHANNELS}
        self._messages: dict[str, dict[str, Message]] = {channel.id: {} for channel in CHANNELS}
        self._threads: dict[tuple[str, str], list[str]] = {}

    # People and channels

    def users(self) -> tuple[User, ...]:
        return tuple(self._users.values())

    def user(self, name_or_id: str) -> User:
        """By ID, or by name with or without `@`."""
        if name_or_id in self._users:
            return self._users[name_or_id]
        return _named(name_or_id.removeprefix("@"), self._users)

    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._channels.values())

    def channel(self, name_or_id: str) -> Channel:
        """By ID, or by name with or without `#`."""
        if name_or_id in self._channels:
            return self._channels[name_or_id]
        return _named(name_or_id.removeprefix("#"), self._channels)

    def put_channel(self, channel: Channel) -> Channel:
        """Add a channel, or replace one by what it is from now on."""
        self._channels[channel.id] = channel
        self._messages.setdefault(channel.id, {})
        self._changes.publish(ChangeKind.CHANNEL_CHANGED, channel)
        return channel

    def add_channel(self, name: str, *, with_bot: bool = True, is_private: bool = False) -> Channel:
        """A new channel of the whole team."""
        members = _TEAM | {BOT_USER_ID} if with_bot else _TEAM
        number = len(self._channels) + 1
        return self.put_channel(
            Channel(
                id=f"C0MORE{number:04d}",
                name=name,
                members=members,
                created=int(self._clock()),
                is_private=is_private,
            )
        )

    def drop_channel(self, name_or_id: str) -> Channel:
        """Delete a channel with all that was said in it."""
        channel = self._channels.pop(self.channel(name_or_id).id)
        self._messages.pop(channel.id)
        self._changes.publish(ChangeKind.CHANNEL_DELETED, channel)
        return channel

    def change_channel_id(self, name_or_id: str) -> Channel:
        """Give a channel a new ID, as Slack does when a private one is shared; its messages keep their `ts`."""
        old = self._channels.pop(self.channel(name_or_id).id)
        messages = self._messages.pop(old.id)
        self._changes.publish(ChangeKind.CHANNEL_DELETED, old)
        new = self.put_channel(replace(old, id=f"C0MOVED{len(self._channels) + 1:03d}"))
        self._messages[new.id] = {ts: replace(each, channel_id=new.id) for ts, each in messages.items()}
        for ts in messages:
            if (old.id, ts) in self._threads:
                self._threads[new.id, ts] = self._threads.pop((old.id, ts))
        return new

    def direct_message(self, user_id: str) -> Channel:
        """The conversation between the bot and this person, opened on first use."""
        channel_id = f"D{self.user(user_id).id[1:]}"
        if channel_id in self._channels:
            return self._channels[channel_id]
        return self.put_channel(
            Channel(
                id=channel_id,
                name=user_id,
                members=frozenset({user_id, BOT_USER_ID}),
                created=int(self._clock()),
                is_im=True,
            )
        )

    # Messages

    def next_ts(self) -> str:
        """A message's ID: Unix time in microseconds, unique and rising in the workspace."""
        self._last_ts = max(self._last_ts + 1, int(self._clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def messages(self, channel: str, *, include_deleted: bool = False) -> tuple[Message, ...]:
        """All messages of a channel in order: replies and ephemeral ones too."""
        found = self._messages[self.channel(channel).id].values()
        return tuple(message for message in found if include_deleted or not message.is_deleted)

    def message(self, channel: str, ts: str) -> Message:
        """One message that is still there."""
        message = self._messages[self.channel(channel).id].get(ts)
        if message is None or message.is_deleted:
            raise LookupError(f"no message {ts} in {channel}")
        return message

    def replies(self, channel: str, thread_ts: str) -> tuple[Message, ...]:
        """The replies of a thread that everybody can see, without the parent."""
        channel_id = self.channel(channel).id
        found = (self._messages[channel_id][ts] for ts in self._threads.get((channel_id, thread_ts), ()))
        return tuple(each for each in found if each.ephemeral_for is None and not each.is_deleted)

    def post(self, channel: str, *, author_id: str, text: str, **more: Any) -> Message:
        """Add a message; `more` are other fields of Message."""
        message = Message(
            channel_id=self.channel(channel).id, ts=self.next_ts(), author_id=author_id, text=text, **more
        )
        self._messages[message.channel_id][message.ts] = message
        if message.thread_ts is not None:
            self._threads.setdefault((message.channel_id, message.thread_ts), []).append(message.ts)
        self._changes.publish(ChangeKind.MESSAGE_POSTED, message)
        return message

    def edit(self, message: Message, **changed: Any) -> Message:
        """Replace a message's content; all but ephemeral ones are marked as edited."""
        edited = None if message.ephemeral_for else self.next_ts()
        now = replace(message, edited_ts=edited, **changed)
        self._messages[message.channel_id][message.ts] = now
        self._changes.publish(ChangeKind.MESSAGE_CHANGED, now)
        return now

    def delete(self, message: Message) -> Message:
        """Take a message away from everybody; the record keeps it, marked."""
        gone = replace(message, is_deleted=True)
        self._messages[message.channel_id][message.ts] = gone
        self._changes.publish(ChangeKind.MESSAGE_DELETED, gone)
        return gone


_Named = TypeVar("_Named", User, Channel)


def _named(name: str, by_id: Mapping[str, _Named]) -> _Named:
    for each in by_id.values():
        if each.name == name:
            return each
    raise LookupError(f"nobody and nothing is named {name}")
