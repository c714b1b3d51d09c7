"""What every action of a person needs: who acts, where, and what they see there."""

from bot.sandbox.slack.deliveries import Deliveries
from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import HOME_TEAM


class Actor:
    """A person in front of Slack. Shares the typeahead's last offers between its actions."""

    def __init__(self, site: Site, deliveries: Deliveries) -> None:
        self._site = site
        self._deliveries = deliveries
        self._offered: dict[tuple[str, str], list[Json]] = {}

    def _person(self, name: str) -> User:
        return self._site.workspace.user(name)

    def _channel(self, user: User, name: str) -> Channel:
        """A channel that this person is in."""
        channel = self._site.workspace.channel(name)
        if user.id not in channel.members:
            raise LookupError(f"{user.name} is not in {channel.name}")
        return channel

    def _message(self, user: User, channel: Channel, ts: str) -> Message:
        """A message that this person sees."""
        message = self._site.workspace.message(channel.id, ts)
        if message.ephemeral_for not in {None, user.id}:
            raise LookupError(f"{user.name} does not see {ts}")
        return message

    def _view(self, user: User, view_id: str) -> View:
        """A view on this person's screen."""
        view = self._site.screens.find(view_id)
        if view.user_id != user.id:
            raise LookupError(f"{user.name} does not see {view_id}")
        return view


def is_outsider(user: User) -> bool:
    """Does this person belong to another organisation?"""
    return user.team_id != HOME_TEAM
