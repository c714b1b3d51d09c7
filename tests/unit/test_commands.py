"""What people really type and paste behind a command."""

from __future__ import annotations

import contextlib
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import (
    AskForm,
    AskHelp,
    AskHistory,
    AskStatus,
    ListMails,
    ListSubscriptions,
    MailName,
    RunMail,
    Subscribe,
    Unsubscribe,
    Verb,
    parse,
)
from bot.domain import (
    MAX_TASK_ID,
    WORKDAYS,
    DueTime,
    MailId,
    MailRef,
    TaskId,
    UsageError,
)

MAIL = "d5a59a898b634d75be5584f8dc159c62"
OTHER = "03e40cf2355c48b2abb6c2b247048ed3"
TASK = 7218865303929605212
VENDOR_LINE = (
    f"[TaskId]:{TASK}; [MailId]:{MAIL}; [ErrorCode]:50005; "
    "[ErrorMessage]:Mail send failed; [ErrorDetail]:screenshot timed out: 240 s"
)


def ref(mail: str = MAIL, task: int | None = None) -> MailRef:
    return MailRef(mail_id=MailId(mail), task_id=None if task is None else TaskId(task))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(MAIL, ref(), id="plain"),
        pytest.param(f"  {MAIL}  ", ref(), id="blanks around"),
        pytest.param(f"\u00a0{MAIL}\u00a0{TASK}", ref(task=TASK), id="non-breaking spaces"),
        pytest.param(f"\u3000{MAIL}\u3000", ref(), id="ideographic spaces"),
        pytest.param(f"\u200b{MAIL}\ufeff", ref(), id="invisible characters"),
        pytest.param(f"`{MAIL}`", ref(), id="back-ticks"),
        pytest.param(f"```{MAIL}```", ref(), id="code block"),
        pytest.param(f'"{MAIL}"', ref(), id="straight quotes"),
        pytest.param(f"“{MAIL}”", ref(), id="English quotes"),
        pytest.param(f"„{MAIL}“", ref(), id="German quotes"),
        pytest.param(f"«{MAIL}»", ref(), id="French quotes"),
        pytest.param(f"« {MAIL} »", ref(), id="French quotes with blanks"),
        pytest.param(f"「{MAIL}」", ref(), id="Japanese quotes"),
        pytest.param(f"『{MAIL}』", ref(), id="Chinese quotes"),
        pytest.param(f"‘{MAIL}’", ref(), id="single quotes"),
        pytest.param(f"<{MAIL}>", ref(), id="angle brackets"),
        pytest.param(f"&lt;{MAIL}&gt;", ref(), id="angle brackets as Slack escapes them"),
        pytest.param(f"[{MAIL}]", ref(), id="brackets"),
        pytest.param(f"({MAIL}).", ref(), id="parenthesis and full stop"),
        pytest.param(f"{MAIL},", ref(), id="trailing comma"),
        pytest.param(f"{MAIL}。", ref(), id="Chinese full stop"),
        pytest.param(f'"`<{MAIL}>`",', ref(), id="all of it"),
        pytest.param("2342526", ref("2342526"), id="a short number is a mail ID too"),
        pytest.param("a", ref("a"), id="one letter may be an ID"),
        pytest.param(f"{MAIL} {TASK}", ref(task=TASK), id="mail and task"),
        pytest.param(f"`{MAIL}`, `{TASK}`", ref(task=TASK), id="mail and task, wrapped"),
        pytest.param(f"{MAIL} 1", ref(task=1), id="smallest task"),
        pytest.param(f"{MAIL} {MAX_TASK_ID}", ref(task=MAX_TASK_ID), id="largest task"),
        pytest.param(f"MailId={MAIL} TaskId={TASK}", ref(task=TASK), id="labels"),
        pytest.param(f"taskid: {TASK}, mailid: {MAIL}", ref(task=TASK), id="labels, other way round"),
        pytest.param(f"MailId={MAIL}", ref(), id="mail label alone"),
        pytest.param(f"mail id：{MAIL}", ref(), id="full-width colon"),
        pytest.param(f"mail_id='{MAIL}'", ref(), id="Python"),
        pytest.param(f'{{"mailId": "{MAIL}", "taskId": {TASK}}}', ref(task=TASK), id="JSON"),
        pytest.param(f"?MailId={MAIL}&TaskId={TASK}", ref(task=TASK), id="query string"),
        pytest.param(f"?MailId={MAIL}&amp;TaskId={TASK}", ref(task=TASK), id="query string, escaped"),
        pytest.param(VENDOR_LINE, ref(task=TASK), id="Quick BI's error line"),
        pytest.param(f"`{VENDOR_LINE}`", ref(task=TASK), id="Quick BI's error line in back-ticks"),
        pytest.param("Daily Sales", MailName(words="Daily Sales"), id="a name"),
        pytest.param("“Daily Sales”", MailName(words="Daily Sales"), id="a quoted name"),
        pytest.param("Sales 2026", MailName(words="Sales 2026"), id="a name with a year"),
        pytest.param("日报", MailName(words="日报"), id="a Chinese name"),
        pytest.param("R&amp;D weekly", MailName(words="R&D weekly"), id="a name as Slack escapes it"),
    ],
)
def test_status_understands_what_people_paste(typed: str, expected: MailRef | MailName) -> None:
    """However an ID is wrapped, it is the same ID."""
    assert parse(Verb.STATUS, typed) == AskStatus(target=expected)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param(f"{MAIL} latest", "is not a task ID", id="a word as task"),
        pytest.param(f"{MAIL} 0", "task IDs begin at 1", id="task 0"),
        pytest.param(f"{MAIL} -5", "is not a task ID", id="negative task"),
        pytest.param(f"{MAIL} 1.5", "is not a task ID", id="fraction"),
        pytest.param(f"{MAIL} {MAX_TASK_ID + 1}", "larger than any", id="beyond 64 bits"),
        pytest.param(f"{MAIL} {'9' * 60}", "is not a task ID", id="absurdly long number"),
        pytest.param(f"{MAIL} ７２１８", "is not a task ID", id="full-width digits"),
        pytest.param(f"{MAIL} {TASK} {TASK}", "at most one task ID", id="three words"),
        pytest.param(f"{MAIL} {OTHER}", "is not a task ID", id="two mails"),
        pytest.param("d5a5****8b634d****5584f8dc159c62", "masked with stars", id="masked"),
        pytest.param("a" * 129, "at most 128", id="too long"),
        pytest.param(f"TaskId={TASK}", "no mail ID", id="task without mail"),
        pytest.param("``", "missing", id="nothing between back-ticks"),
        pytest.param("MailId=a/b", "not a mail ID", id="characters that no ID has"),
    ],
)
def test_status_says_what_was_wrong(typed: str, words: str) -> None:
    """A sentence about the very thing that was typed, and an example that works."""
    with pytest.raises(UsageError) as refused:
        parse(Verb.STATUS, typed)
    assert words in refused.value.problem
    command, _, arguments = refused.value.example.partition(" ")
    assert command == "/mail-status"
    assert isinstance(parse(Verb.STATUS, arguments), AskStatus)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.HELP])
