"""What people really type and paste behind a command."""

from __future__ import annotations

import contextlib
from datetime import time, timedelta
from typing import TYPE_CHECKING

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
from bot.folding import folded
from bot.targets import MailName

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.targets import Target

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
        pytest.param(f"`_*~{MAIL}~*_`", ref(), id="all of Slack's emphasis"),
        pytest.param(f"*{MAIL}*", ref(), id="bold"),
        pytest.param(f"_{MAIL}_", ref(), id="italic"),
        pytest.param(f"~{MAIL}~", ref(), id="struck out"),
        pytest.param(f"- {MAIL}", ref(), id="a list's dash"),
        pytest.param(f"• {MAIL}", ref(), id="a list's dot"),
        pytest.param(f"&gt; {MAIL}", ref(), id="a quotation"),
        pytest.param(f"\u2066{MAIL}\u2069", ref(), id="direction marks"),
        pytest.param(f"{MAIL}\ufe0f", ref(), id="a variation selector"),
        pytest.param(f"{MAIL[:9]}\u00ad{MAIL[9:]}", ref(), id="a soft hyphen inside"),
        pytest.param("2342526", ref("2342526"), id="a short number is a mail ID too"),
        pytest.param("a", MailName(words="a"), id="one letter may be a name or an ID"),
        pytest.param("Sales2024", MailName(words="Sales2024"), id="one word with digits, too"),
        pytest.param(f"{MAIL} {TASK}", ref(task=TASK), id="mail and task"),
        pytest.param(f"`{MAIL}`, `{TASK}`", ref(task=TASK), id="mail and task, wrapped"),
        pytest.param(f"{MAIL} 1", ref(task=1), id="smallest task"),
        pytest.param(f"{MAIL} {MAX_TASK_ID}", ref(task=MAX_TASK_ID), id="largest task"),
        pytest.param(f"{MAIL},{TASK}", ref(task=TASK), id="glued by a comma"),
        pytest.param(f"{MAIL}，{TASK}", ref(task=TASK), id="glued by a Chinese comma"),
        pytest.param(f"{MAIL};{TASK}", ref(task=TASK), id="glued by a semicolon"),
        pytest.param(f"{MAIL}/{TASK}", ref(task=TASK), id="glued by a slash"),
        pytest.param(f"{MAIL}|{TASK}", ref(task=TASK), id="glued by a bar"),
        pytest.param(f"{MAIL},5", ref(task=5), id="glued to a small task"),
        pytest.param(f"2342526,{TASK}", ref("2342526", TASK), id="two glued numbers"),
        pytest.param(f"“{MAIL}”，“{TASK}”", ref(task=TASK), id="glued quotes"),
        pytest.param(f"{MAIL}|Daily Sales|Ada", ref(), id="a table's row"),
        pytest.param(f"| Daily Sales | {MAIL} |", ref(), id="a table's row, the ID behind the name"),
        pytest.param(f"{MAIL}|…", ref(), id="a row that was cut off"),
        pytest.param(f"{MAIL}#tab=1", ref(), id="a fragment"),
        pytest.param(f"https://bi.example.com/mail/{MAIL}", ref(), id="a path"),
        pytest.param(f"&lt;https://bi.example.com/mail/{MAIL}&gt;", ref(), id="a path in angle brackets"),
        pytest.param(f"<https://bi.example.com/mail/{MAIL}>", ref(), id="a path that Slack made a link"),
        pytest.param(
            f"<http://bi.example.com/mail/{MAIL}|bi.example.com/mail/{MAIL}>", ref(), id="a link with words"
        ),
        pytest.param(f"https://bi.example.com/mail/{MAIL}/{TASK}", ref(task=TASK), id="a path, with a task"),
        pytest.param(
            f"https://bi.example.com:30000/{OTHER}/mail/{MAIL}?from=20241009", ref(), id="a long path"
        ),
        pytest.param("http://localhost:30000/mail/2342526/", ref("2342526"), id="a path, a short ID"),
        pytest.param(f"https://bi.example.com/mail?id={MAIL}&amp;tab=12345", ref(), id="a query value"),
        pytest.param(f"https://bi.example.com/?mailId={MAIL}#tab=1", ref(), id="a labelled query value"),
        pytest.param(
            f"https://bi.example.com/mail/{MAIL}?taskId={TASK}", ref(task=TASK), id="a path, a labelled task"
        ),
        pytest.param(f"/mail-status {MAIL}", ref(), id="the command once more"),
        pytest.param(f"/staging-mail-run {MAIL}", ref(), id="some other command once more"),
        pytest.param(f"{TASK} {MAIL}", ref(task=TASK), id="the task first"),
        pytest.param(f"1. {MAIL}", ref(), id="a list's number"),
        pytest.param(f"the mail {MAIL} failed", ref(), id="an ID in a sentence"),
        pytest.param(f"mail {MAIL} task {TASK}", ref(task=TASK), id="words before each"),
        pytest.param(f"{MAIL} (task {TASK})", ref(task=TASK), id="a word before the task, in brackets"),
        pytest.param(f"*MailId*: {MAIL} *TaskId:* {TASK}", ref(task=TASK), id="bold labels"),
        pytest.param(f"MailId={MAIL} TaskId={TASK}", ref(task=TASK), id="labels"),
        pytest.param(f"{MAIL} TaskId={TASK}", ref(task=TASK), id="a label for the task alone"),
        pytest.param(f"TaskId={TASK}, {MAIL}", ref(task=TASK), id="that before the mail"),
        pytest.param(f"mail: {MAIL}", ref(), id="a short label"),
        pytest.param(f"mail={MAIL} task={TASK}", ref(task=TASK), id="short labels"),
        pytest.param(f"MailId {MAIL}", ref(), id="a label with a blank"),
        pytest.param(f"Mail ID {MAIL} Task ID {TASK}", ref(task=TASK), id="labels with blanks"),
        pytest.param(f"邮件ID：{MAIL} 任务ID：{TASK}", ref(task=TASK), id="Chinese labels"),
        pytest.param(f"MailId={MAIL}#tab=1", ref(), id="a label and a fragment"),
        pytest.param(f"MailId={MAIL} {TASK}", ref(task=TASK), id="a label for the mail alone"),
        pytest.param(f"mail:{MAIL}/{TASK}", ref(task=TASK), id="a label before a glued pair"),
        pytest.param(f"MailId={MAIL} please", ref(), id="a label and words behind it"),
        pytest.param("MailId=kpi-q3", ref("kpi-q3"), id="a labelled ID of an odd shape"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":0}}', ref(), id="JSON, task 0"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":null}}', ref(), id="JSON, no task"),
        pytest.param(f'{{"mailId":"{MAIL}","taskId":""}}', ref(), id="JSON, an empty task"),
        pytest.param(
            f'{{"data":{{"mailId":"{MAIL}","taskId":"{TASK}"}}}}', ref(task=TASK), id="JSON inside JSON"
        ),
        pytest.param(
            f"[ErrorMessage]:TaskId: wrong; [TaskId]:{TASK}; [MailId]:{MAIL}",
            ref(task=TASK),
            id="a task's label in free text",
        ),
        pytest.param(
            f"[ErrorMessage]:no MailId: 12345678; [TaskId]:{TASK}; [MailId]:{MAIL}",
            ref(task=TASK),
            id="a mail's label in free text",
        ),
        pytest.param(
            f"ErrorMessage: MailId: gone, TaskId: {TASK}, MailId: {MAIL}",
            ref(task=TASK),
            id="free text, no brackets",
        ),
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
        pytest.param("*Daily Sales*", MailName(words="Daily Sales"), id="a bold name"),
        pytest.param("mail id: Daily Sales", MailName(words="Daily Sales"), id="a labelled name"),
        pytest.param("MailId=“Daily Sales”", MailName(words="Daily Sales"), id="a labelled name in quotes"),
        pytest.param("MailId=a/b", MailName(words="a/b"), id="a labelled name that is no ID"),
        pytest.param(
            f"Daily Sales {TASK}", MailName(words="Daily Sales", task_id=TaskId(TASK)), id="a name and a task"
        ),
        pytest.param(
            f"“Daily Sales” TaskId={TASK}",
            MailName(words="Daily Sales", task_id=TaskId(TASK)),
            id="a name and a labelled task",
        ),
        pytest.param(
            "Daily Sales (EU)", MailName(words="Daily Sales (EU)"), id="a name that ends in brackets"
        ),
        pytest.param("【周报】销售", MailName(words="【周报】销售"), id="a name that begins with brackets"),
        pytest.param("(EU) Sales (UK)", MailName(words="(EU) Sales (UK)"), id="two pairs hold nothing"),
        pytest.param("(Daily Sales (EU))", MailName(words="Daily Sales (EU)"), id="one pair too many"),
        pytest.param("Sales *EU* now", MailName(words="Sales *EU* now"), id="stars in a name"),
        pytest.param("Sales**2024", MailName(words="Sales**2024"), id="stars in a word"),
        pytest.param("2024**", MailName(words="2024**"), id="stars behind a year"),
        pytest.param("Sales 20241009", MailName(words="Sales 20241009"), id="a name with a date"),
        pytest.param("销售20241009", MailName(words="销售20241009"), id="a Chinese name with a date"),
        pytest.param("Sales/20241009", MailName(words="Sales/20241009"), id="a date behind a slash"),
        pytest.param("Sales | 20241009", MailName(words="Sales | 20241009"), id="a date behind a bar"),
        pytest.param("10086 Call Center", MailName(words="10086 Call Center"), id="a name, a number first"),
        pytest.param("Task: done", MailName(words="Task: done"), id="a name with a colon"),
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
        pytest.param(f"{MAIL} {OTHER}", "That is 2 mails. One at a time", id="two mails"),
        pytest.param(f"{MAIL} {MAIL}", "is not a task ID", id="one mail twice"),
        pytest.param("d5a5****8b634d****5584f8dc159c62", "masked with stars", id="masked"),
        pytest.param("`d5a5****9c62`,", "masked with stars", id="masked and wrapped"),
        pytest.param("d5a5** 7218**", "masked with stars", id="mail and task masked"),
        pytest.param("MailId=d5a5**** TaskId=5", "masked with stars", id="masked behind a label"),
        pytest.param("a" * 129, "at most 128", id="too long"),
        pytest.param(f"TaskId={TASK}", "no mail ID", id="task without mail"),
        pytest.param(f"[TaskId]:{TASK}; [ErrorCode]:5", "no mail ID", id="Quick BI's line without the mail"),
        pytest.param("MailId=", "Nothing stands behind the label", id="an empty label"),
        pytest.param(
            f"MailId= TaskId={TASK}", "Nothing stands behind the label", id="an empty label, a task"
        ),
        pytest.param(f"MailId={MAIL} TaskId=x", "“x” is not a task ID", id="a labelled word as task"),
        pytest.param(f"MailId={MAIL} MailId={OTHER}", "One at a time", id="two labelled mails"),
        pytest.param("``", "missing", id="nothing between back-ticks"),
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
@pytest.mark.parametrize("typed", ["help", "HELP", "?", " help ", "help.", "“help”", "？", "/mail-list help"])
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
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} {TASK}", Subscribe(targets=(ref(),)), id="a pasted pair"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL},{TASK}", Subscribe(targets=(ref(),)), id="a glued pair"),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} TaskId={TASK}", Subscribe(targets=(ref(),)), id="a labelled task"
        ),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} 5", Subscribe(targets=(ref(),)), id="a pair, a small task"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"MailId={MAIL}, {OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="a label before the first",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"1. {MAIL} 2. {OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="a numbered list",
        ),
        pytest.param(
            Verb.SUBSCRIBE, f"{MAIL} and {OTHER}", Subscribe(targets=(ref(), ref(OTHER))), id="an and"
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"“{MAIL} due 09:30”.",
            Subscribe(targets=(ref(),), due=DueTime(at=time(9, 30))),
            id="due, all of it in quotes",
        ),
        pytest.param(Verb.UNSUBSCRIBE, f"{MAIL} {TASK}", Unsubscribe(targets=(ref(),)), id="a pair to leave"),
        pytest.param(
            Verb.SUBSCRIBE,
            f"MailId={MAIL} MailId={OTHER}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="two labelled",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{VENDOR_LINE} {VENDOR_LINE.replace(MAIL, OTHER)}",
            Subscribe(targets=(ref(), ref(OTHER))),
            id="two of Quick BI's lines",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Daily's Sales, Bob's mail",
            Subscribe(targets=(MailName(words="Daily's Sales"), MailName(words="Bob's mail"))),
            id="apostrophes are no quotes",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "'Daily Sales' ‘Bob’s mail’",
            Subscribe(targets=(MailName(words="Daily Sales"), MailName(words="Bob’s mail"))),
            id="single quotes are, even around an apostrophe",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            f"{MAIL} Daily Sales {OTHER}",
            Subscribe(targets=(ref(), MailName(words="Daily Sales"), ref(OTHER))),
            id="a name between IDs is one",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "10086 Call Center",
            Subscribe(targets=(MailName(words="10086 Call Center"),)),
            id="a name that begins with a number",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "2342526 2342527",
            Subscribe(targets=(ref("2342526"), ref("2342527"))),
            id="numbers side by side",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Revenue by 3 regions",
            Subscribe(targets=(MailName(words="Revenue by 3 regions"),)),
            id="a name with “by” in it",
        ),
        pytest.param(
            Verb.SUBSCRIBE,
            "Revenue by 3 regions by 09:30",
            Subscribe(targets=(MailName(words="Revenue by 3 regions"),), due=DueTime(at=time(9, 30))),
            id="a name with “by” in it, and a due time",
        ),
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
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} by 9 am", "Write the time", id="an English hour"),
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


