"""What keeps Quick BI from answering this bot at all, and what whoever runs the bot can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import AccessForbidden, CredentialsProblem, CredentialsRejected, MissingAccess, QuickBIError
from bot.domain.outage_rules import CauseKind


@dataclass(frozen=True, slots=True)
class Remedy:
    """`what` is a headline without a full stop, `todo` a sentence that begins small."""

    what: str
    todo: str

    @property
    def sentences(self) -> str:
        return f"{self.what}. {self.todo[0].upper()}{self.todo[1:]}"


CREDENTIALS = {
    CredentialsProblem.KEY_UNKNOWN: Remedy(
        "Quick BI does not know this bot's access key",
        "set ALIBABA_CLOUD_ACCESS_KEY_ID to a key that exists.",
    ),
    CredentialsProblem.KEY_INACTIVE: Remedy(
        "This bot's access key is switched off",
        "switch it on in Alibaba Cloud's RAM console, or give the bot another key.",
    ),
    CredentialsProblem.SECRET_WRONG: Remedy(
        "This bot's access key and its secret do not match",
        "set ALIBABA_CLOUD_ACCESS_KEY_SECRET to the secret of that key.",
    ),
    CredentialsProblem.CLOCK_OFF: Remedy(
        "The clock of this bot's machine is wrong",
        "Quick BI accepts a difference of 15 minutes; synchronise the clock with NTP.",
    ),
    CredentialsProblem.TOKEN_EXPIRED: Remedy(
        "This bot's temporary access has expired",
        "give it a new ALIBABA_CLOUD_SECURITY_TOKEN, or a role that renews it by itself.",
    ),
    CredentialsProblem.TOKEN_WRONG: Remedy(
        "This bot's security token does not belong to its access key",
        "set ALIBABA_CLOUD_SECURITY_TOKEN to the whole token that was issued with that key.",
    ),
}
ACCESS = {
    MissingAccess.RAM_ACTION: Remedy(
        "This bot's account lacks a permission",
        "allow it the RAM action quickbi-public:GetMailTaskStatus, for example with the policy "
        "AliyunQuickBIAPIReadOnlyAccess.",
    ),
    MissingAccess.API_USER: Remedy(
        "Quick BI does not let this bot's account use its API",
        "let a Quick BI organisation admin make it an API call auth user; it takes about 5 minutes to take effect.",
    ),
    MissingAccess.ORGANISATION: Remedy(
        "This bot's account is not in your Quick BI organisation",
        "let a Quick BI organisation admin add it, and log in to Quick BI with it once.",
    ),
    MissingAccess.INSTANCE: Remedy(
        "Your Quick BI instance has expired or does not exist",
        "check in Alibaba Cloud's console whether it needs renewing, and whether QUICKBI_REGION is its region.",
    ),
}
_OTHERS = {
    CauseKind.THROTTLED: Remedy(
        "Quick BI is getting too many requests",
        "find what else uses its API with this account, or set QUICKBI_CALLS_PER_SECOND lower. "
        "I am asking less often in the meantime.",
    ),
    CauseKind.DOWN: Remedy(
        "Quick BI is not answering",
        "wait; I keep trying, and will say when it is over. If other machines can reach it, check this one's network.",
    ),
    CauseKind.ODD: Remedy(
        "Quick BI answers in a way that I do not understand",
        "check whether QUICKBI_ENDPOINT leads to it, or to a proxy's page. I keep trying.",
    ),
    CauseKind.UNKNOWN: Remedy(
        "Quick BI refuses my requests with a code that I do not know",
        "look the code up in Alibaba Cloud's error centre, or ask its support. I keep trying.",
    ),
}
REMEDIES = {str(kind): remedy for kind, remedy in (*CREDENTIALS.items(), *ACCESS.items(), *_OTHERS.items())}


def remedy_for(error: QuickBIError) -> Remedy | None:
    """What the operator can do; None where that is not known, or is to wait."""
    match error:
        case CredentialsRejected():
            return CREDENTIALS[error.problem]
        case AccessForbidden():
            return ACCESS.get(error.missing)
        case _:
            return None