@pytest.mark.parametrize("typed", ["help", "HELP", "?", " help "])
def test_each_command_takes_help(verb: Verb, typed: str) -> None:
    """`help` is help, whatever the command."""
    assert parse(verb, typed) == AskHelp(verb=verb)


@pytest.mark.parametrize(
    ("verb", "typed", "expected"),
    [
        pytest.param(Verb.STATUS, "", AskForm(verb=Verb.STATUS), id="status form"),
        pytest.param(Verb.SUBSCRIBE, " ", AskForm(verb=Verb.SUBSCRIBE), id="subscribe form"),
        pytest.param(Verb.SUBSCRIBE, MAIL, Subscribe(targets=(ref(),)), id="subscribe one"),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} {OTHER}", Subscribe(targets=(ref(), ref(OTHER))), id="subscribe two"
        ),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL}, `{OTHER}`", Subscribe(targets=(ref(), ref(OTHER))), id="with a comma"
        ),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} {MAIL}", Subscribe(targets=(ref(),)), id="named twice is once"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"Daily Sales, {OTHER}",
            Subscribe(targets=(MailName(words="Daily Sales"), ref(OTHER))),
            id="a name and an ID",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f'"Daily Sales" {OTHER}',
            Subscribe(targets=(MailName(words="Daily Sales"), ref(OTHER))),
            id="a quoted name and an ID",
        ),
        pytest.param(Verb.SUBSCRIBE, VENDOR_LINE, Subscribe(targets=(ref(),)), id="Quick BI's error line"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 09:30",
            Subscribe(targets=(ref(),), due=DueTime(at=time(9, 30))),
            id="due",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 9:30 weekdays grace 20m",
            Subscribe(
                targets=(ref(),),
                due=DueTime(at=time(9, 30), weekdays=WORKDAYS, grace=timedelta(minutes=20)),
            ),
            id="due, weekdays, grace",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} due 23:05 mon, Wednesday grace 1 h",
            Subscribe(
                targets=(ref(),),
                due=DueTime(at=time(23, 5), weekdays=frozenset({0, 2}), grace=timedelta(hours=1)),
            ),
            id="due on some days",
        ),
        pytest.param(Verb.UNSUBSCRIBE, "all", Unsubscribe(targets=None), id="unsubscribe all"),
        pytest.param(Verb.UNSUBSCRIBE, MAIL, Unsubscribe(targets=(ref(),)), id="unsubscribe one"),
        pytest.param(Verb.SUBSCRIPTIONS, "whatever", ListSubscriptions(), id="subscriptions"),
        pytest.param(Verb.LIST, "“daily”", ListMails(words="daily"), id="list words"),
        pytest.param(Verb.LIST, "", ListMails(words=""), id="list all"),
        pytest.param(Verb.HISTORY, f"{MAIL} {TASK}", AskHistory(target=ref()), id="history drops the task"),
        pytest.param(Verb.RUN, MAIL, RunMail(target=ref()), id="run"),
        pytest.param(Verb.HELP, "anything", AskHelp(verb=Verb.HELP), id="help"),
    ],
)
def test_other_commands(verb: Verb, typed: str, expected: object) -> None:
    """Every command has its request."""
    assert parse(verb, typed) == expected