NAMES = (
    "10086",
    "10086 Call Center",
    "Sales",
    "Sales2024",
    "Sales 20241009",
    f"Sales {TASK}",
    "KPI-Q3",
    "Daily Sales (EU)",
    "【周报】销售",
    "Revenue by 3 regions",
    "Payments due 30 days",
    "Report due 09:30",
    "Mail: weekly",
    "TaskId=5",
    "Costs, Revenue",
    "d5a5**9c62",
    "_x_",
    "“Best” of Sales",
    "R&D: A/B test?",
    "deadbeef00000000deadbeef00000000",
)


def _is_name(words: str) -> bool:
    return folded(words) in map(folded, NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        pytest.param(Verb.STATUS, lambda name: AskStatus(target=name), id="status"),
        pytest.param(Verb.RUN, lambda name: RunMail(target=name), id="run"),
        pytest.param(Verb.HISTORY, lambda name: AskHistory(target=name), id="history"),
        pytest.param(Verb.SUBSCRIBE, lambda name: Subscribe(targets=(name,)), id="subscribe"),
        pytest.param(Verb.UNSUBSCRIBE, lambda name: Unsubscribe(targets=(name,)), id="unsubscribe"),
    ],
)
def test_an_exact_name_is_that_mail_whatever_else_it_looks_like(
    verb: Verb, expected: Callable[[MailName], object], name: str
) -> None:
    """No name is read as an ID, a task, a label or a time; not even in quotes, or in another case."""
    wanted = expected(MailName(words=name))
    assert parse(verb, name, knows=_is_name) == wanted
    assert parse(verb, f"`{name}`", knows=_is_name) == wanted
    loud = expected(MailName(words=name.upper()))
    assert parse(verb, f"  {name.upper().replace(' ', '  ')} ", knows=_is_name) == loud


