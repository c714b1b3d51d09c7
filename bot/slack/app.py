"""Sets up Bolt: which command, button, form or event goes to which handler."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.command_names import NamesHeard
from bot.slack.commands import Verb
from bot.slack.handlers.asking import AskingHandler
from bot.slack.handlers.channels import CHANNEL_EVENTS, ChannelEventHandler
from bot.slack.handlers.forms import Forms, with_origin
from bot.slack.handlers.history import HistoryHandler
from bot.slack.handlers.home import HomeHandler
from bot.slack.handlers.mail_list import MailListHandler
from bot.slack.handlers.manual_run import ManualRunHandler
from bot.slack.handlers.responders import ResponderHandler
from bot.slack.handlers.roll_call import RollCallHandler
from bot.slack.handlers.sharing import SharingHandler
from bot.slack.handlers.snooze import SnoozeHandler
from bot.slack.handlers.status import StatusHandler
from bot.slack.handlers.subscribe import SubscribeHandler
from bot.slack.handlers.subscription_rules import SubscriptionRuleHandler
from bot.slack.handlers.unsubscribe import UnsubscribeHandler
from bot.slack.kit.actions import CONFIRMED, Act, More
from bot.slack.payloads import HOME_OPENED, Home, clicked, happened, submitted
from bot.slack.spoken import MENTION, MESSAGE, SHORTCUT, pointed_at, said
from bot.slack.transport.choosing import by_action, by_choice, by_verb, outdated
from bot.slack.transport.dispatcher import Dispatcher
from bot.slack.transport.verification import RequestVerification
from bot.slack.views.forms import (
    DIGEST_FORM,
    DUE,
    HISTORY_FORM,
    RUN_FORM,
    SEARCH,
    STATUS_FORM,
    SUBSCRIBE_FORM,
    UNSUBSCRIBE_FORM,
)
from bot.slack.views.history import HISTORY
from bot.slack.views.home_actions import LEAVE, MENU, SNOOZE
from bot.slack.views.mail_list import LIST
from bot.slack.views.on_call_form import CALLS
from bot.slack.views.shared_channels import SHARED_CONFIRMED, SHARED_DISMISSED
from bot.slack.views.subscription_rules import RULE_CONFIRMED, RULE_DISMISSED

# A second app in the same workspace may put any prefix before its commands: /staging-mail-status.
_COMMAND = re.compile(rf"^/\S*(?:{'|'.join(Verb)})$")
_ANYTHING = re.compile("")
_UNKNOWN_COMMAND = "I don't know this command. Type /mail-help to see what I can do."
_log = logging.getLogger(__name__)


def bolt_app(home: Home, *, verification: RequestVerification | None = None) -> AsyncApp:
    """Bolt with our own authorization: who the bot is was asked once, at start, and never before an ack.

    Its client carries no token, because nothing of ours uses it. Signatures are checked in HTTP mode only; a
    socket was opened by us. Its loggers take their level from the given logger: from the root they would write
    down every payload at DEBUG.
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
        signing_secret="",
        request_verification_enabled=False,  # Bolt's logs the body of what it refuses
        before_authorize=verification,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    app.error(ack_unhandled)
    return app


async def ack_unhandled(error: Exception, body: Mapping[str, Any]) -> BoltResponse | None:
    """Ack what has no listener, or Slack sends it three times more: an event or shortcut added by hand."""
    if not isinstance(error, BoltUnhandledRequestError):
        _log.error("request_failed", exc_info=error)
        return None
    event = body.get("event")
    kind = event.get("type") if isinstance(event, dict) else body.get("type") or body.get("command")
    _log.info("request_not_handled", extra={"kind": str(kind)[:80]})
    return BoltResponse(status=200, body=_UNKNOWN_COMMAND if "command" in body else "")


