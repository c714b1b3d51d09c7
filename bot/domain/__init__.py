"""Values and rules: mails, runs, subscriptions, incidents, notices, errors. No I/O.

The names below are imported from here; a module's other names, from the module.
"""

from bot.domain.errors import (
    AccessForbidden,
    AppRejected,
    CannotLook,
    ChannelGone,
    CredentialsProblem,
    CredentialsRejected,
    DatabaseAway,
    DeliveryUnknown,
    LeaseLost,
    MailBotError,
    MailMisconfigured,
    MailNotFound,
    MessageGone,
    MessageRefused,
    MissingAccess,
    NewerDatabase,
    ProtocolError,
    QuickBIError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    SlackBusy,
    SlackError,
    StoreError,
    Throttled,
    UnknownRefusal,
    UnknownSlackRefusal,
    UsageError,
)
from bot.domain.ids import (
    MAX_MAIL_ID_LENGTH,
    MAX_TASK_ID,
    ChannelId,
    IncidentId,
    MailId,
    PostId,
    TaskId,
    TeamId,
    UserId,
)
from bot.domain.incidents import Incident, IncidentKind, IncidentState, NotifyReason, Outage
from bot.domain.lease import Lease
from bot.domain.mails import Choice, Mail, MailPage, MailRef
from bot.domain.notices import ByHand, IncidentView, Notice, OpenAnswer, PlainNotice, PostKind
from bot.domain.runs import KnownRun, ManualRun, ManualRunState, Observation, RunStatus, StatusAnswer, TaskRun
from bot.domain.subscriptions import (
    DEFAULT_GRACE,
    EVERY_DAY,
    EVERY_EVENT,
    WORKDAYS,
    DueTime,
    Event,
    OnCall,
    Posting,
    SnoozeOutcome,
    SubscribeOutcome,
    Subscription,
    SubscriptionRule,
    SubscriptionState,
    Watch,
    Wish,
)
