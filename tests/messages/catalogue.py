"""Every message that a person can be shown, by name, over one cast of mails. Kept as JSON beside the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import (
    MAX_MAIL_ID_LENGTH,
    MAX_TASK_ID,
    AccessForbidden,
    Choice,
    CredentialsProblem,
    CredentialsRejected,
    Mail,
    MailId,
    MailMisconfigured,
    MailNotFound,
    MailRef,
    MissingAccess,
    ProtocolError,
    QuickBIUnavailable,
    RunRefusal,
    RunRefused,
    RunStatus,
    TaskId,
    TaskRun,
    Throttled,
    UnknownRefusal,
    UsageError,
)
from bot.slack.commands import EXAMPLE_NAME, Verb
from bot.slack.kit.actions import InChannel, under_status
from bot.slack.views import errors as failures
from bot.slack.views import help as guide
from bot.slack.views import status as messages
from bot.slack.views.reasons import explained
from tests.messages.cast import MAIL, NASTY, NOW, REF, REQUEST, SALES, ZONE, run, seen
from tests.messages.looks import look_messages
from tests.messages.notices import notices
from tests.messages.roll_calls import roll_call_messages
from tests.messages.rules import rule_messages
from tests.messages.runs import run_messages
from tests.messages.subscriptions import subscription_messages

if TYPE_CHECKING:
    from bot.slack.kit.blocks import Message
    from bot.slack.views.status import Seen


def _status(what: Seen, here: InChannel | None = None) -> Message:
    title = what.mail.name if what.mail else what.ref.mail_id
    has_failed = bool(what.runs) and what.runs[0].status is RunStatus.FAILED
    here = here or InChannel(is_subscribed=what.mail is NASTY)
    controls = under_status(what.ref, title, has_failed=has_failed, here=here)
    return messages.status(what, now=NOW, zone=ZONE, extra=(controls,))


def _statuses() -> dict[str, Message]:
    one_run = MailRef(mail_id=MAIL, task_id=TaskId(7))
    old = timedelta(days=1)
    no_time = TaskRun(mail_id=MAIL, task_id=None, exec_at=None, status=RunStatus.FAILED, status_word="FAILED")
    return {
        "status-sent": _status(seen(run("SENT"))),
        "status-failed": _status(seen(run("FAILED"))),
        "status-processing": _status(seen(run("PROCESSING"))),
        "status-stuck": _status(seen(run("PROCESSING", ago=timedelta(minutes=22)))),
        "status-never-ran": _status(seen()),
        "status-no-such-run": _status(seen(ref=one_run)),
        "status-unknown-word": _status(seen(run("ARCHIVED"))),
        "status-several-runs": _status(
            seen(run("FAILED"), run("SENT", ago=old, task=5), run("FAILED", ago=2 * old))
        ),
        "status-thirty-five-runs": _status(seen(*(run("SENT", ago=n * old, task=n + 1) for n in range(35)))),
        "status-two-hundred-runs": _status(
            seen(*(run("FAILED", ago=n * old / 24, task=7218865303929605212 - n) for n in range(200)))
        ),
        "status-without-a-name": _status(seen(run("SENT"), mail=None)),
        "status-without-a-time": _status(seen(no_time)),
        "status-seen-a-moment-ago": _status(seen(run("SENT"), age=3)),
        "status-seen-just-now": _status(seen(run("SENT"), age=0.4)),
        "status-of-what-fails-here": _status(
            seen(run("FAILED")), InChannel(is_subscribed=True, is_snoozed=False)
        ),
        "status-of-what-is-snoozed": _status(
            seen(run("PROCESSING")), InChannel(is_subscribed=True, is_snoozed=True)
        ),
        "status-without-records": _status(seen(run("SENT")), InChannel()),
        "status-of-the-longest-ids": _status(
            seen(
                run("SENT"),
                ref=MailRef(mail_id=MailId("m" * MAX_MAIL_ID_LENGTH), task_id=TaskId(MAX_TASK_ID)),
            )
        ),
        "status-of-a-nasty-name": _status(
            seen(run("FAILED"), mail=NASTY, ref=MailRef(mail_id=NASTY.mail_id))
        ),
        "checking": messages.checking(REF, SALES, ready_in=12, last=None, now=NOW, zone=ZONE),
        "checking-last-known": messages.checking(
            REF, SALES, ready_in=12, last=seen(run("FAILED"), age=180), now=NOW, zone=ZONE
        ),
        "no-answer-yet": messages.no_answer_yet(REF, SALES),
        "checking-nasty": messages.checking(
            MailRef(mail_id=NASTY.mail_id), NASTY, ready_in=0, last=seen(age=1), now=NOW, zone=ZONE
        ),
    }


def _failures() -> dict[str, Message]:
    said = {
        "code": "Some.Code",
        "request_id": REQUEST,
        "recommend": "https://next.api.aliyun.com/troubleshoot?q=X",
    }
    errors = {
        "not-found": MailNotFound(**said),
        "subject": MailMisconfigured(**said),
        "throttled": Throttled(retry_after=12, request_id=REQUEST),
        "throttled-somehow": Throttled(),
        "down": QuickBIUnavailable(outcome_unknown=True),
        "garbled": ProtocolError(request_id=REQUEST),
        "unknown-code": UnknownRefusal(
            code="Brand.New<!here>", said="No <!channel> idea", request_id=REQUEST
        ),
        "run-too-often": RunRefused(why=RunRefusal.TOO_OFTEN, retry_after=300),
        "run-too-often-somehow": RunRefused(why=RunRefusal.TOO_OFTEN),
        "run-already": RunRefused(why=RunRefusal.ALREADY_RUNNING),
        "run-scheduler": RunRefused(why=RunRefusal.SCHEDULER_FAILED),
    }
    errors |= {
        f"forbidden-{missing}": AccessForbidden(missing=missing, action="GetMailTaskStatus", **said)
        for missing in MissingAccess
    }
    errors |= {
        f"credentials-{problem}": CredentialsRejected(problem=problem, **said)
        for problem in CredentialsProblem
    }
    shown = {f"failure-{name}": failures.failure(error, REF, SALES) for name, error in errors.items()}
    down = messages.with_check_again(failures.failure(errors["down"], REF, SALES), REF, SALES.name)
    return shown | {
        "failure-down-check-again": down,
        "failure-not-found-without-a-name": failures.failure(MailNotFound(**said), REF, None),
        "failure-nasty": failures.failure(errors["not-found"], MailRef(mail_id=NASTY.mail_id), NASTY),
        "failure-beside-last-known": messages.beside_last_known(
            down, seen(run("FAILED"), age=180), now=NOW, zone=ZONE
        ),
        "failure-alike": failures.failures(
            [(MailNotFound(**said), MailRef(mail_id=MailId(f"9000{n:02}")), None) for n in range(12)]
        )[0],
        "failure-alike-down": failures.failures([(errors["down"], REF, SALES), (errors["down"], REF, NASTY)])[
            0
        ],
        "status-explained": messages.status(
            replace(seen(run("FAILED")), why=explained("[ErrorCode]:50005")), now=NOW, zone=ZONE
        ),
        "failure-nowhere": failures.failure(errors["down"]),
        "failure-surprise": failures.surprise("1a2b3c4d"),
        "failure-cannot-keep": failures.cannot_keep("1a2b3c4d"),
        "failure-database-away": failures.database_away("1a2b3c4d"),
        "failure-outsider": failures.outsider(),
        "failure-wrong-channel": failures.wrong_channel(),
        "failure-restarting": failures.restarting(),
        "failure-interrupted": failures.interrupted(),
    }


def _guides() -> dict[str, Message]:
    same_name = Mail(mail_id=MailId("a1"), name="Daily Sales", owner_name="Bob", paused=False)
    twin = replace(SALES, mail_id=MailId("03e40cf2355c48b2abb6c2b247048ed3"))
    nameless = Mail(mail_id=MailId("2342527"), name=" ", owner_name="", paused=False)
    same = Choice(words="daily sales", mails=(SALES, twin), task_id=TaskId(7218865303929605212))
    return {
        "usage": failures.usage(
            UsageError("“x<!here>” is not a task ID.", example=f"/mail-status {EXAMPLE_NAME}")
        ),
        "choose-unknown-several": guide.choose_each(
            [Choice(words=words, mails=()) for words in ("Dayly", "Ops <!here>")], verb=Verb.SUBSCRIBE
        )[0],
        "choose-several": guide.choose(
            Choice(words="sales", mails=(SALES, same_name, NASTY)), verb=Verb.STATUS
        ),
        "no-mail-in-message": guide.no_mail_in_message(),
        "choose-none": guide.choose(Choice(words="saels <!here>", mails=()), verb=Verb.STATUS),
        "choose-same-names": guide.choose(same, verb=Verb.STATUS),
        "choose-same-nasty-names": guide.choose(
            Choice(words="long", mails=(NASTY, replace(NASTY, mail_id=MailId("2342528")), nameless)),
            verb=Verb.STATUS,
        ),
        **{
            f"choose-for-{verb}": guide.choose(Choice(words="sales", mails=(SALES, same_name)), verb=verb)
            for verb in (Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.RUN, Verb.HISTORY)
        },
    } | {f"help-{verb}": guide.help_for(verb, f"/{verb}") for verb in Verb}


def catalogue() -> dict[str, Message]:
    """Every message by its name."""
    return (
        _statuses()
        | _failures()
        | _guides()
        | subscription_messages()
        | run_messages()
        | look_messages()
        | notices()
        | roll_call_messages()
        | rule_messages()
    )