def register(
    app: AsyncApp,
    dispatcher: Dispatcher,
    *,
    names: NamesHeard,
    forms: Forms,
    asking: AskingHandler,
    status: StatusHandler,
    sharing: SharingHandler,
    subscribe: SubscribeHandler,
    rules: SubscriptionRuleHandler,
    unsubscribe: UnsubscribeHandler,
    snooze: SnoozeHandler,
    responders: ResponderHandler,
    runs: ManualRunHandler,
    mails: MailListHandler,
    history: HistoryHandler,
    roll_calls: RollCallHandler,
    home: HomeHandler,
    channels: ChannelEventHandler,
) -> None:
    """Tell Bolt which handler listens to what."""
    commands = {
        Verb.STATUS: status.typed,
        Verb.SUBSCRIBE: subscribe.typed,
        Verb.UNSUBSCRIBE: unsubscribe.typed,
        Verb.SUBSCRIPTIONS: unsubscribe.list_typed,
        Verb.LIST: mails.typed,
        Verb.HISTORY: history.typed,
        Verb.RUN: runs.typed,
        Verb.DIGEST: roll_calls.typed,
        Verb.HELP: home.help_typed,
    }
    menu = {
        More.CHECK: status.chosen,
        More.TAKE_OVER: responders.chosen,
        More.GIVE_BACK: responders.chosen,
        More.HISTORY: history.chosen,
        More.SHARE: sharing.chosen,
        More.RUN: runs.chosen,
        More.UNSUBSCRIBE: unsubscribe.chosen,
    }
    clicks = {
        Act.CHECK: status.clicked,
        f"{Act.PICK}:{Verb.STATUS}": status.clicked,
        f"{Act.PICK}:{Verb.SUBSCRIBE}": subscribe.clicked,
        RULE_CONFIRMED: rules.confirmed,
        RULE_DISMISSED: rules.dismissed,
        SHARED_CONFIRMED: subscribe.confirmed,
        SHARED_DISMISSED: subscribe.dismissed,
        Act.SUBSCRIBE: subscribe.clicked,
        CONFIRMED: unsubscribe.confirmed,
        Act.UNSUBSCRIBE: unsubscribe.clicked,
        f"{Act.PICK}:{Verb.UNSUBSCRIBE}": unsubscribe.clicked,
        Act.SHARE: sharing.confirmed,
        Act.DISMISS: by_choice({More.SHARE: sharing.dismissed, More.UNSUBSCRIBE: unsubscribe.dismissed}),
        f"{Act.PICK}:{Verb.RUN}": runs.picked,
        Act.RUN: runs.clicked,
        Act.RUN_CONFIRMED: runs.confirmed,
        Act.CANCEL: runs.cancelled,
        Act.SNOOZE: snooze.clicked,
        Act.TAKE: responders.clicked,
        f"{Act.PAGE}:subscriptions": unsubscribe.list_paged,
        f"{Act.PICK}:{LIST}": mails.picked,
        f"{Act.PAGE}:{LIST}": mails.paged,
        f"{Act.PICK}:{Verb.HISTORY}": history.picked,
        f"{Act.PAGE}:{HISTORY}": history.paged,
        Act.MORE: by_choice(menu),
        SEARCH: status.clicked,
        MENU: home.chosen,
        SNOOZE: home.snoozed,
        LEAVE: home.left,
        Act.HOME: home.refreshed,
        Act.HELP: home.help_clicked,
    }
    submissions = {
        STATUS_FORM: status.submitted,
        SUBSCRIBE_FORM: subscribe.submitted,
        UNSUBSCRIBE_FORM: unsubscribe.submitted,
        HISTORY_FORM: history.submitted,
        RUN_FORM: runs.submitted,
        DIGEST_FORM: roll_calls.submitted,
    }
    # Bolt tries one listener after the other, so one serves all commands, and one all buttons.
    app.command(_COMMAND)(dispatcher.listener(names.typed, by_verb(commands)))
    for block in (DUE, CALLS):
        app.action(button(block))(dispatcher.listener(with_origin, forms.filled_in))
    app.action(button(_ANYTHING))(dispatcher.listener(clicked, by_action(clicks)))
    app.options(SEARCH)(dispatcher.suggester(forms.suggestions))
    for form, on_submit in submissions.items():
        app.view(form)(dispatcher.listener(with_origin, on_submit))
    app.view(_ANYTHING)(dispatcher.listener(submitted, outdated))  # what this version does not know
    for kind in CHANNEL_EVENTS:
        app.event(kind)(dispatcher.events(happened, channels.happened))
    for kind in (MENTION, MESSAGE):
        app.event(kind)(dispatcher.listener(said, asking.said))
    app.message_shortcut(SHORTCUT)(dispatcher.listener(pointed_at, asking.pointed_at))
    app.event(HOME_OPENED)(dispatcher.listener(happened, home.opened))


def button(action_id: str | re.Pattern[str]) -> dict[str, str | re.Pattern[str]]:
    """Only what Block Kit sends: a bare pattern would match legacy dialogs and attachments, too."""
    return {"type": "block_actions", "action_id": action_id}
