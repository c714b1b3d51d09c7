"""Which command, button or event goes to whom: everything that Bolt is told, on one page."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.commands import Verb
from bot.slack.handlers.channels import CHANNEL_EVENTS
from bot.slack.handlers.forms import with_origin
from bot.slack.kit.actions import CONFIRMED, Act, More
from bot.slack.payloads import HOME_OPENED, clicked, happened, submitted, typed
from bot.slack.transport.menus import by_choice, of_old
from bot.slack.transport.requests import RequestVerification, ack_unhandled
from bot.slack.views import help as guide
from bot.slack.views.forms import SEARCH, STATUS_FORM, SUBSCRIBE_FORM
from bot.slack.views.history import HISTORY
from bot.slack.views.home_actions import LEAVE, MENU, SNOOZE
from bot.slack.views.mail_list import LIST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.slack.command_names import NamesHeard
    from bot.slack.handlers.channels import ChannelEventHandler
    from bot.slack.handlers.forms import FormHandler
    from bot.slack.handlers.history import HistoryHandler
    from bot.slack.handlers.home import HomeHandler
    from bot.slack.handlers.home_acting import HomeActionHandler
    from bot.slack.handlers.mail_list import MailListHandler
    from bot.slack.handlers.manual_run import ManualRunHandler
    from bot.slack.handlers.sharing import SharingHandler
    from bot.slack.handlers.snooze import SnoozeHandler
    from bot.slack.handlers.status import StatusHandler
    from bot.slack.handlers.subscribe import SubscriptionHandler
    from bot.slack.payloads import Home, Typed
    from bot.slack.transport.answer import Answer
    from bot.slack.transport.dispatcher import Dispatcher


def bolt_app(home: Home, *, signing_secret: str | None) -> AsyncApp:
    """Bolt with our own authorisation: who we are was asked once, at start, and never before an ack.

    Its client carries no token, for nothing of ours uses it. Signatures are checked in HTTP mode; a socket
    was opened by us and needs none. Its loggers take their level from the one that it is given: else from the
    root, and at DEBUG they would write down every payload.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=home.enterprise_id or None, team_id=home.team_id, bot_user_id=home.bot_user_id
        )

    app = AsyncApp(
        name="quickbi-mailbot",  # without one Bolt reads the sources of all modules to find its caller's
        logger=logging.getLogger("slack_bolt"),
        client=AsyncWebClient(),
        authorize=authorize,
        signing_secret=signing_secret or "",
        request_verification_enabled=False,  # Bolt's logs the body of what it refuses
        before_authorize=RequestVerification(signing_secret) if signing_secret is not None else None,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    app.error(ack_unhandled)
    return app


def register(
    app: AsyncApp,
    boundary: Dispatcher,
    *,
    status: StatusHandler,
    sharing: SharingHandler,
    subscriptions: SubscriptionHandler,
    forms: FormHandler,
    snoozes: SnoozeHandler,
    channels: ChannelEventHandler,
    names: NamesHeard,
    running: ManualRunHandler,
    listing: MailListHandler,
    history: HistoryHandler,
    homes: HomeHandler,
    acting: HomeActionHandler,
) -> None:
    """Tell Bolt who listens to what."""

    def heard(body: Mapping[str, Any]) -> Typed:
        command = typed(body)
        names.hear(command.command)
        return command

    async def help_wanted(command: Typed, answer: Answer) -> None:
        await answer.send(guide.help_for(Verb.HELP, command.command))

    commands = {
        Verb.STATUS: forms.status_typed,
        Verb.SUBSCRIBE: forms.subscribe_typed,
        Verb.UNSUBSCRIBE: subscriptions.unsubscribe_typed,
        Verb.SUBSCRIPTIONS: subscriptions.list_typed,
        Verb.LIST: listing.typed,
        Verb.HISTORY: history.typed,
        Verb.RUN: running.typed,
        Verb.HELP: help_wanted,
    }
    menu = {
        More.HISTORY: history.chosen,
        More.SHARE: sharing.chosen,
        More.RUN: running.chosen,
        More.UNSUBSCRIBE: subscriptions.unsubscribe_chosen,
    }
    clicks = {
        Act.CHECK: status.check_again,
        f"{Act.PICK}:{Verb.STATUS}": status.picked,
        f"{Act.PICK}:{Verb.SUBSCRIBE}": subscriptions.subscribe_clicked,
        Act.SUBSCRIBE: subscriptions.subscribe_clicked,
        CONFIRMED: subscriptions.unsubscribe_confirmed,
        Act.UNSUBSCRIBE: subscriptions.unsubscribe_clicked,
        f"{Act.PICK}:{Verb.UNSUBSCRIBE}": subscriptions.unsubscribe_clicked,
        Act.SHARE: sharing.confirmed,
        Act.DISMISS: by_choice({More.SHARE: sharing.dismissed, More.UNSUBSCRIBE: subscriptions.dismissed}),
        f"{Act.PICK}:{Verb.RUN}": running.picked,
        Act.RUN: running.clicked,
        Act.RUN_CONFIRMED: running.confirmed,
        Act.CANCEL: running.cancelled,
        Act.SNOOZE: snoozes.clicked,
        f"{Act.PAGE}:subscriptions": subscriptions.page_clicked,
        f"{Act.PICK}:{LIST}": listing.picked,
        f"{Act.PAGE}:{LIST}": listing.paged,
        f"{Act.PICK}:{Verb.HISTORY}": history.picked,
        f"{Act.PAGE}:{HISTORY}": history.paged,
        Act.MORE: by_choice(menu),
        SEARCH: status.picked,
        MENU: acting.chosen,
        SNOOZE: acting.snoozed,
        LEAVE: acting.left,
        Act.HOME: homes.refreshed,
        Act.HELP: homes.help_wanted,
    }
    for verb, handle in commands.items():
        app.command(command_named(verb))(boundary.listener(heard, handle))
    for action, handle_click in clicks.items():
        app.action(button(action_named(action)))(boundary.listener(clicked, handle_click))
    for form, handle_form in {
        STATUS_FORM: forms.status_submitted,
        SUBSCRIBE_FORM: forms.subscribe_submitted,
    }.items():
        app.view(form)(boundary.listener(lambda body: with_origin(submitted(body)), handle_form))
    for kind in CHANNEL_EVENTS:
        app.event(kind)(boundary.events(happened, channels.happened))
    app.event(HOME_OPENED)(boundary.listener(happened, homes.opened))
    app.options(SEARCH)(boundary.suggester(forms.suggestions))
    anything = re.compile("")  # the last of each: what nobody knows
    app.action(button(anything))(boundary.listener(clicked, of_old))
    app.view(anything)(boundary.listener(submitted, of_old))


def command_named(verb: Verb) -> re.Pattern[str]:
    """A second app in the same workspace puts whatever it likes before its commands: /staging-mail-status."""
    return re.compile(rf"^/\S*{re.escape(verb)}$")


def button(action_id: re.Pattern[str]) -> dict[str, str | re.Pattern[str]]:
    """Only what Block Kit sends: a bare pattern would take the dialogs and attachments of old for it, too."""
    return {"type": "block_actions", "action_id": action_id}


def action_named(act: str) -> re.Pattern[str]:
    """Buttons of one kind are told apart behind a colon, for action IDs are unique in a message."""
    return re.compile(rf"^{re.escape(act)}(?::|$)")