def test_exact_names_are_known_among_several() -> None:
    """By commas; the due time behind them is none of theirs."""
    names = ("10086 Call Center", "Revenue by 3 regions", "Sales 20241009")
    mails: tuple[Target, ...] = (*(MailName(words=name) for name in names), ref())
    typed = f"{', '.join(names)}, {MAIL}"
    assert parse(Verb.SUBSCRIBE, typed, knows=_is_name) == Subscribe(targets=mails)
    timed = parse(Verb.SUBSCRIBE, f"{typed} due 09:30", knows=_is_name)
    assert timed == Subscribe(targets=mails, due=DueTime(at=time(9, 30)))
    last = Subscribe(targets=(ref(), MailName(words="Report due 09:30")))
    assert parse(Verb.SUBSCRIBE, f"{MAIL}, Report due 09:30", knows=_is_name) == last


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        pytest.param(Verb.STATUS, f"{MAIL} x", id="status"),
        pytest.param(Verb.SUBSCRIBE, f"{MAIL} due 25:00", id="subscribe"),
    ],
)
def test_the_example_has_the_command_as_this_workspace_calls_it(verb: Verb, arguments: str) -> None:
    """A second app's commands have a prefix; an example without it would ask the first one."""
    with pytest.raises(UsageError) as refused:
        parse(verb, arguments, command=f"/staging-{verb}")
    assert refused.value.example.startswith(f"/staging-{verb} {MAIL}")