@pytest.mark.parametrize(
    ("verb", "typed", "words"),
    [
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 25:00", "not a time of day", id="hour 25"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 9", "Write the time", id="no minutes"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 09:30 someday", "someday", id="unknown day"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 09:30 grace 99h", "12 hours", id="long grace"),
        pytest.param(Verb.SUBSCRIBE, "due 09:30", "missing", id="due without a mail"),
        pytest.param(Verb.SUBSCRIBE, " ".join(f"1000{i:02}" for i in range(21)), "at most 20", id="21 mails"),
        pytest.param(Verb.UNSUBSCRIBE, "", "missing", id="unsubscribe nothing"),
        pytest.param(Verb.RUN, "", "missing", id="run nothing"),
        pytest.param(Verb.HISTORY, "", "missing", id="history of nothing"),
    ],
)
def test_other_commands_say_what_was_wrong(verb: Verb, typed: str, words: str) -> None:
    """The example is one of the same command, and works."""
    with pytest.raises(UsageError) as refused:
        parse(verb, typed)
    assert words in refused.value.problem
    command, _, arguments = refused.value.example.partition(" ")
    assert command == f"/{verb}"
    parse(verb, arguments)


@given(st.sampled_from(Verb), st.text(max_size=300))
def test_nothing_typed_breaks_the_parser(verb: Verb, typed: str) -> None:
    """Any text is a request or a usage error, never another exception."""
    with contextlib.suppress(UsageError):
        parse(verb, typed)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True), st.integers(10**5, MAX_TASK_ID))
def test_any_id_survives_wrapping(mail: str, task: int) -> None:
    """Whatever an ID looks like, labels and quotes around it change nothing."""
    expected = AskStatus(target=ref(mail, task))
    if mail.casefold() not in {"help", "-h", "--help", "-help", "hilfe"}:
        assert parse(Verb.STATUS, f"`{mail}` “{task}”") == expected
    assert parse(Verb.STATUS, f"[TaskId]:{task}; [MailId]:{mail}; [ErrorCode]:1") == expected
