"""Pure: what keeps Quick BI from answering this bot at all, in words, and what whoever runs the bot can do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import CredentialsProblem, MissingAccess
from bot.domain.outage_rules import CauseKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """`what` is a headline without a full stop, `todo` a sentence that begins small."""

    what: str
    todo: str


CREDENTIALS = {
    CredentialsProblem.KEY_UNKNOWN: Remedy(
        what="Quick BI does not know this bot's access key",
        todo="set ALIBABA_CLOUD_ACCESS_KEY_ID to a key that exists.",
    ),
    CredentialsProblem.KEY_INACTIVE: Remedy(
        what="This bot's access key is switched off",
        todo="switch it on in Alibaba Cloud's RAM console, or give the bot another key.",
    ),
    CredentialsProblem.SECRET_WRONG: Remedy(
        what="This bot's access key and its secret do not fit together",
        todo="set ALIBABA_CLOUD_ACCESS_KEY_SECRET to the secret of that key.",
    ),
    CredentialsProblem.CLOCK_OFF: Remedy(
        what="The clock of this bot's machine is wrong",
        todo="Quick BI allows 15 minutes; let the machine keep time with NTP.",
    ),
    CredentialsProblem.TOKEN_EXPIRED: Remedy(
        what="This bot's temporary access has run out",
        todo="give it a new ALIBABA_CLOUD_SECURITY_TOKEN, or a role that renews it by itself.",
    ),
    CredentialsProblem.TOKEN_WRONG: Remedy(
        what="This bot's security token does not belong to its access key",
        todo="set ALIBABA_CLOUD_SECURITY_TOKEN to the whole token that was issued with that key.",
    ),
}
_ACCESS = {
    MissingAccess.RAM_ACTION: Remedy(
        what="This bot's account lacks a permission",
        todo=(
            "allow it the RAM action quickbi-public:GetMailTaskStatus, for example with the policy "
            "AliyunQuickBIAPIReadOnlyAccess."
        ),
    ),
    MissingAccess.API_USER: Remedy(
        what="Quick BI does not let this bot's account use its API",
        todo="let a Quick BI organisation admin make it an API call auth user; that takes about 5 minutes to count.",
    ),
    MissingAccess.ORGANISATION: Remedy(
        what="This bot's account is not in your Quick BI organisation",
        todo="let a Quick BI organisation admin add it, and log in to Quick BI with it once.",
    ),
    MissingAccess.INSTANCE: Remedy(
        what="Your Quick BI instance has expired or does not exist",
        todo="see in Alibaba Cloud's console whether it must be renewed, and whether QUICKBI_REGION is its region.",
    ),
}
_OTHERS = {
    CauseKind.THROTTLED: Remedy(
        what="Quick BI says that it is asked too often",
        todo=(
            "find what else asks with this account, or set QUICKBI_CALLS_PER_SECOND lower. "
            "I ask less often meanwhile."
        ),
    ),
    CauseKind.DOWN: Remedy(
        what="Quick BI does not answer",
        todo="wait; I go on asking, and say when it is over. If other machines reach it, look at this one's network.",
    ),
    CauseKind.ODD: Remedy(
        what="Quick BI answers in a way that I do not understand",
        todo="see whether QUICKBI_ENDPOINT leads to it, or to some proxy's page. I go on asking.",
    ),
    CauseKind.UNKNOWN: Remedy(
        what="Quick BI refuses with a code that I do not know",
        todo="look the code up in Alibaba Cloud's error centre, or ask its support. I go on asking.",
    ),
}
REMEDIES = {str(kind): remedy for kind, remedy in (*CREDENTIALS.items(), *_ACCESS.items(), *_OTHERS.items())}