@given(st.sampled_from(Verb), st.text(max_size=300))
def test_nothing_typed_breaks_the_parser(verb: Verb, typed: str) -> None:
    """Any text is a request or a usage error, never another exception."""
    with contextlib.suppress(UsageError):
        parse(verb, typed)


LABEL_PARTS = (
    "MailId",
    "TaskId",
    "mail",
    "task",
    "[",
    "]",
    ":",
    "=",
    " ",
    "“",
    "'",
    "|",
    "/",
    "*",
    MAIL,
    "5",
)


@given(st.sampled_from(Verb), st.lists(st.sampled_from(LABEL_PARTS), max_size=14))
def test_no_mix_of_labels_and_marks_breaks_the_parser(verb: Verb, typed: list[str]) -> None:
    """Half a line that was copied is a request or a usage error, too."""
    with contextlib.suppress(UsageError):
        parse(verb, "".join(typed))


@given(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,126}[A-Za-z0-9])?", fullmatch=True),
    st.integers(10**14, MAX_TASK_ID),
)
def test_any_id_survives_wrapping(mail: str, task: int) -> None:
    """Whatever an ID looks like, labels and quotes around it change nothing."""
    for typed in (f"`{mail}` “{task}”", f"[TaskId]:{task}; [MailId]:{mail}; [ErrorCode]:1"):
        asked = parse(Verb.STATUS, typed)
        assert isinstance(asked, AskStatus)
        meant = asked.target.as_id if isinstance(asked.target, MailName) else asked.target
        assert meant == ref(mail, task)
