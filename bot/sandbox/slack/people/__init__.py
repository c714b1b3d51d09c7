"""What people do in Slack: type, click, fill in, invite, archive. Each returns what Slack shows them."""

from bot.sandbox.slack.inputs import Choice
from bot.sandbox.slack.people.channels import ChannelActions
from bot.sandbox.slack.people.clicks import ClickActions
from bot.sandbox.slack.people.views import ViewActions

__all__ = ["Choice", "People"]


class People(ClickActions, ViewActions, ChannelActions):
    """Every person, by name (`ada`) or ID. Channels too are named `reports`, `#reports` or by ID.

    Whoever or whatever a person cannot see raises LookupError: it is a mistake of the caller, not of the app.
    """
