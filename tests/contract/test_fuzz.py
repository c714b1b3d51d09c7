"""Whatever people type, Slack sends or Quick BI answers: no unhandled error, and only messages that Slack takes.

`pytest tests/contract/test_fuzz.py --hypothesis-profile nightly` tries over 200,000 of them.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import ChannelId, Choice, Event, Mail, MailId, MailRef, QuickBIError, TaskId, UsageError
from bot.mails.references import MailName
from bot.slack.commands import Subscribe, Verb, parse, targets_of
from bot.slack.kit.actions import ALL, Act, More, Snooze
from bot.slack.views import errors, manual_run, subscriptions
from bot.slack.views import help as guide
from bot.slack.views import status as views
from bot.slack.views.forms import (
    DIGEST_FORM,
    HISTORY_FORM,
    RUN_FORM,
    SEARCH,
    STATUS_FORM,
    SUBSCRIBE_FORM,
    UNSUBSCRIBE_FORM,
    Origin,
)
from bot.slack.views.home_actions import LEAVE, MENU, SNOOZE, HomeChoice
from tests.contract.fuzz_stage import TEAM, FuzzStage, fuzz_stage
from tests.messages.cast import MAIL, NASTY, NOW, SALES, ZONE
from tests.messages.judges import assert_opened_fine, assert_post_fine, assert_taken
from tests.support.databases import create_sqlite
from tests.unit.wire_answers import answer_of, read_mails, read_run, read_status

if TYPE_CHECKING:
    from pathlib import Path

    from bot.slack.kit.blocks import Message

OVER_THE_WHOLE_BOT = settings(max_examples=settings().max_examples // 4)

MARKS = [
    "<!channel>",
    "<!here|here>",
    "<@U0ADA00001>",
    "<#C0REPORTS2|reports>",
    "@here",
    "`",
    "*",
    "_",
    "&",
    ">",
    '"',
]
WORDS = [
    "due",
    "09:30",
    "9am",
    "weekdays",
    "grace",
    "15m",
    "all",
    "help",
    "Daily",
    "Sales",
    "Daily Sales",
    ",",
    "\n",
]
IDS = [
    MAIL,
    NASTY.mail_id,
    "7218865303929605212",
    "MailId=",
    "TaskId=",
    "[MailId]:",
    "\u202e",
    "\u200b",
    "日報",
    "🌩️",
]
pieces = st.one_of(st.sampled_from([*MARKS, *WORDS, *IDS]), st.text(max_size=20))
texts = st.one_of(
    st.lists(pieces, max_size=12).map(" ".join),
    st.lists(pieces, max_size=12).map("".join),
    st.text(max_size=3000),
).filter(lambda text: not re.search("&(amp|lt|gt);", text))  # as a mark of ours that was escaped twice looks


@given(st.sampled_from(Verb), texts)
def test_whatever_is_typed_is_a_request_or_is_refused_in_words(verb: Verb, typed: str) -> None:
    """What was typed stands in the answer, and is nothing there but text."""
    try:
        request = parse(verb, typed)
    except UsageError as error:
        assert_taken(errors.usage(error))
        return
    for target in targets_of(request)[:3]:
        if isinstance(target, MailName):
            choice = Choice(words=target.words, mails=(SALES, NASTY), task_id=target.task_id)
            assert_taken(guide.choose(choice, verb=verb))
            assert_taken(guide.noted(errors.old_button(), [guide.guessed(target.words, NASTY)]))
        else:
            assert_taken(views.no_answer_yet(target, None))
    if isinstance(request, Subscribe) and request.due:
        assert subscriptions.due_words(request.due)


anything = st.text(alphabet=st.characters(), max_size=60)  # halves of surrogate pairs, too
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), anything, texts)
statuses = st.sampled_from(["SENT", "FAILED", "PROCESSING", "PENDING", "NOT_SENT"])
times = st.sampled_from(["2024-10-09 17:34:11", "2024-10-27 08:44:00", "1970-01-01 00:00:00"])
runs = st.fixed_dictionaries(
    {},
    optional={
        "status": statuses | scalars,
        "execTime": times | scalars,
        "mailId": st.just(MAIL) | scalars,
        "taskId": st.integers(0, 2**63 - 1) | scalars,
    },
)
mails = st.fixed_dictionaries(
    {},
    optional={
        "MailId": scalars,
        "SubscribeName": texts | scalars,
        "BizOwnerName": scalars,
        "Paused": scalars,
    },
)
pages = st.fixed_dictionaries(
    {}, optional={"Data": st.lists(mails, max_size=3), "Next": scalars, "TotalNum": scalars}
)
codes = st.sampled_from(
    [
        "Throttling.User",
        "Mail.Not.Exist",
        "SignatureDoesNotMatch",
        "AE0510150004",
        "NoPermission",
        "InvalidTimeStamp.Expired",
    ]
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "Success": st.booleans() | scalars,
        "Result": st.lists(runs, max_size=4) | runs | pages | scalars,
        "Code": codes | scalars,
        "Message": texts | scalars,
        "RequestId": texts | scalars,
        "Recommend": st.just("https://next.api.aliyun.com/x?a=<b>") | scalars,
    },
).map(lambda body: json.dumps(body).encode())
answers = st.tuples(
    st.sampled_from([200, 200, 200, 302, 400, 403, 404, 429, 500, 503]), bodies | st.binary(max_size=60)
)


@given(answers, texts, st.sampled_from([None, TaskId(7218865303929605212)]))
def test_whatever_quick_bi_answers_can_be_shown(
    answer: tuple[int, bytes], name: str, task: TaskId | None
) -> None:
    """A value or a named error, and of either a message that Slack takes."""
    said = answer_of(answer[1], status=answer[0])
    ref = MailRef(mail_id=MailId(MAIL), task_id=task)
    mail = Mail(mail_id=ref.mail_id, name=name, owner_name=name, paused=False)
    for message in (*_of_status(said, ref, mail), *_of_list(said), *_of_run(said, mail)):
        assert_taken(message)


def _of_status(said: Any, ref: MailRef, mail: Mail) -> list[Message]:
    try:
        told = read_status(said, asked=ref)
    except QuickBIError as error:
        glance = views.Glance(ref=ref, mail=mail, error=error)
        return [
            errors.failure(error, ref, mail),
            errors.failure(error, ref),
            views.several([glance, glance], now=NOW, zone=ZONE),
        ]
    seen = views.Seen(ref=ref, mail=mail, runs=told.runs, seen_at=NOW, request_id=told.request_id)
    return [views.status(seen, now=NOW, zone=ZONE, stays=stays) for stays in (False, True)]


def _of_list(said: Any) -> list[Message]:
    try:
        page = read_mails(said)
    except QuickBIError as error:
        return [errors.failure(error)]
    return [guide.choose(Choice(words="x", mails=page.mails), verb=Verb.STATUS)]


def _of_run(said: Any, mail: Mail) -> list[Message]:
    try:
        read_run(said)
    except QuickBIError as error:
        subject = manual_run.Subject(mail_id=mail.mail_id, mail=mail)
        return [manual_run.not_started(error, subject, now=NOW, zone=ZONE)]
    return []


mail_ids = st.sampled_from([MAIL, NASTY.mail_id, ALL, "gone"]) | texts
first_words = st.sampled_from([*More, *Snooze, *HomeChoice, "0", "3"])
values = st.one_of(
    mail_ids,
    st.tuples(first_words, mail_ids).map(" ".join),
    st.tuples(mail_ids, st.sampled_from(["C0REPORTS2", "7218865303929605212"])).map(" ".join),
    st.tuples(first_words, mail_ids, st.just("C0REPORTS2")).map(" ".join),
)
ADA = {"user_id": "U0ADA00001", "team_id": TEAM, "channel_id": "C0REPORTS2", "trigger_id": "1.2"}
FROM_ADA = {
    "user": {"id": "U0ADA00001", "team_id": TEAM},
    "team": {"id": TEAM},
    "trigger_id": "1.2",
    "channel": {"id": "C0REPORTS2"},
    "container": {"type": "message", "message_ts": "1772588120.000100", "channel_id": "C0REPORTS2"},
}
ORIGIN = Origin(channel_id=ChannelId("C0REPORTS2"), response_url="").to_text()


def _command(verb: Verb, text: str) -> dict[str, Any]:
    return ADA | {"command": f"/{verb}", "text": text}


def _click(action_id: str, value: str) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "value": value}
    return FROM_ADA | {"type": "block_actions", "actions": [action]}


def _submission(form: str, inputs: dict[str, Any], chosen: list[str]) -> dict[str, Any]:
    values = {block: {"input": state} for block, state in (inputs | {"mails": _chosen(chosen)}).items()}
    view = {"type": "modal", "callback_id": form, "private_metadata": ORIGIN, "state": {"values": values}}
    return FROM_ADA | {"type": "view_submission", "view": view}


def _chosen(values: list[str]) -> dict[str, Any]:
    return {"selected_options": [{"value": value} for value in values]}


action_ids = st.tuples(
    st.sampled_from([*Act, SEARCH, MENU, SNOOZE, LEAVE]),
    st.sampled_from(["", ":all", *(f":{verb}" for verb in Verb)]),
).map("".join)
inputs = st.one_of(
    st.lists(st.sampled_from([*Event, "daily", "weekdays", "15"]) | texts, max_size=3).map(_chosen),
    st.sampled_from(["09:30", "", "25:00"]).map(lambda text: {"selected_time": text}),
    texts.map(lambda text: {"value": text}),
)
filled_in = st.dictionaries(st.sampled_from(["events", "due", "days", "grace"]), inputs)
commands = st.builds(_command, st.sampled_from(Verb), texts)
clicks = st.builds(_click, action_ids, values)
of_several = st.sampled_from([DIGEST_FORM, STATUS_FORM, SUBSCRIBE_FORM, UNSUBSCRIBE_FORM])
of_one = st.sampled_from([HISTORY_FORM, RUN_FORM])
submissions = st.builds(_submission, of_several, filled_in, st.lists(mail_ids, max_size=3)) | st.builds(
    _submission, of_one, filled_in, mail_ids.map(lambda one: [one])
)
payloads = commands | clicks | submissions


def test_whatever_slack_sends_is_answered_without_an_unhandled_error(tmp_path: Path) -> None:
    """Through the real Bolt and every handler. What cannot be meant by any of our buttons is an old button."""
    url = f"sqlite:///{tmp_path}/mailbot.db"
    create_sqlite(url)
    with asyncio.Runner() as runner:
        opening = fuzz_stage(url)
        stage = runner.run(opening.__aenter__())

        @OVER_THE_WHOLE_BOT
        @given(payloads, answers)
        def check(payload: dict[str, Any], answer: tuple[int, bytes]) -> None:
            _judge(stage, runner.run(stage.receive(payload, answer)))

        try:
            check()
        finally:
            runner.run(opening.__aexit__(None, None, None))


def _judge(stage: FuzzStage, sent: list[dict[str, Any]]) -> None:
    assert not stage.troubles.seen, stage.troubles.seen[0]
    for each in sent:
        if "view" in each:
            assert_opened_fine(each["view"])
        elif "blocks" in each:
            assert_post_fine(each)
